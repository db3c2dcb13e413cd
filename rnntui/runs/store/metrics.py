"""The metrics of a run, a few lines per second, so that a week of training stays small.

A line: step (its last update), updates, loss (mean over them, per token), low, high, the last
update's numbers such as lr and gradient_norm, epoch, seconds, time; `bad` counts losses that are
not finite; `validation` is the validation loss, if any, with `final` = true if it was made only
because the run ended (it is void once the run continues). A validation after the last update gets a
line with 0 updates. There are at most five lines per second in the first minute, then one: about
17 MB per day.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from rnntui.runs.store.journal import Journal, Line, number
from rnntui.update_numbers import JOURNALED, UpdateNumbers, journal_fields

EARLY, EARLY_INTERVAL, INTERVAL = 60.0, 0.2, 1.0  # seconds


def numbers_in(line: Line) -> dict[str, float]:
    """Return the numbers of an update in an unchecked line, by name; unusable ones are left out."""
    found = {name: number(line, key) for key, name in JOURNALED}
    return {name: value for name, value in found.items() if value is not None}


class Metrics:
    """Aggregates updates and appends lines to a journal. `add` is part of the training loop."""

    def __init__(
        self,
        journal: Journal,
        clock: Callable[[], float] = time.monotonic,
        interval: float | None = None,
    ) -> None:
        """`interval`: seconds between lines; 0: one line per update; None: as described above."""
        self._journal, self._clock, self._interval = journal, clock, interval
        self._began = self._written = clock()
        self._line: dict[str, Any] | None = None  # the last one
        self._clear()

    def _clear(self) -> None:
        self._updates = self._good = 0
        self._sum, self._low, self._high = 0.0, math.inf, -math.inf
        self._last: tuple[UpdateNumbers, float, float] | None = None

    def add(
        self,
        numbers: UpdateNumbers,
        epoch: float,
        seconds: float,
        validation: float | None = None,
        final: bool = False,
    ) -> None:
        """Add an update; `epoch` has the fraction of this pass, `seconds` is the time so far.

        `final`: it was validated only because the run ended.
        """
        loss = numbers.loss_per_token
        self._updates += 1
        if loss - loss == 0.0:
            self._good += 1
            self._sum += loss
            if loss < self._low:
                self._low = loss
            if loss > self._high:
                self._high = loss
        self._last = (numbers, epoch, seconds)
        now = self._clock()
        if validation is not None or now - self._written >= self._pause(now):
            self._append(now, validation, final)

    def validated(self, validation: float) -> None:
        """Add a validation that was made only because the run ended."""
        self.flush()
        if self._line is not None:
            line = {**self._line, "updates": 0, "validation": validation, "final": True}
            line.pop("bad", None)
            self._journal.append(line)

    def _pause(self, now: float) -> float:
        if self._interval is not None:
            return self._interval
        return EARLY_INTERVAL if now - self._began < EARLY else INTERVAL

    def flush(self) -> None:
        """Append the pending line: lines end at checkpoints, where a run may resume."""
        self._append(self._clock(), None)

    def _append(self, now: float, validation: float | None, final: bool = False) -> None:
        if self._last is None:
            return
        numbers, epoch, seconds = self._last
        good = self._good
        line: dict[str, Any] = {
            "step": numbers.step,
            "updates": self._updates,
            "loss": self._sum / good if good else math.nan,
            "low": self._low if good else math.nan,
            "high": self._high if good else math.nan,
            **journal_fields(numbers),
            "epoch": epoch,
            "seconds": round(seconds, 6),
            "time": round(time.time(), 3),
        }
        if self._updates > good:
            line["bad"] = self._updates - good
        if validation is not None:
            line["validation"] = validation
        if final:
            line["final"] = True
        self._journal.append(line)
        self._line, self._written = line, now
        self._clear()
