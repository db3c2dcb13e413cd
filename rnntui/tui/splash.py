"""Shows the first frame while Textual is imported, and asks for the terminal's background.

Until the dashboard takes over, the terminal does not echo what is typed; what was read together
with the reply of the terminal is passed on.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import termios
import time
from collections.abc import Callable
from typing import Any

from rnntui.tui.colours import BACKGROUND_QUERY, is_light
from rnntui.tui.signals import restore_terminal, terminal_modes

ENTER = "\x1b[?1049h\x1b[?25l"
MOST_TYPED = 4096  # bytes
_REPLY = re.compile(rb"\x1b\]11;[^\x07\x1b]*(?:\x07|\x1b\\)")


class Splash:
    """Context manager around the time before the dashboard; `hand_over` passes it the terminal.

    Without `hand_over`, leaving the context restores the terminal.
    """

    def __init__(self, asks: bool) -> None:
        """`asks`: query the background colour."""
        self._asks = asks
        self._modes: list[Any] | None = None
        self.asked: float | None = None  # when the terminal was asked, until it replies
        self.light: bool | None = None  # its background, once it has replied
        self.typed = b""  # keys that came with the reply
        self.shown = False

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

    def listen(self) -> None:
        """Read the reply of the terminal if it has come."""
        if self.asked is None or self._modes is None or sys.__stdin__ is None:
            return
        with contextlib.suppress(OSError, ValueError):
            descriptor = sys.__stdin__.fileno()
            while len(self.typed) < MOST_TYPED and select.select([descriptor], [], [], 0)[0]:
                if not (data := os.read(descriptor, MOST_TYPED)):
                    break
                self.typed += data
        if (found := _REPLY.search(self.typed)) is not None:
            self.asked, self.light = None, is_light(found[0].decode("ascii", "replace"))
            self.typed = self.typed[: found.start()] + self.typed[found.end() :]

    def hand_over(self) -> None:
        """Restore the original terminal modes for the dashboard, which takes over now."""
        if self._modes is not None and sys.__stdin__ is not None:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, self._modes)
        self._modes, self.shown = None, False

    def __exit__(self, *_: object) -> None:
        if self.shown:
            restore_terminal(self._modes)
        else:
            self.hand_over()
