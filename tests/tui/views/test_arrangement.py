"""How the panels of a view share the rows of the screen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.tui.draw.small import LEAST_HEIGHT
from rnntui.tui.views import VIEWS
from rnntui.tui.views.arrangement import Grow, Slot, above, arrange, to
from rnntui.tui.views.view import View
from rnntui.tui.views.watch import WATCH
from tests.conftest import examples

quick = settings(deadline=None, max_examples=examples(60))
views = st.sampled_from(VIEWS)
TOKENS = {
    16: "header 1, status 1, plot 6, steps 4, generated 2, prompt 1, footer 1",
    24: "header 1, status 2, notice 1, plot 8, steps 6, generated 4, prompt 1, footer 1",
    30: "header 1, status 2, notice 1, plot 12, +steps 6, +generated 4, prompt 1, footer 1",
    40: "header 1, status 2, notice 1, plot 16, +steps 6, +generated 9, prompt 1, +footer 1",
    60: "header 1, status 2, notice 1, plot 25, +steps 12, +generated 14, prompt 1, +footer 1",
}
VALUES = {
    16: "header 1, status 1, plot 5, steps 5, generated 2, prompt 1, footer 1",
    24: "header 1, status 2, notice 1, plot 7, +steps 8, generated 2, prompt 1, footer 1",
    30: "header 1, status 2, notice 1, plot 9, +steps 11, +generated 2, prompt 1, footer 1",
    40: "header 1, status 2, notice 1, plot 13, +steps 15, +generated 3, prompt 1, +footer 1",
    60: "header 1, status 2, notice 1, plot 20, +steps 24, +generated 7, prompt 1, +footer 1",
}


def filled(slots: dict[str, Slot]) -> int:
    """Rows of all panels and of the gaps above them."""
    return sum(slot.rows + slot.gap for slot in slots.values())


def described(slots: dict[str, Slot]) -> str:
    """Rows of each panel that is shown; + is an empty row above it."""
    shown = {name: slot for name, slot in slots.items() if slot.rows}
    return ", ".join(f"{'+' * slot.gap}{name} {slot.rows}" for name, slot in shown.items())


@given(views, st.integers(LEAST_HEIGHT, 200), st.booleans(), st.integers(0, 4))
@quick
def test_the_panels_fill_the_height(view: View, height: int, values: bool, banner: int) -> None:
    slots = view.arranged(height, values=values, wanted={"banner": banner})
    assert filled(slots) == height
    assert list(slots) == [place.name for place in view.places]
    assert all(slots[place.name].rows >= place.rows for place in view.places)


@given(views, st.integers(LEAST_HEIGHT, 100), st.booleans())
@quick
def test_no_panel_shrinks_on_a_taller_screen(view: View, height: int, values: bool) -> None:
    small, tall = (view.arranged(rows, values=values) for rows in (height, height + 1))
    grown = {name: slot for name, slot in tall.items() if slot != small[name]}
    assert len(grown) == 1
    for name, slot in grown.items():
        assert slot.rows + slot.gap == small[name].rows + small[name].gap + 1


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_names_only_panels_that_it_has(view: View) -> None:
    names = [place.name for place in view.places]
    assert len(names) == len(set(names)) and view.rest in names
    steps = (*view.growth, *(view.growth_values or ()))
    assert {step.panel for step in steps} <= set(names)
    assert sum(place.rows for place in view.places) <= LEAST_HEIGHT
    assert view.explanation and not view.explanation.endswith(".")


@pytest.mark.parametrize("height", TOKENS)
def test_the_watch_view_at_five_sizes(height: int) -> None:
    assert described(WATCH.arranged(height)) == TOKENS[height]
    assert described(WATCH.arranged(height, values=True)) == VALUES[height]


def test_what_is_wanted_comes_before_growth_and_never_takes_the_least() -> None:
    least, growth = {"top": 0, "middle": 2, "low": 1}, (to("low", 3), above("middle"))
    assert arrange(8, least, growth, "middle") == {
        "top": Slot(0), "middle": Slot(4, 1), "low": Slot(3),
    }  # fmt: skip
    assert arrange(8, least, growth, "middle", {"top": 4})["top"] == Slot(4)
    assert arrange(8, least, growth, "middle", {"top": 4})["low"] == Slot(2)
    assert arrange(9, least, growth, "middle", useful={"low": 2})["low"] == Slot(2)
    assert arrange(4, least, growth, "middle", {"top": 4})["top"] == Slot(1)
    both = arrange(5, least, (Grow("low", rows=3, gap=2),), "middle")
    assert filled(both) == 5 and both["low"] == Slot(3)
