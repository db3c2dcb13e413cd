"""The loss plot: exact pictures of small cases, and any history can be drawn."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.protocol.messages import Event
from rnntui.tui.draw.axis import Scale, round_up
from rnntui.tui.draw.loss import Bins, LossPlot, loss_at, loss_plot, updates_a_cell
from rnntui.tui.draw.loss_point import clock, event_words, point_row
from rnntui.tui.draw.loss_scale import loss_scale
from rnntui.tui.draw.rows import Glyphs, plain
from tests.conftest import examples, quick_first
from tests.support.drawing import (
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
    update=256,
    validations=[(100, 3.0), (200, 2.0)],
    marks=[(150, "lr")],
    floor=0.97,
    unit="nats per word",
)


def test_picture_in_ascii() -> None:
    assert picture(loss_plot(PLOT, 56, 10, "ascii")) == [
        " loss  nats per word         *** smoothed  o validation",
        "     4+*****",
        "      |     *********",
        "      |              **o*******",
        "     2+                       *********o",
        "      |                                **********",
        "      |-- floor 0.970 ----------------------------------",
        "     0+",
        "      ++---------------+-------^lr-----+---------------+",
        "update 0              100             200            300",
    ]


def test_a_point_is_in_the_row_of_the_nearest_tick() -> None:
    """A tick is the middle of its row, so that a value is never drawn beside another's label."""
    plot = LossPlot(falling(64, end=0.0), update=64, validations=[(20, 1.9), (40, 2.1)])
    rows = picture(loss_plot(plot, 60, 12))
    (row,) = [row for row in rows if "2┤" in row or "2.0┤" in row]
    assert row.count("●") == 2, "\n".join(rows)


def test_picture_in_braille() -> None:
    assert picture(loss_plot(PLOT, 56, 10)) == [
        " loss  nats per word         ⣀⠤⠒ smoothed  ● validation",
        "     4┤⠠⠤⠤⣀⣀",
        "      │     ⠉⠉⠑⠒⠢⠤⠤⣀⣀",
        "      │              ⠉⠉●⠒⠒⠤⠤⣄⣀",
        "     2┤                       ⠉⠉⠙⠒⠢⠤⠤⣄⣀●",
        "      │                                ⠉⠉⠙⠒⠲⠤⠤⣄⣀⡀",
        "      │┄┄ floor 0.970 ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄⠁┄┄┄┄┄┄┄",
        "     0┤",
        "      └┬───────────────┬───────▲lr─────┬───────────────┬",
        "update 0              100             200            300",
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


def test_the_legend_explains_the_plot() -> None:
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


def test_non_finite_losses_are_marked() -> None:
    values = [2.0, None, NAN, 2.0]
    plot = LossPlot(Bins(3, values, values, values, values, [0, 8, 1, 0]), 32, total=40)
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


def test_later_updates_only() -> None:
    plot = LossPlot(falling(64, level=2), 256, first=128)
    rows = picture(loss_plot(plot, 80, 10))
    assert "128" not in rows[-1] and "150" in rows[-1]
    assert "4.0┤" not in "\n".join(rows)


def test_ticks_of_a_short_part_of_a_long_run_have_labels_of_their_own() -> None:
    bins = Bins(0, [1.0] * 60, [1.0] * 60, [1.0] * 60, [1.0] * 60, [0] * 60, start=999_940)
    plot = LossPlot(bins, 36_000_000, first=999_940, last=1_000_000)
    names = picture(loss_plot(plot, 120, 14))[-1]
    labels = [word for word in names.split() if word != "update"]
    assert len(labels) >= 4 and len(set(labels[:-1])) == len(labels) - 1, names
    assert "36M" not in names and labels[-1] == "1,000,000", names


def test_log_scale() -> None:
    values = [10.0 ** (1 - k / 20) for k in range(80)]
    plot = LossPlot(Bins(0, values, values, values, values, [0] * 80), 80, log=True)
    rows = picture(loss_plot(plot, 80, 14))
    assert "log scale" in rows[0]
    labels = [row[:6].strip() for row in rows[1:-2] if row[:6].strip()]
    assert labels == ["100", "10", "1", "0.1", "0.01", "0.001"]


def test_log_scale_of_losses_that_are_not_positive() -> None:
    plot = LossPlot(Bins(0, [0.0], [0.0], [0.0], [0.0], [0]), 1, floor=0.0, log=True)
    check(loss_plot(plot, 80, 14), 80, 14)


@pytest.mark.parametrize("glyphs", quick_first(["braille", "blocks", "ascii"]))
def test_a_line_and_its_name_at_the_end_are_in_one_row(glyphs: Glyphs) -> None:
    sign = "~" if glyphs == "ascii" else "┈"
    for height in range(10, 40):
        for loss in (3.1, 3.3, 3.5, 3.7, 3.9):
            plot = LossPlot(falling(64), update=64, baselines=[("unigram", loss)])
            rows = picture(loss_plot(plot, 120, height, glyphs))[1:]
            (named,) = [row for row in rows if "unigram" in row]
            assert sign * 20 in named, "\n".join(rows)


def test_marks_in_one_column_and_baselines() -> None:
    plot = LossPlot(
        falling(20),
        20,
        marks=[(10, "lr"), (10, "fix"), (14, "日本"), (19, "a very long label indeed, it is")],
        baselines=[("5-gram", 1.9), ("\x1b[31m a long name", 2.8), ("nan", NAN)],
    )
    rows = loss_plot(plot, 100, 14)
    check(rows, 100, 14)
    text = "\n".join(plain(rows))
    assert "▲fix" in text
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
@settings(deadline=None, max_examples=examples(150))
def test_any_losses_can_be_drawn(
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


def test_a_growing_axis_is_rarely_redrawn() -> None:
    ends = {round_up(n, seldom=True) for n in range(100, 10_001)}
    assert ends == {100.0, 200.0, 300.0, 500.0, 1000.0, 2000.0, 3000.0, 5000.0, 10_000.0}
    assert all(n <= round_up(n, seldom=True) <= 2 * n for n in range(1, 5000, 7))


def test_a_run_of_known_length_ends_at_the_right_edge() -> None:
    bins = falling(60, level=4)
    last = plain(loss_plot(LossPlot(bins, 960, total=970), 100, 10))[-1]
    assert "1k" not in last and "800" in last
    assert "2k" in plain(loss_plot(LossPlot(bins, 1020, total=90_000), 100, 10))[-1]


def test_a_cell_of_the_plot_is_an_update() -> None:
    plot = LossPlot(falling(50), update=50)
    assert loss_at(plot, 58, 6) is None
    found = [loss_at(plot, 58, x) for x in range(7, 58)]
    assert found[0] == 1 and found[-1] == 50 and found == sorted(x or 0 for x in found)
    assert updates_a_cell(plot, 58) == 1
    unfinished = LossPlot(falling(50), update=60)
    assert loss_at(unfinished, 58, 57) is None and loss_at(LossPlot(), 58, 30) is None
    pointed = loss_plot(LossPlot(falling(50), update=50, at=25), 58, 9)
    assert roles_of(pointed, "┊") == ["mark"] * len(roles_of(pointed, "┊")) != []


def test_the_losses_at_the_cursor_are_numbers() -> None:
    def words(at: int, *events: Event) -> str:
        return plain([point_row(PLOT, at, events, 2)])[0]

    assert words(1) == " update 1   smoothed 4.000   raw 4.000 to 4.000"
    assert words(130) == " update 130   smoothed 2.476   raw 2.476 to 2.476   validation 3.000"
    raised = Event(131, 9.0, "lr", "learning rate 0.1 → 0.2", 86_400.0, "ann@tty1")
    assert words(130, raised).endswith(f"   {event_words(raised)}")
    assert event_words(raised) == f"learning rate 0.1 → 0.2, by ann@tty1, {clock(86_400.0)}"
    assert "learning rate" not in words(140, raised)
    single = LossPlot(falling(5), update=5)
    assert plain([point_row(single, 5, (), 1)])[0] == " update 5   smoothed 1.000   raw 1.000"
    assert plain([point_row(single, 9, (), 1)])[0] == " update 9   smoothed –   raw –"


def test_an_event_is_shown_with_its_author_and_time() -> None:
    assert event_words(Event(1, 0.0, "pause", "paused")) == "paused"
    assert event_words(Event(1, 0.0, "pause", "paused", who="a\x1bb")) == "paused, by a␛b"
    assert clock(0.0).endswith(("00:00", "30", "45")) or len(clock(0.0)) == len("Jan 01 00:00")


@given(st.integers(-5, 400), st.integers(0, 400), widths, st.integers(-5, 210))
@settings(deadline=None)
def test_any_cell_and_any_cursor(at: int, step: int, width: int, x: int) -> None:
    plot = LossPlot(falling(step), step, at=at if at > 0 else None)
    found = loss_at(plot, width, x)
    assert found is None or 1 <= found <= step
    check(loss_plot(plot, width, 10), width, 10)
    point_row(plot, max(1, at), (), 1)
