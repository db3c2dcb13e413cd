"""Turn signals that stop a run into an exception, so that a last line can be printed."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows lacks the last


class Stopped(BaseException):
    """A signal has stopped the run; `code` is the exit code that reports the signal."""

    def __init__(self, number: int) -> None:
        self.code = 128 + number
        self.name = signal.Signals(number).name
        super().__init__(self.name)


class Stopping:
    """Raises Stopped on a signal: immediately, or at the end of a `with` block on this object.

    Inside such a block an update is completed first, so that the run can be resumed. A second
    signal ends the process immediately.
    """

    def __init__(self) -> None:
        self._deferred = False
        self._number = 0

    def __enter__(self) -> None:
        self._deferred = True

    def __exit__(self, *_: object) -> None:
        self._deferred = False
        if self._number:
            raise Stopped(self._number)

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        for name in NAMES:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_DFL)
        self._number = number
        if not self._deferred:
            raise Stopped(number)


@contextlib.contextmanager
def stoppable() -> Iterator[Stopping]:
    """Raise Stopped inside this context on SIGINT, SIGTERM and SIGHUP.

    An ignored signal stays ignored, such as SIGHUP under nohup. Outside the main thread, where no
    handler can be set, signals are handled as before.
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
