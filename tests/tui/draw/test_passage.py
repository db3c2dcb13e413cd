"""The columns of a passage, and which of them are shown."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnntui.tui.draw.views.passage import (
    Columns,
    columns,
    last_tokens,
    lines_needed,
    shown_lines,
    value_columns,
)
from tests.support.examples.neurons import WORD_PASSAGE


def test_value_columns_fill_the_width() -> None:
    assert sum(value_columns(44, 113).widths) == 113
    assert set(value_columns(44, 30).widths) == {1}
    assert set(value_columns(44, 999).widths) == {4}


def test_wide_tokens_take_their_cells() -> None:
    shape = columns([WORD_PASSAGE.tokens], "word", 99)
    assert (WORD_PASSAGE.tokens[8], shape.widths[8], shape.gap) == ("大きな", 6, 1)
    assert shape.widths[12] == 14
    assert columns([("\\xe6", "a", "")], "byte", 99) == Columns([4, 1, 1], 0)


def test_columns_are_divided_into_lines() -> None:
    shape = Columns([2] * 5, 0)
    assert shown_lines(shape, 0, 5, 9) == [range(2), range(2, 4), range(4, 5)]
    assert shown_lines(Columns([], 0), 0, 5, 9) == []
    assert lines_needed(shape, 5) == 2


@given(
    st.lists(st.integers(1, 14), min_size=1, max_size=60),
    st.integers(0, 1),
    st.integers(14, 200),
    st.integers(1, 4),
    st.integers(0, 59),
    st.floats(0, 1),
)
def test_lines_fit_and_contain_the_position(
    widths: list[int], gap: int, width: int, lines: int, at: int, before: float
) -> None:
    at, shape = min(at, len(widths) - 1), Columns(widths, gap)
    found = shown_lines(shape, at, width, lines, before)
    assert 1 <= len(found) <= lines
    assert any(at in line for line in found)
    assert all(shape.cells(line) <= width for line in found)
    assert all(a.stop == b.start for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("unit", "most", "text"),
    [("word", 30, "said good morning"), ("word", 14, "…good morning"), ("character", 4, "…")],
)
def test_the_last_tokens(unit: str, most: int, text: str) -> None:
    assert last_tokens(("said", "good", "morning", "to"), 3, unit, "braille", most) == text
    assert last_tokens((), 3, unit, "braille", most) == ""
