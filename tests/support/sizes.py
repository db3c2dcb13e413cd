"""Whole screens of the dashboard at five sizes, from scripted runs.

`python -m tests.support.sizes` writes the texts that the tests compare with, to be looked at before
they are committed.
"""

from __future__ import annotations

import asyncio
import dataclasses
from unittest import mock

from rnntui.protocol import messages as p
from rnntui.recipe import Recipe
from rnntui.tui.app import Dashboard
from rnntui.tui.views.arrangement import pairs
from tests.support.examples import guesses as example
from tests.support.pictures import RECORDINGS
from tests.support.scripted import Scripted, dashboard, ready, until

FOLDER = RECORDINGS / "sizes"
SIZES = ((80, 24), (120, 40), (150, 45), (200, 60), (300, 100))
TASKS = ("tokens", "values")
STREAMS = 32


def engine_with_streams() -> Scripted:
    """An engine whose updates have streams of 50 characters, and a passage to read."""
    engine = Scripted(Recipe(name="tales"))
    assert isinstance(engine.welcome, p.Welcome)
    assert isinstance(engine.snapshot.steps, p.TokenSteps)
    engine.welcome = dataclasses.replace(engine.welcome, batch=STREAMS)
    first = engine.snapshot.steps
    engine.change(
        insight=example.GUESSES,
        passage=example.PASSAGE,
        streams=tuple(_turned(first, 3 * n) for n in range(1, STREAMS)),
    )
    engine.write("world\nthe little fox said good morning to the hedgehog")
    return engine


def engine_with_values() -> Scripted:
    """An engine that learns a series of one column, with guesses for a passage."""
    engine = Scripted(Recipe(name="sun").replace(task="values", source="corpus:sunspots"))
    passage = dataclasses.replace(
        example.VALUE_PASSAGE, rows=tuple(row[:1] for row in example.VALUE_PASSAGE.rows)
    )
    predicted = tuple(row[:1] for row in example.VALUE_GUESSES.predicted)
    engine.change(
        passage=passage, insight=dataclasses.replace(example.VALUE_GUESSES, predicted=predicted)
    )
    return engine


def _turned(steps: p.TokenSteps, by: int) -> p.TokenSteps:
    """The same time steps, begun later."""
    by %= len(steps.true)
    columns = (steps.input, steps.true, steps.predicted, steps.probability)
    return p.TokenSteps(steps.step, *((*column[by:], *column[:by]) for column in columns))  # type: ignore[arg-type]


def rows_of(app: Dashboard) -> list[str]:
    """The rows on the screen, without the spaces at their ends."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


async def drawn(task: str, size: tuple[int, int], *keys: str) -> list[str]:
    """The rows of a dashboard at a size, after some keys."""
    engine = engine_with_values() if task == "values" else engine_with_streams()
    app = dashboard(engine)
    several = task == "tokens" and pairs(size[0])
    soon = mock.patch.multiple("rnntui.tui.poller", PERIOD=0.01, STEPS_PERIOD=0.0)
    async with app.run_test(size=size) as pilot:
        await ready(pilot, app)
        await pilot.press(*keys)
        state = app.state
        with soon:
            await until(pilot, lambda: state.steps is not None)
            await until(pilot, lambda: (state.streams_shown > 0) == several)
            await until(pilot, lambda: len(state.streams) == state.streams_shown)
        await pilot.pause()
        return rows_of(app)


async def main() -> None:
    """Write all screens."""
    FOLDER.mkdir(exist_ok=True)
    for task in TASKS:
        for width, height in SIZES:
            rows = await drawn(task, (width, height))
            name = f"{task}-{width}x{height}.txt"
            (FOLDER / name).write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    asyncio.run(main())
