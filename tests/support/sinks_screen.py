"""Shows every text of messages and recipes on the dashboard; a program to run on a terminal.

python -m tests.support.sinks_screen COUNT SEED TASK REPORT

Each frame fills every text that an engine can send, as the codec lets it through, with new strings.
The file REPORT counts in how many frames each was visible: {text: [frames, visible in]}.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
import types
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from rnntui.protocol import insight
from rnntui.protocol import messages as p
from rnntui.protocol.codec import decode_reply, encode
from rnntui.recipe import Recipe, keys
from rnntui.tui.app import Dashboard
from rnntui.tui.draw.rows import plain
from rnntui.tui.views import VIEWS
from rnntui.tui.widgets.insight import InsightPanel
from rnntui.tui.widgets.loss import LossPanel
from tests.support.examples import experiments, forecasts, guesses, health, memory, neurons
from tests.support.hostile import as_utf8, hostile
from tests.support.scripted import Scripted, shown

SIZE = (120, 40)
LONGEST = 200  # characters of a text in a message, as limited by the engine
MANY = {
    "Generated.text": 12, "Welcome.notes": 3, "Welcome.features": 2, "TokenSteps": 8,
    "Passage.tokens": 8, "Health.absent": 3, "Race.distances": 3,
}  # fmt: skip

# Where each text is visible: on the dashboard for tokens or values, on a page, in a view or on the
# page that explains it, in a view that measured nothing, or nowhere.
Place = Literal[
    "loading", "tokens", "values", "info", "events",
    "guesses", "memory", "neurons", "health", "experiments", "unmeasured", "",
]  # fmt: skip
# The recipe's notes tell what they led to.
UNSEEN = (
    "time", "time_format", "missing_values", "target", "inputs", "exclude", "series", "encoding",
)  # fmt: skip
SEEN: dict[str, Place] = {
    "Recipe.name": "tokens",
    "Recipe.title": "info",
    "Recipe.about": "info",
    "Recipe.source": "info",
    "Recipe.columns": "info",
    **{f"Recipe.{name}": "" for name in UNSEEN},
    "Recipe.prompt": "info",
    "Loading.text": "loading",
    "Welcome.source": "info",
    "Welcome.unit": "info",
    "Welcome.split": "info",
    "Welcome.features": "values",
    "Welcome.notes": "info",
    "Fact.label": "info",
    "Fact.words": "info",
    "Welcome.run": "",
    "Welcome.news": "",
    "Welcome.unsaved": "",  # in the place of the news, and after the dashboard has closed
    "Snapshot.disk": "",
    "Snapshot.waiting": "",
    "Snapshot.runs": "",  # on stderr, after the dashboard has closed
    "Ended.reason": "",
    "Ended.unsaved": "",  # on stderr, after the dashboard has closed
    "Baseline.name": "info",
    "Event.text": "events",
    "Event.who": "",
    "TokenSteps.input": "tokens",
    "TokenSteps.true": "tokens",
    "TokenSteps.predicted": "tokens",
    "Generated.prompt": "tokens",
    "Generated.text": "tokens",
    "Generated.warning": "tokens",
    "Generated.others": "tokens",
    "Outlook.method": "values",
    "Outlook.verdict": "",  # a row for it is the first thing that a low panel lacks
    "Outlook.times_before": "",  # ticks: a few of many
    "Outlook.times": "values",
    "ValueSteps.times": "",
    "MethodErrors.name": "health",
    "TargetErrors.target": "health",
    "PastText.prompt": "",  # on a page of its own, which has its own test
    "PastText.texts": "",
    "Alert.title": "tokens",
    "Alert.cause": "tokens",
    "Alert.fix": "tokens",
    "Refused.reason": "tokens",
    "Failed.message": "",  # on stderr, after the dashboard has closed
    "a pasted prompt": "tokens",
    "Snapshot.insight_problem": "unmeasured",
    "Finding.id": "",
    "Finding.title": "health",
    "Finding.short": "health",
    "Finding.advice": "health",
    "Evidence.name": "health",
    "Setting.key": "health",
    "Setting.value": "health",
    "Passage.tokens": "neurons",
    "Passage.cell": "",
    "Quantity.name": "guesses",
    "Quantity.formula": "guesses",
    "Choice.token": "guesses",
    "Kind.name": "guesses",
    "Confusion.true": "",  # there, but cut to fewer cells than a mark has
    "Confusion.guess": "",
    "Guesses.ranked": "guesses",
    "Gate.name": "memory",
    "Gate.meaning": "memory",
    "Memory.target": "memory",
    "Follows.feature": "neurons",
    "UnitRow.levels": "",
    "Sign.id": "",
    "Sign.name": "health",
    "Sign.now": "health",
    "Sign.usual": "health",
    "Sign.meaning": "health",
    "Tensor.name": "health",
    "Tensor.meaning": "health",
    "GradientCheck.text": "health",
    "Health.absent": "health",
    "Health.dismissed": "",
    "Lane.name": "experiments",
    "Race.key": "experiments",
    "Race.distances": "experiments",
    "Experiments.runs": "experiments",
    "Experiments.activity": "experiments",
}
POSITIONS = 8  # of the passages below: strings take more room than characters


def _short(passage: insight.Passage) -> insight.Passage:
    return dataclasses.replace(passage, tokens=passage.tokens[:POSITIONS])


def _views() -> dict[str, dict[str, Any]]:
    """Return what a snapshot has for each view."""
    ranked = tuple(tokens[:POSITIONS] for tokens in guesses.GUESSES.ranked)
    seen = dataclasses.replace(guesses.GUESSES, ranked=ranked, at=POSITIONS - 1)
    remembered = dataclasses.replace(memory.MEMORY, at=POSITIONS - 1)
    checked = dataclasses.replace(health.HEALTH, check=health.CHECKED)
    busy = dataclasses.replace(experiments.EXPERIMENTS, activity="race")
    return {
        "guesses": {"insight": seen, "passage": _short(guesses.PASSAGE)},
        "memory": {"insight": remembered, "passage": _short(memory.MEMORY_PASSAGE)},
        "neurons": {"insight": neurons.NEURONS, "passage": _short(neurons.PASSAGE)},
        "health": {"insight": checked, "findings": health.FINDINGS, "backtest": forecasts.WINS},
        "experiments": {"insight": busy},
    }


def texts_of(kind: type, found: dict[str, None] | None = None) -> dict[str, None]:
    """Return the names of the texts in a message and its parts, as class.field."""
    found = {} if found is None else found
    for name, hint in get_type_hints(kind).items():
        for part in _parts(hint):
            if part is str:
                found[f"{kind.__name__}.{name}"] = None
            elif dataclasses.is_dataclass(part):
                texts_of(part, found)  # type: ignore[arg-type]
    return found


def all_texts() -> set[str]:
    """Return the names of all texts that can reach a dashboard."""
    found = {"a pasted prompt", "Recipe.name", "Recipe.title", "Recipe.about"}
    free = [leaf for leaf in keys() if str in leaf.types and leaf.accepts() == "text"]
    found |= {f"Recipe.{leaf.name}" for leaf in free}
    return found.union(*(texts_of(kind) for kind in p.REPLIES.values()))


def _parts(hint: Any) -> Iterator[Any]:
    """Yield the types that a value may consist of."""
    if get_origin(hint) in (Union, types.UnionType, tuple, Annotated):
        for part in get_args(hint):
            yield from _parts(part)
    elif get_origin(hint) is not Literal:
        yield hint


class Strings:
    """Hands out strings and records where each was used in this frame."""

    def __init__(self, strings: list[str]) -> None:
        self._strings = cycle(strings)
        self.given: dict[str, list[str]] = {}
        self.long = False  # a long text leaves no room for its prompt

    def __call__(self, name: str) -> str:
        count = MANY.get(name, 1) if self.long else 1
        texts = [as_utf8(next(self._strings))[:LONGEST] for _ in range(count)]
        self.given.setdefault(name, []).extend(texts)
        return "\n".join(texts)


def filled(message: Any, text: Strings) -> Any:
    """Return the message with a string in place of each text."""
    kind, changes = type(message), {}
    for name in get_type_hints(kind):
        value, where = getattr(message, name), f"{kind.__name__}.{name}"
        if where not in SEEN and isinstance(value, str):
            continue  # one of a fixed set of words
        if isinstance(value, str):
            changes[name] = text(where)
        elif isinstance(value, tuple) and value and isinstance(value[0], str):
            count = MANY.get(kind.__name__, MANY.get(where, 1))
            changes[name] = tuple(text(where) for _ in range(count))
        elif where == "Guesses.ranked":
            changes[name] = tuple(tuple(text(where) for _ in row) for row in value)
        elif isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
            changes[name] = tuple(filled(item, text) for item in value)
        elif dataclasses.is_dataclass(value):
            changes[name] = filled(value, text)
    return dataclasses.replace(message, **changes)


def sent(message: Any) -> Any:
    """Return the message as received from the socket."""
    return decode_reply(encode(message))


class Mute:
    """An engine that never replies."""

    async def ask(self, _request: p.Request) -> p.Reply:
        """Wait forever."""
        await asyncio.Event().wait()
        raise AssertionError


class Tour:
    """Shows frame after frame."""

    def __init__(self, count: int, seed: int, task: str) -> None:
        self.text = Strings(hostile(count, seed) if seed else harmless(count))
        self.count = count
        recipe = Recipe(name="x").replace(task=task)
        self.engine = Scripted(recipe)
        if isinstance(steps := self.engine.snapshot.steps, p.ValueSteps):
            twice = [
                tuple((v, v) for (v,) in r) for r in (steps.input, steps.true, steps.predicted)
            ]
            times = tuple("x" for _ in steps.true)
            self.engine.change(steps=p.ValueSteps(steps.step, *twice, times=times))
        self.app = Dashboard(recipe, self._connect)
        self.frames: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.number = 0

    async def _connect(self) -> Mute:
        return Mute()

    async def run(self) -> None:
        """Show all frames, then quit."""
        while self.app.main.panel(LossPanel).size.height == 0:
            await asyncio.sleep(0.01)
        for _ in range(8):
            self.text.given = {}
            self.app.state.loading = sent(p.Loading(self.text("Loading.text"), 0.5, 1e6))
            self.app.main.redraw()
            await self._look("loading")
        self.app.state.loading = None
        while self.number * 30 < self.count:  # a frame takes about 30 strings
            self.number += 1
            self._next()
            await self._look("values" if self.app.state.values else "tokens")
            for page in ("info", "events") if self.number % 4 == 0 else ():
                self.app.open_page(page)
                await self._painted()
                self._note(page, "\n".join("".join(t for t, _ in r) for r in self._page_rows()))
                self.app.pop_screen()
                await self._painted()
            if self.number % 4 == 1:
                await self._visit_views()
        self.app.exit(return_code=0)

    async def _visit_views(self) -> None:
        """Show every view and its page, then the first one again."""
        for view in VIEWS[1:]:
            self.text.given = {}
            self.app.show_view(view)
            self._show(insight_problem="x", insight=None, passage=None)
            await self._look("unmeasured" if view.name in ("guesses", "memory") else "")
            self.text.given = {}
            self._show(**_views()[view.name])
            await self._painted()
            panel = self.app.main.panel_named(view.name)
            assert isinstance(panel, InsightPanel)
            self._note(view.name, shown(self.app) + "\n".join(plain(panel.explained(SIZE[0]))))
        self.app.show_view(VIEWS[0])

    def _show(self, **fields: Any) -> None:
        """Show a snapshot with these fields, and strings for all texts."""
        snapshot = dataclasses.replace(self.engine.snapshot, **fields)
        self.app.state.apply(sent(filled(snapshot, self.text)))
        self.app.main.redraw()

    def _page_rows(self) -> Any:
        return self.app.screen.text._make(SIZE[0])  # type: ignore[attr-defined]

    def _next(self) -> None:
        self.text.given, self.text.long = {}, self.number % 2 == 0
        state, text, step = self.app.state, self.text, 3000 + self.number
        about = "\n\n".join(text("Recipe.about") for _ in range(2))
        recipe = dataclasses.replace(
            state.recipe, name=text("Recipe.name"), title=text("Recipe.title"), about=about
        )
        texts = {name: text(f"Recipe.{name}") for name in ("source", "columns", "prompt")}
        others = ("x",) if self.number % 3 == 0 else ()
        self.engine.write("x", id=self.number, prompt="x", warning="x", step=step, others=others)
        if state.values:
            self.engine.write(
                "", id=self.number, prompt="x", step=step, values=((1.0, 2.0), (2.0, 3.0)),
                outlook=forecasts.OUTLOOK,
            )  # fmt: skip
        self.engine.change(alert=p.Alert(step, "x", "x", "x"), step=step, event_count=self.number)
        state.recipe = recipe.replace(**texts)
        welcome: Any = self.engine.welcome
        state.welcome = sent(
            filled(dataclasses.replace(welcome, features=("x",), facts=(p.Fact("x", "x"),)), text)
        )
        state.apply(sent(filled(self.engine.snapshot, text)))
        self.app.main.prompt.value = text("a pasted prompt")
        self.app.show_notice(sent(p.Refused(text("Refused.reason"))).reason, "warning")
        self.app.main.redraw()

    async def _look(self, place: str) -> None:
        await self._painted()
        self._note(place, shown(self.app) + self.app.main.prompt.value)

    async def _painted(self) -> None:
        painted = asyncio.Event()
        self.app.call_after_refresh(painted.set)
        await painted.wait()

    def _note(self, place: str, screen: str) -> None:
        for name, texts in self.text.given.items():
            if SEEN[name] == place:
                self.frames[name] += 1
                # Only the mark: there may be no room for the rest.
                self.seen[name] += any(t[: t.index("q", 1) + 1] in screen for t in texts)


def harmless(count: int) -> list[str]:
    """Return so many harmless strings."""
    return [f"q{n}qjust a few words of {n % 7 * 'some '}text" for n in range(count)]


def main(count: int, seed: int, task: str, report: str) -> None:
    """Run the tour on this terminal."""
    for name in ("COLUMNS", "LINES"):  # they would hide the terminal's own size
        os.environ.pop(name, None)
    tour = Tour(count, seed, task)

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            tour.app.crashed(error)

    async def start() -> None:
        running = asyncio.create_task(tour.run())
        running.add_done_callback(ended)

    tour.app.call_later(start)
    tour.app.run()
    if tour.app.crash is not None:
        raise tour.app.crash
    found = {name: [frames, tour.seen[name]] for name, frames in tour.frames.items()}
    Path(report).write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
