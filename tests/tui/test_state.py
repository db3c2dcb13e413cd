"""Every statement on the dashboard is true at the time it is shown."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from rnntui.engine.ending import Ending
from rnntui.protocol import messages as p
from rnntui.recipe import Recipe
from rnntui.runs.store.status import Status
from rnntui.tui.display import Display
from rnntui.tui.generated_text import GeneratedText
from rnntui.tui.hints import generation_hint
from rnntui.tui.report import report
from rnntui.tui.state import RunState
from tests.conftest import quick_where
from tests.support.drawing import SNAPSHOT
from tests.support.examples.forecasts import LOSES, OUTLOOK
from tests.support.scripted import SIZE, Scripted, dashboard, ready, shown, until

ENDED = ("finished", "stopped", "crashed", "diverged", "failed")
TRAINING_WORDS = ("while training", "while it", "first update", "detach", "pause", "rate")


def seen(engine: Scripted, **changes: Any) -> RunState:
    state = RunState(engine.recipe)
    assert isinstance(engine.welcome, p.Welcome)
    state.welcome = dataclasses.replace(engine.welcome, ended=changes.pop("ended", False))
    engine.change(**changes)
    state.apply(engine.snapshot)
    return state


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize("status", ["training", "paused", *ENDED])
def test_a_hint_mentions_training_only_while_it_runs(status: str, values: bool) -> None:
    engine = Scripted(Recipe(name="x").replace(task="values" if values else "tokens"))
    state = seen(engine, state=status)
    assert state.ended == (status in ENDED)
    assert ("while training" in generation_hint(state, Display())) == (status not in ENDED)
    assert ("prompt" in generation_hint(state, Display())) == (not values)
    assert "Press" in generation_hint(state, Display()) and "Press" not in generation_hint(
        state, Display(read_only=True)
    )
    assert seen(engine, state="training", ended=True).ended  # seen from its files


async def check_ended(engine: Scripted, met: Callable[[str], bool], **options: Any) -> str:
    """What a dashboard on a run that has ended shows, once that meets a condition."""
    engine.change(steps=None, history=p.History(0, 0, (), (), (), (), ()), step=0)
    app = dashboard(engine, **options)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: met(shown(app)))
        return shown(app)


@pytest.mark.parametrize(
    ("status", "values"),
    quick_where(
        itertools.product(ENDED, (False, True)),
        lambda *case: case == ("crashed", True),
    ),
)
async def test_a_run_that_has_ended_offers_nothing_for_training(status: str, values: bool) -> None:
    engine = Scripted(Recipe(name="x").replace(task="values" if values else "tokens"))
    assert isinstance(engine.welcome, p.Welcome)
    engine.welcome = dataclasses.replace(engine.welcome, ended=True)
    engine.change(state=status)
    text = await check_ended(
        engine,
        lambda text: "no updates were run" in text and "no time steps were recorded" in text,
        kept=True,
    )
    footer = text.splitlines()[-1]
    assert not [word for word in TRAINING_WORDS[:3] if word in text], text
    assert not [word for word in TRAINING_WORDS[3:] if word in footer], footer


async def test_a_read_only_viewer_is_not_offered_keys() -> None:
    engine = Scripted(Recipe(name="x"))
    engine.alarm()
    text = await check_ended(
        engine, lambda text: "the loss is not finite" in text, kept=True, read_only=True
    )
    assert "Press g" not in text and "restore update" not in text


async def test_offers_disappear_when_the_process_is_gone() -> None:
    async def ending() -> Ending:
        return Ending("stopped", "stopped by pts/7")

    engine = Scripted(Recipe(name="x"))
    app = dashboard(engine, kept=True, ending=ending)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.gone = True
        await until(pilot, lambda: "stopped by pts/7" in shown(app))
        await until(pilot, lambda: "Press g" not in shown(app) and "detach" not in shown(app))


@pytest.mark.parametrize(
    ("saved", "start"),
    quick_where(
        [(None, "the beginning"), (2000, "update 2,000")], lambda saved, _: saved is not None
    ),
)
async def test_it_is_told_where_a_run_that_was_killed_continues(
    saved: int | None, start: str
) -> None:
    async def ending() -> Ending:
        return Ending("crashed", "killed")

    engine = Scripted(Recipe(name="x"))
    assert isinstance(engine.welcome, p.Welcome)
    engine.welcome = dataclasses.replace(engine.welcome, run="x")
    engine.change(saved=saved)
    app = dashboard(engine, kept=True, ending=ending)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.gone = True
        await until(pilot, lambda: "killed" in shown(app))
        assert "rnntui resume x continues from" in shown(app) and f"{start}." in shown(app)


async def test_an_end_that_was_not_announced_has_the_numbers_of_the_files() -> None:
    """Another process ends the run between the last snapshot and the key that leaves."""

    async def ending() -> Ending:
        return Ending("stopped", "stopped by rnntui stop, saved at update 3,100", status)

    status = Status(
        state="stopped", step=3100, total=None, epoch=9.5, loss=0.25, validation=0.5, best=0.375,
        tokens_per_second=0.0, pid=1, since=0.0, updated=1.0, checkpoint=3100, averaged=20,
        last=0.125, lowest=0.0625, elapsed=61.0,
    )  # fmt: skip
    engine = Scripted(Recipe(name="x"))
    app = dashboard(engine, kept=True, ending=ending)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.gone = True
        await until(pilot, lambda: "saved at update 3,100" in shown(app))
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    text = report(app.state)
    assert "stopped after 3,100 updates" in text and "9.50 epochs in 1:01" in text
    assert "loss        0.1250" in text and "last 20 updates 0.2500, lowest 0.0625" in text
    assert "0.5000, best 0.3750" in text


async def test_a_number_of_one_is_singular() -> None:
    engine = Scripted(Recipe(name="x"))
    assert isinstance(engine.welcome, p.Welcome)
    engine.welcome = dataclasses.replace(
        engine.welcome, tokens_per_update=1, steps_per_epoch=1, train_size=1, validation_size=1
    )
    app = dashboard(engine)
    async with app.run_test(size=(120, 60)) as pilot:
        await ready(pilot, app)
        await pilot.press("i")
        await until(pilot, lambda: "per update" in shown(app))
        text = shown(app)
    assert "1 character " in text + " " and "1 update" in text
    assert "1 characters" not in text and "1 updates" not in text


async def test_a_forecast_is_not_called_generation() -> None:
    for task, word in (("values", "forecasting"), ("tokens", "generating")):
        engine = Scripted(Recipe(name="x").replace(task=task))
        app = dashboard(engine)
        async with app.run_test(size=SIZE) as pilot:
            await ready(pilot, app)
            await pilot.press("g", "enter")
            await until(pilot, lambda app=app, word=word: word in shown(app))  # type: ignore[misc]


async def test_before_the_first_update_the_status_is_not_training() -> None:
    engine = Scripted(Recipe(name="x"))
    engine.silent = True
    engine.change(state="loading", step=0, steps=None, history=p.History(0, 0, (), (), (), (), ()))
    app = dashboard(engine)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "Time steps appear" in shown(app))
        assert "● training" not in shown(app) and "○ loading" in shown(app)


def test_the_last_report_says_how_well_a_run_forecasts() -> None:
    recipe = Recipe(name="x").replace(task="values", source="values:1,2,3", method="auto")
    state = RunState(recipe, snapshot=SNAPSHOT, backtest=LOSES)
    lines = [" ".join(line.split()) for line in report(state).splitlines()]
    assert "forecasts 52 rows ahead of co2: adaptive mean forecasts better than the" in lines
    assert any("11 rows ahead of sunspots: the network" in line for line in lines)
    assert "forecasts" not in report(RunState(recipe, snapshot=SNAPSHOT))
    said = GeneratedText(values=((1.0,),), outlook=OUTLOOK)
    assert "autoregression forecasts better" in report(
        RunState(recipe, snapshot=SNAPSHOT, generated=said)
    )


@pytest.mark.parametrize(("elapsed", "times"), [(0.5, 1.0), (3.0, 2.0), (20.0, 3.0), (90.0, 4.0)])
def test_a_fast_run_is_drawn_ever_more_rarely_and_a_slow_one_is_not(
    elapsed: float, times: float
) -> None:
    engine = Scripted(Recipe(name="x"))
    assert seen(engine, elapsed=elapsed, updates_per_second=100.0, state="training").calm == times
    assert seen(engine, elapsed=elapsed, updates_per_second=2.0, state="training").calm == 1.0
    assert seen(engine, elapsed=elapsed, updates_per_second=100.0, state="paused").calm == 1.0


def test_settings_that_the_data_determined_are_those_of_the_recipe_shown() -> None:
    engine = Scripted(Recipe(name="x"))
    assert isinstance(engine.welcome, p.Welcome)
    facts = {"hidden": "256", "lr": "0.004", "output": "adaptive", "batch": "32"}
    facts |= {"seq_len": "\x1b[2J", "turns": "-3", "nonsense": "1", "cell": "lstm"}
    by_size = tuple(p.Fact(key, value) for key, value in facts.items())
    state = RunState(engine.recipe)
    state.set_welcome(dataclasses.replace(engine.welcome, by_size=by_size, batch=32, turns=4))
    shown = state.recipe
    assert (shown.model.hidden, shown.train.lr, shown.model.output) == (256, 0.004, "adaptive")
    assert (shown.train.batch, shown.train.turns) == (32, 4)
    assert shown.model.cell == Recipe().model.cell and shown.train.seq_len == 50
