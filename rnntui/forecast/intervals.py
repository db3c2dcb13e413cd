"""Prediction intervals from the errors of earlier forecasts (conformal prediction).

How hard a series is to forecast changes: the errors of recent forecasts weigh more (Barber et al.
2023), and if the intervals so far held too many or too few values, the next ones aim lower or
higher (adaptive conformal inference: Gibbs and Candès 2021) and are narrower or wider than the
quantile they aim at, so that they can also leave the range of the errors so far (after the quantile
tracking of Angelopoulos, Candès and Tibshirani 2023).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

LEVELS = (80, 95)  # per cent
RECENT = 40  # origins whose errors count
HALF_LIFE = 12.0  # origins after which an error weighs half as much
NEIGHBOURS = 2  # horizons on both sides whose errors count too
FIRST_JUDGED = 8  # origins before the first interval whose coverage counts
# Of a lack of coverage, this is added to the aim of the next intervals, and this, times the share
# that they leave out, to the logarithm of their width. Both were chosen on simulated series of many
# kinds: with smaller ones, the interval score is a little better, but more series are off by 15
# points, above all over a dozen origins.
GAIN, STRETCH = 0.1, 2.5
LEAST_AIM, MOST_AIM = 0.6, 0.99


def half_widths(errors: Numbers, level: float) -> Numbers:
    """Half the width (H,) of an interval that holds `level` of the values, from errors (N, H).

    The last 40 forecasts count alike; NaN stands for an error that is not known yet. A horizon with
    few errors borrows those of its neighbours. Where even these are too few for the quantile, the
    width is that of a normal distribution, and at least the largest error.
    """
    return _Sizes(errors, math.inf).half_widths(level)


class _Sizes:
    """The sizes of errors (N, H) that count at each horizon, in order, with their weights (M, H).

    An error weighs half as much as one `half_life` forecasts later.
    """

    def __init__(self, errors: Numbers, half_life: float) -> None:
        recent = abs(errors[-RECENT:])
        count, horizon = recent.shape
        beside = np.full((count, NEIGHBOURS), np.nan)
        padded = np.concatenate([beside, recent, beside], axis=1)
        places = range(2 * NEIGHBOURS + 1)
        near = np.stack([padded[:, n : n + horizon] for n in places], axis=1).reshape(-1, horizon)
        ages = np.arange(count)[::-1] / half_life
        weights = np.where(np.isnan(near), 0.0, np.repeat(0.5**ages, len(places))[:, None])
        order = np.argsort(near, axis=0)  # NaN comes last
        self._sizes = np.take_along_axis(near, order, axis=0)
        self._weights = np.take_along_axis(weights, order, axis=0)
        self._summed = np.cumsum(self._weights, axis=0)

    def half_widths(self, level: float) -> Numbers:
        """The quantiles (H,) with one more size that is infinite; no horizon's is the smaller."""
        if not len(self._sizes):
            return np.full(self._sizes.shape[1], np.nan)
        total, last = self._summed[-1], len(self._sizes) - 1
        rank = (self._summed < level * (total + self._weights.max(axis=0))).sum(axis=0)
        found = np.take_along_axis(self._sizes, np.minimum(rank, last)[None], axis=0)[0]
        beyond = (rank > last) | np.isnan(found)
        grown: Numbers = np.fmax.accumulate(np.where(beyond, self._widest(level), found))
        return np.where(total > 0, grown, np.nan)

    def _widest(self, level: float) -> Numbers:
        """The width (H,) of a normal distribution, at least the largest size."""
        known = np.where(np.isnan(self._sizes), 0.0, self._sizes)
        squares = (self._weights * np.square(known)).sum(axis=0)
        spread = np.sqrt(squares / np.maximum(self._summed[-1], 1e-300))
        width: Numbers = NormalDist().inv_cdf((1 + level) / 2) * spread
        widest: Numbers = np.maximum(known.max(axis=0), width)
        return widest


def known_before(errors: Numbers, origins: Sequence[int], row: int) -> Numbers:
    """The errors (K, H) of values before a row; NaN for the others."""
    rows = np.array(origins, np.int64)[:, None] + np.arange(errors.shape[1])
    return np.where(rows < row, errors, np.nan)


def rolling_widths(
    errors: Numbers, origins: Sequence[int], row: int | None = None
) -> dict[int, Numbers]:
    """Half the widths (K + 1, H) of the intervals at each of the origins and at `row`, by level.

    Each uses only errors (K, H) of values before it; without a `row`, the last ones use all. NaN
    where no error is known.
    """
    count, horizon = errors.shape
    end = (origins[-1] if count else 0) + horizon if row is None else row
    rows = [*origins, end]
    widths = {level: np.full((count + 1, horizon), np.nan) for level in LEVELS}
    trackers = {level: _Tracker(level / 100) for level in LEVELS}
    for place in range(count + 1):
        known = known_before(errors[:place], origins[:place], rows[place])
        if place > FIRST_JUDGED:
            before = known_before(errors[:place], origins[:place], rows[place - 1])
            new = np.isfinite(known) & np.isnan(before)
            new[:FIRST_JUDGED] = False
            for level in LEVELS if new.any() else ():
                held = abs(known[new]) <= widths[level][:place][new]
                trackers[level].learn(float(held.mean()))
        sizes, least = _Sizes(known, HALF_LIFE), np.zeros(horizon)
        for level in LEVELS:
            # Even of errors that are spread evenly, the quantiles are as far apart as the levels.
            widths[level][place] = np.maximum(trackers[level].half_widths(sizes), level * least)
            least = widths[level][place] / level
    return widths


class _Tracker:
    """Makes up for what the intervals of a level held too much or too little."""

    def __init__(self, level: float) -> None:
        self._level = level
        self._aim, self._stretch = level, 0.0  # the latter is a logarithm

    def learn(self, held: float) -> None:
        """Take the share of new values that the intervals held."""
        lack = self._level - held
        self._aim += GAIN * lack
        self._stretch += STRETCH * (1 - self._level) * lack

    def half_widths(self, sizes: _Sizes) -> Numbers:
        """Half the widths (H,) of the next intervals."""
        aim = min(max(self._aim, LEAST_AIM), MOST_AIM)
        return math.exp(self._stretch) * sizes.half_widths(aim)


def coverage(errors: Numbers, widths: Numbers) -> float:
    """The share of errors (K, H) that intervals of those half widths (K, H) would have held."""
    there = np.isfinite(widths)
    return float((abs(errors[there]) <= widths[there]).mean()) if there.any() else math.nan
