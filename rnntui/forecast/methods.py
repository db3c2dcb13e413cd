"""Simple methods of forecasting: fitted on the rows before the first origin, then used from each.

Each gives forecasts (K, H) from K origins: that from origin o sees `values[:o]` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rnntui.dataclass import dataclass
from rnntui.forecast.adaptive import fit_adaptive
from rnntui.forecast.autoregression import (
    Autoregression,
    Changes,
    fit_autoregression,
    fit_changes,
)
from rnntui.forecast.slices import Slices, result_of
from rnntui.forecast.smoothing import fit_damped_trend, fit_theta

Numbers = NDArray[np.float64]
Origins = Sequence[int]


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


def _fit_seasonal(values: Numbers, season: int) -> Method | None:
    return SeasonalNaive(season) if 0 < season < len(values) else None


Fit = Callable[[Numbers, int], Method | None]

METHODS: dict[str, Fit] = {
    "last value": lambda values, season: LastValue(),
    "seasonal naive": _fit_seasonal,
    "autoregression": fit_autoregression,
    "differencing": fit_changes,
    "exponential smoothing": fit_damped_trend,
    "theta": fit_theta,
}
REGRESSION, CHANGES, ADAPTIVE = "autoregression", "differencing", "adaptive mean"
NAMES = (*METHODS, ADAPTIVE)
NETWORK = "network"


def fit_all(values: Numbers, season: int, horizon: int) -> dict[str, Method]:
    """Every method that can be fitted to values (N,), by name, to forecast a horizon."""
    return result_of(fit_slices(values, season, horizon))


def fit_slices(values: Numbers, season: int, horizon: int) -> Slices[dict[str, Method]]:
    """As `fit_all`, a method at a time."""
    found: dict[str, Method] = {}
    for name, fit in METHODS.items():
        if (method := fit(values, season)) is not None:
            found[name] = method
        yield
    regression, changes = found.get(REGRESSION), found.get(CHANGES)
    adaptive = fit_adaptive(
        values,
        season,
        horizon,
        regression if isinstance(regression, Autoregression) else None,
        changes if isinstance(changes, Changes) else None,
    )
    if adaptive is not None:
        found[ADAPTIVE] = adaptive
    yield
    return found
