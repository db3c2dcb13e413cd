"""Series of numbers: from any source to rows ready to train on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import BinaryIO

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from rnntui.data import gaps, npy, scaling
from rnntui.data.calendar import ahead_of, with_calendar
from rnntui.data.cells import Cells, listed
from rnntui.data.clock import Clock, Times
from rnntui.data.columns import option, pick, recall
from rnntui.data.corpus import bundled_path, find_corpus
from rnntui.data.dataset import READER, ValueData
from rnntui.data.decisions import Facts, decisions
from rnntui.data.decode import OR_ENCODING, decode_text
from rnntui.data.format import refuse_format, unpacked
from rnntui.data.generated import CORPUS_SEED, series_task
from rnntui.data.known import NEW, Known
from rnntui.data.matching import made_up_names, match_columns
from rnntui.data.outlook import Outlook, look_ahead, looks_ahead, seasons_of, tamed
from rnntui.data.plain_numbers import read_plain
from rnntui.data.source import MOST_BYTES, Source, is_pipe, open_file, parse_source, read, show
from rnntui.data.split import split_at
from rnntui.data.stream import fitting, unused_note
from rnntui.data.table import Table, parse_numbers, parse_table, read_cells
from rnntui.errors import DataError, UsageError
from rnntui.forecast.backtest import default_horizon
from rnntui.forecast.linear import differences_help
from rnntui.recipe import Data, Recipe

MOST_FEATURES = 1000
LARGEST = 1e15
LEAST_BEYOND = 5  # rows of the last part
MOST_ADVICE = 60  # characters of an option in an error
CHANGES = "changes from row to row are learned: they forecast better here (difference = auto)"

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Raw:
    """Rows (N, D) as they stand in a source; `epsilon` is the precision of their numbers.

    The first `targets` columns are forecast. Of a `table`, `origin` (N,) are its rows, and `kept`
    the columns of it that are left.
    """

    features: tuple[str, ...]
    rows: Numbers
    notes: tuple[str, ...] = ()
    epsilon: float = scaling.EPSILON
    targets: int = 0
    table: Table | None = None
    times: Times | None = None
    kept: tuple[int, ...] = ()
    filled: str = ""  # what was done about missing values

    def columns(self, chosen: Iterable[int], note: str = "") -> _Raw:
        """Some of the columns, with a note on the others."""
        places = list(map(int, chosen))
        return replace(
            self,
            features=tuple(self.features[i] for i in places),
            rows=self.rows[:, places],
            notes=(*self.notes, note) if note else self.notes,
            targets=sum(i < self.targets for i in places),
            kept=tuple(self.kept[i] for i in places),
        )

    def take(self, rows: slice | NDArray[np.bool_], note: str) -> _Raw:
        """Some of the rows, with a note on the others."""
        table = self.table and replace(self.table, origin=self.table.origin[rows])
        times = None if self.times is None else self.times[rows]
        notes = (*self.notes, note)
        return replace(self, rows=self.rows[rows], times=times, table=table, notes=notes)

    @cached_property
    def range(self) -> scaling.Range:
        """The range of each column; of many rows, looking for it takes a while."""
        return scaling.range_of(self.rows)

    @property
    def series(self) -> tuple[str, ...]:
        """The series of each column, if there are several."""
        names = self.table.series if self.table else ()
        return tuple(names[i] for i in self.kept) if names else ()

    def where(self, name: str, row: int, column: int) -> str:
        """Where a value stands, for an error."""
        if self.table is None:
            return f"{name}: row {row + 1}, column '{show(self.features[column], 24)}'"
        return self.table.where(row, self.kept[column])


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
    raw = _read(source, data, stdin, _known(known))
    if known is None or recall(known.features, raw.features) != list(range(len(raw.features))):
        known, raw = None, _vary(source.name, raw, data)
    clock = raw.table.clock if raw.table and data.repeat == 1 else None
    clock = with_calendar(data, clock, raw.times, source.name)
    auto, seasons = data.difference == "auto", None
    if auto:
        changes, seasons = _changes(source.name, raw, data, known)
        data = replace(data, difference=changes)
    raw = _without_gaps(source.name, raw, data)
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
    keys = fitting(recipe, len(train), "value")
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
        raise DataError(f"{source.name}: numbers too large to learn: {_smaller(data.standardize)}")
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
    unused = unused_note(len(train), keys.batch, keys.seq_len, "row", period=period)
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


def _facts(raw: _Raw, clock: Clock | None, data: Data, outlook: Outlook | None) -> Facts:
    """What was decided about a table, and how it is forecast."""
    ahead = (("forecasts", outlook.words(bool(data.difference))),) if outlook else ()
    if raw.table is None:
        return ahead
    times = None if clock is None else raw.times
    found = decisions(raw.table, raw.kept, raw.targets, clock, times, raw.filled, data)
    return (*found, *ahead)


def _ahead(raw: _Raw, clock: Clock | None, data: Data) -> Numbers | None:
    """What is known in advance (N, C) of the row after each that the network reads."""
    if not data.calendar or clock is None or raw.times is None:
        return None
    return ahead_of(clock, raw.times[int(bool(data.difference)) :])


def _changes(
    name: str, raw: _Raw, data: Data, known: ValueData | None
) -> tuple[bool, tuple[int, ...] | None]:
    """Whether changes are learned, decided from the part that is trained on, and its seasons."""
    if known is not None or data.repeat > 1:
        return known is not None and known.levels is not None, None
    filled = _without_gaps(name, raw, replace(data, difference=False))
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
    raw = _read(source, data, stdin, again)
    if raw.features != known.features and known.series:
        raw = raw.columns(match_columns(known.features, raw.features, source.name))
    missing = "interpolate" if data.missing == "auto" else data.missing
    raw = _without_gaps(source.name, raw, replace(data, split=0.0, repeat=1, missing=missing))
    return raw.rows, raw.table.clock if raw.table else None, raw.times, raw.notes


def _known(known: ValueData | None) -> Known:
    return Known(known.features, known.targets, known.read_by) if known else NEW


def _without_gaps(name: str, raw: _Raw, data: Data) -> _Raw:
    """The rows with missing values filled in or left out, as the recipe says."""
    if raw.range.is_whole:
        return raw
    missing = np.isnan(raw.rows)
    if data.missing == "error":
        row, column = np.argwhere(missing)[0].tolist()
        more = f" (and {int(missing.sum()) - 1:,} more)" if missing.sum() > 1 else ""
        advice = "set missing to drop, carry or interpolate"
        raise DataError(f"{raw.where(name, row, column)}: the value is missing{more}: {advice}")
    if data.missing == "drop":
        kept: NDArray[np.bool_] = np.logical_not(missing.any(axis=1))
        if kept.sum() < 2:
            raise DataError(f"{name}: every row has a missing value: see columns and missing")
        note = f"rows with missing values are left out: {_of_all(int((~kept).sum()), len(kept))}"
        return replace(raw.take(kept, note), filled=note)
    raw = _trimmed(name, raw)
    missing = np.isnan(raw.rows)
    if not missing.any():
        return raw
    found = [gaps.longest_gap(column) for column in raw.rows.T]
    longest = max(length for _, length in found)
    if data.missing == "auto" and longest > gaps.LONGEST:
        raise _long_gap(name, raw, found)
    boundary = len(raw.rows)
    if data.repeat == 1:
        count = len(raw.rows) - bool(data.difference)
        boundary = split_at(count, data.split, "value").train + bool(data.difference)
    carry = data.missing == "carry"
    names = listed([f for f, (_, length) in zip(raw.features, found, strict=True) if length])
    count = int(missing.sum())
    values = "value is" if count == 1 else "values are"
    how = "filled with the value before" if carry else "interpolated"
    many = f"{count:,} missing {values} {how} (at most {longest:,} together): {names}"
    rows = gaps.fill(raw.rows, boundary, carry)
    words = f"{count:,} {how} (at most {longest:,} together): {names}"
    return replace(raw, rows=rows, notes=(*raw.notes, many), filled=words)


def _long_gap(name: str, raw: _Raw, found: list[tuple[int, int]]) -> DataError:
    """The error for columns whose longest gaps, `found`, are too long to be interpolated."""
    long = [i for i, (_, length) in enumerate(found) if length > gaps.LONGEST]
    column = max(long, key=lambda i: found[i][1])
    start, longest = found[column]
    advice = "--set missing=interpolate (or carry, drop)"
    if len(long) < len(found) and raw.table is not None and not raw.series:
        header = raw.table.cells.header
        places = [header.index(raw.features[i]) for i in long]
        exclude = option(places, header, MOST_ADVICE, "exclude")
        advice += f", or {exclude}" if exclude else ", or see exclude"
    return DataError(
        f"{raw.where(name, start, column)}: {longest:,} values are missing together (up to "
        f"{gaps.LONGEST} are interpolated): {advice}"
    )


def _trimmed(name: str, raw: _Raw) -> _Raw:
    """Without rows at the start that have no value yet, and rows at the end that have none."""
    end = gaps.trailing(raw.rows)
    if end:
        note = f"rows without values at the end are left out: {_of_all(end, len(raw.rows))}"
        raw = raw.take(slice(0, len(raw.rows) - end), note)
    start = gaps.leading(raw.rows)
    if not start:
        return raw
    if start > gaps.MOST_LEADING * len(raw.rows):
        late = int((~np.isnan(raw.rows)).argmax(axis=0).argmax())
        what = f"the first {start:,} of {len(raw.rows):,} values are missing"
        advice = "leave out the column (exclude) or the rows (missing = drop)"
        raise DataError(f"{raw.where(name, 0, late)}: {what}: {advice}")
    note = f"rows at the start with missing values are left out: {_of_all(start, len(raw.rows))}"
    return raw.take(slice(start, None), note)


def _of_all(count: int, total: int) -> str:
    return f"{count:,} of {total:,}"


def _doubts(raw: _Raw, data: Data) -> Iterator[str]:
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


def _beyond(raw: _Raw, data: Data, after: Numbers, before: scaling.Range) -> Iterator[str]:
    """A note on columns whose last rows lie outside what is trained on."""
    if data.difference or len(after) < LEAST_BEYOND:
        return
    beyond = ((after < before.low) | (after > before.high)).mean(axis=0) > 0.5
    if beyond.any():
        names = listed([f for f, b in zip(raw.features, beyond, strict=True) if b])
        yield f"the end lies outside the range trained on: {names}; --set difference=true may help"


def _smaller(standardize: bool) -> str:
    return "scale them down in the source" if standardize else "--set standardize=true"


def _read(source: Source, data: Data, stdin: BinaryIO | None, known: Known) -> _Raw:
    """The numbers of any source, as they stand in it."""
    notes: tuple[str, ...] = ()  # of a corpus: how its file is laid out is our business
    if source.kind == "text":
        raise UsageError("text:… holds tokens: --set task=tokens, or values:1,2,3 for numbers")
    name = source.name
    if source.kind == "values":
        return _single(known, name, parse_numbers(source.rest))
    if source.kind == "corpus":
        info = find_corpus(source.rest)
        notes = (info.note,) if info.note else ()
        if info.kind != "values":
            raise UsageError(f"corpus:{info.name} holds text: --set task=tokens")
        path = bundled_path(info.name)
        if path is None:
            return _generated(info.name, data.columns, known)
        source = Source("file", str(path))
    plain = _plain(source, data)
    if plain is not None:
        return _of_table(read_cells(plain, data, known), notes or ())
    content = unpacked(read(source, stdin), name)
    if content.startswith(npy.MAGIC):
        return _from_npy(npy.read_array(content, name), name, data.columns, known)
    refuse_format(content, name, "values")
    text, read_notes = decode_text(content, name, OR_ENCODING, data.encoding)
    return _of_table(parse_table(text, name, data, known), notes, read_notes)


def _plain(source: Source, data: Data) -> Cells | None:
    """The table of a large file of nothing but numbers."""
    if source.kind != "file" or is_pipe(source.rest) or data.missing_values:
        return None
    file = open_file(source)
    with file:
        return read_plain(file, source.name)


def _of_table(table: Table, notes: tuple[str, ...], read_notes: tuple[str, ...] = ()) -> _Raw:
    every = tuple(range(len(table.features)))
    notes = notes or (*read_notes, *table.notes)
    return _Raw(
        table.features, table.rows, notes, scaling.EPSILON, table.targets, table, table.times, every
    )


def _array(
    features: tuple[str, ...],
    rows: Numbers,
    notes: tuple[str, ...] = (),
    epsilon: float = scaling.EPSILON,
) -> _Raw:
    """What is read from a source that is no table."""
    every = tuple(range(len(features)))
    return _Raw(features, rows, notes, epsilon, len(features), kept=every)


def _single(known: Known, name: str, numbers: list[float]) -> _Raw:
    """A series without a name."""
    if known.find and len(known.features) > 1:
        raise DataError(f"{name}: one series, but the run learned {len(known.features)} columns")
    return _array(("value",), np.array(numbers, dtype=np.float64)[:, None])


def _generated(name: str, wanted: str, known: Known) -> _Raw:
    """The rows of a generated series, or of the columns that are wanted."""
    header, rows = generated_table(name)
    if known.find and len(known.features) == len(header) == 1:
        return _array(header, rows)
    chosen = _of_header(header, name, wanted, known)
    return _array(tuple(header[i] for i in chosen), rows[:, chosen])


def _of_header(header: tuple[str, ...], name: str, wanted: str, known: Known) -> list[int]:
    """The columns that are learned again, or are wanted."""
    if known.find:
        return known.find(known.features, header, name)
    chosen = recall(known.features, header)
    if chosen:
        return chosen
    return pick(wanted, header, name) if wanted else list(range(len(header)))


def generated_table(name: str) -> tuple[tuple[str, ...], Numbers]:
    """The columns of a generated series and its rows (N, D). Raises DataError if there is none."""
    task = series_task(name)
    if task is None:
        raise DataError(f"{name}: is not a generated series")
    return task.columns, np.array(task.table(RandomState(CORPUS_SEED)), dtype=np.float64)


def _floor(source: Source, data: Data, raw: _Raw, scale: _Scale) -> float | None:
    """The least mean loss, where it is known: for the whole rows of a generated series."""
    task = series_task(source.rest) if source.kind == "corpus" else None
    if task is None or task.variances is None or data.difference or raw.features != task.columns:
        return None
    return float(np.sum(np.array(task.variances()) / scale.deviation**2) / 2)


def _from_npy(array: npy.Array, name: str, wanted: str, known: Known) -> _Raw:
    """The rows of an array, or of the columns that are wanted, counted from 1."""
    header = made_up_names(array.rows.shape[1])
    chosen = _of_header(header, name, wanted, known)
    features = tuple(header[i] for i in chosen)
    return _array(features, array.rows[:, chosen], array.notes, array.epsilon)


def _vary(name: str, raw: _Raw, data: Data) -> _Raw:
    """Without the columns that never change or are mostly missing, unless they were named."""
    named = bool(data.columns or data.target)
    if not raw.range.is_whole and not named:
        often = np.isnan(raw.rows).mean(axis=0) > gaps.MOST_MISSING
        if often.any() and not often.all():
            shown = listed([f for f, o in zip(raw.features, often, strict=True) if o])
            raw = raw.columns(np.flatnonzero(~often), f"mostly missing, left out: {shown}")
    varies = _varies(raw)
    if not varies.any():
        raise DataError(f"{name}: every row is the same: there is nothing to learn")
    if named or varies.all():
        return raw
    shown = listed([f for f, v in zip(raw.features, varies, strict=True) if not v])
    return raw.columns(np.flatnonzero(varies), f"constant columns are left out: {shown}")


def _varies(raw: _Raw) -> NDArray[np.bool_]:
    within = raw.range
    if not within.is_whole:
        within = scaling.Range(np.nanmin(raw.rows, axis=0), np.nanmax(raw.rows, axis=0))
    return within.varies(within.size, raw.epsilon)


def _scale(raw: _Raw, train: Numbers, within: scaling.Range, size: Numbers) -> _Scale:
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
