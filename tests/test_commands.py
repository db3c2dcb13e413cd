"""The table of commands: complete, without clashes, and the only source of footer and help."""

from __future__ import annotations

import dataclasses

import pytest

from rnntui.engine import protocol as p
from rnntui.recipe import Recipe, load_recipe
from rnntui.tui.app import Dashboard
from rnntui.tui.commands import COMMANDS, GROUPS, Command
from rnntui.tui.draw import plain
from rnntui.tui.screens.about import event_rows, info_rows
from rnntui.tui.screens.help import help_lines, help_rows
from rnntui.tui.screens.palette import choices
from rnntui.tui.state import Display, RunState
from rnntui.tui.widgets.footer import footer_entries
from tests.scripted import Scripted, dashboard


@pytest.fixture
def app() -> Dashboard:
    return dashboard(Scripted(Recipe(name="tales")))


def test_no_key_and_no_name_stands_twice() -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    names = [command.name for command in COMMANDS]
    assert len(keys) == len(set(keys))
    assert len(names) == len(set(names))


def test_every_command_is_complete() -> None:
    for command in COMMANDS:
        assert command.footer and command.shown and command.group in GROUPS
        assert len(command.help) <= 66 and not command.help.endswith(".")


def test_every_command_is_in_the_help() -> None:
    text = "\n".join(plain(help_rows(lambda _: True, Display(), 80)))
    listed: list[Command] = []
    for group in GROUPS:
        for first, second, line in help_lines(group):
            listed += [first] + ([second] if second else [])
            assert len(line) <= 66 and line in text
    assert listed == list(COMMANDS)
    assert all(command.shown in text for command in COMMANDS)


def test_ascii_help_is_ascii() -> None:
    text = "\n".join(plain(help_rows(lambda _: True, Display(glyphs="ascii"), 120)))
    assert text.isascii()


async def test_every_command_that_can_be_used_is_in_the_palette(app: Dashboard) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        names = {choice.name for choice in choices(app)}
        for command in COMMANDS:
            shown = command.name.replace("_", " ") in names
            assert shown == (command.available(app) and command.name != "palette")


@pytest.mark.parametrize("width", [60, 61, 80, 99, 120, 200])
async def test_the_footer_fits_and_keeps_what_matters(app: Dashboard, width: int) -> None:
    async with app.run_test(size=(width, 24)) as pilot:
        await pilot.pause()
        entries = footer_entries(app, width, "braille")
        words = [entry.word for entry in entries]
        assert 1 + sum(entry.width + 2 for entry in entries) - 2 <= width
        assert words[-1] == "quit" and "help" in words
        assert plain(app.main.footer.rows)[0].rstrip().endswith("q quit")


def test_a_wide_footer_holds_every_command_that_can_be_used(app: Dashboard) -> None:
    app.state.connection = "live"
    entries = footer_entries(app, 10_000, "braille")
    there = {name for entry in entries for _, name in entry.keys}
    assert there == {command.name for command in COMMANDS if command.available(app)}


async def test_every_key_calls_its_command(app: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(app, "run_command", lambda command: called.append(command.name))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for command in COMMANDS:
            for key in command.keys:
                await pilot.press(key)
                assert called[-1:] == [command.name], key


@pytest.mark.parametrize("recipe", ["tales", "hello-world-cured", "sunspots"])
def test_pages_can_be_made_for_any_width(recipe: str) -> None:
    engine = Scripted(load_recipe(recipe))
    engine.write("abc")
    state = RunState(engine.recipe)
    assert isinstance(engine.welcome, p.Welcome)
    for welcome in (None, dataclasses.replace(engine.welcome, notes=("a note " * 9, ""))):
        state.welcome = welcome
        state.take(engine.snapshot)
        for width in range(1, 140):
            assert info_rows(state, width)
            assert event_rows(state, width)
            assert help_rows(lambda _: True, Display(), width, state.values)
