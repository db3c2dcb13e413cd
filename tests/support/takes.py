"""Moments of real runs, as an engine reported them: what the pictures are drawn from.

A recording is a file of messages: the Welcome, a Snapshot, and one more Snapshot for each view.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rnntui.engine.client import EngineClient
from rnntui.engine.spawn import spawn
from rnntui.insight.details import MOST_HIDDEN
from rnntui.protocol.codec import decode_reply, encode
from rnntui.protocol.insight import (
    Experiments,
    Guesses,
    Health,
    Insight,
    InsightLook,
    Memory,
    Neurons,
    Passage,
    StartRace,
    StartRateTest,
    ValueGuesses,
    View,
)
from rnntui.protocol.messages import Generate, Hello, Look, Pause, Reply, Request, Snapshot, Welcome
from rnntui.recipe import Recipe, SamplingSettings, load_recipe
from rnntui.runs.job import Job
from tests.support.scripted import Scripted

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT / "tests" / "recordings"
COLUMNS = str(RECORDINGS / "columns.toml")
READING: tuple[View, ...] = ("guesses", "memory", "neurons")
VIEW_OF: dict[type[Insight], View] = {
    Guesses: "guesses",
    ValueGuesses: "guesses",
    Memory: "memory",
    Neurons: "neurons",
    Health: "health",
    Experiments: "experiments",
}
SETTLES = 1.5  # seconds from a view's first complete message to its most exact one
FILM = "film"  # the default recipe at these moments, in seconds
MOMENTS = (0.3, 0.8, 1.5, 3.0, 5.0, 8.0, 12.0, 18.0, 25.0)


@dataclass(frozen=True)
class Take:
    """A real run up to the moment that is kept, and the views that are kept of it.

    `at`: the position of the passage that the views describe.
    """

    recipe: str
    until: Callable[[Snapshot], bool]
    prompt: str = ""
    length: int = 0
    pause: bool = False
    samples: int = 1
    views: tuple[View, ...] = ()
    at: Callable[[Passage], int] = lambda _: -1
    changes: tuple[tuple[str, str], ...] = ()

    def loaded(self) -> Recipe:
        """The recipe with its changes."""
        return load_recipe(self.recipe).override(dict(self.changes))


def far_closing(passage: Passage) -> int:
    """Position of the last closing bracket, not near the start, whose partner is 6 to 12 back."""
    opened, found = [], -1
    for n, token in enumerate(passage.tokens):
        if token in "([{":
            opened.append(n)
        elif token in ")]}" and opened:
            start = opened.pop()
            if 6 <= n - start <= 12:
                found = n
    return found


TAKES = {
    "tales": Take(
        "tales",
        lambda s: s.step > 2000,
        '"Good morning," said ',
        360,
        views=("guesses",),
        at=lambda passage: 100,
    ),
    "several": Take("tales", lambda s: s.elapsed > 12, '"Good morning," said ', 150, samples=4),
    "paused": Take("tales", lambda s: s.elapsed > 12, pause=True),
    "sunspots": Take(
        "sunspots",
        lambda s: s.step > 20_000,
        views=("guesses", "memory"),
    ),
    "columns": Take(COLUMNS, lambda s: s.elapsed > 6),
    "forecast": Take(COLUMNS, lambda s: s.elapsed > 6, length=48),
    "hello-world": Take(
        "hello-world",
        lambda s: s.alert is not None and s.step > 300,
        views=("memory", "health"),
    ),
    "hello-world-cured": Take(
        "hello-world-cured", lambda s: s.state == "finished", "hello w", length=200
    ),
    "brackets": Take(
        "brackets",
        lambda s: s.step > 2500,
        views=(*READING, "health"),
        at=far_closing,
    ),
    "one-step": Take(
        "brackets",
        lambda s: s.step > 60_000,
        views=("memory",),
        at=far_closing,
        changes=(("seq_len", "1"), ("steps", "100000")),
    ),
    "experiments": Take("brackets", lambda s: s.step > 5, views=("experiments",)),
}


class Recorded(Scripted):
    """An engine that reports again what was recorded: the run, and each view when it is shown."""

    def __init__(self, recipe: Recipe, lines: list[bytes]) -> None:
        super().__init__(recipe)
        welcome, first, *others = map(decode_reply, lines)
        assert isinstance(first, Snapshot)
        self.welcome, self.snapshot = welcome, first
        self._views: dict[View, Snapshot] = {}
        for reply in others:
            assert isinstance(reply, Snapshot) and reply.insight is not None
            self._views[VIEW_OF[type(reply.insight)]] = reply

    def position(self, view: View) -> int:
        """The position of the passage that was recorded in a view; -1: none."""
        return getattr(self._views[view].insight, "at", -1) if view in self._views else -1

    def _reply(self, request: Request) -> Reply:
        if isinstance(request, Look):
            return self._views.get(request.insight.view, self.snapshot)
        return super()._reply(request)


def recorded(name: str) -> Recorded:
    """The engine of a take."""
    lines = (RECORDINGS / f"{name}.jsonl").read_bytes().splitlines(keepends=True)
    return Recorded(TAKES[name].loaded(), lines)


def moments() -> list[Recorded]:
    """The engines of the animation, one for each of its moments."""
    welcome, *lines = (RECORDINGS / f"{FILM}.jsonl").read_bytes().splitlines(keepends=True)
    return [Recorded(load_recipe("tales"), [welcome, line]) for line in lines]


@asynccontextmanager
async def _engine(recipe: Recipe) -> AsyncIterator[EngineClient]:
    handle = spawn(Job(recipe), ROOT)
    try:
        client = await EngineClient.connect(handle.socket, alive=lambda: handle.exited() is None)
        yield client
        client.close()
    finally:
        handle.kill()


async def _look(client: EngineClient, look: Look) -> Snapshot:
    while not isinstance(snapshot := await client.ask(look), Snapshot):
        await asyncio.sleep(0.05)
    return snapshot


async def _until(
    client: EngineClient, look: Look, holds: Callable[[Snapshot], bool], pause: float = 0.05
) -> Snapshot:
    while not holds(snapshot := await _look(client, look)):
        await asyncio.sleep(pause)
    return snapshot


async def _record(take: Take) -> list[Welcome | Snapshot]:
    async with _engine(take.loaded()) as client:
        welcome = await client.ask(Hello())
        assert isinstance(welcome, Welcome)
        await _until(client, Look(), take.until)
        if take.pause:
            await client.ask(Pause())
        if take.length:
            sampling = SamplingSettings(0.6, samples=take.samples)
            await client.ask(Generate(take.prompt, take.length, sampling))
            await _until(client, Look(), _has_generated)
        steps = Look(steps=True)  # there are none during a validation
        found = [await _until(client, steps, lambda s: s.steps is not None)]
        if take.views:
            await client.ask(Pause())  # so that all are of the same update
        found += [await _record_view(client, take, view) for view in take.views]
    return [welcome, *found]


async def _record_view(client: EngineClient, take: Take, view: View) -> Snapshot:
    """Wait until a view's message is complete and as exact as it gets."""
    look, at, detailed = Look(insight=InsightLook(view=view, details=True)), -1, False
    if view == "experiments":
        for request in (StartRace(), StartRateTest()):
            await client.ask(request)
            await _until(client, look, _is_complete)
    elif view in READING:
        passage = (await _until(client, look, lambda s: s.passage is not None)).passage
        assert passage is not None
        at, detailed = take.at(passage), passage.units <= MOST_HIDDEN
        look = Look(insight=InsightLook(view=view, at=at, details=True))

    def holds(snapshot: Snapshot) -> bool:
        seen = snapshot.insight
        has_details = not detailed or getattr(seen, "details", None) is not None
        return _is_complete(snapshot) and has_details and at in (-1, getattr(seen, "at", at))

    await _until(client, look, holds)
    end = asyncio.get_running_loop().time() + SETTLES
    while asyncio.get_running_loop().time() < end:
        await _look(client, look)
        await asyncio.sleep(0.1)
    return await _until(client, look, holds)


def _has_generated(snapshot: Snapshot) -> bool:
    """Whether the text after the prompt is complete."""
    found = snapshot.generated
    return found is not None and found.source == "prompt" and found.finished


def _is_complete(snapshot: Snapshot) -> bool:
    """Whether everything that the view shows has been measured."""
    seen = snapshot.insight
    if isinstance(seen, Guesses | ValueGuesses):
        return seen.measured > 0
    if isinstance(seen, Memory):
        measured = any(moved is not None and math.isfinite(moved) for moved in seen.moved)
        return measured and all(layer.first for layer in seen.layers)
    if isinstance(seen, Neurons):
        return bool(seen.follows)
    if isinstance(seen, Health):
        return bool(seen.signs and seen.tensors)
    return isinstance(seen, Experiments) and bool(seen.race) and not seen.activity


async def _record_film() -> list[Welcome | Snapshot]:
    async with _engine(load_recipe("tales")) as client:
        welcome = await client.ask(Hello())
        assert isinstance(welcome, Welcome)
        found: list[Welcome | Snapshot] = [welcome]
        for moment in MOMENTS:
            look, after = Look(steps=True), lambda s, m=moment: s.steps and s.elapsed > m
            found.append(await _until(client, look, after, 0.02))
    return found


def record(name: str) -> None:
    """Play a take, or the animation, with a real engine and keep its messages."""
    messages = asyncio.run(_record_film() if name == FILM else _record(TAKES[name]))
    RECORDINGS.mkdir(exist_ok=True)
    (RECORDINGS / f"{name}.jsonl").write_bytes(b"".join(map(encode, messages)))
