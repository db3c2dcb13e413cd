"""Progress of loading a large file."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from rnntui.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """What is done, safe to show; `done` of `total` bytes have been worked through in `seconds`."""

    text: str
    done: int
    total: int
    seconds: float

    @property
    def fraction(self) -> float:
        """The fraction done, from 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 1.0

    @property
    def rate(self) -> float:
        """Bytes per second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0


Watcher = Callable[[Progress], None]


class Work:
    """A known amount of work, whose progress is reported to the watcher.

    The watcher may raise to end the work: it is called several times in a tenth of a second.
    """

    def __init__(self, text: str, total: int, watcher: Watcher | None) -> None:
        self._text, self._total, self._watcher = text, total, watcher
        self._done = 0
        self._began = perf_counter()

    def add(self, count: int) -> None:
        """Count that many more bytes as done."""
        self._done += count
        if self._watcher is not None:
            seconds = perf_counter() - self._began
            self._watcher(Progress(self._text, self._done, self._total, seconds))
