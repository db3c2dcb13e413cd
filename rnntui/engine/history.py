"""The loss of a whole run in a bounded number of bins, however long the run is.

Each bin holds `2**level` updates. When all bins are full, neighbours are joined in place: half of
them are free again and `level` has grown by one. `add` costs about a microsecond, because it
stands in the training loop; everything here is plain Python numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rnntui.engine.protocol import History, Validation

Column = tuple[float | None, ...]

CAPACITY = 512
MOST_VALIDATIONS = 256
SMOOTH_LEAST = 20  # updates
BEST_AFTER = 5  # updates: one lucky loss is not a best one
SMOOTH_SHARE = 60  # of the run: the smoothed line is calm, and on a plot still follows the raw one


class LossHistory:
    """Losses of every update, compressed, and their running mean.

    `smooth` is an exponential running mean over the last 20 updates or the last sixtieth of the
    run, whichever is longer. Over its first 20 updates it is the plain mean of what there is, which
    corrects the bias of starting somewhere. `best` is the lowest `smooth` from the fifth update on.
    A loss that is not finite is counted in its bin and otherwise left out.
    """

    __slots__ = (
        "_bad",
        "_bads",
        "_good",
        "_high",
        "_highs",
        "_low",
        "_lows",
        "_mean",
        "_means",
        "_room",
        "_seen",
        "_smooths",
        "best",
        "capacity",
        "count",
        "level",
        "smooth",
    )

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity  # bins, an even number
        self.level = 0
        self.count = 0  # updates, finite or not
        self.smooth = math.nan
        self.best = math.nan
        self._seen = 0  # finite losses in `smooth`
        self._means: list[float] = []
        self._lows: list[float] = []
        self._highs: list[float] = []
        self._smooths: list[float] = []
        self._bads: list[int] = []
        self._open_bin()

    def _open_bin(self) -> None:
        self._room = 1 << self.level
        self._good = self._bad = 0
        self._mean, self._low, self._high = math.nan, math.inf, -math.inf

    def add(self, loss: float) -> None:
        """One more update."""
        self.count += 1
        if loss - loss == 0.0:  # finite
            self._good = good = self._good + 1
            if good == 1:
                self._mean = self._low = self._high = loss
            else:
                self._mean += (loss - self._mean) / good
                if loss < self._low:
                    self._low = loss
                elif loss > self._high:
                    self._high = loss
            self._seen = seen = self._seen + 1
            if seen > SMOOTH_LEAST:
                window = seen / SMOOTH_SHARE
                self.smooth += (loss - self.smooth) / (
                    window if window > SMOOTH_LEAST else SMOOTH_LEAST
                )
                if self.smooth < self.best:
                    self.best = self.smooth
            elif seen == 1:
                self.smooth = loss
            else:
                self.smooth += (loss - self.smooth) / seen
                if seen >= BEST_AFTER and not self.best <= self.smooth:
                    self.best = self.smooth
        else:
            self._bad += 1
        self._room -= 1
        if not self._room:
            self._close_bin()

    def capture(self) -> dict[str, Any]:
        """All of it as plain values, which `restore` takes."""
        return {
            name: list(value) if isinstance(value := getattr(self, name), list) else value
            for name in self.__slots__
        }

    def restore(self, captured: Mapping[str, Any]) -> None:
        """Become what was captured. Raises KeyError where something is missing."""
        for name in self.__slots__:
            value = captured[name]
            setattr(self, name, list(value) if isinstance(value, list) else value)

    def smooth_anew(self) -> None:
        """Forget what was smoothed: the weights have been replaced by others."""
        self._seen = 0

    def _close_bin(self) -> None:
        good = bool(self._good)
        self._means.append(self._mean)
        self._lows.append(self._low if good else math.nan)
        self._highs.append(self._high if good else math.nan)
        self._smooths.append(self.smooth)
        self._bads.append(self._bad)
        if len(self._means) >= self.capacity:
            self._halve()
        self._open_bin()

    def _halve(self) -> None:
        bads, size = self._bads, 1 << self.level
        pairs = range(0, len(bads), 2)
        self._means = [
            _joined(self._means[i], size - bads[i], self._means[i + 1], size - bads[i + 1])
            for i in pairs
        ]
        self._lows = [_lower(self._lows[i], self._lows[i + 1]) for i in pairs]
        self._highs = [-_lower(-self._highs[i], -self._highs[i + 1]) for i in pairs]
        self._smooths = self._smooths[1::2]
        self._bads = [bads[i] + bads[i + 1] for i in pairs]
        self.level += 1

    def since(self, level: int, bins: int) -> History:
        """What a viewer that has so many bins of that level needs, rounded to 5 digits."""
        filling = self._good + self._bad > 0
        total = len(self._means) + filling
        # The viewer's last bin may have been filling when it was sent.
        start = max(0, bins - 1) if level == self.level and bins <= total else 0
        good = bool(self._good)
        return History(
            self.level,
            start,
            _column(self._means, start, filling, self._mean),
            _column(self._lows, start, filling, self._low if good else math.nan),
            _column(self._highs, start, filling, self._high if good else math.nan),
            _column(self._smooths, start, filling, self.smooth),
            tuple(self._bads[start:] + [self._bad] * filling),
        )


def _joined(a: float, size_a: int, b: float, size_b: int) -> float:
    """The mean of two bins' finite losses."""
    if not size_a or not size_b:
        return a if size_a else b
    return a + (b - a) * (size_b / (size_a + size_b))


def _lower(a: float, b: float) -> float:
    """The lower one; NaN counts as absent."""
    return b if a != a or b < a else a


def _column(closed: list[float], start: int, filling: bool, last: float) -> Column:
    values = closed[start:]
    if filling:
        values.append(last)
    return tuple([float(f"{v:.5g}") if v - v == 0.0 else None for v in values])


@dataclass
class ValidationHistory:
    """Validations of a whole run; when there are too many, every other one is dropped."""

    capacity: int = MOST_VALIDATIONS
    best: float | None = None
    latest: float | None = None

    def __post_init__(self) -> None:
        self._all: list[Validation] = []

    def add(self, step: int, loss: float) -> None:
        """One more validation, nats per token."""
        self.latest = float(f"{loss:.6g}") if math.isfinite(loss) else None
        if self.latest is not None and (self.best is None or self.latest < self.best):
            self.best = self.latest
        if len(self._all) >= self.capacity:
            self._all = self._all[1::2]
        self._all.append(Validation(step, self.latest))

    def capture(self) -> list[list[Any]]:
        """All of it as plain values, which `restore` takes."""
        return [[v.step, v.loss] for v in self._all] + [[0, self.best]]

    def restore(self, captured: Sequence[Sequence[Any]]) -> None:
        """Become what was captured."""
        *kept, (_, self.best) = captured
        self._all = [Validation(int(step), loss) for step, loss in kept]
        self.latest = self._all[-1].loss if self._all else None

    def since(self, step: int) -> tuple[Validation, ...]:
        """The validations after update `step` that are still kept."""
        if not self._all or self._all[-1].step <= step:
            return ()
        return tuple(v for v in self._all if v.step > step)
