"""The palette: every line that is typed gets an answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rnntui.protocol import messages as p
from rnntui.protocol.insight import Again
from rnntui.recipe import Recipe
from rnntui.tui.app import Dashboard
from rnntui.tui.draw.rows import plain
from rnntui.tui.screens.main import MainScreen
from rnntui.tui.screens.palette import PaletteScreen
from rnntui.tui.screens.setting_choices import setting_choices
from tests.conftest import quick_first
from tests.support.scripted import Scripted, dashboard, paste, ready, shown, until

SMALL = (80, 24)


@pytest.fixture
def engine() -> Scripted:
    return Scripted(Recipe(name="tales").replace(batch=16))


def in_palette(app: Dashboard) -> bool:
    """Whether the palette is open."""
    return isinstance(app.screen, PaletteScreen)


@pytest.mark.parametrize(
    ("typed", "met"),
    quick_first(
        [
            ("rate 0.01", lambda now: now.lr == 0.01),
            ("top k 5", lambda now: now.sampling.top_k == 5),
            ("temperature 0,7", lambda now: now.sampling.temperature == 0.7),
            ("greedy on", lambda now: now.sampling.greedy is True),
        ]
    ),
)
async def test_settings_are_set_by_their_usual_names(
    typed: str, met: Callable[[p.Snapshot], bool], engine: Scripted
) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, app)
        await pilot.press("ctrl+p", *typed, "enter")
        await until(pilot, lambda: met(engine.snapshot))
        assert isinstance(app.screen, MainScreen)


async def test_what_cannot_change_is_offered_for_a_new_run(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, app)
        await pilot.press("ctrl+p")
        await paste(pilot, "batch 8")
        await until(pilot, lambda: "again with batch = 8" in shown(app))
        assert "batch cannot change during training" in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: bool(engine.requests(Again)))
        (request,) = engine.requests(Again)
        assert [(one.key, one.value) for one in request.changes] == [("batch", "8")]
        await pilot.press("ctrl+p")
        await paste(pilot, "again with hidden units=64")
        await pilot.press("enter")
        await until(pilot, lambda: in_palette(app) and "key=value" in shown(app))
        await pilot.press("escape", "ctrl+p")
        await paste(pilot, "again with hidden 64")
        await pilot.press("enter")
        await until(pilot, lambda: len(engine.requests(Again)) == 2)
        assert engine.requests(Again)[1].changes[0].key == "hidden"


@pytest.mark.slow
async def test_what_is_refused_says_why_and_stays(engine: Scripted) -> None:
    app = dashboard(engine)
    refusals = {
        "temperature 200": "takes a number above 0 up to 100",
        "batch 16": "batch is already 16",
        "zzz": "no command or setting is called 'zzz'",
        "quiit": "did you mean 'quit'?",
    }
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, app)
        for typed, why in refusals.items():
            await pilot.press("ctrl+p", *typed, "enter")
            await until(pilot, lambda why=why: why in shown(app).splitlines()[2])
            assert in_palette(app)
            await pilot.press("backspace")
            await until(pilot, lambda why=why: why not in shown(app).splitlines()[2])
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert not [one for one in engine.asked if not isinstance(one, p.Hello)]


async def test_a_name_without_a_value_asks_for_one(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, app)
        await pilot.press("ctrl+p", *"batch", "enter")
        await until(pilot, lambda: in_palette(app) and app.screen.input.value == "batch ")  # type: ignore[attr-defined]
        await pilot.press("8", "enter")
        await until(pilot, lambda: bool(engine.requests(Again)))


async def test_only_the_selected_entry_is_shown_in_full(engine: Scripted) -> None:
    app = dashboard(engine)
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, app)
        await pilot.press("ctrl+p", *"batch 8")
        await until(pilot, lambda: "again with batch" in shown(app))
        words = " ".join(shown(app).split())
        assert "batch cannot change during training; this starts a new run beside it" in words
        await pilot.press("ctrl+u")
        await until(pilot, lambda: "resume" in shown(app))
        screen = app.screen
        assert isinstance(screen, PaletteScreen)
        await pilot.press(*["down"] * 30)  # some of them take more than a row
        for y, choice in screen.visible_choices():
            assert choice.name in plain(screen.text.rows)[y]
        first = screen.visible_choices()[0][1]
        assert screen._found[screen._choice_at(0)] is first


async def test_who_only_watches_can_change_nothing(engine: Scripted) -> None:
    app = dashboard(engine, read_only=True)
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, app)
        for typed in ("lr 0.1", "batch 8", "again batch=8", "top k 3"):
            choices = setting_choices(app, typed)
            assert choices and all("only watches" in choice.refusal for choice in choices)


@pytest.mark.slow
async def test_an_ended_run_says_what_can_still_change(engine: Scripted) -> None:
    engine.change(state="finished", remaining=None)
    app = dashboard(engine)
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, app)
        assert "the run is finished" in setting_choices(app, "lr 0.1")[0].refusal
        assert not setting_choices(app, "temperature 0.5")[0].refusal


async def test_a_series_has_no_sampling() -> None:
    app = dashboard(Scripted(Recipe(name="sun").replace(task="values", source="corpus:sunspots")))
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, app)
        assert "no effect on a forecast" in setting_choices(app, "top k 3")[0].refusal
