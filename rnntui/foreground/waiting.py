"""Progress notes while a large file is read, or during other slow work."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Protocol

from rnntui.numbers import size_in_words

FIRST, APART = 1.0, 5.0  # seconds until the first note, and between notes


class Progress(Protocol):
    """The current work, the fraction done (0 to 1), and its rate in bytes per second."""

    @property
    def text(self) -> str: ...

    @property
    def fraction(self) -> float: ...

    @property
    def rate(self) -> float: ...


class Waiting:
    """Writes a progress note at intervals; call it with each progress report."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._due = perf_counter() + FIRST

    def __call__(self, now: Progress) -> None:
        moment = perf_counter()
        if moment >= self._due:
            self._due = moment + APART
            self._note(f"{now.text}: {now.fraction:.0%}, {size_in_words(now.rate)}/s")


class SlowNote:
    """Writes one note if work takes longer than `FIRST` seconds: the progress and the time left.

    Call it with the number of time steps done out of `total`.
    """

    def __init__(self, note: Callable[[str], None], what: str, total: int) -> None:
        self._note, self._what, self._total = note, what, total
        self._began, self._given = perf_counter(), False

    def __call__(self, done: int) -> None:
        if self._given or done < 1:
            return
        spent = perf_counter() - self._began
        if spent >= FIRST:
            self._given = True
            left = max(0, self._total - done) * spent / done
            self._note(f"{self._what}: {done / self._total:.0%} done, about {left:.0f} s left")
