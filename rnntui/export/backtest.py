"""One-step forecasts of the held-out rows of a series, in the file's units."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnntui.data import ValueData
from rnntui.data.series import read_other
from rnntui.data.source import parse_source
from rnntui.dataclass import dataclass
from rnntui.errors import DataError, RnntuiError
from rnntui.generation.generate import WARM_UP
from rnntui.nn.sampling import Stepper
from rnntui.runs.evaluation import reset_length
from rnntui.runs.opening import same_data
from rnntui.runs.store.directory import open_run
from rnntui.runs.trained_model import Model

Rows = NDArray[np.float64]

_ROUNDING = 1e-12  # of a number: what scaling it and back can lose


@dataclass(frozen=True, eq=False)
class Backtest:
    """Rows (n, D) in the file's units: the true one, its forecast from the row before, that row.

    `first` is the number of the first one in the source, from 1. `times` are those of the rows, as
    the source writes them, in its column `time`; both are empty if it has none.
    """

    features: tuple[str, ...]
    first: int
    true: Rows
    forecast: Rows
    last: Rows
    time: str = ""
    times: tuple[str, ...] = ()

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns of the table."""
        parts = ("", "_forecast", "_last_value")
        time = (self.time,) if self.times else ()
        return ("row", *time, *(name + part for name in self.features for part in parts))

    @property
    def rows(self) -> Iterator[tuple[int | float | str, ...]]:
        """The rows of the table."""
        for n in range(len(self.true)):
            columns = zip(self.true[n], self.forecast[n], self.last[n], strict=True)
            numbers = (float(value) for column in columns for value in column)
            yield (self.first + n, *self.times[n : n + 1], *numbers)


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
    rows, first = _rows(model, data), trained + (data.levels is not None)
    time, times = "", tuple[str, ...]()
    if data.clock is not None and data.times is not None:
        time, times = data.clock.name, tuple(map(data.clock.write, data.times[first:].tolist()))
    forecast = data.unscale(outputs, trained)
    return Backtest(
        data.features, first + 1, rows[first:], forecast, rows[first - 1 : -1], time, times
    )


def _rows(model: Model, data: ValueData) -> Rows:
    """Return the source's own rows (N, D) with all their digits.

    Scaled numbers lose the last ones, so the source is read again. Where that is not possible, or
    the source has no such value, 15 digits are known.
    """
    own = data.rows()
    if data.levels is not None:
        return own
    source, tidy = parse_source(model.recipe.data.source), _tidy(own)
    try:
        rows, *_ = read_other(data, source, model.recipe.data)
    except RnntuiError:
        return tidy
    if rows.shape != own.shape:
        return tidy
    same = abs(rows - own) <= _ROUNDING * (abs(own) + data.deviation)
    return np.where(same, rows, tidy)


def _tidy(rows: Rows) -> Rows:
    """Return numbers without the rounding errors of scaling: 10.2, not 10.199999999999996."""
    return np.array([[float(f"{value:.15g}") for value in row] for row in rows.tolist()])


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
