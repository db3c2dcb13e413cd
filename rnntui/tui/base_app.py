"""The dashboard's app without its commands: startup, updates from the run, and shutdown."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from textual import events, on
from textual.timer import Timer
from textual.widgets import Input

from rnntui.engine.ending import Ending
from rnntui.errors import EngineError
from rnntui.protocol.insight import InsightLook
from rnntui.protocol.messages import Hello, Request
from rnntui.recipe import Recipe
from rnntui.runs.job import this_terminal
from rnntui.text import safe_text
from rnntui.tui.caches import forget_drawing_caches, forget_theme_caches
from rnntui.tui.display import Display
from rnntui.tui.leaving import HANG_UP, stops_training
from rnntui.tui.look import Layout, Look
from rnntui.tui.poller import Connect, Poller
from rnntui.tui.screens.main import MainScreen
from rnntui.tui.signals import Signals, terminal_gone
from rnntui.tui.state import RunState
from rnntui.tui.terminal import TerminalApp
from rnntui.tui.themes import OWN
from rnntui.tui.views import VIEWS
from rnntui.tui.views.arrangement import pairs
from rnntui.tui.views.view import View
from rnntui.tui.widgets.prompt import PromptInput

NOTICE_SECONDS = 2.5
GONE_CHECK_SECONDS = 2.0
FORGET_SECONDS = 60.0


AskEnding = Callable[[], Awaitable[Ending | None]]


async def _unknown() -> Ending | None:
    return None


class BaseApp(TerminalApp):
    """An app that shows one run; `connect` opens the connection to its engine."""

    TITLE = "rnntui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False

    def __init__(
        self,
        recipe: Recipe,
        connect: Connect,
        *,
        look: Look,
        ending: AskEnding = _unknown,
        stop_engine: Callable[[], None] = lambda: None,
        suspended: Callable[[], bool] = lambda: False,
        kept: bool = False,
        attached: bool = False,
        read_only: bool = False,
        runs: Path | None = None,
    ) -> None:
        """Create an app that shows one run.

        `ending` returns how the training process ended, None if unknown. `suspended` returns
        whether a signal has suspended the training process. `kept`: training may continue without
        this app. `attached`: this app did not start it. `read_only`: it must not control it.
        `runs`: the directory of the run's directory, if it is saved.
        """
        super().__init__()
        self.runs = runs
        self.kept, self.read_only = kept, read_only
        self.attached: bool = attached
        self.foreign = ""  # why this version cannot control the training process
        self.stopped = False  # quitting stops training
        self.state: RunState = RunState(recipe)
        self.display_options = Display(
            glyphs=look.glyphs or "braille", read_only=read_only, layout=look.layout
        )
        self.view: View = next((v for v in VIEWS if v.name == look.view), VIEWS[0])  # in focus
        self.second: View | None = None  # shown beside the first view on a wide terminal
        if self.view is not VIEWS[0]:
            self.second = self.view
        self._chosen = look.view is not None  # the user has opened or closed a view
        self.state.insight_look = InsightLook(view=self.view.name)
        self.failure = ""
        for own in OWN.values():
            self.register_theme(own)
        self.theme = look.theme or "dark"
        self.follows_background = True  # until the user chooses a theme
        self._stop_engine, self._ending, self._suspended = stop_engine, ending, suspended
        self._quitting = False
        self._finished = self._disk_failed = self._asked_ending = False
        self._signals: Signals | None = None
        self._notice_timer: Timer | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._connect = connect

    # ---- start and end ----------------------------------------------------------------------

    def get_default_screen(self) -> MainScreen:
        """Return the main screen."""
        self._open_second()
        self.main = MainScreen(self.state, self.display_options, self.view, self._pair)
        self._tell_views()
        return self.main

    def on_mount(self) -> None:
        """Start polling the engine."""
        self.app_resume_signal.subscribe(self, self._resumed)
        self.poller = Poller(
            self.state,
            self._connect,
            changed=self.follow,
            refused=lambda reason: self.show_notice(safe_text(reason), "warning"),
            failed=self.fail,
            foreign=self.quit_as_foreign,
            ready=lambda: self.caught_up,
            hello=Hello(who=this_terminal(), read_only=self.read_only),
        )
        self._start(self.poller.run())
        self._start(self.poller.command())
        self.set_interval(GONE_CHECK_SECONDS, self._check_terminal)
        self.set_interval(FORGET_SECONDS, forget_drawing_caches)
        if self._signals is not None:
            self._signals.quit_in_loop(self.quit)

    def on_ready(self) -> None:
        """Exclude everything loaded before the first frame from garbage collection."""
        gc.freeze()
        gc.enable()

    def _start(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        task.add_done_callback(self._job_ended)
        self._tasks.append(task)

    def _job_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.crashed(error)

    def handle_signals(self, signals: Signals) -> None:
        """Quit on signals once the event loop runs."""
        self._signals = signals

    def quit(self, code: int, stop: bool | None = None) -> None:
        """Quit the app with an exit code, and stop training if `stop` is set.

        By default a hang-up or a SIGTERM ends only this process if the run is kept, and so does
        an interrupt of an app that is attached to a run.
        """
        if self._quitting:
            return
        self._quitting = True
        if stop is None:
            self.stopped = stops_training(
                code, kept=self.kept, attached=self.attached, read_only=self.read_only
            )
        else:
            self.stopped = not self.read_only and (stop or not self.kept)
        if code == 0 and (ending := self.state.ending):
            code, self.failure = 0 if ending.expected else EngineError.exit_code, ending.text
        if self.stopped and not self.kept:
            self._stop_engine()
        self._end(code)

    def _end(self, code: int) -> None:
        for task in self._tasks:
            task.cancel()
        self.exit(return_code=code)

    def fail(self, message: str, code: int) -> None:
        """Quit with the engine's message and exit code: the run could not start or has failed."""
        self.failure = safe_text(message)
        self.state.ending = Ending("failed", self.failure)
        self._quitting = True
        if not self.read_only:
            self._stop_engine()
        self._end(code)

    def quit_as_foreign(self, why: str) -> None:
        """Quit, so that the run can be shown from its files: this version cannot control it."""
        self._quitting = True
        self.foreign = safe_text(why)
        self._end(0)

    def hang_up(self) -> None:
        """Quit: the terminal was closed."""
        self.quit(HANG_UP)

    def _check_terminal(self) -> None:
        if not self.is_headless and terminal_gone():
            self.hang_up()

    def _resumed(self, _app: object) -> None:
        self.redraw_all()

    def redraw_all(self) -> None:
        """Draw the whole screen, whatever other programs have written onto it."""
        self.main.redraw()
        super().redraw_all()

    def background_known(self, light: bool) -> None:
        """Switch to the theme that fits the terminal's background."""
        if self.follows_background:
            self.show_theme("light" if light else "dark")

    def show_theme(self, name: str) -> None:
        """Switch to a theme."""
        if name == self.theme:
            return
        self.theme = name
        forget_theme_caches()
        for widget in self.screen.query("*"):
            widget.refresh()

    async def action_quit(self) -> None:
        """Quit as the `q` key does."""
        self.quit(0)

    async def _find_ending(self) -> None:
        """Find out how the training process ended, unless it has reported that itself."""
        if self.state.end_message is None and (ending := await self._ending()):
            self.state.end_as_filed(ending)
            self.follow()

    # ---- updates and notices ------------------------------------------------------------------

    def follow(self) -> None:
        """Draw the changes of a snapshot, then ask whether the terminal keeps up."""
        if not self.is_running or self._quitting:
            return
        if self.state.connection == "gone" and not self._asked_ending:
            self._asked_ending = True
            self._start(self._find_ending())
        self._notify_important()
        self.main.follow()
        if self.screen is not self.main:
            self.screen.follow()  # type: ignore[attr-defined]
        self.call_after_refresh(self.ask_terminal)

    def _notify_important(self) -> None:
        """Show notices for the end of the run and for an unresponsive training process."""
        waiting = self.state.snapshot.waiting if self.state.snapshot else ""
        if self.state.silent:
            self.show_notice(f"{self._why_silent()} ({self.state.silent:.0f} s)", "warning")
        elif waiting and self.state.connection == "live":
            self.show_notice(waiting, "warning")
        elif self.state.status == "finished" and not self._finished:
            key_of = self.display_options.key_of
            verb = "forecasts" if self.state.values else "generates"
            offer = "" if self.read_only else f"{key_of('prompt', 'g')} {verb}, "
            self.show_notice(f"Finished. {offer}{key_of('quit', 'q')} quits.", seconds=10.0)
        elif self._disk_failed and not self.state.disk and self.state.connection == "live":
            self.show_notice("saving works again")
        self._disk_failed = bool(self.state.disk)
        self._finished = self.state.status == "finished"

    def _why_silent(self) -> str:
        if self._suspended():
            return "the training process is suspended"
        return "no reply from the training process (a long update, or it hangs)"

    # ---- views --------------------------------------------------------------------------------

    @property
    def _pair(self) -> tuple[View, View] | None:
        return (VIEWS[0], self.second) if self.second else None

    @property
    def pairs(self) -> bool:
        """Whether two views are shown beside each other once there are two."""
        return pairs(self.size.width, self.display_options.layout)

    @property
    def beside(self) -> View | None:
        """The view shown without the focus; None if a single one is shown."""
        if not self.second or not self.pairs:
            return None
        return VIEWS[0] if self.view is self.second else self.second

    def show_view(self, view: View) -> None:
        """Switch to a view, beside the first one if there is room, and ask for what it shows."""
        self._chosen = True
        self.view, self.second = view, None if view is VIEWS[0] else view
        self._arrange_views()

    def focus_other_view(self) -> None:
        """Give the focus to the other one of two views."""
        if other := self.beside:
            self.view = other
            self._arrange_views()

    def _open_second(self) -> None:
        """Use the room of a wide terminal unless the user has decided what it shows."""
        if not self._chosen and self.pairs:
            self.second = VIEWS[1]

    def set_layout(self, layout: Layout) -> None:
        """Show two views beside each other, if they fit, or a single one."""
        self.display_options.layout = layout
        if self.second is None:
            self._chosen = False
            self._open_second()
        self._arrange_views()
        self.main.redraw_panels("notice", "footer")

    def _arrange_views(self) -> None:
        self.display_options.panel = ""
        self._tell_views()
        self.main.show(self.view, self._pair)
        self.poller.ask_steps()  # there may be room for more of them

    def _tell_views(self) -> None:
        """Ask for what the views show, with the next snapshot, if that has changed."""
        self.display_options.view = self.view.name
        self.display_options.beside = self.beside.name if self.beside else None
        self.state.shows_steps = VIEWS[0] in (self.view, self.beside)
        asking = self.beside if self.beside and self.view is VIEWS[0] else self.view
        if asking.name != self.state.insight_look.view:
            self.state.frozen, self.state.insight = False, None
            feature = self.display_options.feature or 0
            self.state.insight_look = InsightLook(view=asking.name, feature=feature)

    @on(MainScreen.Resized)
    def _show_as_many_views_as_fit(self) -> None:
        before = self.second
        self._open_second()
        self._tell_views()
        if self.second is not before:
            self._arrange_views()
        self.poller.ask_steps()
        self.main.redraw_panels("notice", "footer")

    @on(MainScreen.Entered)
    def _view_entered(self, event: MainScreen.Entered) -> None:
        if event.view is self.beside:
            self.focus_other_view()

    # ---- requests and notices -----------------------------------------------------------------

    def ask_insight(self, look: InsightLook) -> None:
        """Ask the engine for something else to show in this view, with the next snapshot."""
        self.state.insight_look = look
        self.poller.wake.set()

    def show_notice(self, text: str, role: str = "", seconds: float = NOTICE_SECONDS) -> None:
        """Show a notice for some seconds."""
        if self._notice_timer is not None:
            self._notice_timer.stop()
        self.main.show_notice(text, role)
        self._notice_timer = self.set_timer(seconds, lambda: self.main.show_notice("", ""))

    def send_command(self, request: Request, notice: str, **expected: Any) -> None:
        """Send a command and show its effect before the engine confirms it."""
        self.poller.send(request, **expected)
        self.show_notice(notice)
        self.main.follow()

    async def on_event(self, event: events.Event) -> None:
        """Insert letters typed right after the key that opens an input line into that line."""
        typed_ahead = isinstance(event, events.Key) and event.is_forwarded and event.is_printable
        if typed_ahead and isinstance(self.focused, Input) and isinstance(event, events.Key):
            self.focused.insert_text_at_cursor(event.character or "")
        else:
            await super().on_event(event)

    @property
    def prompting(self) -> bool:
        """Whether the prompt has the focus."""
        return self.is_running and isinstance(self.main.focused, PromptInput)
