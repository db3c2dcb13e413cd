"""Polls the engine: at most ten snapshots a second, and commands as they are queued."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

from rnntui.dataclass import dataclass
from rnntui.engine.client import UnexpectedReplyError, greet
from rnntui.engine.ending import Ending
from rnntui.errors import EngineError
from rnntui.protocol.messages import (
    Ended,
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
from rnntui.text import safe_text
from rnntui.tui.state import RunState

PERIOD = 0.25  # seconds between snapshots; faster changes cannot be read
CALM_PERIOD = 0.4  # the same once a fast run has trained for some seconds
MOST_CALM = 2.0  # times as rarely: time steps of different updates, which are read one by one
IDLE_PERIOD = 0.5  # while only the user can cause changes
LIVELY_PERIOD = 0.1  # while text is being generated, or just after a command
STEPS_PERIOD = 0.5  # seconds between requests for the time steps
UNHURRIED = 2  # further streams that add as much again: there is more to read and to send
EAGER_PERIOD = 0.01  # until the first update
SILENT_AFTER, SILENT_PERIOD = 3.0, 1.0  # seconds without a reply: first notice, then each next
BEHIND_PERIOD = 0.02  # between checks whether a slow terminal has caught up
REPLACEABLE = (SetLearningRate, Pace)
GONE = "the training process is gone"


class Engine(Protocol):
    """Answers requests: a client on a socket, or a script in a test."""

    async def ask(self, request: Request, /) -> Reply:
        """Return the reply to a request."""
        ...


Connect = Callable[[], Awaitable[Engine]]


@dataclass
class _Command:
    """A queued command, and the fields of the snapshot it is expected to change."""

    request: Request
    fields: tuple[str, ...]


def _replaces(new: Request, old: Request) -> bool:
    """Return whether a new command makes an older one unnecessary."""
    if isinstance(new, SetSampling):
        return isinstance(old, SetSampling) and new.key == old.key
    return isinstance(new, REPLACEABLE) and type(old) is type(new)


class Poller:
    """Keeps `state` up to date and sends commands; `run` and `command` are two endless tasks."""

    def __init__(
        self,
        state: RunState,
        connect: Connect,
        *,
        changed: Callable[[], None],
        refused: Callable[[str], None],
        failed: Callable[[str, int], None],
        foreign: Callable[[str], None],
        ready: Callable[[], bool],
        hello: Hello | None = None,
    ) -> None:
        self.state = state
        self.wake = asyncio.Event()
        self._connect = connect
        self._changed = changed
        self._refused = refused
        self._failed = failed
        self._foreign = foreign
        self._ready = ready
        self._queue: list[_Command] = []
        self._queued = asyncio.Event()
        self._in_flight: Counter[str] = Counter()
        self._commanded = True
        self._steps_at = -math.inf
        self._engine: Engine | None = None
        self._hello = hello or Hello()

    def send(self, request: Request, **expected: Any) -> None:
        """Queue a command; `expected` fields are shown at once, before the engine confirms them."""
        if self.state.connection == "gone":
            return
        self.state.pending.update(expected)
        last = self._queue[-1] if self._queue else None
        if last and isinstance(request, Step) and isinstance(last.request, Step):
            last.request = Step(min(1_000_000, last.request.count + request.count))
        elif last and _replaces(request, last.request):
            last.request = request
        else:
            command = _Command(request, tuple(expected))
            self._queue.append(command)
            self._in_flight.update(command.fields)
        self._queued.set()

    def ask_steps(self) -> None:
        """Ask for time steps with the next snapshot, which is due now."""
        self._steps_at = -math.inf
        self.wake.set()

    async def run(self) -> None:
        """Connect, greet, and poll until the engine is gone."""
        try:
            engine = await self._connect()
            try:
                reply = await greet(partial(self._ask, engine), self._hello, self._loading)
            except UnexpectedReplyError as error:
                self._foreign(str(error))
                return
            self.state.loading = None
            if not isinstance(reply, Welcome):
                self._no_welcome(reply)
                return
            self.state.set_welcome(reply)
            self._engine = engine
            self._queued.set()
            while await self._poll(engine):
                await self._wait()
        except (EngineError, OSError) as error:
            self._gone(str(error) if isinstance(error, EngineError) else GONE)

    async def _ask(self, engine: Engine, request: Request) -> Reply:
        """Return the reply to a request; meanwhile show how long it has been missing."""
        asked, task = time.monotonic(), asyncio.ensure_future(engine.ask(request))
        try:
            first = SILENT_AFTER
            while not (await asyncio.wait((task,), timeout=first))[0]:
                first = SILENT_PERIOD
                self.state.silent = time.monotonic() - asked
                self._changed()
            return task.result()
        finally:
            self.state.silent = 0.0
            task.cancel()

    def _loading(self, loading: Loading) -> None:
        self.state.loading = loading
        self._changed()

    async def command(self) -> None:
        """Send queued commands one after the other."""
        try:
            while True:
                await self._queued.wait()
                self._queued.clear()
                while self._engine and self._queue:
                    await self._send(self._engine, self._queue.pop(0))
        except (EngineError, OSError) as error:
            self._gone(str(error) if isinstance(error, EngineError) else GONE)

    async def _send(self, engine: Engine, command: _Command) -> None:
        reply = await engine.ask(command.request)
        self._in_flight.subtract(command.fields)
        if isinstance(reply, Ended):
            self._ended(reply)
        elif isinstance(reply, Refused):
            for name in command.fields:
                self.state.pending.pop(name, None)
            self._refused(reply.reason)
        elif isinstance(reply, Failed):
            self._failed(reply.message, reply.exit_code)
        self._commanded = True
        self.wake.set()

    async def _poll(self, engine: Engine) -> bool:
        now = time.monotonic()
        period = STEPS_PERIOD * min(MOST_CALM, self.state.calm)
        period *= 1 + len(self.state.streams) / UNHURRIED
        steps = self._commanded or now - self._steps_at >= period
        confirmed = [name for name in self.state.pending if self._in_flight[name] <= 0]
        self._commanded = False
        reply = await self._ask(engine, self.state.look(steps))
        if isinstance(reply, Ended):
            self._ended(reply)
            return False
        if isinstance(reply, Failed):
            self._failed(reply.message, reply.exit_code)
            return False
        if isinstance(reply, Refused):
            self._refused(reply.reason)
            return True
        if isinstance(reply, Snapshot):
            self.state.apply(reply)
            if reply.steps is not None:
                self._steps_at = now
            for name in confirmed:
                if self._in_flight[name] <= 0:
                    self.state.pending.pop(name, None)
            self._changed()
        return True

    async def _wait(self) -> None:
        """Wait until the next poll is due or a command was executed, and the terminal caught up."""
        await self._sleep(self._period())
        while not self._ready():
            await self._sleep(BEHIND_PERIOD)

    def _period(self) -> float:
        state, snapshot = self.state, self.state.snapshot
        if snapshot is None or (snapshot.step == 0 and snapshot.state in ("loading", "training")):
            return EAGER_PERIOD
        if state.pending or (state.generated is not None and not state.generated.finished):
            return LIVELY_PERIOD
        if snapshot.state != "training":
            return IDLE_PERIOD
        return PERIOD if state.calm == 1 else CALM_PERIOD

    async def _sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(seconds, self.wake.set)
        await self.wake.wait()
        timer.cancel()
        self.wake.clear()

    def _no_welcome(self, reply: Reply) -> None:
        if isinstance(reply, Failed):
            self._failed(reply.message, reply.exit_code)
        elif isinstance(reply, Ended):
            self._ended(reply)
        elif isinstance(reply, Refused):
            self._foreign(reply.reason)
        else:
            self._foreign(f"unexpected reply from the training process: {type(reply).__name__}")

    def _ended(self, ended: Ended) -> None:
        """Handle the end of the run as reported by the training process."""
        self.state.end(ended)
        self._changed()

    def _gone(self, reason: str) -> None:
        if self.state.connection != "gone":
            self.state.connection = "gone"
            self.state.ending = Ending("failed", safe_text(reason))
            self.state.pending.clear()
            self._changed()
