"""An engine for tests of the dashboard: a scripted run that replies at once."""

from __future__ import annotations

import asyncio
import dataclasses
import math
from collections.abc import Callable
from typing import Any

from textual import _wait
from textual.events import Paste
from textual.pilot import Pilot

from rnntui.protocol import messages as p
from rnntui.recipe import Recipe, SamplingSettings
from rnntui.tui.app import Dashboard
from rnntui.tui.draw.rows import plain
from rnntui.tui.widgets.cells import CellView
from rnntui.tui.widgets.loss import LossPanel
from rnntui.update_numbers import UpdateNumbers
from tests.support.patience import patiently

# After every key, a pilot waits up to a second until this process has spent 19 of 20 ms at rest; a
# dashboard that follows a run seldom rests so long. Half of 10 ms is enough for the keys.
_wait.SLEEP_GRANULARITY = 0.01
_wait.SLEEP_IDLE = 0.005

SIZE = (120, 40)
LINE = "hello world\n" * 30
HOSTILE = (
    "[/]",
    "[@click=app.quit]x[/]",
    "[bold red]x",
    "\x1b[2J\x1b[6n\x1b]52;c;aGk=\x07",
    "\x9b31m\u202eevil\u2066\u200b",
    "a\x00b\rc\x08d\x7f",
    "漢字 e\u0301\u0301 🇩🇪 ﷽",
)


def curve(step: float, start: float = 2.6, floor: float = 0.35) -> float:
    """Return a typical falling loss."""
    return floor + (start - floor) / (1 + step / 180) + 0.02 * math.sin(step / 7)


class Scripted:
    """Replies to every request from a scripted run; tests read `asked` and change `snapshot`."""

    def __init__(self, recipe: Recipe, updates: int = 3000) -> None:
        self.recipe = recipe
        self.values = recipe.data.task == "values"
        self.asked: list[p.Request] = []
        self.gone = False
        self.silent = False  # accepts commands, but does not reply to them
        self.speed = 0  # updates between two polls
        self.welcome: p.Reply = self._welcome()
        self.snapshot = self._snapshot(updates)

    def _welcome(self) -> p.Welcome:
        return p.Welcome(
            version=p.VERSION, pid=4242, parameters=12_345,
            source="corpus:tales", unit="value" if self.values else "character",
            vocab_size=0 if self.values else 61,
            train_size=88_000, validation_size=9_800,
            split="first 90 % to train, last 10 % to validate",
            steps_per_epoch=110, tokens_per_update=800, total_steps=20_000, total_seconds=None,
            floor=0.31, baselines=() if self.values else (p.Baseline("5-gram", 1.21),),
            features=("sunspots",) if self.values else (),
            notes=("3 line ends changed from CRLF to LF",),
        )  # fmt: skip

    def _snapshot(self, step: int) -> p.Snapshot:
        loss = curve(step)
        return p.Snapshot(
            state="training", step=step, epoch=step / 110,
            numbers=UpdateNumbers(step, step // 110, loss, loss, 0.002, 0.83),
            smooth=loss + 0.01, best=loss, validation=loss + 0.05, best_validation=loss + 0.04,
            lr=0.002, tokens_per_second=412_000.0, updates_per_second=515.0,
            elapsed=42.0, remaining=148.0, pace=None, sampling=SamplingSettings(0.8),
            history=self._history(step),
            validations=tuple(p.Validation(s, curve(s) + 0.05) for s in range(250, step + 1, 250)),
            events=(p.Event(1200, 15.0, "lr", "learning rate 0.004 → 0.002"),), event_count=1,
            steps=self._steps(step), generated=None, alert=None,
        )  # fmt: skip

    @staticmethod
    def _history(step: int) -> p.History:
        level = max(0, math.ceil(math.log2(max(1, step) / 512)))
        at = [n * 2**level for n in range(step // 2**level)]
        return p.History(
            level=level, start=0,
            mean=tuple(curve(s) + 0.15 * math.sin(s * 1.7) / (1 + s / 400) for s in at),
            low=tuple(curve(s) - 0.2 for s in at), high=tuple(curve(s) + 0.25 for s in at),
            smooth=tuple(curve(s) for s in at), bad=(0,) * len(at),
        )  # fmt: skip

    def _steps(self, step: int) -> p.TokenSteps | p.ValueSteps:
        if self.values:
            true = tuple((50 + 40 * math.sin(n / 4),) for n in range(1, 51))
            return p.ValueSteps(
                step=step, input=tuple((50 + 40 * math.sin(n / 4),) for n in range(50)),
                true=true, predicted=tuple((v * 0.9 + 4,) for (v,) in true),
            )  # fmt: skip
        text = LINE[:51].replace("\n", "↵")
        wrong = {4: "p", 17: " ", 33: "e"}
        return p.TokenSteps(
            step=step, input=tuple(text[:-1]), true=tuple(text[1:]),
            predicted=tuple(wrong.get(n, c) for n, c in enumerate(text[1:])),
            probability=tuple(0.12 if n in wrong else (n * 37 % 50) / 100 + 0.5 for n in range(50)),
        )  # fmt: skip

    def change(self, **fields: Any) -> None:
        """Change fields of the next snapshot."""
        self.snapshot = dataclasses.replace(self.snapshot, **fields)

    def write(self, text: str, prompt: str = "hello ", finished: bool = False, **more: Any) -> None:
        """Put a generated text into the next snapshot."""
        generated = p.Generated(
            id=1, source="prompt", step=self.snapshot.step, prompt=prompt, start=0, text=text,
            values=(), finished=finished, warning="",
        )  # fmt: skip
        self.change(generated=dataclasses.replace(generated, **more))

    def alarm(self, title: str = "the loss is not finite", cause: str = "") -> None:
        """Put an alert into the next snapshot."""
        cause = cause or "the learning rate 2.0e-3 is probably too high"
        offer = "restore update 2,950's weights and halve the rate to 1.0e-3"
        self.change(alert=p.Alert(2961, title, cause, offer), state="paused")

    def requests(self, kind: type) -> list[Any]:
        """Return the requests of a kind so far."""
        return [request for request in self.asked if isinstance(request, kind)]

    async def ask(self, request: p.Request) -> p.Reply:
        """Reply as the engine would."""
        await asyncio.sleep(0)
        if self.gone:
            raise ConnectionResetError
        if not isinstance(request, p.Look):
            self.asked.append(request)
        if self.silent and not isinstance(request, p.Look):
            await asyncio.Event().wait()
        return self._reply(request)

    def _reply(self, request: p.Request) -> p.Reply:
        changes: dict[type, Callable[[Any], dict[str, Any]]] = {
            p.Pause: lambda r: {"state": "paused"},
            p.Resume: lambda r: {"state": "training"},
            p.Step: lambda r: {"state": "paused", "step": self.snapshot.step + r.count},
            p.Pace: lambda r: {"pace": r.updates_per_second},
            p.SetLearningRate: lambda r: {"lr": r.lr},
            p.SetSampling: lambda r: {"sampling": self.snapshot.sampling.changed(r.key, r.value)},
            p.Fix: lambda r: {"alert": None, "state": "training", "lr": self.snapshot.lr / 2},
        }
        if isinstance(request, p.Hello):
            return self.welcome
        if isinstance(request, p.Look):
            if self.speed and self.snapshot.state == "training":
                self.change(step=self.snapshot.step + self.speed)
            steps = self.snapshot.steps if request.steps else None
            streams = self.snapshot.streams[: request.streams] if request.steps else ()
            return dataclasses.replace(self.snapshot, steps=steps, streams=streams)
        if type(request) in changes:
            self.change(**changes[type(request)](request))
        return p.Accepted()

    async def connect(self) -> Scripted:
        """Connect, as the dashboard expects it."""
        return self


def dashboard(engine: Scripted, **options: Any) -> Dashboard:
    """Return a dashboard on a scripted engine."""
    return Dashboard(engine.recipe, engine.connect, **options)


async def until(pilot: Pilot[int], met: Callable[[], bool]) -> None:
    """Wait for a condition that must come, and for what is under way on the screen then."""
    for _ in patiently():
        if met():
            return
        await asyncio.sleep(0.01)  # `pause` would ask every widget each time
    raise AssertionError("the condition was never met")


async def ready(pilot: Pilot[int], app: Dashboard) -> None:
    plot = app.main.panel(LossPanel)
    await until(pilot, lambda: app.state.snapshot is not None and plot.size.height > 0)
    await pilot.pause()


async def paste(pilot: Pilot[int], text: str) -> None:
    """Paste a text where the focus is: one event, where typing it takes one for each key."""
    assert pilot.app.focused is not None
    pilot.app.focused.post_message(Paste(text))
    await pilot.pause()


def shown(app: Dashboard) -> str:
    """Return the visible text of the current screen."""
    widgets = [w for w in app.screen.query(CellView) if w.display and w.size.height]
    return "\n".join("\n".join(plain(widget.rows)) for widget in widgets)
