"""Shows the first frame while Textual is imported, and asks for the terminal's background.

Until the dashboard takes over, the terminal does not echo what is typed. That is passed on, but for
a key that quits: it acts at once.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import sys
import termios
import time
from collections.abc import Callable, Iterable
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.tui.colours import BACKGROUND_QUERY, is_light
from rnntui.tui.signals import restore_terminal, terminal_modes

ENTER = "\x1b[?1049h\x1b[?25l"
MOST_TYPED = 4096  # bytes
WATCH_EVERY = 0.03  # seconds between looks at what was typed
_REPLY = re.compile(rb"\x1b\]11;[^\x07\x1b]*(?:\x07|\x1b\\)")


@dataclass(frozen=True)
class Begun:
    """What was begun on the terminal before the app that continues it.

    `shown`: on the alternate screen. `typed`: input that was read. `asked`: when the terminal was
    asked for its background colour, if it has not replied yet. `modes`: those to restore.
    """

    shown: bool
    typed: bytes
    asked: float | None
    modes: list[Any] | None


class Splash:
    """Context manager around the dashboard; `hand_over` passes it the terminal.

    Leaving the context restores the terminal, unless the dashboard has done so.
    """

    def __init__(self, asks: bool) -> None:
        """`asks`: query the background colour."""
        self._asks = asks
        self._modes: list[Any] | None = None  # the original ones
        self._quiet_modes: list[Any] | None = None
        self.asked: float | None = None  # when the terminal was asked, until it replies
        self.light: bool | None = None  # its background, once it has replied
        self._typed = b""  # without the reply
        self.shown = False
        self._reading = False
        self._quit_keys: tuple[bytes, ...] = ()
        self._handler: Any = None  # of the timer's signal, before it was used here

    def __enter__(self) -> Splash:
        with contextlib.suppress(OSError, ValueError, termios.error):
            self._modes = terminal_modes()
            self._quiet()
            if self._asks:
                self._write(BACKGROUND_QUERY)
                self.asked = time.monotonic()
        return self

    def _quiet(self) -> None:
        """Neither echo nor wait for the end of a line, as a reply has none."""
        if self._modes is not None and sys.__stdin__ is not None:
            flags = self._modes[3] & ~(termios.ECHO | termios.ICANON)
            quiet = [*self._modes[:3], flags, *self._modes[4:]]
            termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, quiet)
            self._quiet_modes = terminal_modes()

    def _write(self, text: str) -> None:
        """Write past Python's buffer: an interrupt leaves nothing there, to be shown later."""
        if (stderr := sys.__stderr__) is not None:
            stderr.flush()
            data = text.encode(stderr.encoding, stderr.errors or "replace")
            while data:
                data = data[os.write(stderr.fileno(), data) :]

    def show(self, draw: Callable[[int, int], str]) -> None:
        """Show a frame; `draw` is given columns and rows."""
        with contextlib.suppress(OSError, ValueError):
            if sys.__stderr__ is not None:
                frame = draw(*os.get_terminal_size(sys.__stderr__.fileno()))
                self.shown = True  # before it is: an interrupt may come in the middle of it
                self._write(ENTER + frame)

    def watch(self, quit_keys: Iterable[str]) -> None:
        """Until `hand_over`, exit with code 0 if one of these is the first key that is typed.

        Importing Textual takes longer than all else. A timer interrupts it, as a signal may anyway.
        """
        if self._modes is not None:
            self._quit_keys = tuple(key.encode() for key in quit_keys)
            self._handler = signal.signal(signal.SIGALRM, self._look)
            signal.setitimer(signal.ITIMER_REAL, WATCH_EVERY, WATCH_EVERY)

    def _look(self, *_: object) -> None:
        if not self._reading:
            self.listen()
            if self._typed.startswith(self._quit_keys):
                raise SystemExit(0)

    def _stop_watching(self) -> None:
        if self._handler is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._handler)
            self._handler = None

    def listen(self) -> None:
        """Read what was typed so far, and the reply of the terminal if it has come."""
        if self._modes is None or sys.__stdin__ is None:
            return
        self._reading = True
        with contextlib.suppress(OSError, ValueError):
            descriptor = sys.__stdin__.fileno()
            while len(self._typed) < MOST_TYPED and select.select([descriptor], [], [], 0)[0]:
                if not (data := os.read(descriptor, MOST_TYPED)):
                    break
                self._typed += data
        if self.asked is not None and (found := _REPLY.search(self._typed)) is not None:
            self.asked, self.light = None, is_light(found[0].decode("ascii", "replace"))
            self._typed = self._typed[: found.start()] + self._typed[found.end() :]
        self._reading = False

    def hand_over(self) -> Begun:
        """Leave the terminal to the dashboard as it is: keys typed meanwhile must not be shown."""
        self._stop_watching()
        begun = Begun(self.shown, self._typed, self.asked, self._modes)
        self.shown = False
        return begun

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop_watching()
        if self.shown or kind is not None:
            restore_terminal(self._modes)
        elif self._modes is not None and terminal_modes() == self._quiet_modes:
            with contextlib.suppress(OSError, ValueError, AttributeError, termios.error):
                termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, self._modes)  # type: ignore[union-attr]
