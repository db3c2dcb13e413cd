"""Series of numbers: from any source to rows ready to train on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from rnntui.data import gaps, scaling
from rnntui.data.calendar import ahead_of, with_calendar
from rnntui.data.cells import listed
from rnntui.data.clock import Clock, Times
from rnntui.data.columns import recall
from rnntui.data.dataset import READER, ValueData
from rnntui.data.decisions import Facts, decisions
from rnntui.data.generated import series_task
from rnntui.data.known import NEW, Known
from rnntui.data.matching import match_columns
from rnntui.data.missing import without_gaps
from rnntui.data.outlook import Outlook, look_ahead, looks_ahead, seasons_of, tamed
from rnntui.data.raw_series import RawSeries
from rnntui.data.read_series import read_series
from rnntui.data.source import MOST_BYTES, Source, parse_source, show
from rnntui.data.split import split_at
from rnntui.data.stream import fitting, unused_note
from rnntui.dataclass import dataclass
from rnntui.errors import DataError, UsageError
from rnntui.forecast.backtest import default_horizon
from rnntui.forecast.linear import differences_help
from rnntui.recipe import Data, Recipe
from rnntui.recipe.sizing import Size

MOST_FEATURES = 1000
LARGEST = 1e15
SMALLER = "scale them down in the source"
LEAST_BEYOND = 5  # rows of the last part
CHANGES = "changes from row to row are learned: they forecast better here (difference = auto)"

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Scale:
    """Numbers are trained on as (number - mean) / deviation; both are (D,)."""

    mean: Numbers
    deviation: Numbers
    notes: tuple[str, ...] = ()

    def apply(self, rows: Numbers) -> Numbers:
        return scaling.standardized(rows, self.mean, self.deviation)


def load_values(
    recipe: Recipe, stdin: BinaryIO | None = None, known: ValueData | None = None
) -> ValueData:
    """The series a recipe asks for. Raises DataError or UsageError in one line.

    With the data of an earlier reading, its columns and its scale are used again.
    """
    data = recipe.data
    source = parse_source(data.source)
    raw = read_series(source, data, stdin, _known(known))
    if known is None or recall(known.features, raw.features) != list(range(len(raw.features))):
        known, raw = None, _vary(source.name, raw, data)
    clock = raw.table.clock if raw.table and data.repeat == 1 else None
    clock = with_calendar(data, clock, raw.times, source.name)
    auto, seasons = data.difference == "auto", None
    if auto:
        changes, seasons = _changes(source.name, raw, data, known)
        data = replace(data, difference=changes)
    raw = without_gaps(source.name, raw, data)
    if raw.rows.shape[1] > MOST_FEATURES:
        has = f"{raw.rows.shape[1]} columns"
        raise DataError(f"{source.name}: {has}: takes up to {MOST_FEATURES}")
    if raw.rows.nbytes * data.repeat > MOST_BYTES:
        raise UsageError(f"repeat = {data.repeat}: more than {MOST_BYTES >> 20} MiB of numbers")
    if raw.range.size.max() > scaling.LARGEST:
        raise DataError(f"{source.name}: numbers too large: scale them down in the source")
    levels = np.tile(raw.rows, (data.repeat, 1)) if data.repeat > 1 else raw.rows
    rows = np.diff(levels, axis=0) if data.difference else levels
    split = split_at(len(rows), data.split, "value")
    train = rows[: split.train]
    keys = fitting(recipe, Size(len(train), 0, "value")).train
    scale = _Scale(known.mean, known.deviation) if known else None
    notes: tuple[str, ...] = ()
    if scale is None:
        within = scaling.range_of(train)
        size = scaling.range_of(levels[: len(train) + 1]).size if data.difference else within.size
        scale = _scale(raw, train, within, size) if data.standardize else _unscaled(rows.shape[1])
        # Whether a trend is learned better as changes has been looked at already.
        beyond = () if auto else _beyond(raw, data, rows[len(train) :], within)
        notes = (*_doubts(raw, data), *beyond, *([CHANGES] if auto and data.difference else []))
    around = scaling.range_of(rows) if data.difference else raw.range
    # What holds the extremes holds what lies between them: each step of scaling is monotonic.
    extremes = scale.apply(np.stack([around.low, around.high]))
    if not np.abs(extremes).max() <= LARGEST:
        advice = SMALLER if data.standardize else "--set standardize=true"
        raise DataError(f"{source.name}: numbers too large to learn", advice, SMALLER)
    if scaling.in_place(rows, around.size, scale.deviation):
        rows -= scale.mean
        rows /= scale.deviation
        scaled = rows
    else:
        scaled = scale.apply(rows)
    train, validation = scaled[: split.train], scaled[split.train :]
    outlook = known.outlook if known else None
    if outlook is None and looks_ahead(recipe):
        if seasons is None:
            likely = clock.seasons if clock else ()
            seasons = seasons_of(levels[: split.train + bool(data.difference)], likely)
        outlook = look_ahead(recipe, seasons, train, len(validation))
    period = len(raw.rows) if data.repeat > 1 else 0
    unused = unused_note(len(train), keys.streams, keys.seq_len, "row", period=period)
    return ValueData(
        name=source.name,
        features=raw.features,
        values=train,
        validation=validation,
        mean=scale.mean,
        deviation=scale.deviation,
        split=split.words,
        notes=(*raw.notes, *notes, *scale.notes, *split.notes, *unused),
        levels=levels if data.difference else None,
        floor=_floor(source, data, raw, scale),
        clock=clock,
        times=raw.times if data.repeat == 1 else None,
        targets=raw.targets,
        series=raw.series,
        read_by=known.read_by if known else READER,
        ahead=_ahead(raw, clock, data),
        outlook=outlook,
        facts=_facts(raw, clock, data, outlook),
    )


def _facts(raw: RawSeries, clock: Clock | None, data: Data, outlook: Outlook | None) -> Facts:
    """What was decided about a table, and how it is forecast."""
    ahead = (("forecasts", outlook.words(bool(data.difference))),) if outlook else ()
    if raw.table is None:
        return ahead
    times = None if clock is None else raw.times
    found = decisions(raw.table, raw.kept, raw.targets, clock, times, raw.filled, data)
    return (*found, *ahead)


def _ahead(raw: RawSeries, clock: Clock | None, data: Data) -> Numbers | None:
    """What is known in advance (N, C) of the row after each that the network reads."""
    if not data.calendar or clock is None or raw.times is None:
        return None
    return ahead_of(clock, raw.times[int(bool(data.difference)) :])


def _changes(
    name: str, raw: RawSeries, data: Data, known: ValueData | None
) -> tuple[bool, tuple[int, ...] | None]:
    """Whether changes are learned, decided from the part that is trained on, and its seasons."""
    if known is not None or data.repeat > 1:
        return known is not None and known.levels is not None, None
    filled = without_gaps(name, raw, replace(data, difference=False))
    split = split_at(len(filled.rows), data.split, "value")
    train, table = tamed(filled.rows[: split.train]), filled.table
    seasons = seasons_of(train, table.clock.seasons if table and table.clock else ())
    horizon = default_horizon(max(seasons), len(filled.rows) - split.train)
    return differences_help(train, seasons, horizon), seasons


def read_other(
    known: ValueData, source: Source, data: Data, stdin: BinaryIO | None = None
) -> tuple[Numbers, Clock | None, Times | None, tuple[str, ...]]:
    """The rows (N, D) of another source with the columns of `known`, their times, and notes.

    The clock is that of the other source. Missing values are treated as the recipe's keys say.
    Raises DataError or UsageError.
    """
    again = Known(known.features, known.targets, known.read_by, match_columns)
    raw = read_series(source, data, stdin, again)
    if raw.features != known.features and known.series:
        raw = raw.columns(match_columns(known.features, raw.features, source.name))
    missing = "interpolate" if data.missing == "auto" else data.missing
    raw = without_gaps(source.name, raw, replace(data, split=0.0, repeat=1, missing=missing))
    return raw.rows, raw.table.clock if raw.table else None, raw.times, raw.notes


def _known(known: ValueData | None) -> Known:
    return Known(known.features, known.targets, known.read_by) if known else NEW


def _doubts(raw: RawSeries, data: Data) -> Iterator[str]:
    """Notes on values that look like marks for missing ones."""
    found = list(gaps.suspicious(raw.features, raw.rows, raw.range))
    values = sorted({value for _, value, _ in found})
    if not found:
        return
    name, value, count = found[0]
    more = f" (and {len(found) - 1} more columns)" if len(found) > 1 else ""
    marks = ",".join(f"{v:g}" for v in values)
    if data.missing_values:
        marks = f"{data.missing_values},{marks}"
    advice = f"--set missing_values={marks} treats it as missing"
    yield f"{value:g} stands {count:,} times in {show(name, 24)}{more}: {advice}"


def _beyond(raw: RawSeries, data: Data, after: Numbers, before: scaling.Range) -> Iterator[str]:
    """A note on columns whose last rows lie outside what is trained on."""
    if data.difference or len(after) < LEAST_BEYOND:
        return
    beyond = ((after < before.low) | (after > before.high)).mean(axis=0) > 0.5
    if beyond.any():
        names = listed([f for f, b in zip(raw.features, beyond, strict=True) if b])
        yield f"the end lies outside the range trained on: {names}; --set difference=true may help"


def _floor(source: Source, data: Data, raw: RawSeries, scale: _Scale) -> float | None:
    """The least mean loss, where it is known: for the whole rows of a generated series."""
    task = series_task(source.rest) if source.kind == "corpus" else None
    if task is None or task.variances is None or data.difference or raw.features != task.columns:
        return None
    return float(np.sum(np.array(task.variances()) / scale.deviation**2) / 2)


def _vary(name: str, raw: RawSeries, data: Data) -> RawSeries:
    """Without the columns that never change or are mostly missing, unless they were named."""
    named = bool(data.columns or data.target)
    if not raw.range.is_whole and not named:
        often = np.isnan(raw.rows).mean(axis=0) > gaps.MOST_MISSING
        if often.any() and not often.all():
            shown = listed([f for f, o in zip(raw.features, often, strict=True) if o])
            raw = raw.columns(np.flatnonzero(~often), f"mostly missing, left out: {shown}")
        if raw.series and data.missing in ("auto", "carry", "interpolate"):
            raw = _timely(raw)
    varies = _varies(raw)
    if not varies.any():
        raise DataError(f"{name}: every row is the same: there is nothing to learn")
    if named or varies.all():
        return raw
    shown = listed([f for f, v in zip(raw.features, varies, strict=True) if not v])
    return raw.columns(np.flatnonzero(varies), f"constant columns are left out: {shown}")


def _timely(raw: RawSeries) -> RawSeries:
    """Without the series that begin so late that too many rows of the others would have to go."""
    late = gaps.late(raw.rows)
    if not late.any():
        return raw
    shown = listed([f for f, begins_late in zip(raw.features, late, strict=True) if begins_late])
    note = f"left out, as they begin too late (missing=drop keeps them): {shown}"
    return raw.columns(np.flatnonzero(~late), note)


def _varies(raw: RawSeries) -> NDArray[np.bool_]:
    within = raw.range
    if not within.is_whole:
        within = scaling.Range(np.nanmin(raw.rows, axis=0), np.nanmax(raw.rows, axis=0))
    return within.varies(within.size, raw.epsilon)


def _scale(raw: RawSeries, train: Numbers, within: scaling.Range, size: Numbers) -> _Scale:
    """Mean and deviation of the part trained on; a deviation that is only rounding divides nothing.

    `within` is its range; `size` (D,) are the largest of the numbers that it was computed from.
    """
    mean, deviation = scaling.mean_and_deviation(train, within)
    still = ~within.varies(size, raw.epsilon) | (deviation == 0)
    deviation[still] = scaling.unit_of(size)[still]
    shown = listed([f for f, s in zip(raw.features, still, strict=True) if s])
    note = f"constant in the training part, so only its mean is subtracted: {shown}"
    return _Scale(mean, deviation, (note,) if still.any() else ())


def _unscaled(width: int) -> _Scale:
    return _Scale(np.zeros(width), np.ones(width))
