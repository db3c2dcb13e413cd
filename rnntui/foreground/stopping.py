"""Signals that end a run, as an exception, so that a last line can be printed."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows lacks the last


class Stopped(BaseException):
    """A signal has ended the run; `code` is the exit code that tells so."""

    def __init__(self, number: int) -> None:
        self.code = 128 + number
        self.name = signal.Signals(number).name
        super().__init__(self.name)


class Stopping:
    """Raises Stopped at a signal: at once, or at the end of a `with` block on this object.

    Inside the block an update is finished first, so that what is left can be gone on from. A
    second signal ends the process at once.
    """

    def __init__(self) -> None:
        self._whole = False
        self._number = 0

    def __enter__(self) -> None:
        self._whole = True

    def __exit__(self, *_: object) -> None:
        self._whole = False
        if self._number:
            raise Stopped(self._number)

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler."""
        for name in NAMES:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_DFL)
        self._number = number
        if not self._whole:
            raise Stopped(number)


@contextlib.contextmanager
def stoppable() -> Iterator[Stopping]:
    """Raise Stopped in here on the signals that ask a program to end.

    One that is ignored stays so: under nohup a hang-up ends nothing. Outside the main thread, where
    no handler can be set, signals do what they did before.
    """
    stopping = Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    before = {}
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, stopping.handle)
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
