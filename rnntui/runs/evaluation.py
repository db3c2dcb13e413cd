"""The loss of a run's network on a file, in one exact pass, with baselines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from rnntui.data import TokenData, ValueData
from rnntui.data.again import Reading, read_again
from rnntui.data.clock import Clock, Times
from rnntui.data.scaling import unscale
from rnntui.data.split import split_at
from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.nn.dynamic import dynamic_pass
from rnntui.nn.evaluate import ColdResult, PassResult, cold_pass, cold_windows, exact_pass
from rnntui.runs.comparison import Comparison, Errors, compare
from rnntui.runs.store.directory import open_run
from rnntui.runs.trained_model import Model

MOST_EVALUATED = 20_000_000  # tokens or rows, all of them in memory

Numbers = NDArray[np.float64]
Progress = Callable[[int], Callable[[int], None]]


@dataclass(frozen=True)
class ColumnError:
    """Errors of one column in the file's units: of the network, and of repeating the last value.

    `methods` are errors of both and of other simple methods, over the rows that all of these can
    predict.
    """

    name: str
    rmse: float
    mae: float
    last_value_rmse: float
    last_value_mae: float
    methods: dict[str, Errors]


@dataclass(frozen=True, eq=False)
class Predictions:
    """True and predicted rows (M, D) in the file's units, from row `first` of it (from 1) on."""

    features: tuple[str, ...]
    first: int
    true: Numbers
    predicted: Numbers
    clock: Clock | None = None
    times: Times | None = None

    @property
    def header(self) -> tuple[str, ...]:
        """The time (or the number of a row), then each column and its prediction."""
        time = self.clock.name if self.clock else "row"
        return (time, *(f"{name}{part}" for name in self.features for part in ("", ".predicted")))

    @property
    def rows(self) -> Iterator[tuple[object, ...]]:
        """The rows of the table."""
        for place, (true, predicted) in enumerate(
            zip(self.true.tolist(), self.predicted.tolist(), strict=True)
        ):
            time: object = self.first + place
            if self.clock is not None and self.times is not None:
                time = self.clock.write(self.times[place].item())
            pairs = zip(true, predicted, strict=True)
            yield (time, *(number for pair in pairs for number in pair))


@dataclass(frozen=True)
class Dynamic:
    """The loss of a network that learns with `rate` from each chunk once it is counted."""

    loss: float
    rate: float


@dataclass(frozen=True)
class Evaluation:
    """Mean loss per step over a whole file, with the weights after update `step`.

    `left_out` of `total` characters or bytes are not in the vocabulary. `baselines` are losses of
    simple models on the same steps. Of text there are also the loss of windows that are read
    `cold`, and, if asked for, `dynamic`, that of a network that continues to learn. Of values there
    are `columns`, `compared` over that many rows, and `predictions`.
    """

    name: str
    unit: str
    step: int
    loss: float
    steps: int
    left_out: int
    total: int
    is_text: bool
    baselines: tuple[tuple[str, float], ...]
    cold: ColdResult | None = None
    dynamic: Dynamic | None = None
    columns: tuple[ColumnError, ...] = ()
    compared: int = 0
    predictions: Predictions | None = None
    notes: tuple[str, ...] = ()


def evaluate_file(
    model: Model,
    file: str,
    reset: int = 0,
    stdin: BinaryIO | None = None,
    progress: Progress | None = None,
    dynamic: float = 0.0,
) -> Evaluation:
    """Evaluate a network on a whole file. Raises DataError or UsageError.

    `reset`: time steps after which the hidden state is zeroed, as in training; 0: never. `progress`
    is called with the number of time steps and returns a callback for those done. `dynamic`: the
    rate of a dynamic evaluation of text; 0: none.
    """
    found = read_again(model.data, file, stdin, MOST_EVALUATED, model.recipe.data)
    sequence, every = found.sequence, len(found.sequence) - 1
    steps = every - found.lead
    if steps < 1:
        raise DataError(f"{found.name}: {_too_short(model, found)}")
    data = model.data
    windows, length = cold_windows(every)
    more = windows * length + (every if dynamic else 0) if isinstance(data, TokenData) else 0
    report = progress(every + more) if progress else None
    outputs = None if isinstance(data, TokenData) else np.empty((every, len(data.features)))
    result = exact_pass(model.parameters, sequence, reset, report, outputs, found.lead)
    evaluation = Evaluation(
        name=found.name,
        unit=data.unit,
        step=model.step,
        loss=result.loss,
        steps=steps,
        left_out=found.left_out,
        total=found.total,
        is_text=isinstance(data, TokenData),
        baselines=(),
        notes=found.notes,
    )
    if isinstance(data, TokenData):
        uniform = math.log(data.tokenizer.vocab_size)
        cold = cold_pass(model.parameters, sequence, _after(every, report))
        learned = None
        if dynamic:
            rest = _after(every + windows * length, report)
            loss = dynamic_pass(model.parameters, sequence, dynamic, reset, rest)
            learned = Dynamic(loss, dynamic)
        return replace(evaluation, baselines=(("uniform", uniform),), cold=cold, dynamic=learned)
    assert outputs is not None
    return _of_values(evaluation, data, found, outputs[found.lead :], result)


def _after(before: int, report: Callable[[int], None] | None) -> Callable[[int], None] | None:
    """A callback for the steps of a part that follows `before` others."""
    return None if report is None else lambda done: report(before + done)


def _of_values(
    evaluation: Evaluation, data: ValueData, found: Reading, outputs: Numbers, result: PassResult
) -> Evaluation:
    """The evaluation with errors in the file's units, baselines and predictions."""
    rows, steps = found.rows, len(outputs)
    assert rows is not None and result.rmse is not None and result.mae is not None
    first = len(rows) - steps
    with np.errstate(all="ignore"):
        predicted: Numbers = unscale(outputs, data.mean, data.deviation)
        if data.levels is not None:
            predicted = predicted + rows[first - 1 : -1]
    compared = compare(data, rows, predicted)
    simple, columns = _values(data, rows, steps, result.rmse, result.mae, compared)
    count = len(data.forecast)
    predictions = Predictions(
        data.forecast,
        first - found.lead + 1,
        rows[first:, :count],
        predicted[:, :count],
        found.clock,
        None if found.times is None else found.times[first:],
    )
    return replace(
        evaluation,
        baselines=simple,
        columns=columns,
        compared=compared.steps,
        predictions=predictions,
    )


def _too_short(model: Model, found: Reading) -> str:
    data = model.data
    if isinstance(data, ValueData):
        least = 2 if data.levels is None else 3
        count = 0 if found.rows is None else len(found.rows) - found.lead
        return f"{count} row{'' if count == 1 else 's'}; eval needs {least}"
    if not len(found.sequence):
        return "nothing in it is in the network's vocabulary"
    return f"only 1 {data.unit} in the network's vocabulary; eval needs 2"


def _values(
    data: ValueData,
    rows: NDArray[np.float64],
    steps: int,
    rmse: NDArray[np.float64],
    mae: NDArray[np.float64],
    compared: Comparison,
) -> tuple[tuple[tuple[str, float], ...], tuple[ColumnError, ...]]:
    """Return the baseline, and the errors of each column in the file's units."""
    with np.errstate(all="ignore"):
        change = np.diff(rows, axis=0)[-steps:]
        loss = 0.5 * np.square(change / data.deviation).sum(axis=1).mean()
        last_rmse = np.sqrt(np.square(change).mean(axis=0))
        last_mae = np.abs(change).mean(axis=0)
        errors = [rmse * data.deviation, mae * data.deviation, last_rmse, last_mae]
    numbers = zip(*(row.tolist() for row in errors), strict=True)
    every = zip(data.features, numbers, compared.columns, strict=True)
    columns = (ColumnError(name, a, b, c, d, methods) for name, (a, b, c, d), methods in every)
    return (("last value", float(loss)),), tuple(columns)


def reset_length(path: Path, model: Model) -> int:
    """Return the time steps after which training zeroed the hidden state; 0: once per pass."""
    train = model.recipe.train
    if train.state != "reset":
        return 0
    if isinstance(train.seq_len, int):
        return train.seq_len
    # A chunk was a complete stream: its length follows from the size of the source.
    return (_trained_on(path, model) - 1) // train.streams


def _trained_on(path: Path, model: Model) -> int:
    """Return the number of training tokens or rows."""
    data, size = model.data, open_run(path).info.source_size
    if isinstance(data, TokenData):
        count = size // data.tokens.itemsize
    else:
        count = size // (8 * len(data.features))
    return split_at(count, model.recipe.data.split, data.unit).train
