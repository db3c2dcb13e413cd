"""The app that compares runs without its commands: start and end, following the runs, notices."""

from __future__ import annotations

import gc
import time
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from textual.timer import Timer

import rnntui.tui
from rnntui.charset import Glyphs
from rnntui.text import safe_text
from rnntui.tui.caches import forget_drawing_caches, forget_theme_caches
from rnntui.tui.command import Group
from rnntui.tui.compare.commands import CompareCommands
from rnntui.tui.compare.screen import CompareScreen
from rnntui.tui.compare.state import CompareState
from rnntui.tui.display import Display
from rnntui.tui.draw.compare.plot import forget_traces
from rnntui.tui.keyboard import bindings
from rnntui.tui.leaving import HANG_UP
from rnntui.tui.look import Look, in_brief
from rnntui.tui.remembering import Remembering
from rnntui.tui.signals import Signals, terminal_gone
from rnntui.tui.terminal import TerminalApp
from rnntui.tui.themes import OWN, next_theme

NOTICE_SECONDS, PROBLEM_SECONDS = 2.5, 10.0
REFRESH_SECONDS = 1.0  # between two looks at the files of the runs
SLICE = 0.02  # seconds of reading between two keys
SOON = 0.02  # seconds from a drawing to computing what the next key may show
AHEAD_SECONDS = 0.005  # of that between two keys
PAUSE = 0.001  # seconds for a key between two such computations
DRAW_SECONDS = 0.25  # between two drawings while runs are being read
FORGET_SECONDS = 60.0


class BaseCompareApp(TerminalApp):
    """Compares the runs of a list. `opened` is the run whose dashboard the user wants to see."""

    TITLE = "rnntui compare"
    CSS_PATH = Path(rnntui.tui.__file__).parent / "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False

    def __init__(
        self,
        state: CompareState,
        look: Look | None = None,
        groups: tuple[Group, ...] = (),
        note: str = "",
    ) -> None:
        """`groups`: further commands. `note`: a problem to show first."""
        super().__init__()
        look = look or Look()
        self.state: CompareState = state
        self.commands, problems = CompareCommands.with_keys(look.keys, groups)
        self.set_bindings(bindings(self.commands.commands))
        self.options = Display(glyphs=look.glyphs or "braille", keys=self.commands.changed)
        for theme in OWN.values():
            self.register_theme(theme)
        self.theme = look.theme or "dark"
        self.follows_background = not look.theme
        self.uses_mouse = look.mouse
        self.remember = Remembering(look.remember, self.set_timer)
        self.opened: Path | None = None
        self._first_notice = note or in_brief((*look.problems, *problems))
        self._signals: Signals | None = None
        self._notice_timer: Timer | None = None
        self._drawn = 0.0
        self._drawn_version = -1
        self._redraw_due = False  # the terminal has not shown the last frame yet
        self._reading = False
        self._ahead: Iterator[None] | None = None  # what the next key may show
        self._forgettable = -1

    # ---- start and end ----------------------------------------------------------------------

    def get_default_screen(self) -> CompareScreen:
        """Return the screen."""
        self.main = CompareScreen(self.state, self.options)
        return self.main

    def on_mount(self) -> None:
        """Follow the runs."""
        self.app_resume_signal.subscribe(self, self._resumed)
        self.set_interval(REFRESH_SECONDS, self._refresh_runs)
        self.set_interval(FORGET_SECONDS, self._forget)
        if self._signals is not None:
            self._signals.quit_in_loop(self.quit)
        self._read()

    def on_ready(self) -> None:
        """Exclude everything loaded before the first frame from garbage collection."""
        gc.freeze()
        gc.enable()
        if self._first_notice:
            self.say(self._first_notice, "warning", PROBLEM_SECONDS)

    def handle_signals(self, signals: Signals) -> None:
        """Quit on signals once the event loop runs."""
        self._signals = signals

    def quit(self, code: int) -> None:
        """Quit with an exit code."""
        self.exit(return_code=code)

    async def action_quit(self) -> None:
        """Quit as the `q` key does."""
        self.quit(0)

    def hang_up(self) -> None:
        """Quit: the terminal was closed."""
        self.quit(HANG_UP)

    def background_known(self, light: bool) -> None:
        """Switch to the theme that fits the terminal's background."""
        if self.follows_background:
            self._show_theme("light" if light else "dark")

    def _resumed(self, _app: object) -> None:
        self.redraw_all()

    def redraw_all(self) -> None:
        """Draw the whole screen, whatever other programs have written onto it."""
        super().redraw_all()
        self.redraw()

    # ---- following the runs -----------------------------------------------------------------

    def _refresh_runs(self) -> None:
        if not self.is_headless and terminal_gone():
            self.hang_up()
        if self.caught_up:
            self.state.followed.refresh()
            self._read()
            self.terminal_answered()

    def _read(self) -> None:
        """Read losses for a moment; continue after the keys that were pressed meanwhile."""
        followed = self.state.followed
        more = followed.read(SLICE)
        now = time.monotonic()
        if followed.version != self._drawn_version and (
            not more or now - self._drawn >= DRAW_SECONDS
        ):
            self._drawn, self._drawn_version = now, followed.version
            self.redraw()
        if more and not self._reading:
            self._reading = True
            self.set_timer(0.001, self._read_on)

    def _read_on(self) -> None:
        self._reading = False
        self._read()

    def _forget(self) -> None:
        """Forget what was drawn of runs that have changed since, and texts."""
        if self._forgettable != self.state.followed.version:
            self._forgettable = self.state.followed.version
            forget_traces()
        forget_drawing_caches()

    def redraw(self) -> None:
        """Draw what has changed, all of it at once when the terminal has shown the last frame."""
        self._redraw_due = not self.caught_up
        if not (self.is_running and self.main.is_mounted):
            return
        if self._redraw_due:
            self.main.place()
            return
        self.main.redraw()
        self._show_foot()
        if self.screen is not self.main:
            self.screen.follow()  # type: ignore[attr-defined]
        self.look_ahead()

    def terminal_answered(self) -> None:
        """Draw what has changed since the frame that the terminal has shown now."""
        if self._redraw_due:
            self.redraw()

    def look_ahead(self) -> None:
        """Compute what the next key may show, a little between two keys."""
        waiting, self._ahead = self._ahead is not None, self.main.ahead()
        if not waiting:
            self.set_timer(SOON, self._look_further)

    def _look_further(self) -> None:
        end = time.monotonic() + AHEAD_SECONDS
        if self._reading and not self.main.plot_is_late:
            self._ahead = None  # what is read will be drawn, and this begins again
        while self._ahead is not None and time.monotonic() < end:
            if next(self._ahead, self) is self:
                self._ahead = None
        if self._ahead is not None:
            self.set_timer(PAUSE, self._look_further)

    # ---- notices and looks ------------------------------------------------------------------

    def say(self, text: str, role: str = "", seconds: float = NOTICE_SECONDS) -> None:
        """Show a notice in place of the keys for some seconds."""
        if self._notice_timer is not None:
            self._notice_timer.stop()
        self.main.foot.notice = (safe_text(text), role)
        self._show_foot()
        self._notice_timer = self.set_timer(seconds, self._end_notice)

    def _end_notice(self) -> None:
        self.main.foot.notice = ("", "")
        self._show_foot()

    @abstractmethod
    def _show_foot(self) -> None:
        """Draw the last row."""

    def next_glyphs(self) -> None:
        """Switch to the next glyph set, if the terminal can show more than ASCII."""
        if (encoding := self.encoding) != "utf-8":
            self.say(f"{encoding} can only show ASCII glyphs (--glyphs braille overrides)")
            return
        names = get_args(Glyphs)
        self.options.glyphs = names[(names.index(self.options.glyphs) + 1) % len(names)]
        self.remember("glyphs", self.options.glyphs)
        self.say(f"glyphs: {self.options.glyphs}")
        self.redraw()

    def change_theme(self) -> None:
        """Switch to the next theme."""
        self.follows_background = False
        self._show_theme(next_theme(self.theme))
        self.remember("theme", self.theme)
        self.say(f"theme: {self.theme}")

    def _show_theme(self, name: str) -> None:
        if name != self.theme:
            self.theme = name
            forget_theme_caches()
            for widget in self.screen.query("*"):
                widget.refresh()

    def change_mouse(self) -> None:
        """Use the mouse, or leave it to the terminal."""
        self.uses_mouse = not self.uses_mouse
        self.use_mouse(self.uses_mouse)
        self.remember("mouse", self.uses_mouse)
        self.say("mouse: on" if self.uses_mouse else "mouse: left to the terminal")
