"""Switching between views: each has its panels and its commands, and shares the others."""

from __future__ import annotations

from typing import Any

import pytest

from rnntui.protocol import messages as p
from rnntui.protocol.insight import Health, Passage
from rnntui.recipe import Recipe
from rnntui.tui.app import Dashboard
from rnntui.tui.command import Command
from rnntui.tui.commands import command_of, offered
from rnntui.tui.commands.viewing import switches
from rnntui.tui.draw.rows import Rows
from rnntui.tui.views import VIEWS
from rnntui.tui.views.arrangement import to
from rnntui.tui.views.frame import framed
from rnntui.tui.views.view import Place, View
from rnntui.tui.views.watch import WATCH
from rnntui.tui.widgets.loss import LossPanel
from rnntui.tui.widgets.panel import Panel
from tests.support.scripted import SIZE, Scripted, dashboard, ready, shown, until


class Signs(Panel):
    """A panel of the view below."""

    def draw(self, width: int, height: int) -> Rows:
        """Draw a line that says how many signs there are."""
        found = self.state.insight
        what = f"{len(found.signs)} signs" if isinstance(found, Health) else "not measured"
        return self.fitted([[(f" signs: {what}", "")]], width, height)


ran: list[str] = []
HEALTH = View(
    name="health",
    key="5",
    explanation="signs of trouble",
    places=framed(Place("plot", ".loss:LossPanel"), Place("signs", f"{__name__}:Signs", rows=2)),
    growth=(to("status", 2), to("notice", 1), to("plot", 3)),
    rest="signs",
    commands=(
        Command(
            name="check", keys=("c", "space"), footer="check", help="check the gradients",
            run=lambda _: ran.append("check"),
        ),
    ),
)  # fmt: skip


@pytest.fixture
def engine() -> Scripted:
    return Scripted(Recipe(name="tales"))


async def test_a_view_replaces_panels_and_shares_others(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        before, plot = shown(app), app.main.panel(LossPanel)
        assert "time steps" in before and "signs" not in before
        app.show_view(HEALTH)
        await until(pilot, lambda: "signs: not measured" in shown(app))
        now = shown(app).splitlines()
        assert not any("time steps" in row or "prompt" in row for row in now)
        assert plot.size.height == 3 and len(now) == SIZE[1]
        assert plot.region.bottom == app.main.panel(Signs).region.y
        await pilot.press("escape")
        await until(pilot, lambda: shown(app) == before)
        assert app.main.panel(LossPanel) is plot and app.view is WATCH


async def test_the_engine_is_asked_for_what_the_view_shows(engine: Scripted) -> None:
    looks: list[p.Look] = []
    reply = engine._reply

    def replied(request: Any) -> p.Reply:
        if isinstance(request, p.Look):
            looks.append(request)
        return reply(request)

    engine._reply = replied  # type: ignore[method-assign]
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        assert {look.insight.view for look in looks} == {"watch"}
        app.show_view(HEALTH)
        await until(pilot, lambda: looks[-1].insight.view == "health")
        engine.change(insight=Health(3000, (), (), (), ()), passage=Passage(7, "held-out", 0))
        await until(pilot, lambda: "0 signs" in shown(app))
        engine.change(insight=None, passage=None)
        await until(pilot, lambda: looks[-1].insight.passage == 7)
        assert "0 signs" in shown(app)


async def test_a_views_commands_take_keys_from_others_only_there(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        ran.clear()
        (check,) = HEALTH.commands
        assert not app.offers(check)
        app.run_command(check)
        app.show_view(HEALTH)
        await pilot.press("c")
        assert ran == ["check"]
        assert "c check" in shown(app) and "inspect" not in shown(app)
        assert "pause" not in shown(app) and "? help" in shown(app)
        app.show_view(WATCH)
        await pilot.press("space")
        await until(pilot, lambda: bool(engine.requests(p.Pause)))
        assert ran == ["check"] and "c check" not in shown(app)


async def test_leaving_a_view_closes_its_prompt(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("g", "a")
        assert app.prompting
        app.show_view(HEALTH)
        await pilot.pause()
        assert not app.prompting
        app.show_view(WATCH)
        await until(pilot, lambda: app.main.prompt.size.height > 0)
        assert app.main.prompt.value == "a"


def test_keys_without_a_rival_stay() -> None:
    names = [command.name for command in offered(HEALTH)]
    assert names[0] == "check" and "pause" not in names and "next_sample" not in names
    assert {"faster", "quit", "help"} <= set(names)
    assert command_of(HEALTH, "q") in offered(WATCH) and command_of(HEALTH, "f12") is None


def test_there_are_keys_for_views_once_there_are_several() -> None:
    assert switches((WATCH,)).commands == ()
    found = switches((WATCH, HEALTH)).commands
    assert [(c.keys, c.help) for c in found] == [
        (("1",), f"watch: {WATCH.explanation}"),
        (("5",), "health: signs of trouble"),
    ]


async def test_the_key_of_a_view_shows_it(engine: Scripted) -> None:
    app: Dashboard = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        for command in switches((*VIEWS, HEALTH)).commands:
            command.run(app)
            await pilot.pause()
            assert app.view.key in command.keys and app.main.view is app.view
