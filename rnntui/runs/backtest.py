"""The backtest of a run's network beside simple methods, and the forecast that follows from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnntui.data import ValueData
from rnntui.errors import DataError, RnntuiError
from rnntui.forecast.backtest import Backtest, backtest, default_horizon, plan, season_of
from rnntui.generation.rolling import roll
from rnntui.runs.opening import same_data
from rnntui.runs.store.directory import open_run
from rnntui.runs.trained_model import Model

Numbers = NDArray[np.float64]

LEAST_ROWS = 12
LARGEST = 1e100  # a network that diverges forecasts no more than this


def backtest_run(path: Path, model: Model, horizon: int = 0) -> tuple[list[Backtest], str]:
    """Backtest a run's network on its own source: one result per target, and a note or "".

    Without the source, the last rows that the run kept are used. `horizon` 0 is the recipe's.
    Raises DataError if the run learned tokens, or too few rows.
    """
    if not isinstance(model.data, ValueData):
        raise DataError(f"run {path.name} learned text; backtest needs a run on numbers")
    note = ""
    try:
        data = same_data(model.recipe, open_run(path), model.data)
    except RnntuiError as error:
        data, note = model.data, f"using the last rows kept with the run: {error}"
    assert isinstance(data, ValueData)
    return backtests(model, data, horizon), note


def backtests(model: Model, data: ValueData, horizon: int = 0) -> list[Backtest]:
    """The backtest of each target of `data`. Raises DataError if it has too few rows."""
    rows, train = data.rows(), len(data.values) + (data.levels is not None)
    if len(rows) < LEAST_ROWS:
        raise DataError(f"{data.name}: {len(rows)} rows; a backtest needs {LEAST_ROWS}")
    seasons = [
        season_of(column, train, data.clock.seasons if data.clock else ())
        for column in rows.T[: len(data.forecast)]
    ]
    wanted = horizon or model.recipe.sample.horizon
    wanted = wanted or default_horizon(_usual(seasons), len(data.validation))
    where = plan(len(rows), train, wanted)
    if not where.origins:
        raise DataError(f"{data.name}: {len(rows)} rows are too few for a horizon of {wanted}")
    ahead = np.clip(
        np.nan_to_num(roll(model.parameters, data, where.origins, where.horizon), nan=LARGEST),
        -LARGEST,
        LARGEST,
    )
    return [
        backtest(
            np.ascontiguousarray(rows[:, place]),
            where,
            seasons[place],
            ahead[:, :, place],
            target=name,
            series=data.series[place] if data.series else "",
            method=model.recipe.sample.method,
        )
        for place, name in enumerate(data.forecast)
    ]


def _usual(seasons: list[int]) -> int:
    """The season that most targets have, the longer one of two."""
    return max(seasons, key=lambda season: (seasons.count(season), season))
