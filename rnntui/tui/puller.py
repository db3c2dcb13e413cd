"""Pulls the run from the engine: a snapshot ten times a second at most, commands as they come."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from rnntui.engine.client import greet
from rnntui.engine.ending import Ending
from rnntui.engine.protocol import (
    Failed,
    Hello,
    Loading,
    Pace,
    Refused,
    Reply,
    Request,
    SetLearningRate,
    SetSampling,
    Snapshot,
    Step,
    Welcome,
)
from rnntui.errors import EngineError
from rnntui.text import safe_text
from rnntui.tui.state import RunState

PERIOD = 0.25  # seconds between snapshots; numbers that change faster cannot be read
IDLE_PERIOD = 0.5  # while nothing happens unless the user does something
LIVELY_PERIOD = 0.1  # while something is being written, or just after a command
STEPS_PERIOD = 0.5  # seconds between views of the steps
EAGER_PERIOD = 0.01  # until the first update has been seen
BEHIND_PERIOD = 0.02  # between looks at whether a slow terminal has caught up
NEWEST_COUNTS = (SetLearningRate, Pace)
GONE = "the training process is gone"


class Engine(Protocol):
    """What answers requests: a client on a socket, or a script in a test."""

    async def ask(self, request: Request, /) -> Reply:
        """The reply to a request."""
        ...


Connect = Callable[[], Awaitable[Engine]]


@dataclass
class _Order:
    """A command on its way, and the fields of the snapshot it is expected to change."""

    request: Request
    fields: tuple[str, ...]


def _replaces(new: Request, old: Request) -> bool:
    """Whether the older of two commands need not be sent any more."""
    if isinstance(new, SetSampling):
        return isinstance(old, SetSampling) and new.key == old.key
    return isinstance(new, NEWEST_COUNTS) and type(old) is type(new)


class Puller:
    """Keeps `state` up to date and sends commands. `run` and `command` are two endless tasks."""

    def __init__(
        self,
        state: RunState,
        connect: Connect,
        *,
        changed: Callable[[], None],
        refused: Callable[[str], None],
        failed: Callable[[str, int], None],
        ready: Callable[[], bool],
        hello: Hello | None = None,
    ) -> None:
        self.state = state
        self.wake = asyncio.Event()
        self._connect = connect
        self._changed = changed
        self._refused = refused
        self._failed = failed
        self._ready = ready
        self._orders: list[_Order] = []
        self._ordered = asyncio.Event()
        self._under_way: Counter[str] = Counter()
        self._commanded = True
        self._steps_at = 0.0
        self._engine: Engine | None = None
        self._hello = hello or Hello()

    def send(self, request: Request, **expected: Any) -> None:
        """Send a command; `expected` fields are shown at once, before the engine confirms them."""
        if self.state.connection == "gone":
            return
        self.state.wanted.update(expected)
        last = self._orders[-1] if self._orders else None
        if last and isinstance(request, Step) and isinstance(last.request, Step):
            last.request = Step(min(1_000_000, last.request.count + request.count))
        elif last and _replaces(request, last.request):
            last.request = request
        else:
            order = _Order(request, tuple(expected))
            self._orders.append(order)
            self._under_way.update(order.fields)
        self._ordered.set()

    async def run(self) -> None:
        """Connect, greet, and look until the engine is gone."""
        try:
            engine = await self._connect()
            reply = await greet(engine.ask, self._hello, self._loading)
            self.state.loading = None
            if not isinstance(reply, Welcome):
                self._no_welcome(reply)
                return
            self.state.welcome = reply
            self._engine = engine
            self._ordered.set()
            while await self._look(engine):
                await self._wait()
        except (EngineError, OSError) as error:
            self._gone(str(error) if isinstance(error, EngineError) else GONE)

    def _loading(self, loading: Loading) -> None:
        self.state.loading = loading
        self._changed()

    async def command(self) -> None:
        """Send what was ordered, one after the other."""
        try:
            while True:
                await self._ordered.wait()
                self._ordered.clear()
                while self._engine and self._orders:
                    await self._carry_out(self._engine, self._orders.pop(0))
        except (EngineError, OSError) as error:
            self._gone(str(error) if isinstance(error, EngineError) else GONE)

    async def say(self, request: Request) -> None:
        """Send one last request; whether it arrives is no concern."""
        if self._engine and self.state.connection == "live":
            await self._engine.ask(request)

    async def _carry_out(self, engine: Engine, order: _Order) -> None:
        reply = await engine.ask(order.request)
        self._under_way.subtract(order.fields)
        if isinstance(reply, Refused):
            for name in order.fields:
                self.state.wanted.pop(name, None)
            self._refused(reply.reason)
        elif isinstance(reply, Failed):
            self._failed(reply.message, reply.exit_code)
        self._commanded = True
        self.wake.set()

    async def _look(self, engine: Engine) -> bool:
        now = time.monotonic()
        steps = self._commanded or now - self._steps_at >= STEPS_PERIOD
        confirmed = [name for name in self.state.wanted if self._under_way[name] <= 0]
        self._commanded = False
        reply = await engine.ask(self.state.look(steps))
        if isinstance(reply, Failed):
            self._failed(reply.message, reply.exit_code)
            return False
        if isinstance(reply, Refused):
            self._refused(reply.reason)
            return True
        if isinstance(reply, Snapshot):
            self.state.take(reply)
            if reply.steps is not None:
                self._steps_at = now
            for name in confirmed:
                if self._under_way[name] <= 0:
                    self.state.wanted.pop(name, None)
            self._changed()
        return True

    async def _wait(self) -> None:
        """Until the next snapshot is due, a command was carried out, or the terminal caught up."""
        await self._sleep(self._period())
        while not self._ready():
            await self._sleep(BEHIND_PERIOD)

    def _period(self) -> float:
        state, snapshot = self.state, self.state.snapshot
        if snapshot is None or (snapshot.step == 0 and snapshot.state in ("loading", "training")):
            return EAGER_PERIOD
        if state.wanted or (state.written is not None and not state.written.finished):
            return LIVELY_PERIOD
        return PERIOD if snapshot.state == "training" else IDLE_PERIOD

    async def _sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(seconds, self.wake.set)
        await self.wake.wait()
        timer.cancel()
        self.wake.clear()

    def _no_welcome(self, reply: Reply) -> None:
        if isinstance(reply, Failed):
            self._failed(reply.message, reply.exit_code)
        elif isinstance(reply, Refused):
            self._failed(reply.reason, EngineError.exit_code)
        else:
            self._failed("the training process talks nonsense", EngineError.exit_code)

    def _gone(self, reason: str) -> None:
        if self.state.connection != "gone":
            self.state.connection = "gone"
            self.state.ending = Ending("failed", safe_text(reason))
            self.state.wanted.clear()
            self._changed()
