"""One-step errors of a network beside those of simple methods, in the units of a file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rnntui.data import ValueData
from rnntui.dataclass import dataclass
from rnntui.forecast.backtest import season_of
from rnntui.forecast.methods import NETWORK, Method, fit_all

Numbers = NDArray[np.float64]

MOST_COMPARED = 200_000  # rows: the last ones
_AT_ONCE = 10_000  # origins
_LEAST_SHARE = 0.5  # of the rows must be known to all methods, or a method is left out


@dataclass(frozen=True)
class Errors:
    """Of one method on one column."""

    rmse: float
    mae: float


@dataclass(frozen=True)
class Comparison:
    """Errors by method for each column, all over the last `steps` rows, one row ahead."""

    steps: int
    columns: tuple[dict[str, Errors], ...]


def compare(data: ValueData, rows: Numbers, predicted: Numbers) -> Comparison:
    """Compare predictions (M, D) of the last M of some rows (N, D) with simple methods.

    These are fitted on the rows that the run trained on, as far as it kept them.
    """
    train = len(data.values) + (data.levels is not None)
    known = data.rows()[:train]
    likely = data.clock.seasons if data.clock else ()
    fitted: list[dict[str, Method]] = []
    for column in known.T:
        values = np.ascontiguousarray(column)
        season = season_of(values, train, likely)
        fitted.append(fit_all(values, season, horizon=1) if train > 1 else {})
    first = max(len(rows) - len(predicted), len(rows) - MOST_COMPARED)
    usable = [_usable(methods, len(rows)) for methods in fitted]
    first = max([first, *(m.least_rows for methods in usable for m in methods.values())])
    if data.skip is not None and data.skip.longest <= len(rows) * _LEAST_SHARE:
        first = max(first, data.skip.longest)  # as one of them: before, it lacks rows
    found = []
    for place, methods in enumerate(usable):
        values = np.ascontiguousarray(rows[:, place])
        own = predicted[len(predicted) - (len(rows) - first) :, place]
        ahead = {NETWORK: own, **{n: _one_ahead(m, values, first) for n, m in methods.items()}}
        with np.errstate(all="ignore"):
            found.append({name: _errors(a - values[first:]) for name, a in ahead.items()})
    return Comparison(len(rows) - first, tuple(found))


def _usable(methods: dict[str, Method], rows: int) -> dict[str, Method]:
    """The methods that look back no further than half of the rows."""
    most = rows * _LEAST_SHARE
    return {name: method for name, method in methods.items() if method.least_rows <= most}


def _one_ahead(method: Method, values: Numbers, first: int) -> Numbers:
    """The forecast of each value from row `first` on, from those before it."""
    parts = []
    for start in range(first, len(values), _AT_ONCE):
        origins: Sequence[int] = range(start, min(start + _AT_ONCE, len(values)))
        parts.append(method.forecast(values[: origins[-1] + 1], origins, 1)[:, 0])
    return np.concatenate(parts) if parts else np.zeros(0)


def _errors(off: Numbers) -> Errors:
    return Errors(float(np.sqrt(np.square(off).mean())), float(np.abs(off).mean()))
