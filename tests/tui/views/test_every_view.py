"""The views on a scripted run: they open at every size, and their keys do what they say."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest

from rnntui.numbers import count
from rnntui.protocol import messages as p
from rnntui.protocol.insight import Again, InsightLook, NextPassage, Setting, StartRace, View
from rnntui.recipe import Recipe
from rnntui.tui.app import Dashboard
from rnntui.tui.draw.rows import Glyphs, plain
from rnntui.tui.draw.small import LEAST_HEIGHT, LEAST_WIDTH
from rnntui.tui.draw.views.bar import view_places
from rnntui.tui.draw.views.options import MEASURING
from rnntui.tui.draw.views.prose import marked_title
from rnntui.tui.look import Look
from rnntui.tui.screens.pages import PageScreen
from rnntui.tui.screens.palette import PaletteScreen
from rnntui.tui.views import VIEWS
from rnntui.tui.views.passage import choose_position
from rnntui.tui.widgets.footer import Footer
from rnntui.tui.widgets.insight import GuessesPanel, HealthPanel
from rnntui.tui.widgets.top import Notice
from tests.conftest import quick_first, quick_where
from tests.support.examples import experiments, guesses, health, memory, neurons
from tests.support.scripted import Scripted, dashboard, ready, shown, until

SIZES = ((80, 24), (120, 40), (200, 60), (LEAST_WIDTH, LEAST_HEIGHT))
TOKENS: dict[str, dict[str, Any]] = {
    "guesses": {"insight": guesses.GUESSES, "passage": guesses.PASSAGE},
    "memory": {"insight": memory.MEMORY, "passage": memory.MEMORY_PASSAGE},
    "neurons": {"insight": neurons.NEURONS, "passage": neurons.PASSAGE},
    "health": {"insight": health.HEALTH},
    "experiments": {"insight": experiments.EXPERIMENTS},
}
VALUES = {
    **TOKENS,
    "guesses": {"insight": guesses.VALUE_GUESSES, "passage": guesses.VALUE_PASSAGE},
    "memory": {"insight": memory.VALUE_MEMORY, "passage": guesses.VALUE_PASSAGE},
    "neurons": {"insight": neurons.VALUE_NEURONS, "passage": neurons.VALUE_PASSAGE},
}


class Viewed(Scripted):
    """Sends each view's example, and remembers what was looked at last."""

    looked = InsightLook()

    def _reply(self, request: p.Request) -> p.Reply:
        reply = super()._reply(request)
        if isinstance(request, p.Look) and isinstance(reply, p.Snapshot):
            self.looked = request.insight
            examples = VALUES if self.values else TOKENS
            return dataclasses.replace(
                reply, findings=health.FINDINGS, **examples.get(request.insight.view, {})
            )
        return reply


def scripted(values: bool = False) -> Viewed:
    return Viewed(Recipe(name="tales").replace(task="values") if values else Recipe(name="tales"))


async def opened(pilot: Any, app: Dashboard, key: str) -> None:
    """Open a view with its key, and wait for its numbers."""
    await pilot.press(key)
    await until(pilot, lambda: app.view.key == key and (key == "1" or bool(app.state.insight)))
    await pilot.pause()


@pytest.mark.parametrize(
    ("size", "values"),
    quick_where(
        itertools.product(SIZES, [False, True]),
        lambda size, values: (size, values) == ((80, 24), False),
    ),
)
async def test_every_view_opens_in_every_glyph_set(size: tuple[int, int], values: bool) -> None:
    engine = scripted(values)
    app = dashboard(engine)
    async with app.run_test(size=size) as pilot:
        await ready(pilot, app)
        for view in VIEWS:
            await opened(pilot, app, view.key)
            assert engine.looked.view == view.name
            sets: tuple[Glyphs, ...] = ("braille", "blocks", "ascii")
            for glyphs in sets:
                app.display_options.glyphs = glyphs
                app.main.redraw()
                await pilot.pause()
                rows = shown(app).splitlines()
                assert app.main.panel(Footer).region.bottom == size[1]
                assert any(row.rstrip().endswith("q quit") for row in rows)
                assert glyphs != "ascii" or "\n".join(rows).isascii(), view.name
                assert "measuring" not in "\n".join(rows)
        await pilot.press("escape")
        assert app.view is VIEWS[0]


@pytest.mark.slow
async def test_every_view_opens_by_a_click_on_the_bar() -> None:
    engine = scripted()
    app = dashboard(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        for view in (*VIEWS[1:], VIEWS[0]):
            at = view_places(app.view.name, 3, 120)[view.name][0]
            assert app.main.panel(Notice).text == ""
            await pilot.click("#notice", offset=(at + 1, 0))
            await until(pilot, lambda view=view: app.view is view)


@pytest.mark.slow
async def test_a_position_is_chosen_and_kept_in_the_passage() -> None:
    engine = scripted()
    app = dashboard(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        for key in ("2", "3", "4"):
            await opened(pilot, app, key)
            last = max(len(app.state.passage.tokens), 1) - 1 if app.state.passage else 0
            await pilot.press("left", "left", "right")
            assert app.state.insight_look.at == last - 1
            await pilot.press("comma")
            assert app.state.insight_look.at == last - 11
            choose_position(app, 5)
            await pilot.press("comma")
            assert app.state.insight_look.at == 0
            await until(pilot, lambda: engine.looked.at == 0)
            choose_position(app, last - 5)
            await pilot.press("full_stop")
            assert app.state.insight_look.at == last
        await pilot.press("o")
        await until(pilot, lambda: bool(engine.requests(NextPassage)))


async def test_units_are_chosen_one_after_the_other_even_before_the_reply() -> None:
    engine = scripted()
    app = dashboard(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await opened(pilot, app, "4")
        await pilot.press("down", "down")
        follows = neurons.NEURONS.follows
        assert app.state.insight_look.unit == follows[2].unit
        await pilot.press("up")
        assert app.state.insight_look.unit == follows[1].unit
        await pilot.press("y")
        assert "one layer" in app.main.panel(Notice).text


async def test_findings_are_selected_applied_and_repeated() -> None:
    engine = scripted()
    app = dashboard(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await opened(pilot, app, "5")
        await pilot.press("r")
        await until(pilot, lambda: len(engine.requests(Again)) == 1)
        assert engine.requests(Again)[0].changes == health.OVERFITTING.fix
        await pilot.press("m")
        await until(pilot, lambda: len(engine.requests(p.Fix)) == 1)
        await pilot.press("down")
        assert app.display_options.finding == 1
        await pilot.press("enter")
        assert "no finding has a fix" in app.main.panel(Notice).text
        await pilot.press("down", "enter")
        await until(pilot, lambda: bool(engine.requests(p.SetLearningRate)))
        await pilot.press("down")
        assert app.display_options.finding == 0
    assert len(engine.requests(p.Fix)) == 1


async def test_a_frozen_view_keeps_what_it_shows() -> None:
    engine = scripted()
    app = dashboard(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await opened(pilot, app, "2")
        await pilot.press("f")
        kept = app.state.insight
        assert app.state.frozen
        looked = app.state.snapshot
        await until(pilot, lambda: app.state.snapshot is not looked)
        assert app.state.insight is kept
        await pilot.press("f")
        assert not app.state.frozen
        await pilot.press("f", "3")
        assert not app.state.frozen


@pytest.mark.slow
@pytest.mark.parametrize("values", quick_first([False, True]), ids=["tokens", "values"])
async def test_the_page_of_a_view_opens_with_numbers_and_closes(values: bool) -> None:
    engine = scripted(values)
    app = dashboard(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        for view in VIEWS[1:]:
            await opened(pilot, app, view.key)
            await pilot.press("h")
            assert isinstance(app.screen, PageScreen) and engine is not None
            text = "\n".join(plain(app.screen.text._make(120)))
            assert any(char.isdigit() for char in text) and len(text.splitlines()) > 5
            await until(pilot, lambda: engine.looked.details)
            await pilot.press("h")
            assert app.screen is app.main and app.view is view
            await until(pilot, lambda: not engine.looked.details)


async def test_a_new_run_is_typed_into_the_palette() -> None:
    engine = scripted()
    app = dashboard(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await opened(pilot, app, "6")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PaletteScreen))
        await pilot.press(*"lr=0.01", "enter")
        await until(pilot, lambda: bool(engine.requests(Again)))
        assert engine.requests(Again)[0].changes == (Setting("lr", "0.01"),)


@pytest.mark.slow
async def test_the_suggested_rate_is_used() -> None:
    engine = scripted()
    app = dashboard(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await opened(pilot, app, "6")
        await pilot.press("enter", "R")
        await until(pilot, lambda: bool(engine.requests(StartRace)))
        assert engine.requests(p.SetLearningRate)[0].lr == experiments.RATE_TEST.best
        await pilot.press("x")
        assert "no experiment is running" in app.main.panel(Notice).text


@pytest.mark.parametrize("width", quick_first([120, 200]))
@pytest.mark.parametrize("first", quick_first(["health", "watch"]))
async def test_the_key_of_the_prompt_opens_it_from_any_view(first: View, width: int) -> None:
    engine = scripted()
    app = dashboard(engine, look=Look(view=first))
    async with app.run_test(size=(width, 40)) as pilot:
        await until(pilot, lambda: app.state.snapshot is not None)
        for view in VIEWS[1:3]:
            await opened(pilot, app, view.key)
            assert "g prompt" not in shown(app)
            await pilot.press("g", "a", "enter")
            assert app.prompting and app.view is VIEWS[0]
            await until(pilot, lambda: app.main.prompt.value.endswith("a"))
            await pilot.press("escape")
    assert [request.prompt for request in engine.requests(p.Generate)] == ["a", "aa"]


@pytest.mark.slow
async def test_who_only_looks_gets_one_line_per_refusal() -> None:
    engine = scripted()
    app = dashboard(engine, read_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        for view in VIEWS[1:]:
            await opened(pilot, app, view.key)
            for command in (*view.commands,):
                if command in app.available_commands or command.footer == "layer":
                    continue
                await pilot.press(command.keys[0])
                notice = app.main.panel(Notice).text
                why = "this dashboard only watches (--read-only)"
                assert notice == f"{command.footer} is not available: {why}", command.name
        assert [r for r in engine.asked if not isinstance(r, p.Hello)] == []


async def test_an_ended_run_is_not_said_to_be_paused_by_an_experiment() -> None:
    engine = scripted()
    app = dashboard(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await opened(pilot, app, "6")
        await pilot.press("R")
        assert app.main.panel(Notice).text == "racing; training is paused until it ends"
        assert app.state.snapshot is not None
        app.state.snapshot = dataclasses.replace(app.state.snapshot, state="finished")
        app.run_command(app.table.by_name["race"])
        assert app.main.panel(Notice).text == "racing"


async def test_a_stored_run_says_which_checkpoint_a_view_shows() -> None:
    engine = scripted()
    app = dashboard(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await opened(pilot, app, "2")
        assert app.state.insight is not None and app.state.welcome is not None
        assert app.state.snapshot is not None
        panel = app.main.panel(GuessesPanel)
        app.state.welcome = dataclasses.replace(app.state.welcome, ended=True)
        for last, said in ((app.state.insight.step, False), (app.state.insight.step + 1, True)):
            app.state.snapshot = dataclasses.replace(app.state.snapshot, step=last)
            title = plain(panel.draw(100, 20))[0]
            assert (f"checkpoint at update {count(app.state.insight.step)}" in title) is said


def test_the_mark_of_a_title_cuts_blanks_without_an_ellipsis() -> None:
    title = [(" No findings", "title"), (" now.", ""), (" " * 40, "")]
    assert plain([marked_title(title, "frozen", 40)]) == [" No findings now.".ljust(33) + "frozen "]
    assert "\u2026" in plain([marked_title(title, "frozen", 20)])[0]


async def test_a_view_that_waits_in_a_started_run_does_not_promise_a_start() -> None:
    engine = scripted()
    app = dashboard(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await opened(pilot, app, "5")
        app.state.insight = None
        panel = app.main.panel(HealthPanel)
        text = "\n".join(plain(panel.draw(100, 20)))
        assert text.strip() == MEASURING
