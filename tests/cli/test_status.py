"""`rnntui status`: what is known of a run, once or until it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from rnntui.cli import status as command
from rnntui.cli.status_text import remaining, status_line, status_lines
from rnntui.recipe import Recipe
from rnntui.runs.listing import ListedRun, settings_of
from rnntui.runs.store.summary import RunSummary
from tests.cli.test_run_table import NOW, SUMMARY
from tests.cli.test_where import make
from tests.conftest import Ended

if sys.platform == "win32":
    pytest.skip("runs need Unix locks", allow_module_level=True)

Rnntui = Callable[..., Ended]
TRAINING = replace(
    SUMMARY,
    state="training",
    live=True,
    step=5_000,
    source="tales",
    parameters=70_000,
    elapsed=100.0,
    averaged=20,
    validation=1.35,
    baseline_name="5-gram",
    checkpoint=4_800,
    tokens_per_second=12_345.0,
    holder="process 7 on here",
    tags=("keep",),
    findings=("plateau",),
    updated=NOW - 1,
)


def run(summary: RunSummary, **settings: float | str) -> ListedRun:
    return ListedRun(summary, settings_of(Recipe().replace(**settings)))


def test_all_that_is_known_of_a_run_in_training():
    assert status_lines(run(TRAINING), NOW) == [
        "tales-calm-heron: training, update 5,000 of 20,000 (25 %)",
        "  loss        1.2011 (mean of 20 updates)",
        "  validation  1.3500; best 1.3087 at update 8,250",
        "  baseline    1.4476 (5-gram)",
        "  time        01:40; about 05:00 left; 12.3k characters/s",
        "  saved       update 4,800",
        "  recipe      tales; 70,000 parameters",
        "  changed     2026-11-30 11:59, 1 s ago; 3.4 MB",
        "  trained by  process 7 on here",
        "  tags        #keep",
        "  findings    plateau",
    ]
    line = "training  update 5,000 of 20,000 (25 %)  loss 1.2011  best 1.3087 at update 8,250"
    assert status_line(run(TRAINING)) == line


def test_a_stop_has_a_reason_and_is_no_problem():
    why = "stopped by rnntui stop"
    stopped = replace(TRAINING, state="stopped", live=False, holder="", problem=why, reason=why)
    lines = status_lines(run(stopped), NOW)
    assert f"  reason      {why}" in lines and not any("problem" in line for line in lines)
    lines = status_lines(run(replace(stopped, problem=f"damaged: labels.json: tags; {why}")), NOW)
    assert lines[-2:] == [f"  reason      {why}", "  problem     damaged: labels.json: tags"]


@pytest.mark.parametrize(
    ("tokenizer", "task", "unit"),
    [
        ("char", "tokens", "characters"),
        ("word", "tokens", "words"),
        ("byte", "tokens", "bytes"),
        ("char", "values", "rows"),
    ],
)
def test_the_speed_is_in_what_the_run_reads(tokenizer: str, task: str, unit: str):
    lines = status_lines(run(TRAINING, task=task, tokenizer=tokenizer), NOW)
    time = next(line for line in lines if "time" in line)
    assert time.endswith(f"; 12.3k {unit}/s")


def test_the_speed_of_a_run_whose_recipe_cannot_be_read_is_in_tokens():
    lines = status_lines(ListedRun(TRAINING, None), NOW)
    assert any(line.endswith("; 12.3k tokens/s") for line in lines)


def test_of_a_run_that_cannot_be_read_the_reason_is_shown():
    bad = RunSummary("bad", Path("bad"), "damaged", NOW, NOW, 0, problem="damaged: run.json")
    assert status_lines(ListedRun(bad, None), NOW) == [
        "bad: damaged",
        "  changed     2026-11-30 12:00, 0 s ago; 0 B",
        "  problem     damaged: run.json",
    ]


@pytest.mark.parametrize(
    ("changes", "seconds", "left"),
    [
        ({}, 0.0, 300.0),
        ({}, 130.0, 30.0),
        ({"total": None}, 130.0, 30.0),
        ({"total": None}, 0.0, None),
        ({"step": 0}, 0.0, None),
        ({"elapsed": None}, 130.0, None),
        ({"state": "finished"}, 130.0, None),
        ({"live": False, "state": "crashed"}, 130.0, None),
        ({"step": 20_001}, 0.0, 0.0),
    ],
)
def test_the_time_that_is_left(changes: dict[str, object], seconds: float, left: float | None):
    changed = replace(TRAINING, **changes)  # type: ignore[arg-type]
    assert remaining(run(changed, seconds=seconds)) == left


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": "finished", "exit_code": 0}, 0),
        ({"state": "finished", "live": True}, 0),
        ({"state": "finished", "unsaved": True, "exit_code": 0}, 74),
        ({"state": "stopped", "exit_code": 0}, 0),
        ({"state": "stopped", "exit_code": 143}, 143),
        ({"state": "stopped", "exit_code": 130, "problem": "stopped by SIGINT"}, 130),
        ({"state": "stopped", "problem": "stopped by rnntui stop", "exit_code": 0}, 0),
        ({"state": "diverged", "exit_code": 1}, 1),
        ({"state": "diverged", "exit_code": 0}, 1),
        ({"state": "failed", "exit_code": 65}, 65),
        ({"state": "failed"}, 70),
        ({"state": "failed", "exit_code": 256}, 70),
        ({"state": "crashed"}, 70),
        ({"state": "silent"}, 70),
        ({"state": "unknown", "exit_code": -1}, 70),
        ({"state": "damaged"}, 65),
    ],
)
def test_the_end_of_a_run_has_the_exit_code_of_train(changes: dict[str, object], code: int):
    ended = replace(TRAINING, live=False, checkpoint=5_000)
    assert command.end_code(replace(ended, **changes)) == code  # type: ignore[arg-type]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that only sleeping advances."""
    now = [0.0]
    sleep = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda s: now.append(now.pop() + s))
    monkeypatch.setattr(command, "time", sleep)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("rare", "lines"), [(False, 600), (True, 200)])
def test_a_run_is_followed_to_its_end_with_ever_rarer_lines(rare: bool, lines: int):
    steps = iter(range(5_001, 6_000))

    def read() -> ListedRun:
        step = next(steps)
        return run(replace(TRAINING, step=step, state="training" if step < 5_600 else "finished"))

    found = list(command._changes(read, run(TRAINING), rare))
    assert (found[-1].summary.step, found[-1].summary.state) == (5_600, "finished")
    assert lines / 2 < len(found) <= lines
    assert len({one.summary.step for one in found}) == len(found)


@pytest.mark.usefixtures("clock")
def test_nothing_is_printed_while_nothing_changes():
    seen = iter([TRAINING] * 50 + [replace(TRAINING, state="paused")] * 50)
    ended = replace(TRAINING, state="crashed", live=False)
    found = command._changes(lambda: run(next(seen, ended)), run(TRAINING), rare=False)
    assert [one.summary.state for one in found] == ["paused", "crashed"]


def test_a_stored_run_is_shown_once(runs: Path, rnntui: Rnntui):
    make(runs, "a-1", "gru")
    for args in ((), ("a-1",), ("a-1", "--follow")):
        ended = rnntui("status", *args)
        assert ended.code == 0 and ended.out.startswith("a-1: finished, update 7 of 9 (78 %)\n")
    (found,) = rnntui("status", "a", "--json", "--follow").events
    (listed,) = rnntui("runs", "--json").events
    assert found == {**listed, "remaining": None} and found["settings"]["cell"] == "gru"
    ended = rnntui("status", "nothing")
    assert ended.code == 2 and ended.err.count("\n") == 1
