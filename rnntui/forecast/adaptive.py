"""The mean of several regressions, of which those that have forecast best lately count more.

Least squares trust that the future is like all of the past. After a change of level, an
autoregression leads back to a mean that is gone, while changes are forecast as before; one wild
value spoils the fit of least squares, but not Huber's (1964); of values whose size multiplies,
logarithms are as even as the values are not. Which of these matters now is seen in the errors of
the last forecasts before an origin: as in all combinations by past errors (Bates and Granger
1969), a method counts the more, the smaller they were. Nothing after the origin is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rnntui.dataclass import dataclass
from rnntui.forecast.autoregression import (
    RIDGE,
    Autoregression,
    Changes,
    design,
    fit_autoregression,
    fit_changes,
)

Numbers = NDArray[np.float64]
Origins = Sequence[int]

PLACES = 24  # earlier forecasts that a member is judged by
FADING = 0.95  # of what a forecast counts, one place earlier
POWER = 3  # of the inverse of the mean square error
MOST_JUDGED = 100  # rows ahead
LARGEST = 1e100  # error: its square is finite
HUBER, ROUNDS = 2.5, 5  # residuals beyond so many deviations count less; times that they are found
MOST_ROBUST = 3_000  # rows, the last ones, that a robust regression is fitted to
MOST_LOGARITHMS = 5_000  # rows, the last ones, whose logarithms are
WILD = 6.0  # deviations from the median, beyond which a value is wild
_DEVIATION = 1.4826  # of a normal distribution, over its median absolute deviation


class Member(Protocol):
    """A fitted method; see `rnntui.forecast.methods.Method`."""

    @property
    def least_rows(self) -> int:
        """Rows that it looks back."""

    def forecast(self, values: Numbers, origins: Origins, horizon: int) -> Numbers:
        """Forecasts (K, H) of `values[o : o + H]` from each origin o."""


@dataclass(frozen=True, eq=False)
class AdaptiveMean:
    """A mean whose weights follow errors of forecasts `judged` rows ahead before each origin."""

    members: tuple[Member, ...]
    judged: int

    @property
    def least_rows(self) -> int:
        """Those of the member that looks back least: the others join where they can."""
        return min(member.least_rows for member in self.members)

    def forecast(self, values: Numbers, origins: Origins, horizon: int) -> Numbers:
        """As `Method`."""
        weights = self._weights(values, np.array(origins))
        found = np.zeros((len(origins), horizon))
        for member, weight in zip(self.members, weights, strict=True):
            able = weight > 0
            if able.any():
                some = [origin for origin, there in zip(origins, able, strict=True) if there]
                ahead = member.forecast(values, some, horizon)
                found[able] += weight[able, None] * ahead
        return found

    def _weights(self, values: Numbers, origins: NDArray[np.int64]) -> Numbers:
        """The weights (M, K) of the members at each origin; those that cannot forecast have 0."""
        step = max(1, self.judged // 3)
        places = origins[:, None] - self.judged - step * np.arange(PLACES)
        able = np.array([origins >= member.least_rows for member in self.members])
        squares = np.array([self._squares(m, values, places) for m in self.members])  # (M, K, P)
        known = (np.isfinite(squares) | ~able[:, :, None]).all(axis=0)
        fading = np.where(known, FADING ** np.arange(PLACES), 0.0)
        totals = (np.where(known & able[:, :, None], squares, 0.0) * fading).sum(axis=2)
        totals = np.where(able, totals, np.inf)
        least = totals.min(axis=0)
        tiny = 1e-12 * least + 1e-300
        weights = np.where(able, ((least + tiny) / (totals + tiny)) ** POWER, 0.0)
        found: Numbers = weights / weights.sum(axis=0)
        return found

    def _squares(self, member: Member, values: Numbers, places: NDArray[np.int64]) -> Numbers:
        """The mean squares of errors of forecasts from places (K, P); NaN for too early ones."""
        there = places >= member.least_rows
        found = np.full(places.shape, np.nan)
        if there.any():
            rows, back = np.unique(places[there], return_inverse=True)
            ahead = member.forecast(values, rows.tolist(), self.judged)
            true = values[rows[:, None] + np.arange(self.judged)]
            off = np.clip(ahead - true, -LARGEST, LARGEST)
            found[there] = np.square(off).mean(axis=1)[back.reshape(-1)]
        return found


@dataclass(frozen=True, eq=False)
class Logarithms:
    """A method of logarithms. Values and forecasts stay within `low` and `high` logarithms."""

    method: Member
    low: float
    high: float

    @property
    def least_rows(self) -> int:
        """As of the method."""
        return self.method.least_rows

    def forecast(self, values: Numbers, origins: Origins, horizon: int) -> Numbers:
        """As `Method`."""
        logarithms = np.log(np.maximum(values, math.exp(self.low)))
        ahead = self.method.forecast(logarithms, origins, horizon)
        found: Numbers = np.exp(np.clip(ahead, self.low, self.high))
        return found


def fit_adaptive(
    values: Numbers,
    season: int,
    horizon: int,
    regression: Autoregression | None,
    changes: Changes | None,
) -> AdaptiveMean | None:
    """The mean of both, of a robust regression and, of positive values, of both of logarithms."""
    if regression is None:
        return None
    members: list[Member | None] = [regression, changes, fit_robust(values, regression)]
    if values.min() > 0:
        logarithms = np.log(values[-MOST_LOGARITHMS:])
        low, high = float(logarithms.min()), float(logarithms.max())
        bounds = 2 * low - high, 2 * high - low  # as far beyond the range as that is wide
        for fit in (fit_autoregression, fit_changes):
            fitted = fit(logarithms, season)
            members.append(fitted and Logarithms(fitted, *bounds))
    judged = max(1, min(horizon, MOST_JUDGED))
    return AdaptiveMean(tuple(member for member in members if member), judged)


def fit_robust(values: Numbers, regression: Autoregression) -> Autoregression | None:
    """An autoregression with the same lags, for which large residuals count less (Huber 1964).

    A wild value would have its way in the equations that look back at it: it is moved to a bound.
    """
    z = (values[-MOST_ROBUST:] - regression.mean) / regression.deviation
    middle = float(np.median(z))
    bound = WILD * _DEVIATION * float(np.median(abs(z - middle)))
    if not bound > 0:
        return None
    X, y = design(np.clip(z, middle - bound, middle + bound), regression.lags)
    weights = regression.weights
    for _ in range(ROUNDS):
        residuals = abs(y - X @ weights)
        scale = _DEVIATION * float(np.median(residuals))
        if not scale > 0:
            return None
        counts = np.minimum(1.0, HUBER * scale / np.maximum(residuals, 1e-300))
        weighed = X.T * counts
        equations = weighed @ X + RIDGE * counts.sum() * np.eye(X.shape[1])
        weights = np.asarray(np.linalg.solve(equations, weighed @ y), np.float64)
    return replace(regression, weights=weights)
