"""The loss of a whole run in a bounded number of bins, however long the run is.

Each bin holds `2**level` updates. When all bins are full, neighbours are joined in place: half of
them become free and `level` grows by one. `add` is part of the training loop and takes about a
microsecond, so everything here is plain Python numbers.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from typing import Any

from rnntui.protocol.messages import History, Validation

Column = tuple[float | None, ...]

CAPACITY = 512
MOST_VALIDATIONS = 256
RECENT = 20  # updates averaged at most for the reported loss
WIDEST, SHARE = 10, 60  # bins on either side that the curve averages; fewer at first


class LossHistory:
    """Losses of every update, compressed; their recent mean; the curve through them.

    `recent` is the plain mean of the last `window` updates, or of as many as there are, and `best`
    is the lowest one over a full window. With a window of one update both are exact losses. The
    curve (`smooth` in what `since` gives) is, for each bin, the least-squares line through the bins
    around it, read in the middle: it follows a falling loss without lagging behind it. It is
    interrupted where the weights were replaced. A loss that is not finite is counted in its bin
    and otherwise ignored.
    """

    __slots__ = (
        "_bad",
        "_bads",
        "_breaks",
        "_good",
        "_high",
        "_highs",
        "_latest",
        "_low",
        "_lows",
        "_mean",
        "_means",
        "_room",
        "best",
        "capacity",
        "count",
        "level",
        "window",
    )

    def __init__(self, capacity: int = CAPACITY, window: int = RECENT) -> None:
        self.capacity = capacity  # bins, an even number
        self.window = window
        self.level = 0
        self.count = 0  # updates, finite or not
        self.best = math.nan
        self._latest: list[float] = []  # the last `window` finite losses
        self._breaks: list[int] = []  # updates after which the weights were replaced
        self._means: list[float] = []
        self._lows: list[float] = []
        self._highs: list[float] = []
        self._bads: list[int] = []
        self._open_bin()

    def _open_bin(self) -> None:
        self._room = 1 << self.level
        self._good = self._bad = 0
        self._mean, self._low, self._high = math.nan, math.inf, -math.inf

    def add(self, loss: float) -> None:
        """Add the loss of an update."""
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
            self._remember(loss)
        else:
            self._bad += 1
        self._room -= 1
        if not self._room:
            self._close_bin()

    def _remember(self, loss: float) -> None:
        latest = self._latest
        latest.append(loss)
        if len(latest) > self.window:
            del latest[0]
        if len(latest) == self.window:
            mean = self.recent
            if not self.best <= mean:
                self.best = mean

    @property
    def recent(self) -> float:
        """The mean of the last updates; NaN before the first one."""
        return math.fsum(self._latest) / len(self._latest) if self._latest else math.nan

    @property
    def averaged(self) -> int:
        """The number of updates averaged by `recent`."""
        return len(self._latest)

    def capture(self) -> dict[str, Any]:
        """Return everything as plain values for `restore`."""
        return {
            name: list(value) if isinstance(value := getattr(self, name), list) else value
            for name in self.__slots__
        }

    def restore(self, captured: Mapping[str, Any]) -> None:
        """Restore captured values; older versions stored fewer."""
        for name in self.__slots__:
            value = captured.get(name, getattr(self, name))
            setattr(self, name, list(value) if isinstance(value, list) else value)

    def break_off(self) -> None:
        """Start a new curve: the weights have been replaced."""
        self._latest = []
        if self._breaks[-1:] != [self.count]:
            self._breaks.append(self.count)

    def _close_bin(self) -> None:
        good = bool(self._good)
        self._means.append(self._mean)
        self._lows.append(self._low if good else math.nan)
        self._highs.append(self._high if good else math.nan)
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
        self._bads = [bads[i] + bads[i + 1] for i in pairs]
        self.level += 1

    def since(self, level: int, bins: int) -> History:
        """Return what a viewer with `bins` bins of that level lacks, rounded to 5 digits."""
        filling = self._good + self._bad > 0
        total = len(self._means) + filling
        reach = self._reach(total)
        # The viewer's last bin may have been filling when it was sent, and with new bins the curve
        # changes a little before them.
        known = level == self.level and bins <= total and self._reach(bins) == reach
        start = max(0, bins - 1 - reach) if known else 0
        good = bool(self._good)
        means = [*self._means, self._mean] if filling else self._means
        return History(
            self.level,
            start,
            _column(self._means, start, filling, self._mean),
            _column(self._lows, start, filling, self._low if good else math.nan),
            _column(self._highs, start, filling, self._high if good else math.nan),
            _rounded(curve(means, start, reach, [n >> self.level for n in self._breaks])),
            tuple(self._bads[start:] + [self._bad] * filling),
        )

    def _reach(self, bins: int) -> int:
        """Return how many bins on either side the curve averages."""
        whole_window = (self.window // 2) >> self.level
        if self.window < RECENT:  # a pass over the source: no more is needed
            return min(whole_window, bins // 8)
        return min(max(bins // SHARE, WIDEST // 2), WIDEST, bins // 8)


def curve(means: Sequence[float], start: int, reach: int, breaks: Sequence[int]) -> list[float]:
    """Return the smoothed values of the bins from `start` on; NaN where a bin has no mean.

    `breaks` are the bins, in order, at which a new curve starts.
    """
    edges = [0, *breaks, len(means)]
    found = []
    for n in range(start, len(means)):
        if means[n] != means[n]:
            found.append(math.nan)
            continue
        part = bisect.bisect_right(edges, n, hi=len(edges) - 1)
        first, last = max(edges[part - 1], n - reach), min(edges[part], n + reach + 1)
        around = [(m - n, means[m]) for m in range(first, last) if means[m] == means[m]]
        found.append(_line_at_zero(around))
    return found


def _line_at_zero(points: Sequence[tuple[int, float]]) -> float:
    """Return the least-squares line's value at 0, limited to the range of the points."""
    size = len(points)
    x = sum(x for x, _ in points) / size
    y = sum(y / size for _, y in points)
    spread = sum((px - x) ** 2 for px, _ in points)
    if not spread or not x:
        return y
    slope = sum((px - x) / spread * (py - y) for px, py in points)
    values = [y for _, y in points]
    return min(max(y - slope * x, min(values)), max(values))


def _joined(a: float, size_a: int, b: float, size_b: int) -> float:
    """Return the mean of two bins' finite losses."""
    if not size_a or not size_b:
        return a if size_a else b
    return a + (b - a) * (size_b / (size_a + size_b))


def _lower(a: float, b: float) -> float:
    """Return the lower value, ignoring NaN."""
    return b if a != a or b < a else a


def _column(closed: list[float], start: int, filling: bool, last: float) -> Column:
    values = closed[start:]
    if filling:
        values.append(last)
    return _rounded(values)


def _rounded(values: Sequence[float]) -> Column:
    return tuple([float(f"{v:.5g}") if v - v == 0.0 else None for v in values])


class ValidationHistory:
    """Validations of a whole run; when there are too many, every other one is dropped.

    A validation made only because the run ended counts until the run continues; then it is
    discarded.
    """

    def __init__(self, capacity: int = MOST_VALIDATIONS) -> None:
        self.capacity = capacity
        self._all: list[Validation] = []
        self._best: float | None = None
        self._best_step = 0  # its update; 0: not known
        self._final: Validation | None = None

    @property
    def best(self) -> float | None:
        """The lowest one, nats per token."""
        found = [self._best, self._final.loss if self._final else None]
        return min((loss for loss in found if loss is not None), default=None)

    @property
    def best_step(self) -> int | None:
        """The update of the lowest one; None if there is none or an older version did not say."""
        if self._final is not None and self._final.loss is not None and self.best != self._best:
            return self._final.step
        return self._best_step or None

    @property
    def newest(self) -> Validation | None:
        """The latest one."""
        return self._final or (self._all[-1] if self._all else None)

    @property
    def latest(self) -> float | None:
        """The loss of the latest one; None also where that is not finite."""
        return self.newest.loss if self.newest else None

    def add(self, step: int, loss: float) -> None:
        """Add a validation in nats per token."""
        self._final = None
        found = loss if math.isfinite(loss) else None
        if found is not None and (self._best is None or found < self._best):
            self._best, self._best_step = found, step
        if len(self._all) >= self.capacity:
            self._all = self._all[1::2]
        self._all.append(Validation(step, found))

    def add_final(self, step: int, loss: float) -> None:
        """Add a validation made only because the run ended."""
        self._final = Validation(step, loss if math.isfinite(loss) else None)

    def forget_final(self) -> None:
        """Discard the final validation: the run continues."""
        self._final = None

    def capture(self) -> list[list[Any]]:
        """Return all but the final validation as plain values for `restore`."""
        return [[v.step, v.loss] for v in self._all] + [[self._best_step, self._best]]

    def capture_final(self) -> list[Any] | None:
        """Return the final validation, if any."""
        return [self._final.step, self._final.loss] if self._final else None

    def restore(
        self, captured: Sequence[Sequence[Any]], final: Sequence[Any] | None = None
    ) -> None:
        """Restore captured values."""
        *kept, (best_step, self._best) = captured
        self._all = [Validation(int(step), loss) for step, loss in kept]
        # Older versions stored 0 in its place.
        same = (v.step for v in self._all if v.loss is not None and v.loss == self._best)
        self._best_step = int(best_step) or next(same, 0)
        self._final = Validation(int(final[0]), final[1]) if final else None

    def since(self, step: int) -> tuple[Validation, ...]:
        """Return the stored validations after update `step`, rounded to 6 digits."""
        kept = [*self._all, self._final] if self._final else self._all
        if not kept or kept[-1].step <= step:
            return ()
        return tuple(
            Validation(v.step, None if v.loss is None else float(f"{v.loss:.6g}"))
            for v in kept
            if v.step > step
        )
