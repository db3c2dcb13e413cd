"""One run with enormous losses does not flatten the others on the plot."""

from __future__ import annotations

import re

import pytest

from rnntui.runs.store.curve import Curve
from rnntui.runs.store.curve import Point as LossPoint
from rnntui.tui.draw.compare.plot import ComparePlot, Line, compare_plot
from rnntui.tui.draw.loss_scale import common_top
from rnntui.tui.draw.rows import plain

FALLING = [1.0 + 3.0 * 0.97**n for n in range(100)]
RUNS = {
    "from the start": [1e6 * 1.1**n for n in range(100)],
    "after a good beginning": [*FALLING[:30], *(10.0 ** (n / 5) for n in range(1, 71))],
}


def curve(losses: list[float]) -> Curve:
    """The curve of a run with these validations."""
    points = tuple(LossPoint(n, n / 10, loss) for n, loss in enumerate(losses, 1))
    best = min(points, key=lambda point: point.loss or 0.0)
    return Curve(points, best, len(points), len(points) / 10)


def drawn(*runs: list[float], log: bool = False, glyphs: str = "braille") -> list[str]:
    lines = tuple(Line("ABCDEFGHI"[n], curve(losses)) for n, losses in enumerate(runs))
    return plain(compare_plot(ComparePlot(lines, log=log), 80, 14, glyphs))  # type: ignore[arg-type]


def ticks(rows: list[str]) -> list[float]:
    found = (re.match(r" *(\d[0-9.]*[kM]?)[┤+]", row) for row in rows)
    return [float(match[1].replace("k", "e3").replace("M", "e6")) for match in found if match]


@pytest.mark.parametrize("losses", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("log", [False, True])
def test_the_others_can_be_read_and_the_outlier_is_named(losses: list[float], log: bool) -> None:
    worse = [loss + 0.5 for loss in FALLING]
    for glyphs, arrow in (("braille", "↑"), ("ascii", "^")):
        rows = drawn(FALLING, worse, losses, log=log, glyphs=glyphs)
        assert max(ticks(rows)) < 20
        assert "above the axis: C" in rows[0]
        assert any(f"C {arrow} " in row for row in rows[1:])


@pytest.mark.parametrize("log", [False, True])
def test_runs_that_differ_as_usual_are_all_inside(log: bool) -> None:
    flat = [1.5] * 100
    for runs in ((FALLING, [2 * loss for loss in FALLING]), (flat, [4.0] * 100), (FALLING, flat)):
        rows = drawn(*runs, log=log)
        assert "above the axis" not in rows[0] and not any("↑" in row for row in rows)


def test_many_outliers_are_counted() -> None:
    rows = drawn(*[FALLING] * 5, *[[1e9] * 100] * 4)
    assert "above the axis: 4 runs" in rows[0]


def test_a_single_run_is_its_own_measure() -> None:
    assert common_top([], log=False) == common_top([[]], log=False) > 1e300
    assert common_top([[5.0] * 9], log=False) == 25.0
    assert common_top([[0.0] * 9], log=False) == 0.0
    assert common_top([[-1.0, 0.0]], log=True) > 1e300
