"""The backtest of a run's network beside simple methods, at once or a slice at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnntui.data import Dataset, ValueData
from rnntui.data.outlook import usual
from rnntui.dataclass import dataclass
from rnntui.errors import DataError, RnntuiError, RunError
from rnntui.forecast.backtest import (
    COMBINED,
    Backtest,
    Plan,
    Simple,
    backtest,
    default_horizon,
    plan,
    season_of,
    simple_methods,
)
from rnntui.forecast.methods import NETWORK, Method, fit_slices
from rnntui.forecast.mixing import Mean
from rnntui.forecast.slices import Slices, result_of
from rnntui.generation.rolling import roll
from rnntui.nn.model import Parameters
from rnntui.numbers import plural
from rnntui.recipe import Recipe
from rnntui.runs.opening import same_data
from rnntui.runs.store.directory import open_run
from rnntui.runs.trained_model import Model

Numbers = NDArray[np.float64]

LEAST_ROWS = 12
MOST_COLUMNS = 32  # that are backtested beside a run
MOST_AT_END = 200_000  # parameters: about a second
LARGEST = 1e100  # a network that diverges forecasts no more than this


def backtest_run(path: Path, model: Model, horizon: int = 0) -> tuple[list[Backtest], str]:
    """Backtest a run's network on its own source: one result per target, and a note or "".

    Without the source, the last rows that the run kept are used. `horizon` 0 is the recipe's.
    Raises DataError if the run learned tokens, too few rows, or held out fewer than the horizon.
    """
    if not isinstance(model.data, ValueData):
        raise DataError(f"run {path.name} learned text; backtest needs a run on numbers")
    note = ""
    try:
        data = same_data(model.recipe, open_run(path), model.data)
    except RnntuiError as error:
        data, note = model.data, f"using the last rows kept with the run: {error}"
    assert isinstance(data, ValueData)
    found = backtests(model, data, horizon)
    _check_held_out(data, found)
    return found, note


def _check_held_out(data: ValueData, found: list[Backtest]) -> None:
    """Raise DataError if no forecast fits into the rows held out: there would be no error."""
    if all(test.plan.outer for test in found):
        return
    rows = plural(len(data.validation), "row")
    if not len(data.validation):
        raise DataError(f"{data.name}: no rows were held out to forecast: train with split above 0")
    advice = f"--horizon {len(data.validation)} or fewer"
    raise DataError(f"{data.name}: held out {rows}, fewer than the horizon: {advice}")


def backtests(model: Model, data: ValueData, horizon: int = 0) -> list[Backtest]:
    """The backtest of each target of `data`. Raises DataError if it has too few rows."""
    work = Backtester(model.recipe, data, horizon).slices(model.parameters)
    return list(result_of(work).tests)


@dataclass(frozen=True, eq=False)
class Recent:
    """The forecasts (H,) of a target's last rows, by method, all made from the row `origin`."""

    origin: int
    every: dict[str, Numbers]

    def by(self, method: str, test: Backtest) -> tuple[Numbers, dict[int, Numbers]]:
        """The forecast (H,) of one method, and half the width (H,) of its intervals by level.

        The widths are from errors that were known at the origin.
        """
        combined = method == COMBINED or method not in self.every
        mean = test.mean if combined else Mean({method: 1.0})
        return mean.of(self.every), test.widths_of(mean, self.origin)


@dataclass(frozen=True, eq=False)
class Results:
    """The backtest of each target with the weights of update `step`, and its last forecast.

    `recent` is empty if fewer rows than the horizon were held out.
    """

    step: int
    tests: tuple[Backtest, ...]
    recent: tuple[Recent, ...]


class Backtester:
    """Backtests networks on the same data; what is fitted to the data is fitted once."""

    def __init__(self, recipe: Recipe, data: ValueData, horizon: int = 0) -> None:
        """`horizon` 0 is the recipe's. Raises DataError if there are too few rows."""
        if data.row_count < LEAST_ROWS:
            raise DataError(f"{data.name}: {data.row_count} rows; a backtest needs {LEAST_ROWS}")
        self._recipe, self._data = recipe, data
        self._horizon = horizon or recipe.sample.horizon
        self._seasons: list[int] = []
        self._simple: dict[int, Simple] = {}
        self._fitted: dict[int, dict[str, Method]] = {}
        self.newest: Results | None = None

    @cached_property
    def _rows(self) -> Numbers:
        return self._data.rows()

    def _column(self, place: int) -> Numbers:
        return np.ascontiguousarray(self._rows[:, place])

    def slices(self, parameters: Parameters, step: int = 0) -> Slices[Results]:
        """The backtest of a network whose weights stay as they are meanwhile.

        Raises DataError if the horizon leaves no origin.
        """
        where = yield from self._plan()
        for place in range(len(self._data.forecast)):
            if place not in self._simple:
                season = self._seasons[place]
                self._simple[place] = yield from simple_methods(self._column(place), where, season)
        held_out = len(self._rows) - where.horizon if where.outer else None
        origins = where.origins if held_out is None else (*where.origins, held_out)
        rolled = yield from roll(parameters, self._data, origins, where.horizon)
        ahead = np.clip(np.nan_to_num(rolled, nan=LARGEST), -LARGEST, LARGEST)
        tests, recent = [], []
        for place in range(len(self._data.forecast)):
            tests.append(self._test(place, where, ahead[: len(where.origins), :, place]))
            if held_out is not None:
                recent.append(self._recent(place, tests[-1], held_out, ahead[-1, :, place]))
            yield
        self.newest = Results(step, tuple(tests), tuple(recent))
        return self.newest

    def _plan(self) -> Slices[Plan]:
        """Where forecasts start; finds the seasons first."""
        data, train = self._data, len(self._data.values) + (self._data.levels is not None)
        likely = data.clock.seasons if data.clock else ()
        if data.outlook is not None:
            self._seasons = list(data.outlook.seasons[: len(data.forecast)])
        while len(self._seasons) < len(data.forecast):
            column = self._column(len(self._seasons))
            self._seasons.append(season_of(column, train, likely))
            yield
        decided = data.outlook.horizon if data.outlook else 0
        wanted = self._horizon or decided
        wanted = wanted or default_horizon(usual(self._seasons), len(data.validation))
        held = data.outlook.held if data.outlook else 0
        where = plan(len(self._rows), train, wanted, held)
        if not where.origins:
            rows = len(self._rows)
            raise DataError(f"{data.name}: {rows} rows are too few for a horizon of {wanted}")
        return where

    def _test(self, place: int, where: Plan, ahead: Numbers) -> Backtest:
        data = self._data
        return backtest(
            self._column(place),
            where,
            self._seasons[place],
            ahead,
            target=data.forecast[place],
            series=data.series[place] if data.series else "",
            method=self._recipe.sample.method,
            simple=self._simple[place],
        )

    def _recent(self, place: int, test: Backtest, origin: int, ahead: Numbers) -> Recent:
        """The last forecasts of a target, made from `origin`; `ahead` (H,) is the network's."""
        values, every = self._column(place), {NETWORK: ahead}
        for name, fitted in self._simple[place].fitted.items():
            every[name] = fitted.forecast(values, [origin], test.horizon)[0]
        return Recent(origin, every)

    def fit_whole(self, place: int) -> Slices[dict[str, Method]]:
        """The simple methods fitted to all rows of a target, to forecast what comes after them."""
        if place not in self._fitted:
            where = yield from self._plan()
            season = self._seasons[place]
            fitted = yield from fit_slices(self._column(place), season, where.horizon)
            self._fitted[place] = fitted
        return self._fitted[place]


def final_backtests(
    recipe: Recipe, data: Dataset, network: Callable[[], Parameters]
) -> tuple[Backtest, ...]:
    """The backtests at the end of a run; none if they would take long or nothing was held out.

    `network` loads the weights that forecast; it may raise DataError or RunError.
    """
    tests = backtester_of(recipe, data)
    if tests is None or not len(data.validation):
        return ()
    try:
        parameters = network()
        if parameters.count > MOST_AT_END:
            return ()
        found = result_of(tests.slices(parameters)).tests
    except (DataError, RunError):
        return ()
    return found if all(test.plan.outer for test in found) else ()


def backtester_of(recipe: Recipe, data: Dataset) -> Backtester | None:
    """What backtests networks on these data; None for text, too few rows and very many columns."""
    if not isinstance(data, ValueData) or len(data.forecast) > MOST_COLUMNS:
        return None
    try:
        return Backtester(recipe, data)
    except DataError:
        return None
