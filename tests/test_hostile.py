"""Hostile strings through every place that shows foreign text, read back from a real terminal."""

from __future__ import annotations

import ast
import json
import random
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("needs pseudo-terminals", allow_module_level=True)

from tests.conftest import ROOT
from tests.support import sinks_screen
from tests.support.hostile import HIDDEN, SEQUENCES, mark, obeyed
from tests.support.sinks import ONE_OF, PRINTED, SINKS
from tests.support.terminal import Terminal

SIZE = sinks_screen.SIZE
ENVIRONMENT = {"TEXTUAL_COLOR_SYSTEM": "256", "TEXTUAL_FPS": "1000", "TEXTUAL_ANIMATIONS": "none"}
ENVIRONMENT["PYTHONPATH"] = str(ROOT)
MOUSE = b"\x1b[?1006h"  # from here on, clicks are heard


# ---- nothing is left out -----------------------------------------------------------------------


def test_every_text_of_a_message_or_recipe_has_its_place() -> None:
    assert sinks_screen.all_texts() == set(sinks_screen.SEEN)


PRINTS = re.compile(r"print|(.*\.)?s?echo")
WRITES = re.compile(r"(?!.*\bapp\.).*\.(write|writelines)")
# What these write goes to files and sockets, or is what Textual hands on.
ELSEWHERE = re.compile(
    r"rnntui\.(data|engine|session|settings|export|runs\.store|tui\.(terminal|signals))\b"
)


PRINTING = ("print", "echo", "secho", "write", "writelines")


def called_name(call: ast.Call) -> str:
    """The last name of what is called: of `sys.stdout.write`, `write`."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def printing(path: Path) -> Iterator[str]:
    """The functions in a file that print or write, as module:name."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    text = path.read_text("utf-8")
    if not re.search(rf"\b({'|'.join(PRINTING)})\b", text):
        return

    def walk(node: ast.AST, name: str) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                yield from walk(child, f"{name}.{child.name}" if name else child.name)
                continue
            if isinstance(child, ast.Call) and called_name(child) in PRINTING:
                called = ast.unparse(child.func)
                writes = WRITES.fullmatch(called) and not ELSEWHERE.match(module)
                if PRINTS.fullmatch(called) or writes:
                    yield f"{module}:{name}"
            yield from walk(child, name)

    yield from walk(ast.parse(text), "")


def test_every_place_that_prints_is_in_the_table() -> None:
    found = {place for path in (ROOT / "rnntui").rglob("*.py") for place in printing(path)}
    assert found == set(PRINTED)
    assert {name for names in PRINTED.values() for name in names} <= set(SINKS)


@pytest.mark.parametrize(
    "text", [*SEQUENCES, *HIDDEN, *map(chr, range(0x20)), "\x7f", "\x9b", "\xad"]
)
def test_what_steers_would_be_found(text: str) -> None:
    for lines in (True, False):
        assert list(obeyed(f"a{text}b".encode(), SIZE, lines))
    assert list(obeyed(f"a{text}b\r\n".encode()))


def test_damaged_utf8_would_be_found() -> None:
    assert list(obeyed(b"a\xffb"))
    assert not list(obeyed("a漢e\u0301[/]\r\n".encode()))


# ---- lines -------------------------------------------------------------------------------------


MARK = re.compile(r"q\d+q")
LETTERS = ("tokens", "a prompt's letters")  # shown one by one, in any order


def check_lines(count: int, seed: int, names: Sequence[str]) -> None:
    argv = [sys.executable, "-m", "tests.support.sinks", str(count), str(seed), *names]
    with Terminal(argv, *SIZE, environment=ENVIRONMENT) as terminal:
        assert terminal.exit_code(400) == 0, terminal.raw()[-2000:]
    _, *parts = re.split(rb"\r\n=== ([^\r]*)\r\n", terminal.raw())
    sections = dict(zip(map(bytes.decode, parts[::2]), parts[1::2], strict=True))
    assert sections.keys() == set(names)
    for name, raw in sections.items():
        size = SIZE if name == "the splash" else None
        assert list(obeyed(raw, size))[:5] == [], name
        assert b"Traceback" not in raw, name
        if name in LETTERS:
            continue
        marks, shown = set(MARK.findall(raw.decode())), range(0, count, ONE_OF.get(name, 1))
        # Where only the last line of something is told, the mark may stand in one before it.
        assert sum(mark(n) in marks for n in shown) > 0.85 * len(shown), name


DOORS = ("an error of ours", "an unforeseen error", "reports", "lists", "the splash")


def test_lines_show_hostile_strings_as_text() -> None:
    check_lines(20, 1, DOORS)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "names"), [(400, DOORS), (100, tuple(SINKS))])
def test_lines_show_many_hostile_strings_as_text(count: int, names: Sequence[str]) -> None:
    """Most where all lines of a kind pass; fewer on all the ways there."""
    check_lines(count, 2, names)


# ---- the screen --------------------------------------------------------------------------------


def tour(count: int, seed: int, task: str, report: Path) -> bytes:
    """What a terminal gets of a tour, while somebody clicks about in what is shown."""
    argv = [
        sys.executable,
        "-m",
        "tests.support.sinks_screen",
        str(count),
        str(seed),
        task,
        str(report),
    ]
    random_ = random.Random(seed)
    with Terminal(argv, *SIZE, environment=ENVIRONMENT) as terminal:
        assert terminal.wait_for_bytes(MOUSE)
        for _ in range(40):
            place = f"{random_.randint(1, 120)};{random_.randint(3, 36)}"
            terminal.write(f"\x1b[<0;{place}M\x1b[<0;{place}m")
            terminal.read(0.01)
        assert terminal.exit_code(400) == 0, terminal.text()
    return terminal.raw()


def check_screen(count: int, seed: int, task: str, folder: Path) -> None:
    raw = tour(count, seed, task, folder / "report")
    assert list(obeyed(raw, SIZE, lines=False))[:5] == []
    found = json.loads((folder / "report").read_text())
    wanted = {"tokens": ("loading", "tokens", "info", "events"), "values": ("values",)}[task]
    for name, place in sinks_screen.SEEN.items():
        if place in wanted:
            frames, seen = found[name]
            # Some are left out of a frame where a curve or a long text has their room.
            assert seen >= frames / 8 > 0, f"{name} is not seen: {seen} of {frames} frames"


def test_the_screen_shows_hostile_strings_as_text(tmp_path: Path) -> None:
    check_screen(100, 1, "tokens", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("task", ["tokens", "values"])
def test_the_screen_shows_hundreds_of_hostile_strings_as_text(task: str, tmp_path: Path) -> None:
    check_screen(500, 2, task, tmp_path)
