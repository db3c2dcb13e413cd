"""The dashboard's app without its commands: how it starts, follows the run, and ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from textual import events
from textual.timer import Timer
from textual.widgets import Input

from rnntui.engine.ending import Ending
from rnntui.engine.protocol import Hello, Request, Stop
from rnntui.errors import EngineError
from rnntui.order import this_terminal
from rnntui.recipe import Recipe
from rnntui.text import safe_text
from rnntui.tui.caches import forget_drawn
from rnntui.tui.draw import Glyphs
from rnntui.tui.puller import Connect, Puller
from rnntui.tui.screens.main import MainScreen
from rnntui.tui.signals import Signals, terminal_gone
from rnntui.tui.state import Display, RunState
from rnntui.tui.terminal import TerminalApp
from rnntui.tui.themes import OWN

HANG_UP, TERMINATED = 129, 143
NOTICE_SECONDS = 2.5
GONE_CHECK_SECONDS = 2.0
FORGET_SECONDS = 60.0
STOP_PATIENCE = 0.03  # seconds the engine has to take a Stop before it gets a signal


AskEnding = Callable[[], Awaitable[Ending | None]]


async def _unknown() -> Ending | None:
    return None


def _soon(loop: asyncio.AbstractEventLoop, leave: Callable[[int], None], code: int) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended: we are leaving already
        loop.call_soon_threadsafe(leave, code)


class Shell(TerminalApp):
    """Shows one run. `connect` makes the connection to its engine."""

    TITLE = "rnntui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False

    def __init__(
        self,
        recipe: Recipe,
        connect: Connect,
        *,
        glyphs: Glyphs = "braille",
        theme: str = "dark",
        ending: AskEnding = _unknown,
        stop_engine: Callable[[], None] = lambda: None,
        kept: bool = False,
        read_only: bool = False,
    ) -> None:
        """`ending` says how a training process that is gone has ended; None: it is not known.

        `kept`: training may go on without this app. `read_only`: it is not ours to command.
        """
        super().__init__()
        self.kept, self.read_only = kept, read_only
        self.stopped = False  # training was ended by leaving
        self.state: RunState = RunState(recipe)
        self.display_options = Display(glyphs=glyphs)
        self.failure = ""
        for own in OWN.values():
            self.register_theme(own)
        self.theme = theme
        self._stop_engine, self._ending = stop_engine, ending
        self._leaving = False
        self._finished = self._disk_failed = self._asked_ending = False
        self._signals: Signals | None = None
        self._notice_timer: Timer | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._connect = connect

    # ---- start and end ----------------------------------------------------------------------

    def get_default_screen(self) -> MainScreen:
        """The dashboard itself."""
        self.main = MainScreen(self.state, self.display_options)
        return self.main

    def on_mount(self) -> None:
        """Begin to pull."""
        self.app_resume_signal.subscribe(self, self._resumed)
        self.puller = Puller(
            self.state,
            self._connect,
            changed=self.follow,
            refused=lambda reason: self.say(safe_text(reason), "warning"),
            failed=self.fail,
            ready=lambda: self.caught_up,
            hello=Hello(who=this_terminal(), read_only=self.read_only),
        )
        self._start(self.puller.run())
        self._start(self.puller.command())
        self.set_interval(GONE_CHECK_SECONDS, self._check_terminal)
        self.set_interval(FORGET_SECONDS, forget_drawn)
        if self._signals is not None:
            loop = asyncio.get_running_loop()
            self._signals.leave = lambda code: _soon(loop, self.leave, code)

    def on_ready(self) -> None:
        """After the first frame: what is there now stays, so the collector need not look at it."""
        gc.freeze()
        gc.enable()

    def _start(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        task.add_done_callback(self._job_ended)
        self._tasks.append(task)

    def _job_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.crashed(error)

    def obey(self, signals: Signals) -> None:
        """Leave on signals, from the moment the event loop turns."""
        self._signals = signals

    def leave(self, code: int, stop: bool | None = None) -> None:
        """End the app with an exit code, and training too if that is wanted.

        Without a word on it a run that is kept goes on where nobody asked for its end: a hang-up
        or a SIGTERM is about this process only.
        """
        if self._leaving:
            return
        self._leaving = True
        if stop is None:
            stop = code not in (HANG_UP, TERMINATED)
        self.stopped = not self.read_only and (stop or not self.kept)
        if code == 0 and (ending := self.state.ending):
            code, self.failure = 0 if ending.sound else EngineError.exit_code, ending.text
        self._tasks.append(asyncio.create_task(self._leave(code)))

    async def _leave(self, code: int) -> None:
        if self.stopped:
            with contextlib.suppress(TimeoutError, EngineError, OSError):
                await asyncio.wait_for(self.puller.say(Stop()), STOP_PATIENCE)
            self._stop_engine()
        self._end(code)

    def _end(self, code: int) -> None:
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        self.exit(return_code=code)

    def fail(self, message: str, code: int) -> None:
        """The run cannot start or has broken off: leave with the engine's line and code."""
        self.failure = safe_text(message)
        self._leaving = True
        if not self.read_only:
            self._stop_engine()
        self._end(code)

    def hang_up(self) -> None:
        """The terminal is gone: so is whoever looked."""
        self.leave(HANG_UP)

    def _check_terminal(self) -> None:
        if not self.is_headless and terminal_gone():
            self.hang_up()

    def _resumed(self, _app: object) -> None:
        self.forget_question()
        self.main.redraw()
        self.screen.refresh(layout=True)
        for widget in self.screen.query("*"):
            widget.refresh()

    async def action_quit(self) -> None:
        """Textual's own quit leaves as ours does."""
        self.leave(0)

    async def _explain(self) -> None:
        """How the training process ended, once that is known."""
        if ending := await self._ending():
            self.state.ending = ending
            self.follow()

    # ---- news and notices -------------------------------------------------------------------

    def follow(self) -> None:
        """Draw what a snapshot brought; then ask whether the terminal keeps up."""
        if not self.is_running or self._leaving:
            return
        if self.state.connection == "gone" and not self._asked_ending:
            self._asked_ending = True
            self._start(self._explain())
        self._tell_news()
        self.main.follow()
        if self.screen is not self.main:
            self.screen.follow()  # type: ignore[attr-defined]
        self.call_after_refresh(self.ask_terminal)

    def _tell_news(self) -> None:
        """What nobody may miss: the end."""
        if self.state.state == "finished" and not self._finished:
            self.say("finished: g still lets it write, q leaves", seconds=10.0)
        elif self._disk_failed and not self.state.disk and self.state.connection == "live":
            self.say("saving works again")
        self._disk_failed = bool(self.state.disk)
        self._finished = self.state.state == "finished"

    def say(self, text: str, role: str = "", seconds: float = NOTICE_SECONDS) -> None:
        """Show a line for a while."""
        if self._notice_timer is not None:
            self._notice_timer.stop()
        self.main.say(text, role)
        self._notice_timer = self.set_timer(seconds, lambda: self.main.say("", ""))

    def order(self, request: Request, notice: str, **expected: Any) -> None:
        """Send a command and show its effect before the engine confirms it."""
        self.puller.send(request, **expected)
        self.say(notice)
        self.main.follow()

    async def on_event(self, event: events.Event) -> None:
        """Letters typed right behind the key that opens a line to type in belong to that line."""
        typed_ahead = isinstance(event, events.Key) and event.is_forwarded and event.is_printable
        if typed_ahead and isinstance(self.focused, Input) and isinstance(event, events.Key):
            self.focused.insert_text_at_cursor(event.character or "")
        else:
            await super().on_event(event)

    @property
    def prompting(self) -> bool:
        """Whether keys go to the prompt."""
        return self.is_running and self.main.focused is self.main.input
