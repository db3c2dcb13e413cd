"""Generated text: one sample, several, earlier samples, a forecast in numbers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from rnntui.tui.draw.generated import forecast_rows, sample_lines, stacked_texts, text_rows
from rnntui.tui.draw.rows import Glyphs, plain
from tests.support.drawing import check, floats, glyph_sets, heights, picture, widths


def test_text_is_wrapped_between_words() -> None:
    rows = text_rows("Once upon ", "a time there was\na fox", 12, 5, cursor=True)
    assert picture(rows) == ["Once upon a", "time there", "was", "a fox▌", ""]
    assert rows[0] == [("Once upon ", "muted"), ("a ", "")]
    assert rows[3][1] == ("▌", "accent")


def test_the_newest_rows_are_shown() -> None:
    text = "".join(f"line {n}\n" for n in range(5000))
    assert picture(text_rows("", text + "end", 20, 3)) == ["line 4998", "line 4999", "end"]


def test_long_words_and_wide_characters() -> None:
    assert picture(text_rows("", "abcdefgh", 3, 3)) == ["abc", "def", "gh"]
    assert picture(text_rows("", "日本語x", 3, 4)) == ["日", "本", "語x", ""]
    assert picture(text_rows("", "日x", 1, 2)) == ["?", "x"]
    assert picture(text_rows("", " aaa日", 4, 3)) == ["", "aaa", "日"]


def test_untrusted_text_is_made_safe() -> None:
    assert picture(text_rows("\x1b[2J", "a\nb", 20, 1, newlines=False)) == ["␛[2Ja↵b"]
    assert picture(text_rows("", "a\x07b", 20, 1, glyphs="ascii")) == ["a^Gb"]


def test_samples_are_one_row_each() -> None:
    rows = sample_lines([(1, "old"), (250, "hel\nlo"), (6412, "w" * 90)], 30, 2)
    assert picture(rows) == ["    250  hel↵lo", "  6.41k  " + "w" * 20 + "…"]


@given(st.text(), st.text(), widths, heights, st.booleans(), st.booleans(), glyph_sets)
@settings(deadline=None)
def test_any_text_can_be_wrapped(
    prompt: str, text: str, width: int, height: int, newlines: bool, cursor: bool, glyphs: Glyphs
) -> None:
    check(text_rows(prompt, text, width, height, newlines, cursor, glyphs), width, height)
    check(sample_lines([(3, text), (10**9, prompt)], width, height, glyphs), width, height)


@given(st.text(alphabet="ab 日e\u0301", max_size=200), st.integers(2, 30))
@settings(deadline=None)
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    rows = plain(text_rows("", text, width, 400))
    assert "".join(rows).replace(" ", "").replace("◌", "") == text.replace(" ", "")
    assert all(cell_len(row) == width for row in rows)


def test_several_texts_share_the_rows() -> None:
    texts = ("one two three four", "a\nb", "third")
    assert picture(stacked_texts(texts, 12, 4)) == ["1 one two", "  three four", "2 a↵b", "3 third"]
    assert picture(stacked_texts(texts, 12, 2)) == ["1 three four", "2 a↵b"]
    many = picture(stacked_texts(["x"] * 11, 9, 11, cursor=True))
    assert many[0] == " 1 x▌" and many[10] == "11 x▌"


def test_a_forecast_of_several_features_has_a_row_for_each() -> None:
    values = [(1.0, 23480.0), (0.0123, None)]
    assert picture(forecast_rows(values, ("up", "a very long name of one"), 60, 3)) == [
        " up                  1.000    0.012",
        " a very long nam…    23480        –",
        "",
    ]


def test_a_forecast_of_one_feature_has_all_rows() -> None:
    values = [(float(n),) for n in range(20)]
    rows = picture(forecast_rows(values, ("value",), 40, 2))
    assert rows[0].split() == ["0.00", "1.00", "2.00", "3.00"]
    assert rows[1].split() == ["4.00", "5.00", "6.00", "7.00"]


@given(
    st.lists(st.text(max_size=60), max_size=18),
    st.lists(st.lists(floats, max_size=4), max_size=30),
    st.lists(st.text(max_size=30), min_size=1, max_size=4),
    widths,
    heights,
    st.booleans(),
    glyph_sets,
)
@settings(deadline=None)
def test_any_texts_and_forecasts_can_be_drawn(
    texts: list[str],
    values: list[list[float | None]],
    features: list[str],
    width: int,
    height: int,
    cursor: bool,
    glyphs: Glyphs,
) -> None:
    check(stacked_texts(texts, width, height, cursor, glyphs), width, height)
    rows = [(*row, *[None] * (len(features) - len(row)))[: len(features)] for row in values]
    check(forecast_rows(rows, features, width, height, glyphs), width, height)
