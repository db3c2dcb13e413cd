"""The loss plot: exact pictures of small cases, and no history that breaks it."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.tui.draw import Bins, Glyphs, LossPlot, loss_plot, plain
from rnntui.tui.draw.axis import Scale
from rnntui.tui.draw.loss_scale import loss_scale
from tests.drawing import (
    check,
    columns,
    floats,
    glyph_sets,
    heights,
    numbers,
    picture,
    roles_of,
    widths,
    words,
)

NAN = math.nan


def falling(n: int, level: int = 0, end: float = 1.0) -> Bins:
    """A loss that falls from 4 to `end` in a straight line over `n` bins."""
    mean = [4 + (end - 4) * k / max(1, n - 1) for k in range(n)]
    return Bins(level, mean, mean, mean, mean, [0] * n)


PLOT = LossPlot(
    falling(64, level=2),
    step=256,
    validations=[(100, 3.0), (200, 2.0)],
    marks=[(150, "lr")],
    floor=0.97,
    unit="nats per word",
)


def test_picture_in_ascii() -> None:
    assert picture(loss_plot(PLOT, 56, 10, "ascii")) == [
        " loss  nats per word         *** smoothed  o validation",
        "     4+.****",
        "      |     ********",
        "      |             ***o****",
        "     2+                    *********   o",
        "      |                            *********",
        "      |-- floor 0.970 ---------------------******-------",
        "      |",
        "      ++---------------+-------^lr-----+---------------+",
        "       0              100             200    update 256",
    ]


def test_picture_in_braille() -> None:
    assert picture(loss_plot(PLOT, 56, 10)) == [
        " loss  nats per word         ⣀⠤⠒ smoothed  ● validation",
        "     4┤⠈⠙⠒⠢⠤⣄⣀⡀",
        "      │       ⠉⠙⠒⠢⠤⢄⣀",
        "      │              ⠉⠉●⠢⠤⢄⣀",
        "     2┤                     ⠉⠉⠒⠢⠤⣄⣀⡀   ●",
        "      │                            ⠉⠙⠒⠲⠤⢄⣀⡀",
        "      │┄┄ floor 0.970 ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄⠉⠉⠒⠒⠤⢄⣀┄┄┄┄┄┄┄",
        "      │",
        "      └┬───────────────┬───────▲lr─────┬───────────────┬",
        "       0              100             200    update 256",
    ]


@pytest.mark.parametrize("glyphs", ["braille", "blocks", "ascii"])
@pytest.mark.parametrize(("width", "height"), [(120, 14), (80, 8), (60, 5), (40, 4), (24, 2)])
def test_sizes_that_are_designed(glyphs: Glyphs, width: int, height: int) -> None:
    rows = loss_plot(PLOT, width, height, glyphs)
    check(rows, width, height)
    text = "\n".join(plain(rows))
    assert "loss" in text
    assert (text.isascii()) == (glyphs == "ascii")
    if height >= 4:
        assert ("o" if glyphs == "ascii" else "●") in text
        assert ("^" if glyphs == "ascii" else "▲") in text


def test_it_explains_itself() -> None:
    text = "\n".join(plain(loss_plot(PLOT, 120, 14)))
    for word in (
        "nats per word", "smoothed", "● validation", "raw", "┄ floor 0.970", "▲lr", "update 256",
        "● 2.000", "now 1.000", "floor 0.970",
    ):  # fmt: skip
        assert word in text


def test_without_colour_the_lines_differ() -> None:
    rows = plain(loss_plot(PLOT, 40, 8, "ascii"))[1:-2]
    marks = {char for row in rows for char in row[7:]} - {" "}
    assert {"*", "o", "-"} <= marks


def test_levels_are_named_where_there_is_no_gutter() -> None:
    assert any("floor 0.970" in row for row in picture(loss_plot(PLOT, 60, 12))[1:])


def test_nothing_yet() -> None:
    rows = loss_plot(LossPlot(), 40, 5)
    check(rows, 40, 5)
    assert "waiting for the first update" in "\n".join(plain(rows))


@pytest.mark.parametrize("values", [[4.17], [4.17, 4.0], [2.0] * 30, [0.0] * 30])
def test_few_or_equal_values(values: list[float]) -> None:
    zeros = [0] * len(values)
    plot = LossPlot(Bins(0, values, values, values, values, zeros), len(values))
    rows = loss_plot(plot, 100, 10)
    check(rows, 100, 10)
    assert roles_of(rows, f"{values[-1]:.3f}") == ["line"]
    assert any(0x2800 < ord(c) < 0x2900 for row in plain(rows)[1:] for c in row)


def test_losses_that_are_not_finite_are_marked() -> None:
    values = [2.0, None, NAN, 2.0]
    plot = LossPlot(Bins(3, values, values, values, values, [0, 8, 1, 0]), 32)
    rows = loss_plot(plot, 47, 8, "ascii")
    top = plain(rows)[1]
    assert "!" in top and "!" not in top[7:16] and "!" not in top[-9:]
    assert set(roles_of(rows, "!")) == {"warning"}
    assert all(":" in row for row in plain(rows)[2:6])


def test_only_bad_losses_are_shown_too() -> None:
    rows = loss_plot(LossPlot(Bins(0, [None], [None], [None], [None], [1]), 1), 40, 8)
    assert "!" in "".join(plain(rows))


def test_a_spike_is_cut_and_named() -> None:
    values = [2.0 - 0.01 * k for k in range(100)]
    smooth = list(values)
    values[60] = 500.0
    plot = LossPlot(Bins(0, values, values, values, smooth, [0] * 100), 100)
    text = "\n".join(plain(loss_plot(plot, 80, 10)))
    assert "↑ 500.0" in text
    assert "250┤" not in text


def test_later_steps_only() -> None:
    plot = LossPlot(falling(64, level=2), 256, first_step=128)
    rows = picture(loss_plot(plot, 80, 10))
    assert "128" not in rows[-1] and "150" in rows[-1]
    assert "4.0┤" not in "\n".join(rows)


def test_log_scale() -> None:
    values = [10.0 ** (1 - k / 20) for k in range(80)]
    plot = LossPlot(Bins(0, values, values, values, values, [0] * 80), 80, log=True)
    rows = picture(loss_plot(plot, 80, 14))
    assert "log scale" in rows[0]
    labels = [row[:6].strip() for row in rows[1:-2] if row[:6].strip()]
    assert labels == ["10", "1", "0.1", "0.01", "0.001"]


def test_log_scale_of_losses_that_are_not_positive() -> None:
    plot = LossPlot(Bins(0, [0.0], [0.0], [0.0], [0.0], [0]), 1, floor=0.0, log=True)
    check(loss_plot(plot, 80, 14), 80, 14)


def test_marks_in_one_column_and_baselines() -> None:
    plot = LossPlot(
        falling(20),
        20,
        marks=[(10, "lr"), (10, "mend"), (14, "日本"), (19, "a very long label indeed, it is")],
        baselines=[("5-gram", 1.9), ("\x1b[31m a long name", 2.8), ("nan", NAN)],
    )
    rows = loss_plot(plot, 100, 14)
    check(rows, 100, 14)
    text = "\n".join(plain(rows))
    assert "▲mend" in text
    assert "5-gram 1.900" in text
    assert "\x1b" not in text and "␛" in text


def test_the_scale_keeps_what_matters_inside() -> None:
    calm = [1.5 + 0.001 * k for k in range(100)]
    scale = loss_scale(calm, [*calm, 1e9], [1.4, 9.0], [1.3, 100.0], log=False)
    assert scale.low <= 1.3 and 9.0 <= scale.high < 20


def test_the_scale_does_not_move_with_every_update() -> None:
    scales = {loss_scale([3.0, 1.99 - 0.0001 * k], [], [], [], False) for k in range(200)}
    assert len(scales) == 1
    ends = {LossPlot(falling(5), step) for step in (810, 990)}
    assert len({plain(loss_plot(plot, 80, 8))[-1][:60] for plot in ends}) == 1


def test_scale_without_losses() -> None:
    assert loss_scale([], [], [], [], log=True) == Scale(0.0, 1.0)


@given(
    st.integers(0, 70),
    st.tuples(numbers, numbers, numbers, numbers).map(lambda lists: columns(*lists)),
    st.lists(st.integers(0, 5), max_size=40),
    st.integers(0, 10**12),
    st.lists(st.tuples(st.integers(0, 10**6), floats), max_size=8),
    st.lists(st.tuples(st.integers(0, 10**6), words), max_size=8),
    floats,
    st.lists(st.tuples(words, st.floats()), max_size=4),
    st.booleans(),
    st.integers(0, 10**6),
    widths,
    heights,
    glyph_sets,
)
@settings(deadline=None, max_examples=150)
def test_nothing_breaks_it(
    level: int,
    lists: list[list[float | None]],
    bad: list[int],
    step: int,
    validations: list[tuple[int, float | None]],
    marks: list[tuple[int, str]],
    floor: float | None,
    baselines: list[tuple[str, float]],
    log: bool,
    first: int,
    width: int,
    height: int,
    glyphs: Glyphs,
) -> None:
    mean, low, high, smooth = lists
    bins = Bins(level, mean, low, high, smooth, bad)
    plot = LossPlot(bins, step, validations, marks, floor, baselines, "½ squared error", log, first)
    check(loss_plot(plot, width, height, glyphs), width, height)


def test_drawing_imports_no_textual() -> None:
    code = (
        "import sys, rnntui.tui.draw; sys.exit('textual' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
