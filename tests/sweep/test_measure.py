"""What is measured before the first trial: kernels, time and disk."""

from __future__ import annotations

import dataclasses
from collections import namedtuple
from pathlib import Path

import pytest

from rnntui.data import load
from rnntui.errors import DataError, RunError, UsageError
from rnntui.foreground.loop import train_in_foreground
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from rnntui.sweep.disk import Length, bytes_on_disk
from rnntui.sweep.measure import Expected, KnownKernels, expect, measure
from rnntui.sweep.prepare import Plan, prepare
from rnntui.sweep.request import Request
from rnntui.sweep.space import parse_axis
from rnntui.sweep.trials import Trial
from tests.conftest import quick_where
from tests.support.sweeps import TINY

Disk = namedtuple("Disk", "total used free")


def test_a_network_is_measured_without_leaving_anything(tmp_path: Path):
    found = measure(TINY, load(TINY))
    assert found.kernels == "reference"  # too small for a trial
    assert found.update > 0 and found.validation > 0 and found.checkpoint > 1000


def test_the_kernels_of_a_larger_network_are_chosen_once(monkeypatch: pytest.MonkeyPatch):
    recipe = Recipe().replace(
        hidden=64, batch=32, seq_len=50, layers=1, workers=1, steps=10, split=0.1, eval_every=5,
        source="text:" + "abcd" * 900,
    )  # fmt: skip
    data, measured = load(recipe), []

    def counted(one: Recipe, _data: object) -> object:
        measured.append(one.model.hidden)
        return measure(one, data)

    monkeypatch.setattr("rnntui.sweep.measure.measure", counted)
    recipes = [recipe.replace(lr=lr, seed=seed) for lr in (0.1, 0.2) for seed in (1, 2)]
    found = expect(recipes, data, (), 2)
    assert measured == [64] and len(set(found.kernels)) == 1
    trials = [Trial(1, {"lr": 0.1}, found.kernels[0])]
    known = KnownKernels(recipe, trials, lambda: data)
    assert known({"lr": 0.3}) == found.kernels[0] and measured == [64]
    assert known({"hidden": 8}) == "reference" and measured == [64, 8]


def test_beyond_the_budget_networks_use_the_reference_kernels():
    recipes = [TINY.replace(hidden=hidden) for hidden in (4, 5, 6)]
    found = expect(recipes, load(TINY), (), 1, budget=0.0)
    assert found.kernels[1:] == ("reference", "reference") and found.seconds > 0


def test_halving_and_jobs_shorten_a_sweep_and_more_checkpoints_enlarge_it(
    monkeypatch: pytest.MonkeyPatch,
):
    data, one = load(TINY), measure(TINY, load(TINY))
    monkeypatch.setattr("rnntui.sweep.measure.measure", lambda _recipe, _data: one)
    recipes = [TINY.replace(seed=seed) for seed in range(8)]
    alone = expect(recipes, data, (), 1)
    assert expect(recipes, data, (), 2).seconds == pytest.approx(alone.seconds / 2)
    # 8 trials of 2 updates, 4 of 2 more, 2 of the last 4: 32 of 64 updates.
    assert expect(recipes, data, (2, 4), 1).seconds == pytest.approx(alone.seconds / 2)
    every = [recipe.replace(checkpoint_every=1, keep=0) for recipe in recipes]
    more = [recipe.replace(keep=4) for recipe in every]
    assert expect(more, data, (), 1).disk > expect(every, data, (), 1).disk + 8 * 4 * one.checkpoint
    timed = [TINY.replace(steps=0, seconds=60.0)] * 2
    assert expect(timed, data, (), 1).seconds == pytest.approx(122)
    assert Expected((), 65.0, 1_200_000).text == "about 01:05, up to 1.2 MB on disk"


def test_a_sweep_that_does_not_fit_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plan = Plan.of(Request("tiny", axes=(parse_axis("lr=0.1,0.2"),)), TINY, 2, [])
    monkeypatch.setattr("rnntui.sweep.prepare.shutil.disk_usage", lambda _path: Disk(9, 9, 9))
    with pytest.raises(RunError, match=r"the trials may need .* use fewer trials"):
        prepare(plan, tmp_path / "runs", "s", (), lambda _text: None)
    assert not (tmp_path / "runs").exists()


def test_a_network_that_cannot_be_trained_is_refused_before_the_first_trial(tmp_path: Path):
    plan = Plan.of(Request("tiny", axes=(parse_axis("batch=2,4000"),)), TINY, 2, [])
    with pytest.raises(DataError, match="too short"):
        prepare(plan, tmp_path / "runs", "s", (), lambda _text: None)
    assert not (tmp_path / "runs").exists()


def test_a_rung_after_the_last_update_that_the_size_gives_is_refused(tmp_path: Path):
    later = dataclasses.replace(TINY.replace(steps=5000), by_size=("steps",), chosen=())
    plan = Plan.of(Request("tiny", axes=(parse_axis("lr=0.1,0.2"),), halving=(2000,)), later, 2, [])
    with pytest.raises(UsageError, match="--halving 2000: a trial ends after 1000 updates"):
        prepare(plan, tmp_path / "runs", "s", (), lambda _text: None)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("updates", quick_where([40, 400, 2_000], lambda updates: updates < 2_000))
def test_the_disk_that_is_expected_is_enough_and_not_far_too_much(
    tmp_path: Path, updates: int
) -> None:
    recipe = TINY.replace(
        steps=updates, eval_every=20, checkpoint_every=100, sample_every=100, keep=2
    )
    expected = expect([recipe], load(recipe), (), 1).disk
    train_in_foreground(Job(recipe, runs=str(tmp_path), name="r"), as_json=True, every=None)
    taken = sum(path.stat().st_size for path in (tmp_path / "r").rglob("*") if path.is_file())
    assert taken <= expected <= 8 * taken, (taken, expected)


def test_the_disk_that_is_expected_grows_with_the_updates_and_with_the_time() -> None:
    found = [
        bytes_on_disk(TINY, 30_000, 500, Length(updates, updates * 0.01))
        for updates in (10, 100, 1_000, 10_000, 100_000, 1_000_000)
    ]
    assert found == sorted(set(found))
    often = TINY.replace(sample_every=10)
    length = Length(1e6, 1e4)
    assert bytes_on_disk(often, 30_000, 500, length) > bytes_on_disk(TINY, 30_000, 500, length)
