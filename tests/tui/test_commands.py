"""The table of commands: complete, without clashes, and the only source of footer and help."""

from __future__ import annotations

import dataclasses

import pytest

from rnntui.protocol import messages as p
from rnntui.protocol.insight import Neurons, Passage, UnitRow
from rnntui.recipe import Recipe, load_recipe
from rnntui.tui.app import Dashboard
from rnntui.tui.command import Command
from rnntui.tui.commands import COMMANDS, GROUPS, groups_of, offered
from rnntui.tui.display import Display
from rnntui.tui.draw.rows import plain
from rnntui.tui.key_entries import footer_entries
from rnntui.tui.screens.about import event_rows, info_rows
from rnntui.tui.screens.help import help_lines, help_rows
from rnntui.tui.screens.palette import choices
from rnntui.tui.state import RunState
from rnntui.tui.views import VIEWS
from rnntui.tui.views.view import View
from rnntui.tui.widgets.footer import Footer
from tests.conftest import quick_first, quick_where
from tests.support.scripted import Scripted, dashboard


@pytest.fixture
def app() -> Dashboard:
    return dashboard(Scripted(Recipe(name="tales")))


def test_names_are_unique_and_in_a_view_keys_are() -> None:
    names = [command.name for command in COMMANDS]
    assert len(names) == len(set(names))
    for view in VIEWS:
        keys = [key for command in offered(view) for key in command.keys]
        assert len(keys) == len(set(keys))


def test_every_command_is_complete() -> None:
    for command in COMMANDS:
        assert command.footer and command.shown
        assert len(command.help) <= 66 and not command.help.endswith(".")


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_help_has_the_commands_of_the_view_and_of_all_views(view: View) -> None:
    text = "\n".join(plain(help_rows(lambda _: True, Display(), 80, groups_of(view))))
    listed: list[Command] = []
    for group in groups_of(view):
        for first, second, line in help_lines(group):
            listed += [first] + ([second] if second else [])
            assert len(line) <= 66 and line in text and first.shown in text
    shared = {command.name for command in COMMANDS} - {
        command.name for other in VIEWS for command in other.commands
    }
    assert {command.name for command in listed} == shared | {c.name for c in view.commands}
    assert all((f"in the view {other.name}" in text) <= (other is view) for other in VIEWS)
    assert len(text.splitlines()) < 110


def test_every_command_is_in_the_help_of_some_view() -> None:
    assert groups_of(*VIEWS) == GROUPS
    of_views = [
        command for view in VIEWS for group in groups_of(view) for command in group.commands
    ]
    assert set(of_views) == set(COMMANDS)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_ascii_help_is_ascii(view: View) -> None:
    text = "\n".join(
        plain(help_rows(lambda _: True, Display(glyphs="ascii"), 120, groups_of(view)))
    )
    assert text.isascii()


async def test_every_available_command_is_in_the_palette(app: Dashboard) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        names = {choice.name for choice in choices(app)}
        for command in COMMANDS:
            shown = command.name.replace("_", " ") in names
            assert shown == (app.offers(command) and command.name != "palette")


MAIN_KEYS = {
    "watch": {"pause"},
    "guesses": {"explain", "choose", "pause"},
    "memory": {"explain", "choose", "pause"},
    "neurons": {"explain", "choose", "unit", "pause"},
    "health": {"explain", "pause"},
    "experiments": {"explain", "race", "rate test", "pause"},
}


@pytest.mark.parametrize("width", quick_where([60, 80, 120, 200], lambda width: width in (60, 120)))
async def test_the_footer_of_a_view_has_its_main_keys(app: Dashboard, width: int) -> None:
    async with app.run_test(size=(width, 24)) as pilot:
        await pilot.pause()
        app.state.passage = Passage(1, "held-out", 0, tuple("abc"), units=2, layers=1)
        for view in VIEWS:
            app.show_view(view)
            row = UnitRow(1, "059")
            app.state.insight = Neurons(1, 1, 0, 1, -1, 1, (0.0, 0.5, 1.0), (row,), (), 1, 9)
            words = [entry.word for entry in footer_entries(app, width, "braille")]
            assert MAIN_KEYS[view.name] | {"quit"} <= set(words)
            assert width < 80 or {"views", "help"} <= set(words)
            assert width < 120 or view.name != "guesses" or "other passage" in words


@pytest.mark.parametrize(
    "width", quick_where([60, 61, 80, 99, 120, 200], lambda width: width in (60, 120))
)
async def test_the_footer_fits_and_keeps_the_important_keys(app: Dashboard, width: int) -> None:
    async with app.run_test(size=(width, 24)) as pilot:
        await pilot.pause()
        entries = footer_entries(app, width, "braille")
        words = [entry.word for entry in entries]
        assert 1 + sum(entry.width + 2 for entry in entries) - 2 <= width
        assert words[-1] == "quit" and "help" in words
        assert plain(app.main.panel(Footer).rows)[0].rstrip().endswith("q quit")


def test_a_wide_footer_has_every_available_command(app: Dashboard) -> None:
    app.state.connection = "live"
    entries = footer_entries(app, 10_000, "braille")
    there = {command.name for entry in entries for _, command in entry.keys}
    assert there == {command.name for command in COMMANDS if app.offers(command)}


async def test_sampling_keys_are_there_where_they_show_something(app: Dashboard) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.state.connection = "live"
        for view in VIEWS:
            app.show_view(view)
            names = {command.name for command in app.available_commands}
            drawn = {"colder", "hotter", "smaller_top_k", "larger_top_p", "greedy"} & names
            assert len(drawn) == (5 if view.name in ("watch", "guesses") else 0), view.name
            assert ("more_samples" in names) == (view.name == "watch")


async def test_every_key_runs_its_command(app: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(app, "run_command", lambda command: called.append(command.name))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for view in VIEWS:
            app.show_view(view)
            await pilot.pause()
            keys = {key: c.name for c in view.commands or offered(view) for key in c.keys}
            called.clear()
            await pilot.press(*keys)
            assert called == list(keys.values()), view.name


async def test_a_key_of_another_view_does_nothing(
    app: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "run_command", lambda command: pytest.fail(command.name))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("h", "up", "down", "y", "o", "O", "f", "R", "L", "r", "D")


@pytest.mark.parametrize("recipe", quick_first(["tales", "hello-world-cured", "sunspots"]))
def test_pages_can_be_made_for_any_width(recipe: str) -> None:
    engine = Scripted(load_recipe(recipe))
    engine.write("abc")
    state = RunState(engine.recipe)
    assert isinstance(engine.welcome, p.Welcome)
    for welcome in (None, dataclasses.replace(engine.welcome, notes=("a note " * 9, ""))):
        state.welcome = welcome
        state.apply(engine.snapshot)
        for width in range(1, 140):
            assert info_rows(state, width)
            assert event_rows(state, width)
            groups = groups_of(VIEWS[width % 6])
            assert help_rows(lambda _: True, Display(), width, groups, state.values)
