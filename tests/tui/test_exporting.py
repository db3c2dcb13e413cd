"""The dashboard saves its picture, and exports the run in a process of its own."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from rnntui.export import all_formats
from rnntui.export.picture import Screen
from rnntui.protocol.messages import Welcome
from rnntui.recipe import load_recipe
from rnntui.tui.commands.exporting import export_choices
from rnntui.tui.picture import screen_of
from tests.support.scripted import Scripted, dashboard, ready


def text_of(screen: Screen) -> str:
    """The screen as plain text."""
    return "\n".join("".join(run.text for run in row) for row in screen.rows)


async def test_a_key_saves_the_screen_and_says_where(in_folder: Path):
    engine = Scripted(load_recipe("tales"))
    app = dashboard(engine)
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot, app)
        for _ in range(2):
            await pilot.press("W")
            await pilot.pause()
        shown = text_of(screen_of(app))
    names = sorted(path.name for path in in_folder.glob("*.svg"))
    assert names == ["tales-watch-update-3000-2.svg", "tales-watch-update-3000.svg"]
    assert "saved tales-watch-update-3000-2.svg" in shown
    words = re.sub("<[^>]*>", " ", (in_folder / names[1]).read_text())
    assert "412k" in words or "learning" in words


@pytest.mark.slow
async def test_the_palette_offers_every_format_of_a_saved_run(tmp_path: Path):
    engine = Scripted(load_recipe("tales"))
    app = dashboard(engine, runs=tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot, app)
        assert export_choices(app) == []  # it isn't saved
        assert isinstance(engine.welcome, Welcome)
        app.state.welcome = dataclasses.replace(engine.welcome, run="fox")
        names = [choice.name for choice in export_choices(app)]
        assert names == [f"export {name}" for name in all_formats()]
        choice = next(one for one in export_choices(app) if one.name == "export csv")
        choice.run(app)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "no run 'fox'" in text_of(screen_of(app))
