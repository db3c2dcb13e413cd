"""A screen as SVG: every glyph at its place, drawn or as text."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from rnntui.export.picture import HEIGHT, MARGIN, WIDTH, Run, Screen, to_svg
from rnntui.text import safe_text
from tests.support.hostile import HIDDEN, SEQUENCES

NAMESPACE = "{http://www.w3.org/2000/svg}"


def parsed(*texts: str, ground: str = "#000000") -> ElementTree.Element:
    rows = tuple((Run(text, "#ffffff", ground),) for text in texts)
    return ElementTree.fromstring(to_svg(Screen(rows, 20, "#000000"), "a <title>"))


def path_of(glyph: str) -> str:
    return "".join(path.get("d", "") for path in parsed(glyph).iter(f"{NAMESPACE}path"))


def test_letters_stand_in_their_cells_whatever_the_font():
    (text,) = parsed("  ab c").iter(f"{NAMESPACE}text")
    assert text.text == "ab c"
    places = [float(x) for x in text.get("x", "").split()]
    assert places == [MARGIN + n * WIDTH for n in (2, 3, 4, 5)]


def test_wide_characters_take_two_cells():
    first, second = parsed("漢a").iter(f"{NAMESPACE}text")
    assert float(second.get("x", "0")) - float(first.get("x", "0")) == 2 * WIDTH
    assert float(first.get("textLength", "0")) == 2 * WIDTH


@pytest.mark.parametrize(
    "code", [*range(0x2580, 0x25A0), *range(0x2801, 0x2900, 7), 0x2502, 0x253C]
)
def test_plots_need_no_font(code: int):
    root = parsed(chr(code))
    assert not list(root.iter(f"{NAMESPACE}text"))
    assert len(list(root.iter(f"{NAMESPACE}path"))) + len(list(root.iter(f"{NAMESPACE}rect"))) > 1


def test_each_dot_of_a_braille_pattern_is_drawn():
    assert [path_of(chr(0x2800 + dots)).count("M") for dots in (1, 0b11, 0xFF)] == [1, 2, 8]
    assert path_of("\u2840") != path_of("\u2801")


def test_neighbouring_blocks_become_one_area():
    assert path_of("███") == f"M{MARGIN:g} {MARGIN:g}h{3 * WIDTH:g}v{HEIGHT:g}h{-3 * WIDTH:g}z"


def test_blanks_are_underlined_too():
    runs = (Run("  ", "#ffffff", "#000000", underline=True),)
    root = ElementTree.fromstring(to_svg(Screen((runs,), 20, "#000000"), "a"))
    (line,) = root.iter(f"{NAMESPACE}path")
    assert f"h{2 * WIDTH:g}v1" in line.get("d", "")


def test_another_ground_is_drawn_behind():
    assert len(list(parsed("a", ground="#123456").iter(f"{NAMESPACE}rect"))) == 2


def test_anything_gives_a_valid_document():
    for text in (*SEQUENCES, *HIDDEN, "<b>&'\"", "\ufffe", "\ud800", "e\u0301", "\x00\x0b"):
        assert parsed(safe_text(text), text).tag.endswith("svg")


def test_the_document_fetches_nothing():
    svg = to_svg(Screen(((Run("a", "#ffffff", "#000000"),),), 20, "#000000"), "t")
    assert not re.search(r"url\(|href|@import|https?://(?!www\.w3\.org/2000/svg)", svg)
