"""Simple methods of forecasting: fitted on the rows before the first origin, then used from each.

Each gives forecasts (K, H) from K origins: that from origin o sees `values[:o]` alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from rnntui.forecast.slices import Slices, result_of

Numbers = NDArray[np.float64]
Origins = Sequence[int]

ORDERS = (1, 2, 3, 5, 8, 13, 24, 30)  # of an autoregression, from which AIC chooses
RIDGE = 1e-5  # keeps the equations solvable, of the rows
ROWS_PER_LAG = 4
MOST_FITTED = 20_000  # rows: the last ones
MOST_SMOOTHED = 2_000  # rows on which the smoothing is chosen
MOST_STEPS = 5_000  # rows before an origin that the smoothing starts from
_PHASE_SEASONS = 10  # from which the place within a season is found
_BEYOND = 50.0  # deviations: a forecast that diverges stops there


class Method(Protocol):
    """A fitted method, which needs `least_rows` before an origin."""

    @property
    def least_rows(self) -> int:
        """Rows that it looks back."""

    def forecast(self, values: Numbers, origins: Origins, horizon: int) -> Numbers:
        """Forecasts (K, H) of `values[o : o + H]` from each origin o."""


@dataclass(frozen=True)
class LastValue:
    """Nothing changes."""

    least_rows = 1

    def forecast(self, values: Numbers, origins: Origins, horizon: int) -> Numbers:
        """As `Method`."""
        last = values[np.array(origins) - 1]
        return np.repeat(last[:, None], horizon, axis=1)


@dataclass(frozen=True)
class SeasonalNaive:
    """The last season comes again."""

    season: int

    @property
    def least_rows(self) -> int:
        """A season."""
        return self.season

    def forecast(self, values: Numbers, origins: Origins, horizon: int) -> Numbers:
        """As `Method`."""
        ahead = np.arange(horizon) % self.season - self.season
        found: Numbers = values[np.array(origins)[:, None] + ahead]
        return found


@dataclass(frozen=True, eq=False)
class Autoregression:
    """A weighted sum of earlier values: y[t] = c + sum of w[l] y[t - l], on standardized values."""

    lags: tuple[int, ...]
    weights: Numbers  # (L + 1,): the constant comes last
    mean: float
    deviation: float

    @property
    def least_rows(self) -> int:
        """The longest lag."""
        return max(self.lags)

    def forecast(self, values: Numbers, origins: Origins, horizon: int) -> Numbers:
        """As `Method`."""
        longest = max(self.lags)
        rows = np.array(origins)[:, None] + np.arange(-longest, 0)
        seen = (values[rows] - self.mean) / self.deviation
        steps = np.concatenate([seen, np.zeros((len(rows), horizon))], axis=1)
        for step in range(longest, longest + horizon):
            earlier = steps[:, [step - lag for lag in self.lags]]
            ahead = earlier @ self.weights[:-1] + self.weights[-1]
            steps[:, step] = np.clip(ahead, -_BEYOND, _BEYOND)
        found: Numbers = steps[:, longest:] * self.deviation + self.mean
        return found


def fit_autoregression(values: Numbers, season: int = 0) -> Autoregression | None:
    """Least squares, with the order of the least AIC; a season adds its lag and the two beside."""
    values = values[-MOST_FITTED:]
    mean, deviation = float(values.mean()), float(values.std()) or 1.0
    z = (values - mean) / deviation
    around = (season - 1, season, season + 1) if season else ()
    orders = [(*range(1, p + 1), *(lag for lag in around if lag > p)) for p in ORDERS]
    orders = [o for o in orders if len(o) * ROWS_PER_LAG <= len(z) and max(o) * 2 <= len(z)]
    if not orders:
        return fit_autoregression(values) if season else None
    every = sorted({lag for lags in orders for lag in lags})
    X, y = _design(z, every)
    squares, products = X.T @ X, X.T @ y
    best: tuple[float, tuple[int, ...], Numbers] | None = None
    for lags in orders:
        places = [*(every.index(lag) for lag in lags), len(every)]
        part = squares[np.ix_(places, places)]
        ridge = RIDGE * len(X) * np.eye(len(places))
        weights = np.asarray(np.linalg.solve(part + ridge, products[places]), np.float64)
        error = float(np.square(y - X[:, places] @ weights).sum())
        aic = len(y) * math.log(error / len(y) + 1e-12) + 2 * len(lags)
        if best is None or aic < best[0]:
            best = (aic, lags, weights)
    assert best is not None
    return Autoregression(best[1], best[2], mean, deviation)


def _design(z: Numbers, lags: Sequence[int]) -> tuple[Numbers, Numbers]:
    """The equations X (M, L + 1), y (M,) of an autoregression."""
    longest = max(lags)
    windows = sliding_window_view(z, longest + 1)
    X = np.ones((len(windows), len(lags) + 1))
    for place, lag in enumerate(lags):
        X[:, place] = windows[:, longest - lag]
    return X, z[longest:]


@dataclass(frozen=True, eq=False)
class DampedTrend:
    """Exponential smoothing with a damped trend, of values without their season (Gardner 1985)."""

    level: float
    trend: float
    damping: float
    seasonal: Numbers  # (S,) by row number modulo S; (1,) zeros without a season

    @property
    def least_rows(self) -> int:
        """Enough for the first level to be forgotten, and two seasons to find the phase."""
        return max(20, 2 * len(self.seasonal) if len(self.seasonal) > 1 else 0)

    def forecast(self, values: Numbers, origins: Origins, horizon: int) -> Numbers:
        """As `Method`."""
        places = np.arange(len(values) + horizon) - self._phase(values[: min(origins)])
        season = self.seasonal[places % len(self.seasonal)]
        first = max(0, min(origins) - MOST_STEPS)
        adjusted = (values - season[: len(values)])[first:]
        states = self._states(adjusted, [o - first for o in origins])
        powers = np.cumsum(self.damping ** np.arange(1, horizon + 1))
        ahead = states[:, :1] + states[:, 1:] * powers
        rows = np.array(origins)[:, None] + np.arange(horizon)
        found: Numbers = ahead + season[rows]
        return found

    def _phase(self, values: Numbers) -> int:
        """The row at which the season begins: that with which the changes agree best."""
        size = len(self.seasonal)
        if size == 1:
            return 0
        changes = np.diff(values[-_PHASE_SEASONS * size :])
        first = len(values) - len(changes) - 1
        around = np.diff(np.concatenate([self.seasonal, self.seasonal[:1]]))
        places = np.arange(first, first + len(changes))
        agreement = [float(changes @ around[(places - phase) % size]) for phase in range(size)]
        return int(np.argmax(agreement))

    def _states(self, values: Numbers, origins: Origins) -> Numbers:
        """Level and trend (K, 2) before each origin."""
        wanted = set(origins)
        level, slope, kept = float(values[0]), 0.0, {}
        for row, value in enumerate(values[: max(origins)].tolist()):
            if row in wanted:
                kept[row] = (level, slope)
            before = level + self.damping * slope
            level_now = before + self.level * (value - before)
            slope = self.damping * slope + self.trend * (value - before)
            level = level_now
        kept[max(origins)] = (level, slope)
        return np.array([kept[origin] for origin in origins])


def fit_damped_trend(values: Numbers, season: int = 0) -> DampedTrend | None:
    """The smoothing whose one-step errors are least, from a grid."""
    if len(values) < 4:
        return None
    seasonal = _seasonal(values, season)
    places = np.arange(len(values))
    plain = (values - seasonal[places % len(seasonal)])[-MOST_SMOOTHED:]
    grid = [
        (level, level * share, damping)
        for level in (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0)
        for share in (0.0, 0.02, 0.1, 0.3)
        for damping in (0.8, 0.9, 0.98)
        if share or damping == 0.9
    ]
    levels, trends, dampings = np.array(grid).T
    level, slope = np.full(len(grid), plain[0]), np.zeros(len(grid))
    total = np.zeros(len(grid))
    skipped = min(10, len(plain) // 2)
    for row, value in enumerate(plain.tolist()):
        before = level + dampings * slope
        error = value - before
        if row >= skipped:
            total += error * error
        level = before + levels * error
        slope = dampings * slope + trends * error
    chosen = grid[int(np.argmin(total))]
    return DampedTrend(*chosen, seasonal)


def _seasonal(values: Numbers, season: int) -> Numbers:
    """The mean deviation (S,) of each row of a season from the mean over a season around it."""
    if not season or len(values) < 2 * season + 1:
        return np.zeros(1)
    weights = np.ones(season + (season + 1) % 2)
    weights[[0, -1]] = 0.5 if season % 2 == 0 else 1.0
    smooth = np.convolve(values, weights / weights.sum(), "valid")
    start = (len(values) - len(smooth)) // 2
    off = values[start : start + len(smooth)] - smooth
    rows = (start + np.arange(len(off))) % season
    counts = np.bincount(rows, minlength=season)
    found = np.bincount(rows, off, minlength=season) / np.maximum(counts, 1)
    centred: Numbers = found - found.mean()
    return centred


def _fit_seasonal(values: Numbers, season: int) -> Method | None:
    return SeasonalNaive(season) if 0 < season < len(values) else None


Fit = Callable[[Numbers, int], Method | None]

METHODS: dict[str, Fit] = {
    "last value": lambda values, season: LastValue(),
    "seasonal naive": _fit_seasonal,
    "autoregression": fit_autoregression,
    "exponential smoothing": fit_damped_trend,
}
NETWORK = "network"


def fit_all(values: Numbers, season: int) -> dict[str, Method]:
    """Every method that can be fitted to values (N,), by name."""
    return result_of(fit_slices(values, season))


def fit_slices(values: Numbers, season: int) -> Slices[dict[str, Method]]:
    """As `fit_all`, a method at a time."""
    found: dict[str, Method] = {}
    for name, fit in METHODS.items():
        if (method := fit(values, season)) is not None:
            found[name] = method
        yield
    return found
