"""What is said to somebody who waits for a large file to be read."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Protocol

from rnntui.sizes import size_in_words

FIRST, APART = 1.0, 5.0  # seconds until the first note, and from one to the next


class HowFar(Protocol):
    """What is done, how much of it is (0 to 1), and at how many bytes per second."""

    @property
    def text(self) -> str: ...

    @property
    def fraction(self) -> float: ...

    @property
    def rate(self) -> float: ...


class Waiting:
    """Says now and then how far it is; called whenever that is known."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._due = perf_counter() + FIRST

    def __call__(self, now: HowFar) -> None:
        moment = perf_counter()
        if moment >= self._due:
            self._due = moment + APART
            self._note(f"{now.text}: {now.fraction:.0%}, {size_in_words(now.rate)}/s")
