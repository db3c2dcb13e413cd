"""Quitting on signals: cleanly while the event loop runs, by force when it is blocked.

An asyncio handler needs a running event loop, which a terminal that accepts no output blocks.
So these are Python-level handlers, with a timer that exits if quitting cleanly takes too long.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

STOPPING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
GRACE = 1.5  # seconds for quitting cleanly
# Reset bracketed paste, mouse, focus and wrap to a shell's defaults; keyboard; screen; cursor.
RESTORE = (
    b"\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    b"\x1b[?2048l\x1b[?1004l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m"
)


class Signals:
    """Context manager that handles SIGTERM, SIGHUP and SIGINT.

    Until `quit` is set, a signal raises SystemExit; after that the handler calls `quit(code)` with
    128 + the signal's number. `last_resort` runs before the process exits by force.
    """

    def __init__(self, last_resort: Callable[[], None], grace: float = GRACE) -> None:
        self.quit: Callable[[int], None] | None = None
        self.code: int | None = None
        self._last_resort = last_resort
        self._grace = grace
        self._timer: threading.Timer | None = None
        self._before: dict[signal.Signals, Any] = {}
        self._modes = terminal_modes()

    def quit_in_loop(self, quit_app: Callable[[int], None]) -> None:
        """From now on, quit in the event loop that is running, as soon as it can."""
        import asyncio

        loop = asyncio.get_running_loop()

        def soon(code: int) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: already quitting
                loop.call_soon_threadsafe(quit_app, code)

        self.quit = soon

    def __enter__(self) -> Signals:
        for number in STOPPING:
            self._before[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        self.code = code = 128 + number
        if self._timer is None:
            self._timer = threading.Timer(self._grace, self._force, (code,))
            self._timer.daemon = True
            self._timer.start()
        if self.quit is None:
            raise SystemExit(code)
        self.quit(code)

    def _force(self, code: int) -> None:
        with contextlib.suppress(Exception):
            self._last_resort()
        restore_terminal(self._modes)
        os._exit(code)


def terminal_modes() -> list[Any] | None:
    """Return the terminal modes of stdin, to restore later; None without a terminal."""
    try:
        return termios.tcgetattr(sys.__stdin__.fileno()) if sys.__stdin__ else None
    except (OSError, ValueError, termios.error):
        return None


def restore_terminal(modes: list[Any] | None) -> None:
    """Restore the terminal without blocking: it may accept no output."""
    with contextlib.suppress(OSError, ValueError, termios.error, AttributeError):
        if modes is not None and sys.__stdin__:
            termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, modes)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if sys.__stderr__:
            descriptor = sys.__stderr__.fileno()
            os.set_blocking(descriptor, False)
            os.write(descriptor, RESTORE)


def terminal_gone() -> bool:
    """Return whether the terminal on stdin has been closed."""
    try:
        if sys.__stdin__ is None:
            return True
        termios.tcgetattr(sys.__stdin__.fileno())
    except (OSError, ValueError, termios.error):
        return True
    return False
