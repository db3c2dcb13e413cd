"""The mouse in the views that explain why: clicks select, and the wheel scrolls."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widget import Widget

from rnntui.recipe import Recipe
from rnntui.tui.app import Dashboard
from rnntui.tui.draw.rows import plain
from rnntui.tui.views import VIEWS
from rnntui.tui.widgets.panel import Panel
from tests.support.examples import guesses, health, neurons
from tests.support.scripted import SIZE, Scripted, dashboard, ready, until


@pytest.fixture
def engine() -> Scripted:
    return Scripted(Recipe(name="tales"))


async def opened(pilot: Pilot[int], app: Dashboard, name: str, text: str) -> Panel:
    """Open a view; return its panel once it has drawn its message."""
    app.show_view(next(view for view in VIEWS if view.name == name))
    panel = app.main.panel_named(name)
    assert isinstance(panel, Panel)
    await until(pilot, lambda: panel.size.height > 0 and text in "\n".join(plain(panel.rows)))
    await pilot.pause()
    return panel


async def click(pilot: Pilot[int], panel: Panel, start: str, x: int) -> None:
    """Click on a cell of the first row that starts with a text."""
    y = next(y for y, row in enumerate(plain(panel.rows)) if row.startswith(start))
    await pilot.click(panel, offset=(x, y))


def wheel(panel: Widget, up: bool) -> None:
    kind = events.MouseScrollUp if up else events.MouseScrollDown
    panel.post_message(kind(panel, 5, 5, 0, 0, 0, False, False, False))


async def test_a_click_selects_a_position(engine: Scripted) -> None:
    engine.change(insight=guesses.GUESSES, passage=guesses.PASSAGE)
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        panel = await opened(pilot, app, "guesses", " text ")
        row = next(row for row in plain(panel.rows) if row.startswith(" text"))
        await click(pilot, panel, " text", 30)
        await until(pilot, lambda: app.state.insight_look.at >= 0)
        at = app.state.insight_look.at
        assert guesses.PASSAGE.tokens[at] == row[30]
        wheel(panel, up=False)
        await until(pilot, lambda: app.state.insight_look.at == at + 1)
        wheel(panel, up=True)
        await until(pilot, lambda: app.state.insight_look.at == at)


async def test_a_click_selects_a_unit(engine: Scripted) -> None:
    engine.change(insight=neurons.NEURONS, passage=neurons.PASSAGE)
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        panel = await opened(pilot, app, "neurons", " found ")
        await click(pilot, panel, "   open [", 30)
        await until(pilot, lambda: app.state.insight_look.unit == 16)
        wheel(panel, up=False)
        await until(pilot, lambda: app.state.insight_look.unit != 16)


async def test_a_click_selects_a_finding(engine: Scripted) -> None:
    engine.change(insight=health.HEALTH, findings=health.FINDINGS)
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        panel = await opened(pilot, app, "health", " also ")
        await click(pilot, panel, "   also  ", 12)
        await until(pilot, lambda: app.display_options.finding == 1)
        assert health.FINDINGS[1].title in plain(panel.rows)[0]
        await pilot.click(panel, offset=(0, 0))  # nothing is there
        wheel(panel, up=False)
        await until(pilot, lambda: app.display_options.finding == 2)
