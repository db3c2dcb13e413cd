"""Everything that depends on Textual's private parts, in one place.

A terminal that reads more slowly than it is sent falls behind, and keys would take effect seconds
late. So after each frame the terminal is queried (`ESC[?2026$p`, its mode of synchronized output),
and nothing new is drawn until the reply has come through the whole link.

It may also be asked for its background colour. Nothing waits for that reply: whenever it arrives,
even split or long after the first frame, it is read like a key.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import signal
import sys
import time
from abc import ABCMeta
from collections.abc import Iterable, Iterator
from typing import Any

from textual import events
from textual._parser import ParseTimeout
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.binding import Binding
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message
from textual.message_pump import _MessagePumpMeta
from textual.screen import Screen

from rnntui.tui.colours import is_light
from rnntui.tui.input import InputSplitter, Piece
from rnntui.tui.painter import Diffing
from rnntui.tui.sent import SentCells
from rnntui.tui.splash import Begun

OTHER_SCREEN = "\x1b[?1049h"
QUERY = "\x1b[?2026$p"
PATIENCE = 5.0  # seconds to wait for a reply
LATEST = 30.0  # seconds after which a reply about the background changes nothing
INPUT_CHUNK = 4096  # bytes
INPUT_TICK = 0.1  # seconds between checks whether the thread should end
LARGEST_SIDE = 10_000  # cells; a larger size cannot be right


class BackgroundReported(Message):
    """The terminal has reported its background colour."""

    def __init__(self, light: bool) -> None:
        super().__init__()
        self.light = light


class AbstractWidgetMeta(_MessagePumpMeta, ABCMeta):
    """The metaclass of abstract widgets."""


class TerminalDriver(LinuxDriver):
    """Textual's driver, made robust against undecodable input and a closed terminal."""

    _entered = False

    def __init__(self, *args: Any, **keywords: Any) -> None:
        """Begin with the size that is reported later.

        Otherwise Textual asks Rich, which assumes another number of rows for a terminal without
        a size, such as a serial console; the layout of both sizes would then alternate for ever.
        """
        super().__init__(*args, **keywords)
        self._size = self._size or self._get_terminal_size()

    def write(self, data: str) -> None:
        """Send data; skip the switch to the alternate screen if it is already shown."""
        if data == OTHER_SCREEN and not self._entered:
            self._entered = True
            if getattr(self._app, "on_other_screen", False):
                return
        super().write(data)

    def start_application_mode(self) -> None:
        """Set up the terminal; from now on its size is read when a change of it is handled.

        Textual reads it as soon as the signal arrives. A second signal may interrupt it there, so
        that the newer size is reported first and an outdated one last.
        """
        before = self._get_terminal_size()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        app: Any = self._app
        self.attrs_before, app.modes_to_restore = app.modes_to_restore or self.attrs_before, None
        signal.signal(signal.SIGWINCH, self._size_changed)
        if self._get_terminal_size() != before:
            self._size_changed()

    def _get_terminal_size(self) -> tuple[int, int]:
        """Return the size of the terminal that is drawn on, even if stdout is a file."""
        with contextlib.suppress(OSError):  # it is gone
            columns, rows = os.get_terminal_size(self.fileno)
            if columns > 0 and rows > 0:  # it has been given a size
                return columns, rows
        return super()._get_terminal_size()

    def _size_changed(self, *_: object) -> None:
        if not self._in_band_window_resize:
            with contextlib.suppress(RuntimeError):  # the loop is closed: already quitting
                self._loop.call_soon_threadsafe(self._report_size)

    def _report_size(self) -> None:
        size = Size(*self._get_terminal_size())
        self._app.post_message(events.Resize(size, size))

    def process_message(self, message: Message) -> None:
        """Pass on an event; a size that was never asked for is not the terminal's."""
        if self._in_band_window_resize or not isinstance(message, events.Resize):
            super().process_message(message)

    def _sigcont_application(self, *_: object) -> None:
        """Resume after a stop that we prepared for (Ctrl-Z) or one that nobody can (SIGSTOP).

        After SIGSTOP, Textual would start everything a second time: there would be two input
        threads, one of which never ends, and raw mode would be saved as the mode to restore.
        """
        if self._must_signal_resume or not self._auto_restart:
            super()._sigcont_application()
        else:  # not here: the signal may have interrupted a holder of the writer's queue lock
            self._loop.call_soon_threadsafe(self._set_up_again)

    def _set_up_again(self) -> None:
        """Set the terminal up again: another program may have left it in any state."""
        self.suspend_application_mode()
        self._must_signal_resume = True
        self.resume_application_mode()

    def _run_input_thread(self) -> None:
        """Turn input into events until `exit_event` is set or the terminal is gone."""
        keys = Keys()
        decode = codecs.getincrementaldecoder(input_encoding())("replace").decode
        try:
            early, self._app.typed_ahead = self._app.typed_ahead, b""  # type: ignore[attr-defined]
            for event in keys.feed(decode(early), time.monotonic()):
                self.process_message(event)
            while not self.exit_event.is_set():
                deadline = keys.deadline
                wait = INPUT_TICK if deadline is None else deadline - time.monotonic()
                ready = select.select([self.fileno], [], [], max(0.0, min(wait, INPUT_TICK)))[0]
                data = os.read(self.fileno, INPUT_CHUNK) if ready else b""
                if ready and not data:
                    raise OSError("end of input")
                for event in keys.feed(decode(data), time.monotonic()):
                    self.process_message(event)
        except OSError:
            self._app.call_later(self._app.hang_up)  # type: ignore[attr-defined]


class Keys:
    """Textual's parser, fed one piece at a time so that it never waits for another."""

    def __init__(self) -> None:
        self._splitter = InputSplitter()
        self._parser = _Parser()

    @property
    def deadline(self) -> float | None:
        """When `feed` must be called even without new input, or None."""
        return self._splitter.deadline

    def feed(self, text: str, now: float) -> Iterator[Message]:
        """Yield the events completed by `text`, received now, or by a timeout."""
        pieces = self._splitter.feed(text, now) if text else self._splitter.tick(now)
        for piece in pieces:
            yield from self._parser.piece(piece)


class _Parser(XTermParser):
    """Turns one piece of input into events and keeps no unfinished sequence."""

    def piece(self, piece: Piece) -> list[Message]:
        if piece.kind == "paste":
            return [events.Paste(piece.text.replace("\x00", ""))]
        if piece.kind == "reply":
            light = is_light(piece.text)
            return [] if light is None else [BackgroundReported(light)]
        try:
            found = list(self.feed(piece.text))
            if self._awaiting.timeout is not None and len(piece.text) <= 2:  # Escape, or Alt + key
                self._awaiting = self._gen.throw(ParseTimeout())
                found += self._tokens
                self._tokens.clear()
        except (ArithmeticError, LookupError, ValueError, StopIteration):
            found = []  # numbers out of range, such as a key beyond Unicode
            self._reset()
        if self._awaiting.timeout is not None:
            self._reset()  # an unknown sequence
        return [message for message in found if _valid(message)]

    def _reset(self) -> None:
        self._tokens.clear()
        self._timeout_time = None
        self._gen = self.parse(self._tokens.append)
        self._awaiting = next(self._gen)


def _valid(message: Message) -> bool:
    if not isinstance(message, events.Resize):
        return True
    return all(0 < side <= LARGEST_SIDE for side in message.size)


def terminal_encoding() -> str:
    """Return the encoding of the output."""
    encoding = getattr(sys.__stderr__, "encoding", None) or "utf-8"
    return codecs.lookup(encoding).name


def input_encoding() -> str:
    """Return the encoding of the input: that of the output, or UTF-8 if that is ASCII."""
    name = terminal_encoding()
    return "utf-8" if name == "ascii" else name


class TerminalApp(App[int]):
    """An app that knows whether its terminal keeps up, and that fails without a traceback."""

    def __init__(self) -> None:
        super().__init__(driver_class=TerminalDriver)
        if self.no_color:  # Textual would still send greys
            self.console._color_system = None
        self._queried: float | None = None
        self._asked_background: float | None = None
        self.on_other_screen = False  # whether the alternate screen is already shown
        self.typed_ahead = b""  # input that was read before the driver reads it
        self.modes_to_restore: list[Any] | None = None  # if they were changed before the driver
        self._held = False  # no frame is sent yet
        self._sent = SentCells()

    @property
    def encoding(self) -> str:
        """The encoding of the output."""
        return terminal_encoding()

    def set_bindings(self, bindings: Iterable[Binding]) -> None:
        """Add bindings that differ from one app to another; `App.bind` cannot give priority."""
        for binding in bindings:
            self._bindings.key_to_bindings[binding.key] = [binding]

    def ask_terminal(self) -> None:
        """Query the terminal to learn when it has shown everything sent so far, if supported."""
        driver = self._driver
        if driver is None or not self._sync_available or driver.is_headless:
            return
        self._queried = time.monotonic()
        driver.write(QUERY)

    def use_mouse(self, on: bool) -> None:
        """Let the terminal report what the mouse does, or use it itself."""
        driver = self._driver
        if isinstance(driver, LinuxDriver):
            driver._mouse = True  # both methods do nothing without it
            (driver._enable_mouse_support if on else driver._disable_mouse_support)()
            driver._mouse = on

    @property
    def caught_up(self) -> bool:
        """Whether the terminal has shown the last frame, or does not reply."""
        return self._queried is None or time.monotonic() - self._queried > PATIENCE

    def on_terminal_supports_synchronized_output(self) -> None:
        """Handle the terminal's reply to Textual's first query, then to each of ours."""
        self._queried = None
        self.terminal_answered()

    def take_over(self, begun: Begun) -> None:
        """Continue what was begun on the terminal before this app."""
        self.on_other_screen, self.typed_ahead = begun.shown, begun.typed
        self.modes_to_restore = begun.modes
        self._asked_background = begun.asked
        self._held = begun.shown

    def show_frames(self) -> None:
        """Send frames from now on: the first one is complete.

        Textual paints its screen blank before the widgets on it, and the frame shown before this
        app must stay until then.
        """
        if self._held:
            self._held = False
            self.screen.refresh()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if self._held:
            return
        if isinstance(renderable, Diffing):
            renderable.sent = self._sent
        elif renderable is not None:
            self._sent.forget()
        super()._display(screen, renderable)

    async def on_event(self, event: events.Event) -> None:
        """Handle an event; a terminal of another size may show anything."""
        if isinstance(event, events.Resize):
            self._sent.forget()
        await super().on_event(event)

    def on_background_reported(self, event: BackgroundReported) -> None:
        """Handle the terminal's first reply, unless it was not asked or comes too late."""
        asked, self._asked_background = self._asked_background, None
        if asked is not None and time.monotonic() - asked <= LATEST:
            self.background_known(event.light)

    def background_known(self, light: bool) -> None:
        """Do something once the terminal has reported its background; nothing here."""

    def terminal_answered(self) -> None:
        """Do something once the last frame has been shown; nothing here."""

    def hang_up(self) -> None:
        """Handle a closed terminal; nothing here."""

    def start_over(self) -> None:
        """Assume nothing about the terminal after a suspension.

        The shell may have received a reply, and other programs may have drawn.
        """
        self._queried = None
        self._sent.forget()

    def redraw_all(self) -> None:
        """Draw the whole screen, whatever other programs have written onto it."""
        self.start_over()
        self.screen.refresh(layout=True)
        for widget in self.screen.query("*"):
            widget.refresh()

    @property
    def crash(self) -> BaseException | None:
        """The exception that ended the app, or None."""
        return self._exception

    def crashed(self, error: BaseException) -> None:
        """End the app because of an exception outside Textual."""
        self._handle_exception(error if isinstance(error, Exception) else Exception(repr(error)))

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def panic(self, *_renderables: object) -> None:
        """End the app without printing; the caller of the app reports the error."""
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        self._exit_renderables.clear()
