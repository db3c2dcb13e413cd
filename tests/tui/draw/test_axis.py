"""Axes: equal steps of the value are equal numbers of rows, and every tick has its label."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from rnntui.tui.draw.axis import Scale, linear, logarithmic
from rnntui.tui.draw.canvas import Canvas
from rnntui.tui.draw.frame import Layout, x_axis
from rnntui.tui.draw.loss import Bins, LossPlot, loss_plot
from rnntui.tui.draw.rows import Glyphs, plain
from rnntui.tui.draw.y_axis import LABEL_WIDTH, YAxis, y_axis
from tests.conftest import examples
from tests.support.drawing import glyph_sets

PREFIXES = {"k": 1e3, "M": 1e6, "G": 1e9}
heights = st.integers(2, 60)


def number(label: str) -> float:
    """Return the value of a label."""
    factor = PREFIXES.get(label[-1:], 1.0)
    return float(label.rstrip("kMG")) * factor


def check_even(axis: YAxis, canvas: Canvas) -> None:
    """Check that ticks are equidistant in rows and values, each in the row of its value."""
    ticks = sorted(axis.labels.items(), reverse=True)  # from the bottom
    assert len(ticks) >= 2 or canvas.height < 3
    rows, values = [row for row, _ in ticks], [number(label) for _, label in ticks]
    assert len({a - b for a, b in itertools.pairwise(rows)}) <= 1
    places = [math.log10(v) for v in values] if axis.scale.log else values
    steps = [b - a for a, b in itertools.pairwise(places)]
    rounding = 5e-3 if axis.scale.log else 1e-3 * max(map(abs, values), default=0)
    assert all(step == pytest.approx(steps[0], abs=rounding) for step in steps)
    for row, value in zip(rows, values, strict=True):
        away = abs(canvas.row(axis.scale.share(value)) - row)
        assert away <= axis.scale.log  # a label of a logarithmic axis is rounded


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), heights, glyph_sets, st.booleans())
@settings(deadline=None, max_examples=examples(400))
def test_linear_ticks_are_even(
    low: float, span: float, height: int, glyphs: Glyphs, positive: bool
) -> None:
    low = abs(low) if positive else low
    assume(span > 1e-2 * abs(low))  # else no label of six cells tells one tick from the next
    canvas = Canvas(40, height, glyphs)
    axis = y_axis(linear(low, low + span, positive), canvas)
    assert axis.scale.low <= low + 1e-6 * span and axis.scale.high >= low + span * (1 - 1e-6)
    assert min(map(number, axis.labels.values())) >= 0 or not positive
    assert height < 8 or axis.scale.high - axis.scale.low < 4 * span + 2e-9
    check_even(axis, canvas)


@given(st.floats(1e-3, 1e6), st.floats(1.5, 1e12), heights, glyph_sets)
@example(low=0.0078125, ratio=129, height=2, glyphs="ascii")
@settings(deadline=None, max_examples=examples(400))
def test_logarithmic_ticks_are_even(low: float, ratio: float, height: int, glyphs: Glyphs) -> None:
    canvas = Canvas(40, height, glyphs)
    axis = y_axis(logarithmic(low, low * ratio), canvas)
    assert axis.scale.log and axis.scale.low <= low * 1.001
    assert axis.scale.high >= low * ratio * 0.999
    assert all(len(label) <= LABEL_WIDTH for label in axis.labels.values())
    check_even(axis, canvas)


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), st.integers(1, 60), st.booleans())
@settings(deadline=None)
def test_any_range_gets_an_axis(a: float, b: float, height: int, log: bool) -> None:
    low, high = sorted((abs(a), abs(b)) if log else (a, b))
    wanted = logarithmic(low, high) if log else linear(low, high)
    axis = y_axis(wanted, Canvas(40, height, "braille"))
    assert axis.scale.low < axis.scale.high and math.isfinite(axis.scale.high)
    assert all(0 <= row < height for row in axis.labels)


@pytest.mark.parametrize("low", [-0.0125, -1.25e-7, -12_500.0, -1e300])
def test_the_ends_of_two_rows_around_zero_have_room_for_their_labels(low: float) -> None:
    axis = y_axis(Scale(low, -7 * low), Canvas(40, 2, "ascii"))
    assert sorted(axis.labels) == [0, 1]
    assert all(len(label) <= LABEL_WIDTH for label in axis.labels.values())
    assert float(axis.labels[1].replace("k", "e3")) == pytest.approx(low, rel=0.25)


def test_a_range_that_once_had_uneven_ticks() -> None:
    """2.25 to 4 in 26 rows: 3.00, 2.75 and 2.50 were two rows and one row apart."""
    axis = y_axis(Scale(2.25, 4.25), Canvas(40, 26, "braille"))
    check_even(axis, Canvas(40, 26, "braille"))
    assert len(axis.labels) >= 4


@given(st.integers(2, 5000), st.integers(24, 200), st.sampled_from([5, 9, 20]), glyph_sets)
@settings(deadline=None)
def test_every_x_tick_has_its_label(step: int, width: int, height: int, glyphs: Glyphs) -> None:
    values = [3.0 - 2 * n / step for n in range(step)]
    bins = Bins(0, values, values, values, values, [0] * step)
    rows = plain(loss_plot(LossPlot(bins, step), width, height, glyphs))
    if height < 6:
        return
    line, names = rows[-2][7:], rows[-1]
    ticks = len(re.findall(r"[┬+]", line))
    assert ticks == len(re.findall(r"\b[\d.]+[kMG]?\b", names)) - ("update " in names[7:])
    assert "update" in names


def test_labels_on_the_line_stay_right_of_the_tick_labels() -> None:
    """A wide label of the first column has no room on a line of one row."""
    place = Layout(title=True, plot=3, axis=1, left=6, width=5, gutter=0)
    (line,) = plain(x_axis(place, [(0, "100k"), (3, "7")], [], "", "braille"))
    assert line == "     └───7─"
