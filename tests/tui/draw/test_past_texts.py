"""The list of texts generated earlier, one alone and two compared."""

from __future__ import annotations

import pytest

from rnntui.protocol.messages import PastText
from rnntui.recipe import SamplingSettings
from rnntui.tui.draw.past_texts import PastPage, list_first, list_height, past_rows, text_height
from rnntui.tui.draw.rows import Glyphs, plain
from tests.support.drawing import check
from tests.support.scripted import HOSTILE

COLD = SamplingSettings(0.5)
TEXTS = [
    PastText(1, "sample", "", ("xq zz kw",), COLD),
    PastText(25, "sample", "", ("the the the",), COLD),
    PastText(300, "prompt", "Once ", ("upon a time\nthere was " + "a word " * 300,), COLD),
]


def page(width: int = 100, height: int = 30, glyphs: Glyphs = "braille", **more: object) -> str:
    rows = past_rows(PastPage(TEXTS, **more), width, height, glyphs)  # type: ignore[arg-type]
    check(rows, width, height)
    return "\n".join(plain(rows))


def test_the_newest_is_listed_first_with_its_update_settings_and_beginning() -> None:
    lines = page(chosen=1).split("\n")
    assert ["update       300" in lines[0], "update         1" in lines[2]] == [True, True]
    assert "prompt  temperature 0.5" in lines[0] and "Once upon a time" in lines[0]
    assert "update 25  sample, temperature 0.5, 11 characters" in lines[4]
    assert lines[5].startswith(" the the the")


def test_a_prompt_stands_before_its_text_and_newlines_are_kept() -> None:
    lines = page(chosen=2).split("\n")
    at = lines.index(next(line for line in lines if line.startswith(" Once")))
    assert lines[at + 1].startswith(" upon a time ") and lines[at + 2].startswith(" there was")


def test_two_texts_stand_beside_each_other_or_below_where_it_is_narrow() -> None:
    wide, narrow = page(chosen=0, other=1), page(70, chosen=0, other=1)
    (line,) = (line for line in wide.split("\n") if line.startswith(" update 1 "))
    assert "update 25 " in line  # the earlier one is on the left
    assert not any("update 1 " in n and "update 25 " in n for n in narrow.split("\n"))
    assert narrow.index(" update 1 ") < narrow.index(" update 25 ")
    assert " = update        25" in wide


def test_a_long_text_is_scrolled_under_its_heading() -> None:
    top, below = page(height=12, chosen=2), page(height=12, chosen=2, top=5)
    assert "upon a time" in top.split("\n")[6] or "Once" in top.split("\n")[5]
    assert top.split("\n")[5] != below.split("\n")[5]
    assert top.split("\n")[4:5] == below.split("\n")[4:5]
    end = page(height=12, chosen=2, top=10**6)
    assert end.split("\n")[-1].strip().endswith("word")
    assert text_height(PastPage(TEXTS, chosen=2), 100) > 12


def test_the_chosen_one_is_in_the_list_however_long_it_is() -> None:
    many = [PastText(n, "sample", "", (f"text {n}",), None) for n in range(200)]
    for chosen in (0, 1, 100, 198, 199):
        shown = PastPage(many, chosen)
        listed = plain(past_rows(shown, 80, 24))[: list_height(shown, 24)]
        at = len(many) - 1 - chosen - list_first(shown, 24)
        assert listed[at].endswith(
            f"text {chosen}".ljust(len(listed[at]) - listed[at].find("text"))
        )


def test_texts_out_of_view_are_counted() -> None:
    many = [PastText(n, "sample", "", (f"text {n}",), None) for n in range(20)]

    def below_the_list(chosen: int, texts: list[PastText] = many) -> str:
        page_now = PastPage(texts, chosen)
        return plain(past_rows(page_now, 80, 24))[list_height(page_now, 24)].strip()

    assert below_the_list(19) == "12 older below"
    assert below_the_list(0) == "12 newer above"
    assert below_the_list(10) == "5 newer above · 7 older below"
    assert below_the_list(1, many[:3]) == ""


@pytest.mark.parametrize("glyphs", ["braille", "ascii"])
def test_hostile_texts_are_harmless_at_any_size(glyphs: Glyphs) -> None:
    texts = [
        PastText(n, "prompt", text, (text, "", text * 50), COLD) for n, text in enumerate(HOSTILE)
    ]
    for width, height in ((1, 1), (7, 2), (60, 14), (80, 22), (200, 58)):
        for other in (None, 0):
            rows = past_rows(PastPage(texts, 3, other), width, height, glyphs)
            check(rows, width, height)
            assert not any(c in "\x1b\x00\x07\u202e" for row in plain(rows) for c in row)


def test_an_empty_list_is_empty() -> None:
    check(past_rows(PastPage([]), 80, 20), 80, 20)
