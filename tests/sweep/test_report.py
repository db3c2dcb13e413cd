"""What a sweep prints, and its table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from rnntui.foreground.stopping import Stopping
from rnntui.sweep.board import Row, counts, importance_lines, table
from rnntui.sweep.driver import Driver
from rnntui.sweep.measure import Expected
from rnntui.sweep.progress import Result
from rnntui.sweep.report import JsonSweep, PlainSweep
from rnntui.sweep.space import Settings
from tests.support.sweeps import HereWorkers, tiny_sweep


def row(number: int, settings: Settings, best: float | None, state: str = "finished") -> Row:
    return Row(f"s-{number}", settings, state, Result(best, None if best is None else 20, 20))


def test_the_table_has_a_column_for_each_key():
    rows = [
        row(2, {"lr": 0.01, "hidden": 8}, 1.25),
        row(1, {"lr": 0.001}, 2.5, "pruned"),
        row(3, {"lr": 1.0, "hidden": 8}, None, "failed"),
    ]
    assert table(rows) == [
        "run    best  update     lr  hidden  state",
        "s-2  1.2500      20   0.01       8  finished",
        "s-1  2.5000      20  0.001       –  cut",
        "s-3       –       –      1       8  failed",
    ]
    assert counts(rows) == "3 trials, 1 cut, 1 failed, 1 finished"
    assert counts(rows, 9).startswith("9 trials, ")


def test_with_seeds_the_means_come_first():
    losses: Sequence[tuple[float, int, float]] = ((0.1, 1, 2.0), (0.1, 2, 3.0), (0.2, 1, 1.0))
    rows = [row(n, {"lr": lr, "seed": seed}, loss) for n, (lr, seed, loss) in enumerate(losses, 1)]
    assert table(rows)[:4] == [
        "lr     mean       ±  seeds",
        "0.2  1.0000       –  1",
        "0.1  2.5000  0.7071  2",
        "",
    ]


def test_importance_is_a_bar_for_each_key():
    assert importance_lines({"lr": 0.75, "hidden": 0.25})[1:] == [
        f"lr      {'#' * 22 + ' ' * 8}  75 %",
        f"hidden  {'#' * 8 + ' ' * 22}  25 %",
    ]
    assert importance_lines({}) == [
        "importance of settings: too few finished trials, or no setting differs"
    ]


@pytest.mark.parametrize("kind", [PlainSweep, JsonSweep])
def test_a_sweep_is_reported(
    kind: type[PlainSweep | JsonSweep], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    sweep = tiny_sweep(tmp_path, [{"lr": 0.1}, {"lr": 0.01}], halving=(4,))
    report = kind(sweep)
    with sweep.hold():
        driver = Driver(sweep, HereWorkers(), report)
        report.follow(driver.progress)
        report.begin(Expected(("", ""), 65.0, 10_000))
        driver.run(Stopping())
        report.note("a note")
        report.end(driver.progress)
    out = capsys.readouterr().out
    if kind is PlainSweep:
        lines = out.splitlines()
        assert lines[1:5] == [
            "  trials    2: lr; 2 at a time",
            "  halving   the better half continues after update 4",
            "  expected  about 01:05, up to 10 kB on disk",
            "  stored as s-1 … s-2",
        ]
        assert any(line.split()[1:2] == ["0/2"] and " at 4 " in line for line in lines)
        assert any(line.split()[1:2] == ["1/2"] and " finished " in line for line in lines)
        assert "  note: a note" in lines and lines[-1].endswith("shows the best")
        assert "2 trials, 1 cut, 1 finished" in lines[-2]
        return
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events].count("trial") == 6  # 3 starts, 2 rungs, 1 end
    assert events[0]["expected_seconds"] == 65.0 and events[0]["halving"] == [4]
    done = events[-1]
    assert done["event"] == "done" and [one["state"] for one in done["trials"]] == [
        "finished",
        "pruned",
    ]
