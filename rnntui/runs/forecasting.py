"""A forecast with its times and intervals, as the rows of a table."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnntui.data import ValueData
from rnntui.data.cut import before, moment_of, rows_before, steps_to
from rnntui.dataclass import dataclass
from rnntui.errors import DataError, RnntuiError, UsageError
from rnntui.forecast.backtest import COMBINED, Backtest
from rnntui.forecast.intervals import LEVELS
from rnntui.forecast.methods import NETWORK, Method, fit_all
from rnntui.forecast.mixing import Mean
from rnntui.generation.generate import WARM_UP, writer
from rnntui.runs.backtest import backtests
from rnntui.runs.forecast_start import Start, names_in, start_of
from rnntui.runs.opening import same_data
from rnntui.runs.prompt_errors import PromptErrors
from rnntui.runs.store.directory import open_run
from rnntui.runs.trained_model import Generation, Model, as_csv

Numbers = NDArray[np.float64]

MOST_ROWS = 100_000  # that other methods than the network forecast


def forecast(
    model: Model,
    prompt: str | None = None,
    length: int | None = None,
    progress: Callable[[int], None] | None = None,
    skip: int = 0,
) -> Generation:
    """Forecast `length` rows after the prompt or, without one, after the end of the source.

    The prompt is rows in the source's units, with or without their times. The lines are CSV with a
    header, without the first `skip` rows. Raises UsageError for a prompt without numbers.
    """
    data, sample = model.data, model.recipe.sample
    assert isinstance(data, ValueData)
    length = skip + (length or sample.sample_length)
    given = sample.prompt if prompt is None else prompt
    start = start_of(data, given, names_in(model.recipe.data.source) if given.strip() else ())
    tests = _tests(model, data)
    chosen, notes = _chosen(sample.method, tests, data, start, length)
    if tests and start.end is None:
        chosen = _measured(model, data, start, tests, chosen)
    rows = writer(model, data, start.prompt, last=start.last)
    targets = len(data.forecast)
    ahead: Iterator[tuple[float, ...]] = (row[:targets] for row in rows)  # type: ignore[misc]
    if any(part.fitted for part in chosen):
        ahead = mixed(ahead, chosen, start, length)
    share = (length - skip) / length  # of the work is what is asked for
    wanted = _counted(itertools.islice(ahead, length), share, progress)
    names, lines = _table(data, wanted, start, [part.widths for part in chosen])
    return Generation(notes, as_csv(names, itertools.islice(lines, skip, None)))


def forecast_from(
    path: Path,
    model: Model,
    moment: str,
    length: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Generation:
    """Forecast `length` rows from a moment on, with only what the source has before it.

    The source is read again if the rows that the run kept begin too late. Raises UsageError for
    what is no time of it, or too early.
    """
    data, notes = model.data, tuple[str, ...]()
    assert isinstance(data, ValueData)
    try:
        time = moment_of(data, moment, model.recipe.data.time_format)
        if rows_before(data, time) < min(data.row_count, 2 * WARM_UP):
            data, notes = _whole(path, model, data)
        history = before(data, time)
        skip = steps_to(history, time)
    except UsageError as error:
        raise UsageError(f"--from: {error}") from None
    if len(history.values) < len(data.values):
        notes = (*notes, "the network was trained on some of the rows that are forecast here")
    made = forecast(replace(model, data=history), "", length, progress, skip)
    return replace(made, notes=(*notes, *made.notes))


def _whole(path: Path, model: Model, data: ValueData) -> tuple[ValueData, tuple[str, ...]]:
    """All rows of a run's source; those kept with the run, and a note, if it cannot be read."""
    try:
        whole = same_data(model.recipe, open_run(path), data)
    except RnntuiError as error:
        return data, (f"using the last rows kept with the run: {error}",)
    assert isinstance(whole, ValueData)
    return whole, ()


# ---- which method -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Part:
    """How one target is forecast: a mean, and the methods of it besides the network.

    `widths` are half the intervals (H,) by level.
    """

    mean: Mean
    fitted: dict[str, Method]
    widths: dict[int, Numbers]


def _tests(model: Model, data: ValueData) -> list[Backtest]:
    """The backtest of each target on the rows that the run kept; none if they are too few."""
    try:
        return backtests(model, data)
    except DataError:
        return []


def _chosen(
    method: str, tests: Sequence[Backtest], data: ValueData, start: Start, length: int
) -> tuple[list[Part], tuple[str, ...]]:
    """How each target is forecast, and a note if a method cannot be used."""
    if not tests:
        alone = Part(Mean({NETWORK: 1.0}), {}, {})
        return [alone for _ in data.forecast], ("too few rows for intervals",)
    own = data.rows()[: None if start.at_end else tests[0].plan.train]
    parts, notes = [], []
    for place, test in enumerate(tests):
        column = np.ascontiguousarray(own[:, place])
        every = fit_all(column, test.season, test.horizon) if needs_others(method, test) else {}
        part, note = part_of(method, test, every, start, length)
        parts.append(part)
        notes += [note] if note else []
    return parts, tuple(notes[:1])


def needs_others(method: str, test: Backtest) -> bool:
    """Whether other methods than the network take part in a target's forecast."""
    return bool(_needed(_mean(method, test)))


def _measured(
    model: Model, data: ValueData, start: Start, tests: Sequence[Backtest], parts: Sequence[Part]
) -> list[Part]:
    """The parts with the intervals that also the new rows of a prompt call for."""
    methods = [method for part in parts for method in part.fitted.values()]
    errors = PromptErrors(model.parameters, data, start, tests[0].plan, methods)
    measured = []
    for place, (test, part) in enumerate(zip(tests, parts, strict=True)):
        widths = test.widths_of(part.mean, errors.row, errors.of(place, part.fitted))
        measured.append(replace(part, widths=widths))
    return measured


def part_of(
    method: str, test: Backtest, every: Mapping[str, Method], start: Start, length: int
) -> tuple[Part, str]:
    """How a target is forecast from the start, and a note if a method cannot be used.

    `every` are the methods fitted to all that is known of the target.
    """
    mean = _mean(method, test)
    needed, note = _needed(mean), ""
    fitted = {name: every[name] for name in needed & every.keys()}
    fitted = {name: m for name, m in fitted.items() if _enough(m, start.rows, length)}
    if len(fitted) < len(needed):
        missing = needed - fitted.keys()
        mean = _without(mean, missing)
        by = ", ".join(mean.shares)
        note = f"{test.target}: forecast by {by}: too few rows for {', '.join(sorted(missing))}"
    return Part(mean, fitted, test.widths_of(mean, start.end)), note


def _mean(method: str, test: Backtest) -> Mean:
    return test.mean if method == COMBINED else Mean({method: 1.0})


def _needed(mean: Mean) -> set[str]:
    return {*mean.shares, mean.anchor} - {NETWORK, ""}


def _without(mean: Mean, missing: set[str]) -> Mean:
    """The mean without some methods; the network alone if none is left."""
    kept = {name: share for name, share in mean.shares.items() if name not in missing}
    total = sum(kept.values())
    shares = {name: share / total for name, share in kept.items()} or {NETWORK: 1.0}
    if mean.anchor in missing:
        return Mean(shares)
    return Mean(shares, mean.anchor, mean.reach)


def _enough(method: Method, rows: Numbers, length: int) -> bool:
    return len(rows) >= method.least_rows and length <= MOST_ROWS


def mixed(
    network: Iterator[tuple[float, ...]], parts: Sequence[Part], start: Start, length: int
) -> Iterator[tuple[float, ...]]:
    """The network's rows, mixed with what the other methods forecast."""
    others = []
    for place, part in enumerate(parts):
        column = np.ascontiguousarray(start.rows[:, place])
        ahead = {n: m.forecast(column, [len(column)], length)[0] for n, m in part.fitted.items()}
        others.append(ahead)
    for step, row in enumerate(network):
        mixed = []
        for value, part, ahead in zip(row, parts, others, strict=True):
            values = {name: found[step : step + 1] for name, found in ahead.items()}
            mean = part.mean
            if mean.reach is not None:
                mean = Mean(mean.shares, mean.anchor, np.array([width_at(mean.reach, step)]))
            mixed.append(float(mean.of({NETWORK: np.array([value]), **values})[0]))
        yield tuple(mixed)


# ---- the table --------------------------------------------------------------------------------


def _table(
    data: ValueData,
    rows: Iterator[tuple[float, ...]],
    start: Start,
    widths: Sequence[dict[int, Numbers]],
) -> tuple[tuple[str, ...], Iterator[tuple[object, ...]]]:
    """The header and the rows: time, targets, and the bounds of each target."""
    ends = ("lower", "upper")
    bounded = all(widths) and bool(widths)
    bounds = [f"{n}.{end}{p}" for n in data.forecast for p in LEVELS for end in ends]
    names = (*data.forecast, *(bounds if bounded else ()))
    times = times_after(data, start)
    if data.clock is not None:
        names = (data.clock.name, *names)

    def cells() -> Iterator[tuple[object, ...]]:
        for place, row in enumerate(rows):
            line: list[object] = [next(times)] if data.clock is not None else []
            line += row
            if bounded:
                for value, width in zip(row, widths, strict=True):
                    for level in LEVELS:
                        half = width_at(width[level], place)
                        line += [value - half, value + half]
            yield tuple(line)

    return names, cells()


def times_after(data: ValueData, start: Start) -> Iterator[str]:
    """The times of the forecast as the source writes them; empty if they are not known."""
    clock, last = data.clock, start.last
    for count in itertools.count(1):
        yield clock.write(clock.after(last, count)) if clock and last is not None else ""


def width_at(widths: Numbers, place: int) -> float:
    """Half the interval; after the last horizon of the backtest it grows with the root of time."""
    if place < len(widths):
        return float(widths[place])
    return float(widths[-1]) * math.sqrt((place + 1) / len(widths))


def _counted(
    rows: Iterator[tuple[float, ...]], share: float, progress: Callable[[int], None] | None
) -> Iterator[tuple[float, ...]]:
    for number, row in enumerate(rows, 1):
        yield row
        if progress:
            progress(int(number * share))
