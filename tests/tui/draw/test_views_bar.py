"""The bar of views at several widths, and which view is at a cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnntui.protocol.insight import Finding, View
from rnntui.tui.draw.rows import Glyphs
from rnntui.tui.draw.views.bar import VIEWS, view_places, views_bar
from tests.support.drawing import check, glyph_sets, picture, roles_of, widths
from tests.support.examples.health import FINDINGS, OVERFITTING
from tests.support.views_drawn import findings


@pytest.mark.parametrize(
    ("selected", "found", "width", "glyphs", "shown"),
    [
        (
            "memory",
            (OVERFITTING,),
            120,
            "braille",
            "  1 watch   2 guesses  ▸3 memory   4 neurons   5 health ▲ 1   6 experiments"
            "                 The text is being memorised",
        ),
        (
            "watch",
            (),
            100,
            "braille",
            " ▸1 watch   2 guesses   3 memory   4 neurons   5 health   6 experiments"
            "                 no findings",
        ),
        (
            "health",
            FINDINGS,
            80,
            "braille",
            "  1 watch  2 guesses  3 memory  4 neurons ▸5 health ▲ 3  6 experiments",
        ),
        (
            "health",
            FINDINGS[:2],
            80,
            "ascii",
            "  1 watch  2 guesses  3 memory  4 neurons >5 health ! 2  6 experiments",
        ),
        (
            "neurons",
            FINDINGS,
            60,
            "braille",
            "  1 2 3▸4 neurons 5 ▲ 3 6" + 7 * " " + "The text is being memorised",
        ),
        ("neurons", (), 60, "braille", "  1 2 3▸4 neurons 5 6" + 27 * " " + "no findings"),
    ],
)  # fmt: skip
def test_pictures(
    selected: View, found: tuple[Finding, ...], width: int, glyphs: Glyphs, shown: str
) -> None:
    assert picture([views_bar(selected, found, width, glyphs)]) == [shown]


def test_findings_and_the_selected_view_stand_out() -> None:
    bar = [views_bar("guesses", FINDINGS, 120)]
    assert roles_of(bar, "2 guesses") == ["accent"]
    assert roles_of(bar, "▲ 3") == ["warning"]
    assert roles_of(bar, "memorised") == ["warning"]
    assert roles_of(bar, "1 watch") == ["muted"]


def test_the_view_at_a_cell() -> None:
    bar = picture([views_bar("health", FINDINGS, 120)])[0]
    places = view_places("health", 3, 120)
    for n, view in enumerate(VIEWS, 1):
        at = bar.index(f"{n} {view}")
        assert at in places[view] and at + len(view) in places[view]
    assert not any(0 in cells or 110 in cells for cells in places.values())


def test_the_bar_names_the_keys_of_the_user() -> None:
    bar = picture([views_bar("watch", (), 80, keys={"watch": "w", "memory": ""})])[0]
    assert bar.startswith(" ▸w watch  2 guesses   memory  4 neurons")
    narrow = picture([views_bar("watch", (), 60, keys={"guesses": "f2", "memory": ""})])[0]
    assert narrow.startswith(" ▸1 watch f2  memory 4 5 6")


@given(st.sampled_from(VIEWS), findings, widths, glyph_sets)
def test_any_bar_has_its_width(
    selected: View, found: tuple[Finding, ...], width: int, glyphs: Glyphs
) -> None:
    check([views_bar(selected, found, width, glyphs)], width, 1)
