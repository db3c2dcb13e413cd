"""Keys that the user gives to commands: their names, collisions, and what the dashboard does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.keys import _character_to_key

from rnntui.errors import UsageError
from rnntui.protocol import messages as p
from rnntui.recipe import Recipe
from rnntui.tui.commands import COMMANDS, TABLE, CommandTable
from rnntui.tui.display import Display
from rnntui.tui.draw.rows import plain
from rnntui.tui.key_entries import footer_entries
from rnntui.tui.keymap import key_name, key_sign
from rnntui.tui.look import Look
from rnntui.tui.screens.help import help_rows
from rnntui.tui.views import VIEWS
from rnntui.tui.widgets.footer import Footer
from tests.support.scripted import SIZE, Scripted, dashboard, ready, shown, until

Keys = dict[str, tuple[str, ...]]


@pytest.mark.parametrize("char", [*map(chr, range(0x21, 0x7F)), "ö", "ß", "€", "é"])
def test_a_character_is_named_as_textual_names_it(char: str) -> None:
    assert key_name(char) == _character_to_key(char)
    assert key_sign(key_name(char)) == char
    assert key_name(key_name(char)) == key_name(char)


@pytest.mark.parametrize("key", sorted({key for command in COMMANDS for key in command.keys}))
def test_every_key_of_a_command_can_be_written(key: str) -> None:
    assert key_name(key) == key
    assert key_name(key_sign(key)) == key or key_sign(key) in "←→↑↓"


def test_named_keys() -> None:
    assert key_name(" ") == key_name("Space") == "space"
    assert key_name("Ctrl+K") == "ctrl+k" and key_name("ESC") == "escape"
    assert key_name("G") == "G" and key_name("F5") == "f5"


@settings(deadline=None)
@given(st.text(max_size=20))
def test_any_text_is_a_key_or_a_message(text: str) -> None:
    try:
        assert key_name(text)
    except UsageError as error:
        assert "\n" not in str(error)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([command.name for command in COMMANDS]),
        st.lists(st.sampled_from(["q", "f", "space", "left", "f9", "ctrl+q"]), max_size=2).map(
            tuple
        ),
        max_size=5,
    )
)
def test_in_a_view_no_key_has_two_commands(keys: Keys) -> None:
    table, _ = CommandTable.with_keys(keys)
    for view in VIEWS:
        own = [key for command in table.offered(view) for key in command.keys]
        by_view = {command.name for command in view.commands}
        everywhere = [key for c in table.offered(view) if c.name not in by_view for key in c.keys]
        assert len(everywhere) == len(set(everywhere))
        assert len(own) - len(everywhere) == len(set(own[: len(own) - len(everywhere)]))


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"pasue": ("x",)}, "keys.pasue: unknown command: did you mean 'pause'?"),
        ({"pause": ("spce",)}, "keys.pause: unknown key 'spce': did you mean 'space'?"),
        ({"pause": ("f2",), "save": ("f2",)}, "keys.save: 'f2' is bound twice, already to pause"),
        ({"pause": ("n",)}, "keys: 'n' now runs pause; 1_update has no key"),
        ({"interrupt": ("f2",)}, "keys.interrupt: this command's key cannot be changed"),
        ({"pause": ("ctrl+c",)}, "keys.pause: 'ctrl+c' cannot be given to a command"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_wrong_is_said_once(keys: Keys, problem: str) -> None:
    assert CommandTable.with_keys(keys)[1] == (problem,)


def test_a_swap_and_a_key_of_one_view_take_nothing_from_others() -> None:
    table, problems = CommandTable.with_keys({"pause": ("n",), "1 update": ("space",)})
    assert not problems and table.by_name["pause"].shown == "n"
    assert table.by_name["1_update"].shown == "space"
    table, problems = CommandTable.with_keys({"freeze_guesses": ("space",), "log": ()})
    assert not problems and table.by_name["pause"] == TABLE.by_name["pause"]
    guesses = next(view for view in VIEWS if view.name == "guesses")
    command = table.command_of(guesses, "space")
    assert command is not None and command.name == "freeze_guesses"
    assert table.command_of(VIEWS[0], "l") is None


async def test_the_dashboard_uses_the_keys_everywhere() -> None:
    engine = Scripted(Recipe(name="tales"))
    keys = {"pause": ("f2",), "quit": ("x", "f4"), "prompt": ("p",)}
    app = dashboard(engine, look=Look(keys=keys))
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "has no key (and 2 more: rnntui config show)" in shown(app))
        footer = plain(app.main.panel(Footer).rows)[0]
        assert "f2 pause" in footer and footer.rstrip().endswith("x quit")
        words = [entry.word for entry in footer_entries(app, 10_000, "braille")]
        assert "stop generating" not in words and "top-k" in words
        await pilot.press("space", "q")
        assert not engine.requests(p.Pause) and app.is_running
        await pilot.press("f2")
        await until(pilot, lambda: bool(engine.requests(p.Pause)))
        engine.change(state="finished", remaining=None)
        await until(pilot, lambda: "Finished. p generates, x quits." in shown(app))
        await pilot.press("question_mark")
        await until(pilot, lambda: "f2         pause / resume" in shown(app))
        await pilot.press("escape", "p")
        await until(pilot, lambda: app.prompting)
        await pilot.press("x", "escape", "x")
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == 0


async def test_what_is_wrong_with_the_settings_is_shown_on_the_screen() -> None:
    app = dashboard(Scripted(Recipe()), look=Look(problems=("config.toml: not UTF-8 at byte 19",)))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "config.toml: not UTF-8 at byte 19" in shown(app))


def test_the_list_of_keys_has_all_keys_of_a_command() -> None:
    table, problems = CommandTable.with_keys({"help": ("f3", "question_mark"), "pause": ("f2",)})
    assert not problems
    groups = table.groups_of(VIEWS[0])
    lines = plain(help_rows(lambda _: True, Display(), 80, groups))
    assert next(line for line in lines if "this page" in line).split()[:2] == ["f3", "?"]
    assert next(line for line in lines if "pause / resume" in line).split()[0] == "f2"
    assert next(line for line in lines if "greedy" in line).split()[:2] == ["G", "ctrl+g"]
