"""Whatever prints a key looks it up by the command: no key that was given away is advertised."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import rnntui.tui
from rnntui.protocol import messages as p
from rnntui.recipe import Recipe
from rnntui.tui.commands import COMMANDS, TABLE, CommandTable
from rnntui.tui.display import Display
from rnntui.tui.draw.keys import key_of
from rnntui.tui.draw.rows import Rows, plain
from rnntui.tui.draw.views import experiments
from rnntui.tui.keymap import FIXED
from rnntui.tui.look import Look
from rnntui.tui.screens.help import help_rows
from rnntui.tui.screens.panel_help import help_of, panel_rows
from rnntui.tui.views import VIEWS
from rnntui.tui.widgets.cells import CellView
from tests.conftest import quick_first
from tests.support.scripted import Scripted, dashboard, ready, shown, until
from tests.support.view_pictures import EXAMPLES

SOURCES = Path(rnntui.tui.__file__).parent
# Commands declare their keys there; pages and input lines have fixed ones of their own.
DECLARING = ("commands/", "keymap.py", "guide.py", "input.py", "screens/pages.py")
DECLARING += ("screens/samples.py", "screens/palette.py", "views/", "draw/keys.py", "start.py")
# But ctrl+c, which nobody can change: a terminal interrupts with it.
NAMED = re.compile(r"\b[Pp]ress (?!ctrl\+c\b)\S+\b|\b(?:pgup|pgdn|f1|ctrl\+(?!c\b)\w)\b")

MOVED = [command for command in COMMANDS if command.name not in FIXED]
NEW = {command.name: (chr(0x4E00 + n),) for n, command in enumerate(MOVED)}  # 一, 丁, …
KEYS = {name: keys[0] for name, keys in NEW.items()}
FIXED_SIGNS = {TABLE.by_name[name].shown for name in FIXED}
OLD = {command.shown for command in MOVED} - FIXED_SIGNS


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax of a module."""
    return ast.parse(path.read_text("utf-8"))


def constants(path: Path) -> Iterator[str]:
    """The strings of a module that are no docstrings."""
    tree = parsed(path)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_no_text_has_a_key_in_it() -> None:
    found = [
        (path.name, text)
        for path in SOURCES.rglob("*.py")
        if not path.relative_to(SOURCES).as_posix().startswith(DECLARING)
        for text in constants(path)
        if " " in text and NAMED.search(text) and not text.startswith(("Press ", ", type"))
    ]
    assert found == []


def test_every_key_that_is_looked_up_is_the_usual_one_of_a_command() -> None:
    pairs = {(one.command, one.usual) for one in vars(experiments).values() if is_offer(one)}
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("key_of"):
                values = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                pairs |= {(values[0], values[1])} if len(values) > 1 else set()
    assert len(pairs) > 15
    assert {name: TABLE.by_name[name].shown for name, _ in pairs} == dict(pairs)


def is_offer(one: object) -> bool:
    return hasattr(one, "command") and hasattr(one, "usual") and not isinstance(one, type)


def test_a_command_without_a_key_is_found_in_the_palette() -> None:
    assert key_of({"quit": ""}, "braille", "quit", "q") == "ctrl+p quit"
    assert key_of({"quit": "", "palette": "f2"}, "braille", "quit", "q", "ctrl+c") == "ctrl+c"
    assert key_of({"palette": "", "next_sample": ""}, "ascii", "next_sample", "c") == "next sample"
    assert key_of({}, "ascii", "next_unit", "↓") == "down"


def keys_in(rows: Rows) -> set[str]:
    """What is drawn as keys are."""
    texts = [text for row in rows for text, role in row if role in ("accent", "strong")]
    return {key for text in texts for key in text.split()}


@pytest.mark.parametrize("width", quick_first([(80,), (200,)]))
def test_views_and_their_pages_name_the_new_keys(width: int) -> None:
    shown_keys: set[str] = set()
    for example in EXAMPLES.values():
        options = dataclasses.replace(example.options, keys=KEYS)
        rows = [*example.rows(options, width, 60), *example.explain(options, width)]
        text = "\n".join(plain(rows))
        assert not re.search(r"\bx stop|[↑↓] ?unit|, ↑|r takes|\bc +compares|\br +starts", text)
        shown_keys |= {key for key in KEYS.values() if key in text}
    expected = [
        "race",
        "rate_test",
        "again",
        "stop_experiment",
        "check_gradients",
        "again_with_fix",
    ]
    expected += ["fix", "use_rate", "previous_unit", "next_finding", "dismiss_finding"]
    assert {KEYS[name] for name in expected} <= shown_keys


def test_the_help_names_the_new_keys() -> None:
    table, problems = CommandTable.with_keys(NEW)
    assert not problems
    for view in VIEWS:
        groups = table.groups_of(view)
        rows = help_rows(lambda _: True, Display(keys=KEYS), 80, groups)
        for place in view.places:
            rows += panel_rows(help_of(place.name), groups, lambda _: True, Display(), 80)
        advertised = {row[0][0].strip() for row in rows if len(row) > 1 and row[0][1] == "accent"}
        assert not {key for keys in advertised for key in keys.split()} & OLD - {"train"}


async def test_the_dashboard_advertises_no_old_key() -> None:
    engine = Scripted(Recipe(name="tales"))
    app = dashboard(engine, look=Look(keys=NEW), kept=True)
    places = [[place.name for place in view.places if place.name != "notice"] for view in VIEWS]
    assert isinstance(engine.welcome, p.Welcome)
    engine.welcome = dataclasses.replace(engine.welcome, news="paused while you were away")
    engine.alarm()
    async with app.run_test(size=(200, 60)) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: KEYS["fix"] in shown(app))
        for view in (VIEWS[4], VIEWS[0]):
            await pilot.press(KEYS[view.name])
            await pilot.pause()
            for widget in app.screen.query(CellView):
                if widget.display and widget.id in places[0]:
                    assert not keys_in(widget.rows) & OLD, (view.name, widget.id)
            assert f"{KEYS[view.name]} {view.name}" in shown(app)
            assert all(f" {n} {one.name}" not in shown(app) for n, one in enumerate(VIEWS, 1))
        assert f"{KEYS['events']} events" in shown(app) and "e events" not in shown(app)
        engine.change(state="finished", remaining=None, alert=None)
        await until(pilot, lambda: f"Finished. {KEYS['prompt']} generates" in shown(app))


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_panel_has_its_help(view: object, values: bool) -> None:
    names = {command.name for command in COMMANDS}
    for one in VIEWS:
        if one is not view:
            continue
        for place in one.places:
            about = help_of(place.name, values)
            assert set(about.commands) <= names and about.shows.endswith(".")
            groups = TABLE.groups_of(one)
            for width in (60, 80, 200):
                rows = panel_rows(about, groups, lambda _: True, Display(), width, dropout=True)
                text = "\n".join(plain(rows))
                assert all(len(row) <= width for row in plain(rows))
                for name in about.commands:
                    key = TABLE.by_name[name].shown
                    assert (
                        not any(c.name == name for g in groups for c in g.commands) or key in text
                    )
