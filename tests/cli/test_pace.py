"""Training at a limited speed from the start."""

from __future__ import annotations

import json

import pytest

from rnntui.recipe import load_recipe
from rnntui.runs.job import Job, job_from_dict, job_to_dict
from rnntui.session.session import Session


def test_a_pace_is_set_before_the_first_update_and_changes_no_number(
    rnntui, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_at: list[tuple[int, float | None]] = []

    def set_pace(session: Session, pace: float | None) -> None:
        set_at.append((session.step, pace))
        original(session, pace)

    original = Session.set_pace
    monkeypatch.setattr(Session, "set_pace", set_pace)
    arguments = ("train", "counting", "--steps", "4", "--json", "--every", "1", "--no-save")
    paced = [json.loads(line) for line in rnntui(*arguments, "--pace", "200").out.splitlines()]
    plain = [json.loads(line) for line in rnntui(*arguments).out.splitlines()]
    losses = [[line["loss"] for line in lines if "lr" in line] for lines in (paced, plain)]
    assert losses[0] == losses[1] and len(losses[0]) == 4
    assert set_at == [(0, 200.0)]


@pytest.mark.parametrize("pace", ["0", "-1", "nan", "1e7", "fast"])
def test_an_impossible_pace_is_refused(rnntui, pace: str) -> None:
    ended = rnntui("train", "counting", "--plain", "--no-save", "--pace", pace)
    assert ended.code == 2 and "--pace" in ended.err and ended.err.count("\n") == 1


def test_the_training_process_gets_the_pace() -> None:
    job = Job(load_recipe("counting"), pace=20.0)
    assert job_from_dict(job_to_dict(job)) == job
