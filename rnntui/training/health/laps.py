"""The losses of whole passes over the data, by position, so that like is compared with like."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import field
from typing import Any

from rnntui.dataclass import dataclass

LEAST = 50  # updates in a lap: fewer may be lucky
SLOTS = 64  # positions that a lap is divided into


def lap_size(chunks_per_pass: int) -> int:
    """Updates in a lap: the fewest whole passes that have enough of them."""
    return chunks_per_pass * -(-LEAST // chunks_per_pass)


@dataclass(eq=False)
class Laps:
    """The mean loss at each position of the best lap so far; a lap is one or more whole passes.

    A lap may begin anywhere in the data: every position occurs in it equally often.
    """

    size: int
    at: int = 0  # updates into the present lap
    sums: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    comparable: bool = True  # the weights have not been replaced during this lap
    last: float = math.nan  # mean of the last comparable lap
    best: float = math.inf
    best_slots: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._slots = min(self.size, SLOTS)
        self._start()

    def _start(self) -> None:
        self.at, self.comparable = 0, True
        self.sums, self.counts = [0.0] * self._slots, [0] * self._slots

    @property
    def expected(self) -> float:
        """What the best lap scored where the next update is; NaN before the first lap is over."""
        if not self.best_slots:
            return math.nan
        return self.best_slots[self.at * self._slots // self.size]

    def add(self, loss: float | None) -> bool:
        """Record the loss of one more update, if it has one; whether `last` is new."""
        if loss is not None:
            slot = self.at * self._slots // self.size
            self.sums[slot] += loss
            self.counts[slot] += 1
        self.at += 1
        return self.at >= self.size and self._close()

    def _close(self) -> bool:
        complete = self.comparable and all(self.counts)
        if complete:
            slots = [s / n for s, n in zip(self.sums, self.counts, strict=True)]
            self.last = sum(slots) / len(slots)
            if self.last < self.best:
                self.best, self.best_slots = self.last, slots
        self._start()
        return complete

    def capture(self) -> dict[str, Any]:
        """Everything but the size, as plain values."""
        names = [f.name for f in dataclasses.fields(self) if f.name != "size"]
        kept = {name: getattr(self, name) for name in names}
        return {n: list(v) if isinstance(v, list) else v for n, v in kept.items()}

    def restore(self, captured: dict[str, Any]) -> None:
        """Return to a captured state; one that belongs to another lap size is ignored."""
        if len(captured.get("sums", ())) != self._slots:
            return
        for name, value in captured.items():
            if name in self.capture():
                setattr(self, name, list(value) if isinstance(value, list) else value)
