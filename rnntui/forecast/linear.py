"""A linear method beside a network: of each column, the next value from earlier ones.

With the lag 1 alone and the weight 1 it repeats the last value; `fit_linear` is an autoregression
with the lags of the season, by least squares (LSTNet, Lai et al. 2018).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from rnntui.dataclass import dataclass
from rnntui.forecast.autoregression import fit_autoregression

Numbers = NDArray[np.float64]

MOST_NUMBERS = 40_000  # that are fitted, of all columns together: the newest rows
LEAST_ROWS = 1_000  # of each column


@dataclass(frozen=True, eq=False)
class Linear:
    """The next row is the sum of `weights[l] * row[t + 1 - lags[l]]`, plus `constant`.

    weights (L, D), constant (D,). Rows before the first are taken to equal it.
    """

    lags: tuple[int, ...]
    weights: Numbers
    constant: Numbers

    @property
    def longest(self) -> int:
        """How many rows it looks back."""
        return max(self.lags)

    def after(self, seen: Numbers) -> Numbers:
        """What follows the last of rows seen (…, n, D), n >= longest: (…, D)."""
        rows = seen[..., [-lag for lag in self.lags], :]
        ahead: Numbers = (rows * self.weights).sum(axis=-2) + self.constant
        return ahead

    def after_each(self, rows: Numbers) -> Numbers:
        """What follows each of rows (N, D): (N, D)."""
        if not len(rows):
            return rows.copy()
        padded = self.padded(rows)
        found = np.tile(self.constant, (len(rows), 1))
        for lag, weight in zip(self.lags, self.weights, strict=True):
            first = self.longest - lag
            found += padded[first : first + len(rows)] * weight
        return found

    def padded(self, rows: Numbers) -> Numbers:
        """Rows (N, D) after as many copies of the first as are looked at before it."""
        return np.concatenate([np.repeat(rows[:1], self.longest - 1, axis=0), rows])

    def to_dict(self) -> dict[str, list[object]]:
        """As plain values, for JSON."""
        weights, constant = self.weights.tolist(), self.constant.tolist()
        return {"lags": list(self.lags), "weights": weights, "constant": constant}

    @classmethod
    def from_dict(cls, table: dict[str, list[object]], width: int) -> Linear:
        """The inverse of `to_dict`. Raises KeyError, TypeError or ValueError."""
        lags = tuple(int(str(lag)) for lag in table["lags"])
        weights = np.array(table["weights"], np.float64)
        constant = np.array(table["constant"], np.float64)
        if min(lags) < 1 or weights.shape != (len(lags), width) or constant.shape != (width,):
            raise ValueError("skip")
        return cls(lags, weights, constant)


def last_value(width: int) -> Linear:
    """The method that repeats the last of rows (D,)."""
    return Linear((1,), np.ones((1, width)), np.zeros(width))


def nothing(width: int) -> Linear:
    """The method that predicts zeros, from no rows."""
    return Linear((), np.zeros((0, width)), np.zeros(width))


def fit_linear(rows: Numbers, seasons: Sequence[int]) -> Linear:
    """The autoregression of each column of rows (N, D), with its season in rows (0: none).

    A column that is too short repeats its last value.
    """
    width = rows.shape[1]
    rows = rows[-max(LEAST_ROWS, MOST_NUMBERS // width) :]
    fitted = [
        fit_autoregression(np.ascontiguousarray(column), season)
        for column, season in zip(rows.T, seasons, strict=True)
    ]
    lags = sorted({1, *(lag for one in fitted if one for lag in one.lags)})
    weights, constant = np.zeros((len(lags), width)), np.zeros(width)
    for place, one in enumerate(fitted):
        if one is None:
            weights[lags.index(1), place] = 1.0
            continue
        weights[[lags.index(lag) for lag in one.lags], place] = one.weights[:-1]
        # On standardized values z, y = mean + deviation * (w · z + c).
        constant[place] = one.mean * (1 - one.weights[:-1].sum()) + one.deviation * one.weights[-1]
    return Linear(tuple(lags), weights, constant)


def differences_help(rows: Numbers, seasons: Sequence[int], horizon: int) -> bool:
    """Whether changes of rows (N, D) are forecast better than the rows themselves.

    Autoregressions of both, fitted on the first two thirds, forecast from places in the last third;
    the mean over columns of the logarithm of the ratio of their squared errors decides. Where most
    of the last tenth lies outside all that came before, changes may be a little worse: a network
    knows nothing about rows of a size that it has never seen.
    """
    rows = rows[-max(LEAST_ROWS, MOST_NUMBERS // (2 * min(rows.shape[1], _COLUMNS))) :]
    fitted = len(rows) * 2 // 3
    horizon = max(1, min(horizon, (len(rows) - fitted) // 2))
    origins = np.unique(np.linspace(fitted, len(rows) - horizon, _ORIGINS).astype(int))
    if fitted < _LEAST_COMPARED or origins[0] < fitted:
        return False
    found = [
        _ratio(np.ascontiguousarray(column), season, fitted, origins.tolist(), horizon)
        for column, season in zip(rows.T[:_COLUMNS], seasons, strict=False)
    ]
    ratios = np.array(found) - ALLOWED * _leaves_its_range(rows[:, : len(found)])
    return bool(ratios.mean() < 0)


_ORIGINS, _COLUMNS, _LEAST_COMPARED = 20, 20, 20
ALLOWED = 0.8  # by which the logarithm may be worse


def _leaves_its_range(rows: Numbers) -> NDArray[np.bool_]:
    """Of which columns (N, D) most of the last tenth lies outside the range of the others."""
    first = len(rows) - max(1, len(rows) // 10)
    low, high = rows[:first].min(axis=0), rows[:first].max(axis=0)
    after = rows[first:]
    found: NDArray[np.bool_] = ((after < low) | (after > high)).mean(axis=0) > 0.5
    return found


def _ratio(column: Numbers, season: int, fitted: int, origins: list[int], horizon: int) -> float:
    """The logarithm of the squared error with changes over that with the values themselves."""
    changes = np.diff(column)
    levels = fit_autoregression(column[:fitted], season)
    steps = fit_autoregression(changes[: fitted - 1], season)
    if levels is None or steps is None or max(levels.least_rows, steps.least_rows) >= fitted:
        return 0.0
    true = sliding_window_view(column, horizon)[origins]
    ahead = levels.forecast(column, origins, horizon)
    moved = steps.forecast(changes, [origin - 1 for origin in origins], horizon)
    moved = column[np.array(origins) - 1][:, None] + np.cumsum(moved, axis=1)
    errors = [float(np.square(found - true).mean()) for found in (moved, ahead)]
    tiny = 1e-12 * float(column.var()) + 1e-300
    return float(np.log((errors[0] + tiny) / (errors[1] + tiny)))
