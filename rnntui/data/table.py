"""Tables of numbers in text: which columns are learned, and their rows in order of time."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rnntui.data import columns
from rnntui.data.cells import AS_TEXT, Cells, as_prose, listed, read_number, split_cells
from rnntui.data.clock import Clock
from rnntui.data.counters import is_time
from rnntui.data.dataset import READER
from rnntui.data.find_time import TimeColumns, find_time, number_time
from rnntui.data.moments import formats_of, times_of_day
from rnntui.data.order import in_order, on_grid
from rnntui.data.rows import Rows
from rnntui.data.source import show
from rnntui.data.stacked import come_again, side_by_side, tells_apart
from rnntui.data.timecolumn import is_name, is_series_name
from rnntui.errors import DataError
from rnntui.recipe import Data
from rnntui.text import safe_text

LONGEST_LINE = 200  # characters of an error
MOST_WORD = 20  # characters of a mark for missing values
LONGEST_WHOLE = 400  # characters; longer ones are no finite floats
EXACT = 2.0**53  # from here on, not every whole number is a float
ROUNDED = "whole numbers beyond 2^53 are rounded to what a float can hold"
NO_SERIES = "none"  # the recipe's series: not looked for
LEAST_NUMBERS = 0.5  # of the cells of a column that is learned

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Table:
    """The columns that are learned, `targets` of them to be forecast, which come first.

    `rows` (N, D) are in order of time, NaN where a value is missing; `times` (N,) are theirs, if
    there is a `clock`. `origin` (N,) are the rows of `cells`, -1 for one that is put in. `series`
    names the series of each column of a table that holds several. `read` counts the rows of the
    file; the columns `used` hold the time and the names of series, those `counted` row numbers.
    """

    cells: Cells
    features: tuple[str, ...]
    rows: Numbers
    notes: tuple[str, ...]
    targets: int
    origin: NDArray[np.int64]
    clock: Clock | None = None
    times: NDArray[np.int64] | Numbers | None = None
    series: tuple[str, ...] = ()
    read: int = 0
    used: tuple[int, ...] = ()
    counted: tuple[int, ...] = ()

    def where(self, row: int, column: int) -> str:
        """Where a value stands, for an error."""
        name, place = show(self.features[column], 24), int(self.origin[row])
        known = 0 <= place < len(self.cells.lines)  # of a large table, only the first ones are
        line = f" line {self.cells.lines[place]}" if known else ""
        return f"{self.cells.name}{line}, column '{name}'"


@dataclass(frozen=True)
class Chosen:
    """Indices of the columns to forecast, and of those that are learned besides, and notes."""

    targets: tuple[int, ...]
    inputs: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[int, ...]:
        """All columns that are learned."""
        return (*self.targets, *self.inputs)


@dataclass(frozen=True)
class Known:
    """Features of an earlier reading, `targets` of them to be forecast, which are taken again.

    They were `read_by` a version of this reader: the first ones left rows as they are. `find` is
    how the columns are found in another file, from those wanted, its header and its name; it raises
    if one is missing.
    """

    features: tuple[str, ...] = ()
    targets: int = 0
    read_by: int = READER
    find: Callable[[tuple[str, ...], tuple[str, ...], str], list[int]] | None = None

    @property
    def timed(self) -> bool:
        """Whether times are read."""
        return self.read_by > 1

    @property
    def tidied(self) -> bool:
        """Whether rows that come twice are taken once, and numbers can tell series apart."""
        return self.read_by > 2


NEW = Known()


def parse_table(text: str, name: str, data: Data, known: Known = NEW) -> Table:
    """The numbers of a table in text. `name` must be safe to show.

    The recipe's keys decide what is learned; without them, all columns that hold numbers are,
    except time and row counts. Raises DataError with line and column.
    """
    try:
        cells = split_cells(text, name, data.missing_values)
    except DataError as error:
        raise as_prose(text, name) or error from None
    return read_cells(cells, data, known)


def read_cells(cells: Cells, data: Data, known: Known = NEW) -> Table:
    """As `parse_table`, for a table whose cells are known."""
    times = [i for i in range(len(cells.header)) if _is_time(cells, i)]
    found = find_time(cells, data, times) if known.timed else None
    if found is None and known.tidied:
        found = _counted_apart(cells, data)
    label = _label(cells, data, found, known)
    chosen = _choose(cells, data, times, found, label, known)
    advised = () if known.find else chosen.all  # another file has no settings of its own
    rows = cells.matrix(chosen.all, lambda index: _numbers(cells, index, advised))
    notes = (*cells.notes, *chosen.notes, *_converted(cells, chosen.all))
    features = tuple(cells.header[i] for i in chosen.all)
    origin, read, counted = np.arange(len(rows)), len(rows), tuple(times)
    if found is None:
        targets = len(chosen.targets)
        return Table(cells, features, rows, notes, targets, origin, read=read, counted=counted)
    table = Rows(rows, found.times, origin, (*notes, *found.notes))
    series: tuple[str, ...] = ()
    if label is not None:
        labels = _names_in(cells, label)
        table, features, series = side_by_side(table, labels, features)
        told = f"{len(set(series))} series, told apart by {show(cells.header[label], 24)}"
        table = replace(table, notes=(*table.notes, told))
    else:
        named = cells.named and is_name(found.clock.name)
        table = in_order(table, found.clock, named, known.tidied)
    table = on_grid(table, found.clock, data.missing in ("carry", "interpolate"))
    return Table(
        cells,
        features,
        table.rows,
        table.notes,
        len(chosen.targets) * (len(features) // max(1, len(chosen.all))),
        table.origin,
        found.clock,
        table.times,
        series,
        read,
        (*found.indices, *(() if label is None else (label,))),
        counted,
    )


def parse_numbers(text: str) -> list[float]:
    """The numbers of `values:1,2,3`. Raises DataError that names the wrong one."""
    numbers: list[float] = []
    for place, word in enumerate(text.split(","), 1):
        number = read_number(word)
        if number is None or not math.isfinite(number):
            wrong = show(word.strip(), 20)
            what = f"'{wrong}' is not a finite number" if wrong else "is empty"
            raise DataError(f"values: number {place} {what}: write values:1,2,3")
        numbers.append(number)
    return numbers


# ---- the columns ------------------------------------------------------------------------------


def _label(cells: Cells, data: Data, found: TimeColumns | None, known: Known) -> int | None:
    """The column that tells apart several series, named or found; None if there is one series."""
    wanted = data.series.strip()
    if wanted.lower() == NO_SERIES:
        return None
    if wanted:
        (index, *_) = columns.pick(wanted, cells.header, cells.name)
        if found is None:
            raise DataError(f"{cells.name}: series needs a column of times: set time")
        return index
    if found is None or len(found.times) < 2 or not come_again(found.times):
        return None
    texts = (index for index in _labels(cells, known.tidied) if index not in found.indices)
    for index in texts:
        if tells_apart(_names_in(cells, index), found.times):
            return index
    return None


def _labels(cells: Cells, numbered: bool = True) -> Iterator[int]:
    """Columns that may tell series apart: of texts or, if they are called so, of whole numbers."""
    every = range(len(cells.header))
    yield from (index for index in every if _is_text(cells, index))
    for index in every if numbered and cells.named else ():
        numbers = cells.numbers(index)
        if is_series_name(cells.header[index]) and (numbers == np.floor(numbers)).all():
            yield index


def _names_in(cells: Cells, index: int) -> list[str]:
    """The names of series in a column; of a large table, only the numbers are there."""
    numbers = cells.numbers(index)
    if len(cells.rows) < len(numbers):
        return [f"{number:.0f}" for number in numbers.tolist()]
    return [cell.strip() for cell in cells.column(index)]


def _counted_apart(cells: Cells, data: Data) -> TimeColumns | None:
    """The time of several series, each of which counts from its own start: 1, 2, 3, 1, 2, …"""
    if data.time.strip() or data.series.strip().lower() == NO_SERIES or not cells.named:
        return None
    for index in range(len(cells.header)):
        numbers = cells.numbers(index)
        if not is_name(cells.header[index]) or not np.isfinite(numbers).all():
            continue
        if not come_again(numbers):
            continue
        for label in _labels(cells):
            if label != index and tells_apart(_names_in(cells, label), numbers):
                return number_time(index, cells.header[index], numbers)
    return None


def _choose(
    cells: Cells,
    data: Data,
    times: list[int],
    found: TimeColumns | None,
    label: int | None,
    known: Known,
) -> Chosen:
    """The columns that are learned, and notes on why the others are not."""
    names = known.features if label is None else _without_series(known.features)
    if known.find:
        again = known.find(names, cells.header, cells.name)
    else:
        again = columns.recall(names, cells.header)
    if again:
        count = known.targets * len(names) // len(known.features) or len(again)
        return Chosen(tuple(again[:count]), tuple(again[count:]))

    def pick(wanted: str) -> list[int]:
        indices = columns.pick(wanted, cells.header, cells.name) if wanted.strip() else []
        for index in indices:
            if not np.isfinite(cells.numbers(index)).any():
                where = f"{cells.name}: column '{show(cells.header[index], 40)}'"
                raise DataError(f"{where} holds no numbers: leave it out of columns")
        return indices

    wanted, target, inputs = pick(data.columns), pick(data.target), pick(data.inputs)
    excluded = columns.pick(data.exclude, cells.header, cells.name) if data.exclude.strip() else []
    used = [*(found.indices if found else ()), *([] if label is None else [label])]
    if target:
        others = [i for i in (inputs or wanted) if i not in target and i not in excluded]
        chosen = Chosen(tuple(target), tuple(others))
        return replace(chosen, notes=_doubled(cells, data.target, list(chosen.all)))
    if wanted:
        learned, notes = wanted, _doubled(cells, data.columns, wanted)
    else:
        learned, notes = _all(cells, times, used, excluded)
    learned = [i for i in learned if i not in excluded]
    first = [i for i in learned if i not in inputs]
    if not first:
        raise DataError(f"{cells.name}: no column is left to forecast: see columns and exclude")
    return Chosen(tuple(first), tuple(inputs), notes)


def _without_series(known: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a table from the names of the columns of all its series."""
    return tuple(dict.fromkeys(name.rpartition(" (")[0] for name in known))


def _all(
    cells: Cells, times: list[int], used: Sequence[int], excluded: Sequence[int]
) -> tuple[list[int], tuple[str, ...]]:
    """Every column that holds numbers, except time and row counts beside others."""
    every = [i for i in range(len(cells.header)) if i not in excluded]
    numeric = [i for i in every if _holds_numbers(cells, i, i in times)]
    times = [i for i in every if i in times or i in used]
    chosen = [i for i in numeric if i not in times]
    if not chosen:
        # A trend in equal steps, or a clock, is better than nothing.
        chosen = numeric[1:] if 0 in numeric and len(numeric) > 1 else numeric
        times = [i for i in times if i not in chosen]
    if not chosen:
        raise _no_numbers(cells)
    others = [i for i in every if i not in (*times, *chosen) and _is_named(cells, i)]
    notes = []
    if times:
        note = f"left out as time or row numbers: {cells.label(times)}"
        again = sorted({*chosen, *times} & {*numeric})
        override = columns.option(again, cells.header) if len(again) > len(chosen) else ""
        notes.append(f"{note}; {override} includes it" if override else note)
    if others:
        notes.append(f"left out (no numbers): {cells.label(others)}")
    return chosen, (*notes, *_doubled(cells, "", chosen))


def _is_named(cells: Cells, index: int) -> bool:
    """Whether a column is more than a delimiter at the end of every line."""
    named = cells.named and cells.header[index] != f"column {index + 1}"
    return named or _is_filled(cells, index)


def _is_time(cells: Cells, index: int) -> bool:
    name = cells.header[index] if cells.named else ""
    numbers = cells.numbers(index)
    if is_time(name, cells.column(index), numbers, first=index == 0):
        return True
    if np.isfinite(numbers).any():
        return False
    column = [cell.strip() for cell in cells.column(index)]
    formats = (*formats_of(column), *times_of_day(column))
    return any(form.read(column) is not None for form in formats)


def _is_text(cells: Cells, index: int) -> bool:
    return not np.isfinite(cells.numbers(index)).any() and _is_filled(cells, index)


def _holds_numbers(cells: Cells, index: int, is_time: bool) -> bool:
    """Whether enough cells are finite numbers."""
    there = int(np.isfinite(cells.numbers(index)).sum())
    if is_time or there == len(cells.numbers(index)):
        return there > 0
    filled = sum(not cells.marks.mark(cell) for cell in cells.column(index))
    return 0 < there >= LEAST_NUMBERS * filled


def _is_filled(cells: Cells, index: int) -> bool:
    return any(cell.strip() for cell in cells.column(index))


def _no_numbers(cells: Cells) -> DataError:
    if not any(_is_filled(cells, index) for index in range(len(cells.header))):
        return DataError(f"{cells.name}: all columns are empty")
    return DataError(f"{cells.name}: no column contains numbers: {AS_TEXT}")


def _doubled(cells: Cells, wanted: str, chosen: list[int]) -> tuple[str, ...]:
    """A note if a name that was asked for, or is learned, is that of several columns."""
    names = [cells.header[i] for i in chosen if cells.header.count(cells.header[i]) > 1]
    names = [name for name in names if name in wanted or not wanted]
    if not names:
        return ()
    which = "the first is meant" if wanted else "numbers from 1 tell them apart"
    return (f"several columns have one name: {show(names[0], 40)}: {which} (--set columns=1)",)


# ---- the numbers ------------------------------------------------------------------------------


def _numbers(cells: Cells, index: int, chosen: Sequence[int]) -> Numbers:
    """The numbers (N,) of a column, NaN where one is missing.

    Raises DataError for the first cell that holds something else.
    """
    numbers = cells.numbers(index)
    missing = np.flatnonzero(np.isnan(numbers))
    wrong = [int(place) for place in missing if not cells.is_missing(int(place), index)]
    if wrong:
        raise _wrong(cells, index, wrong, chosen)
    return numbers


def _wrong(
    cells: Cells, index: int, wrong: Sequence[int] | NDArray[np.intp], chosen: Sequence[int]
) -> DataError:
    first = int(wrong[0])
    where = f"{cells.name} line {cells.lines[first]}, column '{show(cells.header[index], 24)}'"
    complaint = _complaint(cells.rows[first][index], cells.comma)
    more = f" (and {len(wrong) - 1:,} more)" if len(wrong) > 1 else ""
    mark = _one_word(cells, index, wrong)
    if mark:
        advice = shlex.quote(f"missing_values={mark}")
        return DataError(f"{where}: {complaint}{more}: --set {advice} treats it as missing")
    fix = "correct it" if cells.rows[first][index].strip() else "fill it in"
    line = f"{where}: {complaint}{more}: {fix}"
    return DataError(f"{line} {otherwise(cells, chosen, LONGEST_LINE - len(line))}")


def _one_word(cells: Cells, index: int, wrong: Sequence[int] | NDArray[np.intp]) -> str:
    """The word that stands in all of several wrong cells, if it can be typed."""
    words = {cells.rows[int(place)][index].strip() for place in wrong}
    word = words.pop()
    typed = safe_text(word) == word and len(word) <= MOST_WORD and "," not in word
    return word if len(wrong) > 1 and not words and typed else ""


def _complaint(cell: str, comma: bool) -> str:
    if not cell.strip():
        return "the cell is empty"
    kind = "not a number" if read_number(cell, comma) is None else "not finite"
    return f"'{show(cell.strip(), 20)}' is {kind}"


def otherwise(cells: Cells, chosen: Iterable[int], room: int) -> str:
    """What else helps: other columns, if some of those chosen can be learned as they are."""
    valid = [i for i in chosen if _is_learnable(cells, i)]
    others = columns.option(valid, cells.header, room - len(" or use "))
    return f"or use {others}" if others else "or delete the row"


def _is_learnable(cells: Cells, index: int) -> bool:
    numbers = cells.numbers(index)
    return bool(np.isfinite(numbers).all() and numbers.min() < numbers.max())


def _converted(cells: Cells, chosen: Sequence[int]) -> tuple[str, ...]:
    """Notes on numbers that are not read as they are written."""
    notes = []
    grouped = [i for i in chosen if cells.is_grouped(i)]
    if grouped:
        names = listed([cells.header[i] for i in grouped])
        notes.append(f"separators between thousands are dropped: {names}")
    plain = [i for i in chosen if i not in grouped]
    if cells.comma and any("," in cell for i in plain for cell in cells.column(i)):
        notes.append("commas in numbers are read as decimal points")
    if any(_is_rounded(cells, i) for i in chosen):
        notes.append(ROUNDED)
    return tuple(notes)


def _is_rounded(cells: Cells, index: int) -> bool:
    numbers = cells.numbers(index)
    if not max(np.fmax.reduce(numbers), -np.fmin.reduce(numbers)) >= EXACT:
        return False
    pairs = zip(cells.column(index), numbers.tolist(), strict=True)
    return any(_is_whole(c) and int(c) != int(n) for c, n in pairs if len(c) < LONGEST_WHOLE)


def _is_whole(cell: str) -> bool:
    return cell.strip().lstrip("+-").isdecimal()
