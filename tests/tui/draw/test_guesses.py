"""The view of guesses: whole pictures as text, and what must hold at every size."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.protocol.insight import Guesses, Passage, Reliability, ValueGuesses
from rnntui.tui.draw.rows import Glyphs, Rows, plain
from rnntui.tui.draw.views.calibration import calibration_part, verdict
from rnntui.tui.draw.views.explain import explain_guesses
from rnntui.tui.draw.views.guesses import guesses_rows
from rnntui.tui.draw.views.options import MEASURING, ViewOptions
from rnntui.tui.draw.views.value_guesses import kinds_by_list
from tests.support.drawing import check, floats, glyph_sets, heights, roles_of, widths, words
from tests.support.examples.guesses import (
    FEATURES,
    GUESSES,
    PASSAGE,
    VALUE_GUESSES,
    VALUE_PASSAGE,
    WORD_GUESSES,
    WORD_PASSAGE,
)
from tests.support.view_pictures import Kept, drawn, kept


@pytest.mark.parametrize("one", kept("guesses"), ids=lambda one: one.path.stem)
def test_pictures(one: Kept) -> None:
    """`python -m tests.support.view_pictures` rewrites them."""
    assert one.lines() == one.recorded()


def selected(rows: Rows) -> list[str]:
    """The texts in roles of the selected position."""
    return [text for row in rows for text, role in row if role.endswith("!")]


@pytest.mark.parametrize("at", [0, 31, 60, len(PASSAGE.tokens) - 1])
@pytest.mark.parametrize("size", [(60, 10), (80, 19), (120, 35), (160, 30), (200, 60)])
def test_the_selected_position_is_always_visible(at: int, size: tuple[int, int]) -> None:
    message = replace(GUESSES, at=at)
    rows = guesses_rows(message, PASSAGE, ViewOptions(), *size)
    check(rows, *size)
    token, first = PASSAGE.tokens[at], GUESSES.ranked[0][at].replace(" ", "␣")
    assert selected(rows)[:2] == [token, first]
    text, arrow = plain(rows)[1], next(row for row in plain(rows) if "▲" in row).index("▲")
    assert text[arrow] == token
    assert "".join(PASSAGE.tokens).find(text[10 : 10 + 40].rstrip()) >= 0 or size[0] >= 150


@pytest.mark.parametrize("at", range(len(WORD_PASSAGE.tokens)))
def test_a_wide_passage_moves_with_the_selected_word(at: int) -> None:
    message = replace(WORD_GUESSES, at=at)
    for width in (60, 97, 200):
        rows = guesses_rows(message, WORD_PASSAGE, ViewOptions(unit="word"), width, 24)
        check(rows, width, 24)
        shown = selected(rows)[0].strip().rstrip("…")
        assert WORD_PASSAGE.tokens[at].startswith(shown)


def test_wide_and_combining_tokens_stay_aligned() -> None:
    tokens = ("日本", "e\u0301", "x", "語", "ab")
    passage = Passage(1, "held-out", 0, tokens=tokens)
    message = replace(GUESSES, at=2, ranked=(tokens[::-1],), probability=(0.5,) * 5)
    rows = guesses_rows(message, passage, ViewOptions(), 60, 10)
    check(rows, 60, 10)
    assert [row.rstrip() for row in plain(rows)[1:4]] == [
        " text     日本e\u0301 x語ab",
        " 1st      ab  語xe\u0301 日本",
        " wrong    ^^^^^^ ^^^^^^",
    ]


def test_hits_and_misses_differ_by_more_than_colour() -> None:
    rows = guesses_rows(GUESSES, PASSAGE, ViewOptions(), 120, 35)
    wrong = next(row for row in plain(rows) if row.startswith(" wrong"))
    first = next(row for row in plain(rows) if row.startswith(" 1st"))
    text = plain(rows)[1].replace(" ", "␣")
    for n in range(10, 10 + len(PASSAGE.tokens)):
        assert (wrong[n] == "^") == (first[n] != text[n])


def test_the_correct_token_is_marked_among_the_choices() -> None:
    rows = guesses_rows(GUESSES, PASSAGE, ViewOptions(), 120, 35)
    assert [row.split() for row in plain(rows) if " correct " in row[:60] and "0.725" in row]
    other = replace(GUESSES, at=31)  # "a" came; it is the last of the choices
    rows = guesses_rows(other, PASSAGE, ViewOptions(), 120, 35)
    assert any(row.startswith(" a ") and "correct" in row for row in plain(rows))
    absent = replace(GUESSES, at=0)
    rows = guesses_rows(absent, PASSAGE, ViewOptions(), 120, 35)
    assert any(row.startswith(" correct: r, p ") for row in plain(rows))


def test_choices_of_another_position_are_not_shown() -> None:
    rows = guesses_rows(GUESSES, PASSAGE, ViewOptions(at=12), 120, 35)
    assert MEASURING in "\n".join(plain(rows))
    assert "0.725 correct" not in "\n".join(plain(rows))


def test_nothing_to_draw_yet() -> None:
    for message, passage in ((None, None), (GUESSES, None), (GUESSES, WORD_PASSAGE)):
        rows = guesses_rows(message, passage, ViewOptions(), 80, 19)
        check(rows, 80, 19)
        assert "".join(plain(rows)).strip() == MEASURING
        assert roles_of(rows, MEASURING) == ["muted"]
    reason = "The held-out part is too short for a passage."
    rows = guesses_rows(None, None, ViewOptions(reason=reason), 60, 10)
    assert "".join(plain(rows)).strip() == reason


@pytest.mark.parametrize(
    ("bins", "words"),
    [
        ([(0.7, 0.71, 300)], "Well calibrated: given 0.70, it is right in 71 % of 300 cases."),
        ([(0.7, 0.4, 1000)], "Overconfident: given 0.70, it is right in 40 % of 1,000 cases."),
        ([(0.7, 0.95, 300)], "Underconfident: given 0.70, it is right in 95 % of 300 cases."),
        ([(0.7, 0.4, 199)], "Too few guesses to judge: 199."),
        ([], "Too few guesses to judge: 0."),
        # A bin of 3 guesses neither decides nor serves as an example.
        ([(0.75, 0.33, 3), (0.95, 0.95, 6000)], "Well calibrated: given 0.95, it is right in 95 %"),
        # A mean of nothing hides that it is wrong everywhere.
        ([(0.3, 0.5, 500), (0.7, 0.5, 500)], "Right on average only: given 0.30, it is right in"),
    ],
)
def test_calibration_is_judged_by_the_number_of_guesses(
    bins: list[tuple[float, float, int]], words: str
) -> None:
    found = tuple(Reliability(*entry) for entry in bins)
    assert verdict(found).startswith(words)
    for glyphs in ("braille", "ascii"):
        part = calibration_part(found, 80, 0, glyphs)
        for rows in (5, 12):
            text = "\n".join(plain(part.draw(rows)))
            assert words in text and (text.isascii() or glyphs != "ascii")


def test_kinds_of_values_are_two_lists_that_each_add_up() -> None:
    lists = kinds_by_list(VALUE_GUESSES)
    assert [[kind.name for kind in kinds] for kinds in lists] == [
        ["high third", "middle third", "low third"],
        ["falling", "turning", "rising"],
    ]
    assert all(abs(sum(kind.share for kind in kinds) - 1) < 0.01 for kinds in lists)
    assert kinds_by_list(replace(VALUE_GUESSES, kinds=())) == []


def test_the_chosen_column_of_values_is_drawn() -> None:
    options = ViewOptions(features=FEATURES, feature=1)
    text = "\n".join(plain(guesses_rows(VALUE_GUESSES, VALUE_PASSAGE, options, 120, 35)))
    assert "flux, 2 of 2" in text
    rows = text.splitlines()
    heading = next(n for n, row in enumerate(rows) if row.startswith(" time step 72"))
    assert rows[heading + 1].split()[:4] == ["flux", "17.59", "17.28", "-0.309"]


@pytest.mark.parametrize("name", ["guesses", "guesses-values"])
def test_ascii_is_ascii(name: str) -> None:
    for width, height in ((60, 10), (80, 19), (120, 35), (200, 60)):
        assert "".join(plain(drawn(name, width, height, "ascii"))).isascii()
        assert "".join(plain(drawn(name, width, 0, "ascii"))).isascii()


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_explanation_has_the_numbers_of_the_position(width: int) -> None:
    rows = explain_guesses(GUESSES, PASSAGE, ViewOptions(), width)
    check(rows, width, len(rows))
    text = " ".join(" ".join(plain(rows)).split())
    assert "-ln 0.725 = 0.322 nats" in text and "hidden state" in text
    waiting = explain_guesses(None, None, ViewOptions(), width)
    check(waiting, width, len(waiting))
    assert MEASURING in "\n".join(plain(waiting))


tokens = st.lists(words, max_size=40)


@given(
    tokens,
    st.lists(tokens, max_size=6),
    st.lists(floats, max_size=40),
    floats,
    st.integers(-1, 60),
    st.none() | st.integers(-1, 60),
    widths,
    heights,
    glyph_sets,
    st.sampled_from(["character", "word", "byte"]),
)
@settings(deadline=None)
def test_any_guesses_can_be_drawn(
    text: list[str],
    ranked: list[list[str]],
    probability: list[float | None],
    loss: float | None,
    at: int,
    chosen: int | None,
    width: int,
    height: int,
    glyphs: Glyphs,
    unit: str,
) -> None:
    message: Guesses = replace(
        GUESSES,
        ranked=tuple(map(tuple, ranked)),
        probability=tuple(probability),
        loss=loss,
        at=at,
    )
    passage = Passage(1, "training", 0, tokens=tuple(text))
    options = ViewOptions(glyphs=glyphs, unit=unit, at=chosen)
    check(guesses_rows(message, passage, options, width, height), width, height)
    explained = explain_guesses(message, passage, options, width)
    check(explained, width, len(explained))


@given(
    st.lists(st.lists(floats, max_size=3), max_size=40),
    st.lists(st.lists(floats, max_size=3), max_size=40),
    floats,
    st.integers(-1, 60),
    st.integers(-1, 3),
    widths,
    heights,
    glyph_sets,
)
@settings(deadline=None)
def test_any_value_guesses_can_be_drawn(
    true: list[list[float | None]],
    predicted: list[list[float | None]],
    loss: float | None,
    at: int,
    feature: int,
    width: int,
    height: int,
    glyphs: Glyphs,
) -> None:
    message: ValueGuesses = replace(
        VALUE_GUESSES, predicted=tuple(map(tuple, predicted)), loss=loss, naive=loss, at=at
    )
    passage = Passage(4, "prompt", 0, rows=tuple(map(tuple, true)))
    options = ViewOptions(glyphs=glyphs, features=("a", "日本", "c"), feature=feature)
    check(guesses_rows(message, passage, options, width, height), width, height)
    explained = explain_guesses(message, passage, options, width)
    check(explained, width, len(explained))


def test_of_many_columns_those_of_the_passage_are_shown_and_counted() -> None:
    names = [f"c{n}" for n in range(12)]
    for feature in (0, 11):
        options = ViewOptions(features=names, feature=feature)
        text = "\n".join(plain(guesses_rows(VALUE_GUESSES, VALUE_PASSAGE, options, 120, 35)))
        assert "first 2 of 12 columns" in text and "c2" not in text and "–" not in text
        assert explain_guesses(VALUE_GUESSES, VALUE_PASSAGE, options, 80)
