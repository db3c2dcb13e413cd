"""Parts of a view: which fit, and that the examples of all views fit the smallest blocks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rnntui.tui.draw.rows import Glyphs, Rows, plain
from rnntui.tui.draw.views import guesses, memory, prose, value_guesses
from rnntui.tui.draw.views.parts import Part, equal_widths, stacked
from tests.support.drawing import check, picture
from tests.support.view_pictures import EXAMPLES, drawn


def part(rank: int, least: int, most: int, ample: int = 0) -> Part:
    """A part whose rows show its rank."""
    return Part(rank, least, most, lambda rows: [[(str(rank), "")]] * rows, ample=ample)


@pytest.mark.parametrize(
    ("height", "shown"),
    [(0, ""), (1, "1"), (2, "11"), (3, "112"), (4, "1112"), (8, "11122222"), (9, "111122222")],
)
def test_parts_are_dropped_by_rank_and_grow_by_rank(height: int, shown: str) -> None:
    parts = [part(1, 2, 3, ample=9), part(2, 1, 5)]
    assert "".join(picture(stacked(parts, 5, height, "braille", gap=0))) == shown


def test_widths_fill_the_row() -> None:
    assert equal_widths(100, 3) == [32, 31, 31]
    assert equal_widths(2, 2) == [0, 0]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_fit_small_blocks(name: str) -> None:
    for height in range(1, 12):
        check(drawn(name, 60, height), 60, height)


def test_no_explanation_ends_within_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def checked(texts: Sequence[str], brief: str, width: int, height: int, glyphs: Glyphs) -> Rows:
        nonlocal asked
        asked += 1
        assert all(text[-1] in ".?!" for text in (*texts, brief))
        rows = prose.sentences(texts, brief, width, height, glyphs)
        assert width < 60 or not rows or plain(rows)[-1].rstrip()[-1] in ".?!"
        return rows

    for module in (guesses, memory, value_guesses):
        monkeypatch.setattr(module, "sentences", checked)
    for name in ("guesses", "guesses-values", "memory"):
        for width in (60, 120, 200):
            for height in (10, 19, 35, 55):
                drawn(name, width, height)
    assert asked > 20
