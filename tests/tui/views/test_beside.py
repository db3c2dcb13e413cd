"""Two views beside each other on a wide terminal: which are shown, and which has the focus."""

from __future__ import annotations

import pytest

from rnntui.protocol import messages as p
from rnntui.recipe import Recipe
from rnntui.tui.app import Dashboard
from rnntui.tui.look import Look
from rnntui.tui.views import GUESSES, HEALTH
from rnntui.tui.views.watch import WATCH
from tests.support.scripted import Scripted, dashboard, ready, shown, until

WIDE, USUAL = (180, 50), (120, 40)


@pytest.fixture
def engine() -> Scripted:
    return Scripted(Recipe(name="tales"))


def views(app: Dashboard) -> tuple[str, str]:
    """The views shown, and the one with the focus."""
    return " ".join(view.name for view in app.main.views), app.view.name


async def test_a_wide_terminal_opens_a_second_view_until_the_user_decides(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot, app)
        assert views(app) == ("watch guesses", "watch")
        assert app.state.insight_look.view == "guesses"
        assert "━━ 1 watch ━" in shown(app) and "── 2 guesses ─" in shown(app)
        await pilot.press("1")
        await until(pilot, lambda: "2 guesses ─" not in shown(app))
        assert views(app) == ("watch", "watch") and app.state.insight_look.view == "watch"
        await pilot.resize_terminal(*USUAL)
        await pilot.resize_terminal(*WIDE)
        await pilot.pause()
        assert views(app) == ("watch", "watch")


async def test_a_view_opens_beside_the_first_and_takes_the_focus(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot, app)
        await pilot.press("5")
        assert views(app) == ("watch health", "health")
        await until(pilot, lambda: "━━ 5 health ━" in shown(app) and "── 1 watch ─" in shown(app))
        assert "c check gradients" in shown(app) and "g prompt" not in shown(app)
        assert app.main.panel_named("plot").size.height > 0
        await pilot.press("tab")
        assert views(app) == ("watch health", "watch")
        await until(pilot, lambda: "g prompt" in shown(app))
        assert "c check gradients" not in shown(app) and "tab health" in shown(app)
        assert app.state.insight_look.view == "health"
        await pilot.press("tab", "escape")
        assert views(app) == ("watch", "watch")
        assert not app.offers(next(c for c in _commands() if c.name == "other_view"))


async def test_escape_closes_the_other_view_last(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: app.state.time_step_count == 50)
        await pilot.press("left", "escape")
        assert views(app) == ("watch guesses", "watch") and app.display_options.selected is None
        await pilot.press("escape")
        assert views(app) == ("watch", "watch")


async def test_a_usual_terminal_shows_the_view_with_the_focus(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=USUAL) as pilot:
        await ready(pilot, app)
        assert views(app) == ("watch", "watch") and "tab" not in shown(app)
        await pilot.resize_terminal(*WIDE)
        await until(pilot, lambda: views(app) == ("watch guesses", "watch"))
        await until(pilot, lambda: app.main.panel_named("guesses").size.height > 0)
        await pilot.press("tab")
        await pilot.resize_terminal(*USUAL)
        await until(pilot, lambda: views(app) == ("guesses", "guesses"))
        await until(pilot, lambda: not app.main.panel_named("plot").display)
        await pilot.press("1")
        assert views(app) == ("watch", "watch")


async def test_a_click_gives_the_focus(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot, app)
        await pilot.click("#guesses")
        await until(pilot, lambda: app.view is GUESSES)
        await pilot.click("#generated")
        await until(pilot, lambda: app.view is WATCH)
        await pilot.click("#header")
        await pilot.pause()
        assert app.view is WATCH
        app.show_view(HEALTH)
        assert views(app) == ("watch health", "health")


async def test_one_view_or_two_and_what_is_closed_are_remembered(engine: Scripted) -> None:
    stored: list[dict[str, str | bool | None]] = []
    app = dashboard(engine, look=Look(remember=lambda new: stored.append({**new})))
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot, app)
        await pilot.press("w")
        assert views(app) == ("watch", "watch") and app.display_options.layout == "single"
        await pilot.press("4")
        assert views(app) == ("neurons", "neurons")
        await pilot.press("w")
        assert views(app) == ("watch neurons", "neurons")
        app.remember.store()
        assert stored.pop() == {"layout": "auto", "view": "neurons"}
        await pilot.press("1")
        app.remember.store()
        assert stored.pop() == {"view": "watch"}
        await pilot.press("w")
        assert views(app) == ("watch guesses", "watch")
        await pilot.resize_terminal(130, 40)
        await until(pilot, lambda: views(app) == ("watch", "watch"))
        await pilot.press("w")
        await until(pilot, lambda: views(app) == ("watch guesses", "watch"))
        assert app.display_options.layout == "beside"
        await pilot.resize_terminal(120, 40)
        await pilot.press("w")
        await until(pilot, lambda: "two views need 122 columns" in shown(app))


@pytest.mark.parametrize(
    ("look", "opened"),
    [
        (Look(view="watch"), "watch"),
        (Look(view="health"), "watch health"),
        (Look(view="health", layout="single"), "health"),
        (Look(layout="single"), "watch"),
    ],
)
async def test_what_was_remembered_is_opened(engine: Scripted, look: Look, opened: str) -> None:
    app = dashboard(engine, look=look)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.state.snapshot is not None)
        assert views(app)[0] == opened


@pytest.mark.parametrize(("size", "several"), [(WIDE, True), (USUAL, False)])
async def test_only_wide_terminals_ask_for_further_streams(
    engine: Scripted, size: tuple[int, int], several: bool
) -> None:
    asked: list[int] = []
    reply = engine._reply

    def replied(request: p.Request) -> p.Reply:
        if isinstance(request, p.Look) and request.steps:
            asked.append(request.streams)
        return reply(request)

    engine._reply = replied  # type: ignore[method-assign]
    assert isinstance(engine.welcome, p.Welcome)
    engine.welcome = p.Welcome(**{**vars(engine.welcome), "batch": 3})
    app = dashboard(engine)
    async with app.run_test(size=size) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: len(asked) > 2)
        assert app.state.streams_shown == asked[-1] == (1 if several else 0)


def _commands() -> tuple:  # type: ignore[type-arg]
    from rnntui.tui.commands import COMMANDS

    return COMMANDS


async def test_another_layout_asks_for_the_time_steps_it_has_room_for(
    engine: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnntui.tui.poller.STEPS_PERIOD", 1e6)  # never by itself
    app = dashboard(engine)
    async with app.run_test(size=(200, 60)) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: app.state.steps is not None)
        app.state.steps = None
        await pilot.press("w")
        await until(pilot, lambda: app.state.steps is not None)
