"""One-step forecasts of the held-out rows of a series, in the file's units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnntui.data import ValueData
from rnntui.errors import DataError
from rnntui.generation.generate import WARM_UP
from rnntui.nn.sampling import Stepper
from rnntui.runs.evaluation import reset_length
from rnntui.runs.opening import same_data
from rnntui.runs.store.directory import open_run
from rnntui.runs.trained_model import Model

Rows = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Backtest:
    """Rows (n, D) in the file's units: the true one, its forecast from the row before, that row.

    `first` is the number of the first one in the source, from 1.
    """

    features: tuple[str, ...]
    first: int
    true: Rows
    forecast: Rows
    last: Rows

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns of the table."""
        parts = ("", "_forecast", "_last_value")
        return ("row", *(name + part for name in self.features for part in parts))

    @property
    def rows(self) -> Iterator[tuple[int | float, ...]]:
        """The rows of the table."""
        for n in range(len(self.true)):
            columns = zip(self.true[n], self.forecast[n], self.last[n], strict=True)
            yield (self.first + n, *(_tidy(value) for column in columns for value in column))


def _tidy(value: float) -> float:
    """Return a number without the rounding errors of scaling it: 10.2, not 10.199999999999996."""
    return float(f"{value:.15g}")


def backtest(run: Path, model: Model) -> Backtest:
    """Forecast each held-out row of a run's own series from those before it.

    The network first reads up to 500 rows before them. Raises DataError without held-out rows or
    if the source has changed, or RnntuiError if it cannot be read.
    """
    data = same_data(model.recipe, open_run(run), model.data)
    assert isinstance(data, ValueData)
    if not len(data.validation):
        raise DataError("no rows were held out (split = 0)")
    trained, values = len(data.values), np.concatenate(data.sequences)
    begin = max(0, trained - WARM_UP)
    outputs = _outputs(model, values[begin:-1], begin, reset_length(run, model))[
        trained - begin - 1 :
    ]
    forecast, true = data.unscale(outputs, trained), data.unscale(data.validation, trained)
    if data.levels is None:
        last = data.unscale(values[trained - 1 : -1], trained - 1)
        return Backtest(data.features, trained + 1, true, forecast, last)
    # Of changes, row n leads to level n + 1.
    return Backtest(data.features, trained + 2, true, forecast, data.levels[trained:-1])


def _outputs(model: Model, values: Rows, begin: int, reset: int) -> Rows:
    """Return the prediction (n, D) after each row; the hidden state is zeroed as in training."""
    stepper = Stepper(model.parameters)
    outputs = np.empty((len(values), model.parameters.shape.width))
    with np.errstate(all="ignore"):
        for n, row in enumerate(values):
            if reset and (begin + n) % reset == 0:
                stepper.hidden.fill(0)
            stepper.advance(row)
            outputs[n] = stepper.predict()
    return outputs
