"""The first frame is what the dashboard draws next, and the terminal never goes blank between."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys

import pyte
import pytest
from rich.style import Style

from rnntui.data.tokenizer import ByteTokenizer, CharTokenizer, Tokenizer, WordTokenizer
from rnntui.recipe import Recipe, load_recipe
from rnntui.tui import Look
from rnntui.tui.app import Dashboard
from rnntui.tui.first_frame import Outset, first_frame, first_rows
from rnntui.tui.own_themes import THEMES, own_style
from tests.conftest import environment, quick_first
from tests.support.scripted import HOSTILE, until

Cells = list[list[tuple[str, Style]]]

SIZES = [(120, 40), (200, 60), (80, 24), (60, 16), (160, 20), (59, 16), (20, 5)]


async def never() -> Dashboard:
    await asyncio.Event().wait()
    raise AssertionError


def cells(runs: list[tuple[str, Style]]) -> list[tuple[str, Style]]:
    """Return one entry per character; of blanks, only the background counts."""
    return [
        (char, style if char != " " else Style(bgcolor=style.bgcolor))
        for text, style in runs
        for char in text
    ]


async def drawn(recipe: Recipe, look: Look, size: tuple[int, int]) -> Cells:
    """Return what a dashboard draws that nothing has reached yet."""
    app = Dashboard(recipe, never, look=look, kept=True)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.size.width > 0)
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        return [cells([(s.text, s.style or Style()) for s in strip]) for strip in strips]


@pytest.mark.parametrize(
    ("size", "name", "look"),
    quick_first(
        [
            ((160, 24), "tales", Look("braille", "dark", view="guesses")),
            ((80, 24), "sunspots", Look("ascii", "colour-blind-light")),
            *[(size, "tales", Look("braille", "light")) for size in SIZES],
            *[(size, "sunspots", Look("blocks", "dark")) for size in SIZES],
            ((120, 40), "tales", Look("braille", "dark", keys={"quit": ("Q",), "log": ()})),
            *[
                (size, name, Look(glyphs, "dark", view=view))
                for glyphs in ("braille", "ascii")
                for view in ("guesses", "memory", "neurons", "health", "experiments")
                for size, name in (((120, 40), "tales"), ((200, 50), "sunspots"))
            ],
        ],
        2,
    ),
)
async def test_it_is_what_the_dashboard_draws_next(
    size: tuple[int, int], name: str, look: Look
) -> None:
    recipe = load_recipe(name)
    outset = Outset(recipe, look, size[0], kept=True)
    theme = THEMES[look.theme or ""]
    rows = [
        cells([(text, own_style(theme, role)) for text, role in row])
        for row in first_rows(outset, size[1])
    ]
    expected = await drawn(recipe, look, size)
    assert len(rows) == len(expected) == size[1]
    for y, (row, other) in enumerate(zip(rows, expected, strict=True)):
        assert "".join(c for c, _ in row) == "".join(c for c, _ in other), y
        assert row == other, y


@pytest.mark.parametrize("name", quick_first(["tales", *HOSTILE], 3))
@pytest.mark.parametrize("size", [(120, 40), (1, 1)])
def test_it_fills_the_screen_and_sends_nothing_but_text(name: str, size: tuple[int, int]) -> None:
    outset = Outset(Recipe(name=name), Look(), size[0])
    sent = first_frame(outset, size[1], "dark", "256")
    screen = pyte.Screen(*size)
    pyte.Stream(screen).feed(sent)
    grounds = {screen.buffer[y][x].bg for y in range(size[1]) for x in range(size[0])}
    assert len(grounds) == 1 and "default" not in grounds
    if size[0] > 1:
        assert screen.display[0].startswith(" rnntui  ") and "q quit" in screen.display[-1]
    for theme, system in (("", "256"), ("dark", "none")):  # the terminal's own colours
        plain = first_frame(outset, size[1], theme, system)
        assert set(re.findall(r"\x1b\[([\d;]*)m", plain)) <= {"0", "0;1", "1", "22"}
    codes = re.sub(r"\x1b\[[\d;]*[mH]", "", sent)
    assert set(codes).isdisjoint("\x1b\x9b\u202e\x07\r\x08")


def test_neither_textual_nor_numpy_is_imported_for_it() -> None:
    program = (
        "import sys; from rnntui.tui.first_frame import *; from rnntui.recipe import load_recipe\n"
        "first_frame(Outset(load_recipe('tales'), Look(), 120), 40, 'dark', 'truecolor')\n"
        "print({'textual', 'numpy'} & set(sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(),
        check=True,
    )  # fmt: skip
    assert ended.stdout == "set()\n", ended.stdout


@pytest.mark.parametrize("tokenizer", [CharTokenizer, ByteTokenizer, WordTokenizer])
def test_its_units_are_those_of_the_tokenizer(tokenizer: type[Tokenizer]) -> None:
    recipe = load_recipe("tales").replace(tokenizer=tokenizer.kind)
    rows = first_rows(Outset(recipe, Look("ascii", "dark"), 120), 40)
    text = "\n".join("".join(run for run, _ in row) for row in rows)
    assert f"bits per {tokenizer.unit}" in text and f"nats per {tokenizer.unit}" in text


def test_a_tiny_terminal_is_told_both_sizes() -> None:
    rows = first_rows(Outset(load_recipe("tales"), Look("ascii", "dark"), 20), 5)
    text = "\n".join("".join(run for run, _ in row) for row in rows)
    assert "have 20x5," in text and "need 60x16" in text and "q quits" in text
