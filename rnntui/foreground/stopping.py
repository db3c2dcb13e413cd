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


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Raise Stopped in here on the signals that ask a program to end.

    One that is ignored stays so: under nohup a hang-up ends nothing. Outside the main thread, where
    no handler can be set, signals do what they did before.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {}
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: FrameType | None) -> None:
    for name in NAMES:  # a second signal ends the process at once
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    raise Stopped(number)
