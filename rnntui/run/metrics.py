"""What an update cost, gathered into a few lines a second so that a week of training stays small.

A line: step (its last update), updates, loss (mean over them, per token), low, high, lr,
gradient_norm, epoch, seconds, time; `bad` of the losses were not finite; `validation` where one
was made. At most five lines a second in the first minute, then one: about 17 MB a day.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from rnntui.run.journal import Journal

EARLY, EARLY_INTERVAL, INTERVAL = 60.0, 0.2, 1.0  # seconds


class Metrics:
    """Gathers updates and appends lines to a journal. `add` stands in the training loop."""

    def __init__(
        self,
        journal: Journal,
        clock: Callable[[], float] = time.monotonic,
        interval: float | None = None,
    ) -> None:
        """`interval` seconds between lines, 0 for a line an update; None as described above."""
        self._journal, self._clock, self._interval = journal, clock, interval
        self._began = self._written = clock()
        self._clear()

    def _clear(self) -> None:
        self._updates = self._good = 0
        self._sum, self._low, self._high = 0.0, math.inf, -math.inf
        self._last: tuple[int, float, float, float, float] | None = None

    def add(
        self,
        step: int,
        loss: float,
        lr: float,
        gradient_norm: float,
        epoch: float,
        seconds: float,
        validation: float | None = None,
    ) -> None:
        """One update: its loss and validation loss per token, its place and its cost in seconds."""
        self._updates += 1
        if loss - loss == 0.0:
            self._good += 1
            self._sum += loss
            if loss < self._low:
                self._low = loss
            if loss > self._high:
                self._high = loss
        self._last = (step, lr, gradient_norm, epoch, seconds)
        now = self._clock()
        if validation is not None or now - self._written >= self._pause(now):
            self._append(now, validation)

    def _pause(self, now: float) -> float:
        if self._interval is not None:
            return self._interval
        return EARLY_INTERVAL if now - self._began < EARLY else INTERVAL

    def flush(self) -> None:
        """Append what was gathered: a line ends at each checkpoint, for a resumed run to go on."""
        self._append(self._clock(), None)

    def _append(self, now: float, validation: float | None) -> None:
        if self._last is None:
            return
        step, lr, gradient_norm, epoch, seconds = self._last
        good = self._good
        line: dict[str, Any] = {
            "step": step,
            "updates": self._updates,
            "loss": self._sum / good if good else math.nan,
            "low": self._low if good else math.nan,
            "high": self._high if good else math.nan,
            "lr": lr,
            "gradient_norm": gradient_norm,
            "epoch": epoch,
            "seconds": round(seconds, 6),
            "time": round(time.time(), 3),
        }
        if self._updates > good:
            line["bad"] = self._updates - good
        if validation is not None:
            line["validation"] = validation
        self._journal.append(line)
        self._written = now
        self._clear()
