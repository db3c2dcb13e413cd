"""Jump mode: which letters there are, where they stand, and what they do; help for a panel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnntui.protocol import messages as p
from rnntui.recipe import Recipe
from rnntui.text import cell_width
from rnntui.tui.app import Dashboard
from rnntui.tui.draw.jump import Mark, letters, marked
from rnntui.tui.draw.rows import Rows, plain, row_width
from rnntui.tui.look import Look
from rnntui.tui.views import VIEWS
from tests.conftest import quick_first
from tests.support.scripted import Scripted, dashboard, ready, shown, until
from tests.support.sizes import rows_of

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.fixture
def engine() -> Scripted:
    engine = Scripted(Recipe(name="tales"))
    engine.write("world", finished=True)
    return engine


def test_a_name_gets_a_letter_of_its_own_if_one_is_free() -> None:
    assert letters(["plot", "prompt", "steps", "p", "?"]) == ["p", "r", "s", "a", "d"]


@given(st.lists(st.text(max_size=8), max_size=80))
def test_letters_differ_and_each_name_gets_one_while_there_are_any(names: list[str]) -> None:
    found = letters(names)
    given_ones = [letter for letter in found if letter]
    assert len(found) == len(names) and len(set(given_ones)) == len(given_ones)
    assert len(given_ones) == min(len(names), 61)


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [(" loss", 0, "Lloss"), ("a漢b", 1, "aL b"), ("a漢b", 2, "a Lb"), ("ab", 5, "ab")],
)
def test_a_mark_takes_a_cell_and_no_more(text: str, x: int, expected: str) -> None:
    rows: Rows = [[(text, "title")], [("below", "")]]
    found = marked(rows, [Mark(x, 0, "L")])
    assert plain(found) == [expected, "below"] and row_width(found[0]) == cell_width(text)
    assert ("L", "jump") in found[0] or expected == text


def by_name(app: Dashboard) -> dict[str, str]:
    """The letters shown, by the names of their places."""
    assert app._jump is not None
    return {spot.name: letter for letter, spot in app._jump.by_letter.items()}


@pytest.mark.parametrize("size", quick_first([(size,) for size in SIZES]))
async def test_every_panel_and_control_has_a_letter_in_every_view(
    engine: Scripted, size: tuple[int, int]
) -> None:
    app = dashboard(engine)
    async with app.run_test(size=size) as pilot:
        await ready(pilot, app)
        for view in VIEWS:
            await pilot.press(view.key)
            await pilot.pause()
            before = [row.ljust(size[0]) for row in rows_of(app)]
            await pilot.press("ctrl+o")
            await pilot.pause()
            names = by_name(app)
            seen = {part.id for part in app.main.parts}
            panels = seen - {"footer", "notice", "prompt"}
            assert panels <= set(names) and {one.name for one in VIEWS} <= set(names)
            assert "quit" in names and ("prompt" in names) == ("prompt" in seen)
            after = [row.ljust(size[0]) for row in rows_of(app)]
            leaving = "  esc leaves jump mode "
            assert after[0].endswith(leaving)
            after[0] = after[0].removesuffix(leaving) + before[0][-len(leaving) :]
            changed = [
                new
                for old_row, new_row in zip(before, after, strict=True)
                for old, new in zip(old_row, new_row, strict=True)
                if old != new
            ]
            assert app._jump is not None and len(changed) > 10
            assert set(changed) <= set(app._jump.by_letter)
            await pilot.press("escape")
            await pilot.pause()
            assert [row.ljust(size[0]) for row in rows_of(app)] == before
            assert app._jump is None and app.view is view


async def test_a_letter_goes_there(engine: Scripted) -> None:
    app = dashboard(engine, look=Look(keys={"jump": ("f9",)}))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: app.state.generated is not None)

        async def jump(name: str) -> None:
            await pilot.press("f9")
            await pilot.press(by_name(app)[name])
            await pilot.pause()

        await jump("memory")
        assert app.view.name == "memory" and not app.display_options.panel
        await jump("watch")
        await jump("prompt")
        assert app.prompting and app.main.prompt.value == ""
        await jump("generated")  # also from the prompt
        assert app.display_options.panel == "generated"
        await jump("pause")
        await until(pilot, lambda: bool(engine.requests(p.Pause)))
        await jump("plot")
        assert shown(app).count("▸") == 2 and "▸loss" in shown(app)
        await pilot.press("left")  # an arrow key acts on the panel
        assert app.display_options.cursor is not None and app.display_options.selected is None
        await pilot.press("escape", "left")
        assert not app.display_options.panel and app.display_options.selected is not None
        await pilot.press("f9", "f9")
        assert app._jump is None
        await pilot.press("f9", "ctrl+c")
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 130


async def test_letters_of_pages(engine: Scripted) -> None:
    engine.change(past=(p.PastText(5, "sample", "", ("abc",)),), past_count=1)
    app = dashboard(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("question_mark", "ctrl+o")
        await pilot.pause()
        assert {"back", "scroll", " training"} <= set(by_name(app))
        assert shown(app).splitlines()[0].endswith("esc leaves jump mode ")
        await pilot.press(by_name(app)["scroll"])
        assert shown(app).splitlines()[2] != " training"
        await pilot.press("ctrl+o")
        await pilot.press(by_name(app)["back"])
        assert app.screen is app.main
        await pilot.press("S", "ctrl+o")
        await pilot.press(by_name(app)["compare"])
        await pilot.pause()
        assert "choose the text to compare it with" in shown(app)
        await pilot.press("escape", "ctrl+p", "ctrl+o")
        await pilot.pause()
        await pilot.press(by_name(app)["pause"])
        await until(pilot, lambda: bool(engine.requests(p.Pause)))
        assert app.screen is app.main
