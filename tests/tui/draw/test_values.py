"""Curves of values: forecasts with their intervals, what was held out beside them, and times."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.protocol.forecasts import Band, Earlier, Outlook
from rnntui.tui.draw.bands import shade, width_at
from rnntui.tui.draw.forecast_details import forecast_details
from rnntui.tui.draw.generated import verdict_rows
from rnntui.tui.draw.rows import Glyphs, plain, row_width
from rnntui.tui.draw.time_axis import tick_times
from rnntui.tui.draw.value_curves import ValuePlot
from rnntui.tui.draw.values import value_plot
from rnntui.tui.draw.values_grid import panels_across, value_plots, value_step
from tests.conftest import examples
from tests.support.drawing import check, floats, glyph_sets, heights, widths, words
from tests.support.examples.forecasts import OUTLOOK, PLOT
from tests.support.view_pictures import Kept, kept
from tests.support.views_drawn import tuples_of

bands = st.builds(Band, half80=tuples_of(floats, 6), half95=tuples_of(floats, 6))
outlooks = st.builds(
    Outlook,
    method=words,
    verdict=words,
    loses=st.booleans(),
    times_before=tuples_of(words, 9),
    times=tuples_of(words, 6),
    bands=tuples_of(bands, 3),
    earlier=tuples_of(st.builds(Earlier, values=tuples_of(floats, 6), band=bands), 3),
)
rows_of_values = tuples_of(tuples_of(floats, 3), 9)
plots = st.builds(
    ValuePlot,
    true=rows_of_values,
    forecast=rows_of_values,
    features=st.lists(words, min_size=1, max_size=3),
    feature=st.none() | st.integers(0, 3),
    times=tuples_of(words, 9),
    outlook=st.none() | outlooks,
)


@pytest.mark.parametrize("one", kept("forecast"), ids=lambda one: one.path.stem)
def test_pictures(one: Kept) -> None:
    """`python -m tests.support.view_pictures` rewrites them."""
    assert one.lines() == one.recorded()


@given(plots, widths, heights, glyph_sets)
@settings(max_examples=examples(60), deadline=None)
def test_any_forecast_fits_its_block(
    plot: ValuePlot, width: int, height: int, glyphs: Glyphs
) -> None:
    check(value_plots(plot, width, height, glyphs), width, height)
    step = value_step(plot, width, height, width // 2)
    assert step is None or 0 <= step < len(plot.true) + len(plot.forecast)
    said = verdict_rows(plot.outlook, width, height, glyphs)
    check(said, width, len(said))


@pytest.mark.parametrize("glyphs", ["braille", "blocks", "ascii"])
def test_intervals_and_what_was_held_out_are_drawn(glyphs: Glyphs) -> None:
    drawn = "\n".join(plain(value_plot(PLOT, 120, 15, glyphs)))
    bare = "\n".join(plain(value_plot(replace(PLOT, outlook=None), 120, 15, glyphs)))
    assert "held out" in drawn and "ahead" in drawn and "80 %" in drawn
    assert "held out" not in bare and "80 %" not in bare
    assert "1993-" in drawn and "-01-01" not in drawn  # every month begins on its first day


def test_intervals_surround_the_forecast_and_grow_beyond_their_horizon() -> None:
    found = shade(5, [10.0, None, 12.0], Band((1.0, 2.0), (2.0, 4.0)), base=1.0)
    assert found.narrow == [(8.0, 10.0), (None, None), (11.0 - 6**0.5, 11.0 + 6**0.5)]
    assert found.wide[0] == (7.0, 11.0)
    assert width_at((1.0, 2.0), 7) == 4.0 and width_at((), 3) is None


def test_ticks_leave_out_what_says_nothing() -> None:
    days = [f"2024-05-{day:02} 00:00:00" for day in range(1, 21)]
    assert tick_times(days, 60)[0][1].startswith("2024-05-") and len(tick_times(days, 60)) == 4
    assert all(len(text) == 10 for _, text in tick_times(days, 200))
    hours = [f"2024-05-01 {hour:02}:00:00" for hour in range(12)]
    assert tick_times(hours, 19) == [(5, "2024-05-01 05:00")]
    assert [text for _, text in tick_times(["1990-01-01", "1991-01-01"], 40)] == ["1990", "1991"]
    assert tick_times([], 80) == []


def test_one_row_says_only_what_is_against_the_network() -> None:
    (row,) = plain(verdict_rows(OUTLOOK, 60, 2, "ascii"))
    assert row.startswith(" ! Autoregression forecasts better") and "mixes" not in row
    assert "mixes both" in plain(verdict_rows(OUTLOOK, 120, 1))[0]
    assert "; a mixes methods" in plain(verdict_rows(OUTLOOK, 120, 1, key="a"))[0]
    wins = replace(OUTLOOK, loses=False, verdict="the network forecasts best: RMSE 1")
    assert not verdict_rows(wins, 80, 1) and plain(verdict_rows(wins, 80, 2))[0].strip()
    assert not verdict_rows(replace(OUTLOOK, verdict=""), 80, 3)


def test_a_row_of_a_forecast_is_described_with_its_time_and_intervals() -> None:
    text = "".join(part for part, _ in forecast_details(PLOT, 61, 0, 120, "ascii"))
    assert text.startswith(" forecast  1995-02-01  row 2 of 12   temperature   forecast 27.05")
    assert "80 % 26.1 ... 28" in text and "95 % 25.2 ... 28.9" in text
    held = "".join(part for part, _ in forecast_details(PLOT, 50, 1, 120))
    assert "1994-03-01" in held and "true " in held and "forecast " in held and "80 %" in held
    before = "".join(part for part, _ in forecast_details(PLOT, 3, 0, 120))
    assert "1990-04-01" in before and "80 %" not in before
    short = forecast_details(PLOT, 61, 0, 70)
    assert "95 %" not in "".join(part for part, _ in short) and row_width(short) <= 70
    bare = replace(PLOT, outlook=None, times=())
    assert "3 before" in "".join(part for part, _ in forecast_details(bare, 57, 0, 120))


def test_columns_stand_beside_each_other_on_wide_screens() -> None:
    every = replace(PLOT, feature=None)
    assert [panels_across(every, width, 20) for width in (80, 120, 149, 150, 200)] == [
        1,
        1,
        1,
        2,
        2,
    ]
    many = replace(every, features=tuple("abcdefgh"))
    assert [panels_across(many, width, 20) for width in (80, 120, 200, 300)] == [1, 2, 3, 5]
    assert panels_across(PLOT, 200, 20) == 1  # one was chosen
    lines = plain(value_plots(every, 200, 20))
    assert "temperature" in lines[1] and "load" in lines[1]
    first = value_step(every, 200, 20, 20)
    assert first is not None and value_step(every, 200, 20, 20 + 101) == pytest.approx(first, abs=1)


@pytest.mark.parametrize("height", range(1, 9))
def test_columns_have_their_rows_in_a_low_panel(height: int) -> None:
    every = replace(PLOT, feature=None)
    check(value_plots(every, 200, height), 200, height)
    assert panels_across(every, 200, height) == (2 if height >= 7 else 1)
