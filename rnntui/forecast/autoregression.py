"""Autoregressions, of values and of their changes: least squares on earlier ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from rnntui.dataclass import dataclass

Numbers = NDArray[np.float64]
Origins = Sequence[int]

ORDERS = (1, 2, 3, 5, 8, 13, 24, 30)  # from which AIC chooses
RIDGE = 1e-5  # keeps the equations solvable, of the rows
ROWS_PER_LAG = 4
MOST_FITTED = 20_000  # rows: the last ones
UNIT_ROOT = -2.86  # the statistic of Dickey and Fuller above which it is not rejected, at 5 %
LEAST_CHANGES, LEAST_SEASONS = 12, 3  # rows and seasons from which changes are learned
_BEYOND = 50.0  # deviations: a forecast that diverges stops there


@dataclass(frozen=True, eq=False)
class Autoregression:
    """A weighted sum of earlier values: y[t] = c + sum of w[l] y[t - l], on standardized values."""

    lags: tuple[int, ...]
    weights: Numbers  # (L + 1,): the constant comes last
    mean: float
    deviation: float
    reversion: float  # to the mean: the statistic of Dickey and Fuller

    @property
    def least_rows(self) -> int:
        """The longest lag."""
        return max(self.lags)

    @property
    def wanders(self) -> bool:
        """Whether a unit root is not rejected: the values may not return to their mean."""
        return self.reversion > UNIT_ROOT

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
    X, y = design(z, every)
    squares, products = X.T @ X, X.T @ y
    best: tuple[float, tuple[int, ...], Numbers, float] | None = None
    for lags in orders:
        places = [*(every.index(lag) for lag in lags), len(every)]
        part = squares[np.ix_(places, places)]
        equations = part + RIDGE * len(X) * np.eye(len(places))
        weights = np.asarray(np.linalg.solve(equations, products[places]), np.float64)
        error = float(np.square(y - X[:, places] @ weights).sum())
        aic = len(y) * math.log(error / len(y) + 1e-12) + 2 * len(lags)
        if best is None or aic < best[0]:
            reversion = _reversion(weights, equations, error / max(len(y) - len(places), 1))
            best = (aic, lags, weights, reversion)
    assert best is not None
    return Autoregression(best[1], best[2], mean, deviation, best[3])


def _reversion(weights: Numbers, equations: Numbers, variance: float) -> float:
    """How many standard errors the sum of the weights is above 1, at which nothing is forgotten."""
    spread = np.linalg.inv(equations)[:-1, :-1].sum() * variance
    return float((weights[:-1].sum() - 1) / math.sqrt(max(spread, 1e-300)))


def design(z: Numbers, lags: Sequence[int]) -> tuple[Numbers, Numbers]:
    """The equations X (M, L + 1), y (M,) of an autoregression."""
    longest = max(lags)
    windows = sliding_window_view(z, longest + 1)
    X = np.ones((len(windows), len(lags) + 1))
    for place, lag in enumerate(lags):
        X[:, place] = windows[:, longest - lag]
    return X, z[longest:]


@dataclass(frozen=True, eq=False)
class Changes:
    """An autoregression of the changes over some rows, which are added up again."""

    over: int
    changes: Autoregression

    @property
    def least_rows(self) -> int:
        """The longest lag, of changes."""
        return self.over + self.changes.least_rows

    def forecast(self, values: Numbers, origins: Origins, horizon: int) -> Numbers:
        """As `Method`."""
        over, rows = self.over, np.array(origins)
        changes = values[over:] - values[:-over]
        found = self.changes.forecast(changes, [origin - over for origin in origins], horizon)
        for step in range(horizon):
            found[:, step] += values[rows + step - over] if step < over else found[:, step - over]
        return found


def fit_changes(values: Numbers, season: int = 0) -> Changes | None:
    """Changes over a season or, without one or with too few rows for it, from row to row."""
    over = season if len(values) >= LEAST_SEASONS * season + LEAST_CHANGES else 0
    over = max(over, 1)
    if len(values) < LEAST_CHANGES:
        return None
    fitted = fit_autoregression(values[over:] - values[:-over], season)
    return None if fitted is None else Changes(over, fitted)
