"""A rolling backtest: forecasts from many origins, and their errors by horizon."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rnntui.forecast.intervals import coverage, half_widths, rolling_widths
from rnntui.forecast.methods import NETWORK, Method, fit_slices
from rnntui.forecast.season import find_season
from rnntui.forecast.slices import Slices, result_of

Numbers = NDArray[np.float64]

MOST_HORIZON = 100
HORIZON_SHARE = 0.1  # of the validation part, if there is no season
MOST_ORIGINS = 40  # in each part
INNER_SHARE = 0.4  # of the rows trained on, for errors to choose and to calibrate by
DOUBT, DOUBTED = 4.0, 1.2  # horizons in which a network is believed to err so much more
REFITS = 4  # within the part trained on
STRONG = 0.5  # of the steadiest method's squared error: a method that is better by far
LEAST_RATIO = 1e-6  # of two squared errors
LEAST_UNSEEN = 4  # origins from which a network is judged
LEAST_BEFORE = 8  # rows before the first origin
NEAR = 5.0  # times the least squared error, for a method to take part in the mean
ANCHOR, ANCHOR_SHARE = "autoregression", 0.5  # the steadiest method, and its part of the mean
REACH = 0.8  # the interval around the anchor that the network's part may not leave
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
class Mean:
    """A mean of methods with `shares`. The network's part stays within `reach` (H,) of `anchor`.

    A network knows the rows that it was trained on, so errors there say little about how far off
    it is on others; those of simple methods, fitted on fewer rows, do.
    """

    shares: dict[str, float]
    anchor: str = ""
    reach: Numbers | None = None

    def of(self, parts: Mapping[str, Numbers]) -> Numbers:
        """The mean of forecasts, or of their errors, (…, H) by method."""
        found: Numbers = np.sum([s * self._kept(n, parts) for n, s in self.shares.items()], axis=0)
        return found

    def _kept(self, name: str, parts: Mapping[str, Numbers]) -> Numbers:
        if name != NETWORK or self.reach is None:
            return parts[name]
        anchor = parts[self.anchor]
        kept: Numbers = anchor + np.clip(parts[name] - anchor, -self.reach, self.reach)
        return kept


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
    inner = {name: _mean_square(found[:outer]) for name, found in errors.items()}
    best = min(inner, key=lambda name: (not math.isfinite(inner[name]), inner[name]))
    mean = _mean({name: found[:outer] for name, found in errors.items()}, best)
    if network is not None and where.unseen >= LEAST_UNSEEN:
        mean = _judged(mean, values, where, simple.fitted[mean.anchor], errors)
    methods[COMBINED] = _scores(mean.of(errors)[outer:], scale)
    shown = errors.get(method, mean.of(errors))
    widths = rolling_widths(shown, where.origins)
    held = {level: coverage(shown[outer:], w[outer:-1]) for level, w in widths.items()}
    return Backtest(target, series, where.horizon, season, where, methods, errors, held, best, mean)


def _mean(errors: Mapping[str, Numbers], best: str, judged: float | None = None) -> Mean:
    """The mean of methods by their errors (K, H) at the inner origins.

    `judged` is the network's mean square beside that of the steadiest method, if it is known.

    Half is the autoregression's, or less if another method is more than twice as good; those that
    are nearly as good as the best share the rest by the inverse of their squared errors, squared
    (after Bates and Granger 1969).
    """
    if not errors[best].size:
        return Mean({best: 1.0})
    squares = {name: _mean_square(found) for name, found in errors.items()}
    simple = {name: s for name, s in squares.items() if name != NETWORK}
    anchor = min(simple, key=lambda name: simple[name])
    if simple.get(ANCHOR, math.inf) <= NEAR * simple[anchor]:
        anchor = ANCHOR
    reach = half_widths(errors[anchor], REACH)
    if NETWORK in errors:
        kept = Mean({NETWORK: 1.0}, anchor, reach).of(errors)
        squares[NETWORK] = _mean_square(kept) if judged is None else judged * squares[anchor]
    least = max(min(squares.values()), 1e-300)
    near = {name: (least / max(s, least)) ** 2 for name, s in squares.items() if s <= NEAR * least}
    total = sum(near.values())
    part = ANCHOR_SHARE * least / max(least, STRONG * squares[anchor]) if anchor in near else 0.0
    shares = {name: (1 - part) * weight / total for name, weight in near.items()}
    if part:
        shares[anchor] += part
    strong = judged is not None and judged < STRONG
    return Mean(shares, anchor, None if strong else reach)


def _judged(
    mean: Mean, values: Numbers, where: Plan, anchor: Method, errors: Mapping[str, Numbers]
) -> Mean:
    """The mean, with a network judged by rows that it was not trained on.

    Beside it stands the steadiest method, `anchor`, fitted on all of the part trained on, as what
    is linear in the network is. The fewer horizons were forecast, the more doubt there is. It stays
    within reach of that method unless it is better by far without that.
    """
    first = len(where.inner) - where.unseen
    origins = where.inner[first:]
    beside = errors_of(values, origins, anchor.forecast(values, origins, where.horizon))
    both = {NETWORK: errors[NETWORK][first : len(where.inner)], mean.anchor: beside}
    seen = where.held / where.horizon

    def judge(reach: Numbers | None) -> float:
        kept = Mean({NETWORK: 1.0}, mean.anchor, reach).of(both)
        ratio = _mean_square(kept) / max(_mean_square(beside), 1e-300)
        weighed = seen * math.log(max(ratio, LEAST_RATIO)) + DOUBT * math.log(DOUBTED)
        return math.exp(weighed / (seen + DOUBT))

    inner = {name: found[: len(where.inner)] for name, found in errors.items()}
    free = judge(None)
    return _mean(inner, mean.anchor, free if free < STRONG else max(judge(mean.reach), STRONG))


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
        fitted = yield from fit_slices(values[:end], season)
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


def _mean_square(errors: Numbers) -> float:
    return float(np.square(errors).mean()) if errors.size else math.inf


def overall(scores: Mapping[str, Scores]) -> dict[str, float]:
    """The RMSE over all horizons by method."""
    return {name: float(np.sqrt(np.mean(np.square(s.rmse)))) for name, s in scores.items()}
