"""A rolling backtest: forecasts from many origins, and their errors by horizon."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from rnntui.dataclass import dataclass
from rnntui.forecast.autoregression import Autoregression
from rnntui.forecast.intervals import coverage, rolling_widths
from rnntui.forecast.methods import NETWORK, REGRESSION, Method, fit_slices
from rnntui.forecast.mixing import Mean, Unseen, anchor_of, choose_mean, mean_square
from rnntui.forecast.season import find_season
from rnntui.forecast.slices import Slices, result_of

Numbers = NDArray[np.float64]

MOST_HORIZON = 100
HORIZON_SHARE = 0.1  # of the validation part, if there is no season
MOST_ORIGINS = 40  # in each part
INNER_SHARE = 0.4  # of the rows trained on, for errors to choose and to calibrate by
REFITS = 4  # within the part trained on
LEAST_UNSEEN = 4  # origins from which a network is judged
LEAST_BEFORE = 8  # rows before the first origin
COMBINED = "auto"  # the mean of methods that the inner origins prefer


@dataclass(frozen=True)
class Plan:
    """From where forecasts start: `inner` origins in the part trained on, `outer` ones after it.

    For the inner origins, simple methods are fitted on the rows before `fitted` and, now and then,
    on those before the next origin; on all rows before `train` for the outer ones. A network was
    not trained on the last `held` rows before `train`. Origins are row numbers: that of the first
    row predicted.
    """

    horizon: int
    fitted: int
    train: int
    inner: tuple[int, ...]
    outer: tuple[int, ...]
    held: int = 0

    @property
    def unseen(self) -> int:
        """How many of the inner origins lie behind the rows that a network was trained on."""
        return sum(origin >= self.train - self.held for origin in self.inner)

    @property
    def parts(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Origins together with the rows that methods are fitted on before them."""
        size = max(1, -(-len(self.inner) // REFITS))
        groups = [self.inner[at : at + size] for at in range(0, len(self.inner), size)]
        inner = [(max(self.fitted, group[0]), group) for group in groups]
        return (*inner, *([(self.train, self.outer)] if self.outer else []))

    @property
    def stride(self) -> int:
        """Rows from one origin to the next, of the outer ones if there are two."""
        some = self.outer if len(self.outer) > 1 else self.inner
        return some[1] - some[0] if len(some) > 1 else 1

    @property
    def origins(self) -> tuple[int, ...]:
        """All origins, in order."""
        return (*self.inner, *self.outer)


def default_horizon(season: int, validated: int) -> int:
    """How many rows are forecast unless the recipe says: a season, or a tenth of the last part.

    Of a season that does not fit into the last part, half of that part: several forecasts do.
    """
    wanted = season or int(validated * HORIZON_SHARE)
    if wanted > validated > 0:
        wanted = validated // 2
    return max(1, min(MOST_HORIZON, wanted))


def plan(rows: int, train: int, horizon: int, held: int = 0) -> Plan:
    """Origins for `rows` of which the first `train` are trained on.

    No forecast from an inner origin reaches into the last part.
    """
    horizon = max(1, min(horizon, (rows - LEAST_BEFORE) // 2))
    fitted = max(LEAST_BEFORE, train - max(int(train * INNER_SHARE), 2 * horizon))
    fitted = min(fitted, max(train - horizon, 1))
    return Plan(
        horizon,
        fitted,
        train,
        _spread(fitted, train - horizon),
        _spread(train, rows - horizon),
        held,
    )


def _spread(first: int, last: int) -> tuple[int, ...]:
    """Up to 40 origins from `first` to `last`, evenly."""
    if last < first or first < 1:
        return ()
    step = max(1, math.ceil((last - first + 1) / MOST_ORIGINS))
    return tuple(range(first, last + 1, step))


@dataclass(frozen=True)
class Scores:
    """Errors of one method by horizon, each (H,), in the units of the file."""

    rmse: tuple[float, ...]
    mae: tuple[float, ...]
    mase: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class After:
    """Errors (K, H) of forecasts after the rows of a backtest, by method; NaN: not known yet."""

    origins: tuple[int, ...]
    errors: dict[str, Numbers]


@dataclass(frozen=True, eq=False)
class Backtest:
    """The backtest of one target.

    `errors` (K, H) by method are forecast minus value, from all origins. `coverage` is the share of
    values of the last part inside the intervals, by level in per cent. `best` has the least error
    at the inner origins, which are all that chooses it and the `mean`.
    """

    target: str
    series: str
    horizon: int
    season: int
    plan: Plan
    methods: dict[str, Scores]
    errors: dict[str, Numbers] = field(repr=False)
    coverage: dict[int, float]
    best: str
    mean: Mean

    def widths_of(
        self, mean: Mean, row: int | None = None, after: After | None = None
    ) -> dict[int, Numbers]:
        """Half the width (H,) of the intervals of a mean of methods' next forecasts, by level.

        Those from `row` are from errors that were known there, unless these are too few. With
        forecasts `after` the rows of the backtest, `row` counts on from these.
        """
        origins, errors = self.plan.origins, mean.of(self.errors)
        if after is not None:
            errors = np.concatenate([errors, mean.of(after.errors)])
            origins = (*origins, *after.origins)
        if row is not None:
            known = bisect_left(origins, row)
            found = _last(rolling_widths(errors[:known], origins[:known], row))
            if all(np.isfinite(widths).all() for widths in found.values()):
                return found
        return _last(rolling_widths(errors, origins))


def _last(widths: dict[int, Numbers]) -> dict[int, Numbers]:
    return {level: found[-1] for level, found in widths.items()}


def backtest(
    values: Numbers,
    where: Plan,
    season: int,
    network: Numbers | None = None,
    target: str = "value",
    series: str = "",
    method: str = COMBINED,
    simple: Simple | None = None,
) -> Backtest:
    """The backtest of values (N,) with a network's forecasts (K, H) from the plan's origins.

    The coverage is that of the intervals of `method`. `simple` are the `simple_methods` if they are
    known.
    """
    simple = simple or result_of(simple_methods(values, where, season))
    errors = simple.errors
    if network is not None:
        errors = {NETWORK: errors_of(values, where.origins, network), **errors}
    scale = _scale(values[: where.train], season)
    outer = len(where.inner)
    methods = {name: _scores(found[outer:], scale) for name, found in errors.items()}
    inner = {name: mean_square(found[:outer]) for name, found in errors.items()}
    best = min(inner, key=lambda name: (not math.isfinite(inner[name]), inner[name]))
    mean = _mean(values, where, simple, errors, best)
    methods[COMBINED] = _scores(mean.of(errors)[outer:], scale)
    shown = errors.get(method, mean.of(errors))
    widths = rolling_widths(shown, where.origins)
    held = {level: coverage(shown[outer:], w[outer:-1]) for level, w in widths.items()}
    return Backtest(target, series, where.horizon, season, where, methods, errors, held, best, mean)


def _mean(
    values: Numbers, where: Plan, simple: Simple, errors: Mapping[str, Numbers], best: str
) -> Mean:
    """The mean that the inner origins choose; the best method alone without any."""
    count = len(where.inner)
    if not count:
        return Mean({best: 1.0})
    inner = {name: found[:count] for name, found in errors.items()}
    found = simple.fitted.get(REGRESSION)
    wanders = isinstance(found, Autoregression) and found.wanders
    if NETWORK not in errors or where.unseen < LEAST_UNSEEN:
        return choose_mean(inner, wanders)
    origins = where.inner[-where.unseen :]
    anchor = simple.fitted[anchor_of(inner)]
    beside = errors_of(values, origins, anchor.forecast(values, origins, where.horizon))
    network = inner[NETWORK][-where.unseen :]
    return choose_mean(inner, wanders, Unseen(network, beside, where.held / where.horizon))


def season_of(values: Numbers, train: int, likely: Sequence[int] = ()) -> int:
    """The season of the part trained on, 0 for none."""
    return find_season(values[:train], likely)


@dataclass(frozen=True, eq=False)
class Simple:
    """The errors (K, H) of each simple method, and those fitted to all rows before `train`."""

    errors: dict[str, Numbers]
    fitted: dict[str, Method]


def simple_methods(values: Numbers, where: Plan, season: int) -> Slices[Simple]:
    """Forecast with each simple method from every origin."""
    found: dict[str, list[Numbers]] = {}
    fitted: dict[str, Method] = {}
    for end, origins in where.parts:
        fitted = yield from fit_slices(values[:end], season, where.horizon)
        for name, method in fitted.items():
            ahead = method.forecast(values, origins, where.horizon)
            found.setdefault(name, []).append(errors_of(values, origins, ahead))
            yield
    parts = len(where.parts)
    errors = {name: np.concatenate(e) for name, e in found.items() if len(e) == parts}
    return Simple(errors, {name: method for name, method in fitted.items() if name in errors})


def errors_of(values: Numbers, origins: Sequence[int], ahead: Numbers) -> Numbers:
    """How far forecasts (K, H) of `values[o : o + H]` from each origin o are above these."""
    rows = np.array(origins, np.int64)[:, None] + np.arange(ahead.shape[1])
    off: Numbers = ahead - values[rows]
    return off


def _scale(values: Numbers, season: int) -> float:
    """The mean absolute error of the (seasonal) naive forecast on the part trained on."""
    lag = season if 0 < season < len(values) else 1
    steps = abs(values[lag:] - values[:-lag])
    return float(steps.mean()) if len(steps) else math.nan


def _scores(errors: Numbers, scale: float) -> Scores:
    if not len(errors):
        nothing = (math.nan,) * errors.shape[1]
        return Scores(nothing, nothing, nothing)
    mae = abs(errors).mean(axis=0)
    mase = mae / scale if scale > 0 else np.full(len(mae), math.nan)
    rmse = np.sqrt(np.square(errors).mean(axis=0))
    return Scores(tuple(rmse.tolist()), tuple(mae.tolist()), tuple(mase.tolist()))


def overall(scores: Mapping[str, Scores]) -> dict[str, float]:
    """The RMSE over all horizons by method."""
    return {name: float(np.sqrt(np.mean(np.square(s.rmse)))) for name, s in scores.items()}
