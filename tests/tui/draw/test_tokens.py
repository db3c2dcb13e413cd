"""The strip of tokens and the curves of values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.protocol.messages import TokenSteps
from rnntui.tui.draw.rows import Glyphs, plain
from rnntui.tui.draw.tokens import level, room_for, strip_height, token_at, token_strip
from rnntui.tui.draw.value_curves import ValuePlot
from rnntui.tui.draw.values import value_at, value_plot
from tests.support.drawing import (
    check,
    floats,
    glyph_sets,
    heights,
    picture,
    roles_of,
    widths,
    words,
)

STEPS = TokenSteps(
    6412,
    input=tuple("hello wor"),
    true=tuple("ello worl"),
    predicted=tuple("ellu wo l"),
    probability=(0.1, 0.3, 0.5, 0.7, 0.9, 1.0, None, math.nan, 0.0),
)


def test_picture() -> None:
    assert picture(token_strip(STEPS, 70, 6)) == [
        " time steps  of update 6,412 · 7 of 9 correct · 78 %          ^ wrong",
        " input      hello wor",
        " true       ello worl",
        " predicted  ellu wo␣l",
        " wrong         ^   ^",
        " p(true)    ▁▃▅▆██??▁",
    ]


def test_picture_in_ascii() -> None:
    steps = TokenSteps(1, ("a", "↵"), ("↵", "␛"), ("↵", " "), (0.25, 0.99))
    assert picture(token_strip(steps, 60, 6, "ascii")) == [
        " time steps  of update 1 - 1 of 2 correct - 50 %    ^ wrong",
        " input      a \\n",
        " true       \\n^[",
        " predicted  \\n_",
        " wrong        ^^",
        " p(true)    2299",
    ]


def test_roles() -> None:
    rows = token_strip(STEPS, 70, 6)
    assert [role for _, role in rows[2]][1:6] == ["p0", "p1", "p2", "p3", "p4"]
    assert ("??", "warning") in rows[5]
    assert ("u", "wrong") in rows[3]


@pytest.mark.parametrize(
    ("height", "kept"),
    [
        (1, ["true"]),
        (2, ["true", "predicted"]),
        (3, ["time", "true", "predicted"]),
        (4, ["time", "true", "predicted", "p(true)"]),
        (5, ["time", "true", "predicted", "wrong", "p(true)"]),
        (7, ["time", "input", "true", "predicted", "wrong", "p(true)", ""]),
    ],
)
def test_fewer_rows_drop_the_least_important(height: int, kept: list[str]) -> None:
    rows = plain(token_strip(STEPS, 70, height))
    assert [(row.split() or [""])[0] for row in rows] == kept


def test_the_newest_are_shown() -> None:
    rows = picture(token_strip(STEPS, 17, 3))
    assert rows[1] == "ello worl"
    long = TokenSteps(1, *(tuple("abcdefghij" * 30),) * 3, tuple([0.5] * 300))
    assert picture(token_strip(long, 40, 3))[1] == " true " + ("abcdefghij" * 4)[-34:]


def test_wide_and_combining_characters_keep_their_column() -> None:
    steps = TokenSteps(
        1, ("a", "日", "◌\u0301"), ("日", "◌\u0301", "b"), ("x", "日", "b"), (0.5,) * 3
    )
    rows = picture(token_strip(steps, 60, 6))
    assert rows[1] == " input      a 日◌\u0301"
    assert rows[2] == " true       日◌\u0301 b"
    assert rows[3] == " predicted  x 日b"
    assert rows[4] == " wrong      ^^^^"


def test_words_are_separated_and_long_ones_are_cut() -> None:
    steps = TokenSteps(1, ("the", "x"), ("fox", "incomprehensibilities"), ("a", "fox"), (0.9, 0.1))
    rows = picture(token_strip(steps, 60, 6, unit="word"))
    assert rows[2] == " true       fox incomprehensi…"
    assert rows[3] == " predicted  a   fox"
    assert rows[4] == " wrong      ^^^ ^^^^^^^^^^^^^^"
    assert rows[5] == " p(true)    ███ ▁▁▁▁▁▁▁▁▁▁▁▁▁▁"


def test_the_selected_time_step_is_highlighted_and_found_by_its_position() -> None:
    rows = token_strip(STEPS, 70, 6, selected=3)
    assert [[run for run in row if run[1].endswith("!")] for row in rows[1:]] == [
        [("l", "muted!")], [("o", "p3!")], [("u", "wrong!")], [("^", "warning!")], [("▆", "p3!")],
    ]  # fmt: skip
    assert [token_at(STEPS, 70, x) for x in (0, 11, 12, 15, 20, 21)] == [None, None, 0, 3, 8, None]


SECOND = TokenSteps(6412, tuple("the fox"), tuple("he fox "), tuple("he fax "), (0.9,) * 7)


def test_further_streams_fill_the_width_and_then_the_rows_below() -> None:
    assert picture(token_strip(STEPS, 70, 13, streams=(SECOND, SECOND, SECOND, STEPS, SECOND))) == [
        " time steps  of update 6,412 · 38 of 46 correct · 83 % · 6 streams",
        " input      hello wor │ the fox │ the fox │ the fox │ hello wor",
        " true       ello worl │ he fox  │ he fox  │ he fox  │ ello worl",
        " predicted  ellu wo␣l │ he fax  │ he fax  │ he fax  │ ellu wo␣l",
        " wrong         ^   ^  │     ^   │     ^   │     ^   │    ^   ^",
        " p(true)    ▁▃▅▆██??▁ │ ███████ │ ███████ │ ███████ │ ▁▃▅▆██??▁",
        "",
        " input      the fox",
        " true       he fox",
        " predicted  he fax",
        " wrong          ^",
        " p(true)    ███████",
        "",
    ]


def test_the_last_stream_of_a_band_is_cut_to_its_newest_time_steps() -> None:
    long = TokenSteps(6412, *(tuple("0123456789" * 4),) * 3, (0.5,) * 40)  # type: ignore[arg-type]
    rows = picture(token_strip(SECOND, 62, 6, streams=(long, long)))
    assert rows[1] == " input      the fox │ " + ("0123456789" * 4)[-40:]
    assert rows[1].count("│") == 1


def test_the_room_for_streams() -> None:
    long = TokenSteps(1, *(tuple("0123456789" * 5),) * 3, (0.5,) * 50)  # type: ignore[arg-type]
    assert [room_for(long, width, 6) for width in (70, 80, 120, 200)] == [1, 2, 2, 4]
    assert [room_for(long, 200, height) for height in (3, 11, 12, 18)] == [4, 4, 8, 12]
    assert [strip_height(count, 50, 200) for count in (1, 3, 4, 16)] == [6, 6, 12, 36]


def test_levels_of_invalid_probabilities() -> None:
    assert [level(p) for p in (-1.0, 0.0, 1.0, 1.7e308, None, math.nan)] == [
        "p0", "p0", "p4", "p4", "warning", "warning",
    ]  # fmt: skip


def test_before_the_first_time_steps() -> None:
    for height in (1, 6):
        assert "Time steps appear once training starts" in "".join(
            plain(token_strip(None, 40, height))
        )
        check(token_strip(None, 40, height), 40, height)


@given(
    st.lists(words, max_size=60),
    st.lists(words, max_size=60),
    st.lists(words, max_size=60),
    st.lists(floats, max_size=60),
    widths,
    heights,
    glyph_sets,
    st.booleans(),
    st.sampled_from(["character", "word"]),
    st.none() | st.integers(-3, 70),
    st.integers(0, 4),
)
@settings(deadline=None)
def test_any_time_steps_can_be_drawn(
    inputs: list[str],
    true: list[str],
    predicted: list[str],
    probability: list[float | None],
    width: int,
    height: int,
    glyphs: Glyphs,
    title: bool,
    unit: str,
    selected: int | None,
    streams: int,
) -> None:
    lists = (tuple(inputs), tuple(true), tuple(predicted), tuple(probability))
    steps = TokenSteps(1, *lists)
    rows = token_strip(
        steps, width, height, glyphs, title, unit, selected, streams=(steps,) * streams
    )
    check(rows, width, height)
    assert room_for(steps, width, height, glyphs, unit) >= 1
    found = token_at(steps, width, width // 2, glyphs, unit)
    assert found is None or 0 <= found < len(true)


def sine(n: int, offset: float = 0.0) -> list[tuple[float]]:
    """A few waves."""
    return [(math.sin(k / 3) * 2 + offset,) for k in range(n)]


def test_curves_in_ascii() -> None:
    plot = ValuePlot([(0.0,), (1.0,), (2.0,), (3.0,)], [(0.0,), (1.0,), (3.0,), (2.0,)], update=7)
    assert picture(value_plot(plot, 49, 9, "ascii")) == [
        " time steps  of update 7   o true  *** predicted",
        "      |                          *",
        "      |                       **********   o",
        "     2+                   ****   o      ****",
        "      |                ***",
        "      |         ******@",
        "     0+     @***",
        "      +-----+---------+--------------------+-----",
        "time        1         2                    4",
    ]


def test_curves_explain_themselves() -> None:
    plot = ValuePlot(sine(40), sine(40, 0.3), sine(10), ("sunspots",), update=300)
    text = "\n".join(plain(value_plot(plot, 120, 12)))
    for word in ("update 300", "○ true", "predicted", "● both", "forecast", "error 0.300", "┊"):
        assert word in text
    alone = plain(value_plot(ValuePlot(sine(40), (), sine(10), update=300), 120, 12))[0]
    assert "forecast  by update 300" in alone and "predicted" not in alone
    bare = "\n".join(plain(value_plot(plot, 120, 12, "ascii")))
    assert bare.isascii()
    assert {"o", "*", "+", "|"} <= set(bare)


def test_features_are_stacked_or_selected() -> None:
    values = [(float(k), float(-k), 5.0) for k in range(20)]
    plot = ValuePlot(values, values, (), ("up", "down", "flat"))
    text = plain(value_plot(plot, 80, 15))
    assert [name for name in ("up", "down", "flat") if any(f" {name} " in row for row in text)] == [
        "up", "down", "flat",
    ]  # fmt: skip
    assert sum(row.startswith(" rms 0.000") for row in text) == 3
    small = plain(value_plot(plot, 90, 10))
    assert "2 of 3 columns" in small[0] and small[4].strip() == ""
    one = ValuePlot(values, values, (), ("up", "down", "flat"), feature=1)
    assert "down, 2 of 3 · root mean square error 0.000" in plain(value_plot(one, 90, 9))[0]
    assert value_at(plot, 90, 11) is None
    assert [value_at(plot, 90, x) for x in (19, 89)] == [0, 19]
    assert [value_at(one, 90, x) for x in (7, 89)] == [0, 19]


def test_a_time_step_is_found_by_its_position() -> None:
    plot = ValuePlot(sine(10), sine(10))
    assert [value_at(plot, 107, x) for x in (3, 7, 16, 17, 106)] == [None, 0, 0, 1, 9]
    marked = value_plot(ValuePlot(sine(10), sine(10), selected=4), 107, 9)
    assert roles_of(marked, "┊")


def test_a_runaway_forecast_does_not_flatten_the_curve() -> None:
    wild = [(10.0**k,) for k in range(300)]
    rows = picture(value_plot(ValuePlot(sine(40), sine(40), wild), 80, 10))
    assert max(float(row[:6]) for row in rows[1:-2] if row[:6].strip()) < 10


@given(
    *[st.lists(st.lists(floats, max_size=3), max_size=30)] * 3,
    st.lists(words, min_size=1, max_size=3),
    st.none() | st.integers(-1, 5),
    st.none() | st.integers(-1, 40),
    widths,
    heights,
    glyph_sets,
)
@settings(deadline=None)
def test_any_values_can_be_drawn(
    true: list[list[float | None]],
    predicted: list[list[float | None]],
    forecast: list[list[float | None]],
    features: list[str],
    feature: int | None,
    selected: int | None,
    width: int,
    height: int,
    glyphs: Glyphs,
) -> None:
    plot = ValuePlot(true, predicted, forecast, features, feature, 3, selected)
    check(value_plot(plot, width, height, glyphs), width, height)
    value_at(plot, width, width // 2)
