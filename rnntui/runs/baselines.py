"""The losses of simple models on the validation part: lines for a network to beat."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rnntui.data import Dataset, ValueData
from rnntui.forecast.methods import Method, fit_all
from rnntui.forecast.season import find_season

Numbers = NDArray[np.float64]
Losses = tuple[tuple[str, float], ...]

MOST_COLUMNS = 8  # that methods are fitted to
MOST_NUMBERS = 1 << 20  # rows times the longest lag, of the origins that are forecast from at once
MOST_ORIGINS = 200_000  # of all columns; they take about half a second
_SHORT = {"exponential smoothing": "exp. smoothing"}  # it stands beside a plot


def simple_losses(data: Dataset, known: Losses) -> Losses:
    """Names and losses of simple models, in the network's units; of values, the best one first.

    For values, simple methods are fitted to the part trained on and forecast one row ahead: ½
    squared error, summed over columns, as the network's loss is. `known` are those of
    `data.baselines`; for many columns or a long validation part, there are no others.
    """
    if not isinstance(data, ValueData) or not known or not _affordable(data):
        return known
    return tuple(sorted((*known, *_fitted(data)), key=lambda found: found[1]))


def _affordable(data: ValueData) -> bool:
    columns, rows = len(data.features), len(data.validation)
    return columns <= MOST_COLUMNS and rows * columns <= MOST_ORIGINS


def _fitted(data: ValueData) -> Iterator[tuple[str, float]]:
    """The loss of each method that can be fitted to every column."""
    rows, train = data.rows(), data.row_count - len(data.validation)
    likely = data.clock.seasons if data.clock else ()
    columns = [np.ascontiguousarray(column) for column in rows.T]
    methods = [fit_all(c[:train], find_season(c[:train], likely), horizon=1) for c in columns]
    # The first value of the validation part is not predicted by the network either.
    origins = range(train + 1, len(rows))
    for name in methods[0]:
        fitted = [found[name] for found in methods if name in found]
        if name == "last value" or len(fitted) < len(columns):
            continue
        if max(method.least_rows for method in fitted) > train:
            continue
        total = 0.0
        for column, method, deviation in zip(columns, fitted, data.deviation, strict=True):
            off = (_ahead(method, column, origins) - column[train + 1 :]) / deviation
            total += float(np.square(off).mean()) / 2
        yield _SHORT.get(name, name), total


def _ahead(method: Method, values: Numbers, origins: range) -> Numbers:
    """Forecasts of one row from each origin, some of them at a time."""
    size = max(1, MOST_NUMBERS // method.least_rows)
    parts = [origins[at : at + size] for at in range(0, len(origins), size)]
    return np.concatenate([method.forecast(values, part, 1)[:, 0] for part in parts])
