"""Tables of numbers in text: the columns that are learned, with their rows in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rnntui.data.cells import Cells
from rnntui.data.choose_columns import choose
from rnntui.data.clock import Clock
from rnntui.data.column_kinds import counts_time, is_time_column, parts_beside
from rnntui.data.column_numbers import conversion_notes, numbers_in
from rnntui.data.durations import durations_note, with_durations
from rnntui.data.find_series import counted_apart, find_series, series_names
from rnntui.data.find_time import find_time, unread_dates
from rnntui.data.known import NEW, Known
from rnntui.data.order import in_order, on_grid
from rnntui.data.recognise import as_json, as_prose
from rnntui.data.rows import Rows
from rnntui.data.source import show
from rnntui.data.split_cells import split_cells
from rnntui.data.stacked import come_again, side_by_side
from rnntui.data.time_numbers import TimeColumns, with_settled_step, year_time
from rnntui.data.timecolumn import is_name
from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.recipe import Data

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Table:
    """The columns that are learned, `targets` of them to be forecast, which come first.

    `rows` (N, D) are in order of time, NaN where a value is missing; `times` (N,) are theirs, if
    there is a `clock`. `origin` (N,) are the rows of `cells`, -1 for one that is put in. `series`
    names the series of each column of a table that holds several. `read` counts the rows of the
    file; the columns `used` hold the time and the names of series (`apart`), those `counted` row
    numbers.
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
    apart: tuple[int, ...] = ()

    def where(self, row: int, column: int) -> str:
        """Where a value stands, for an error."""
        name, place = show(self.features[column], 24), int(self.origin[row])
        known = 0 <= place < len(self.cells.lines)  # of a large table, only the first ones are
        line = f" line {self.cells.lines[place]}" if known else ""
        return f"{self.cells.name}{line}, column '{name}'"


def parse_table(text: str, name: str, data: Data, known: Known = NEW) -> Table:
    """The numbers of a table in text. `name` must be safe to show.

    The recipe's keys decide what is learned; without them, all columns that hold numbers are,
    except time and row counts. Raises DataError with line and column.
    """
    try:
        cells = split_cells(text, name, data.missing_values, known.framed, known.refined)
    except DataError as error:
        raise as_json(text, name) or as_prose(text, name) or error from None
    return read_cells(cells, data, known)


def read_cells(cells: Cells, data: Data, known: Known = NEW) -> Table:
    """As `parse_table`, for a table whose cells are known."""
    every = range(len(cells.header))
    times = [i for i in every if is_time_column(cells, i)]
    if known.discerned:
        times = sorted({*times, *counts_time(cells, known.refined)})
    if known.refined:
        times = sorted({*times, *(i for i in every if year_time(cells, i) is not None)})
    found = _time(cells, data, times, known)
    used = found.indices if found else ()
    ends = found if known.refined else None
    cells = with_durations(cells, used, found is not None, known.features, ends)
    times = [i for i in times if i not in cells.durations]
    label = find_series(cells, data, found, known)
    if known.discerned and found is not None:
        if not label and not data.time.strip():
            found = _told_apart(cells, data, times, found, known)
            used = found.indices if found else ()
        times = sorted({*times, *(parts_beside(cells, found) if found else ())})
    chosen = choose(cells, data, times, found, label, known)
    rows = cells.matrix(chosen.all, lambda index: numbers_in(cells, index, chosen.all))
    untimed = unread_dates(cells, data, known) if known.timed and found is None else ()
    notes = (*cells.notes, *chosen.notes, *untimed, *conversion_notes(cells, chosen.all))
    notes = (*notes, *durations_note(cells, chosen.all))
    features = tuple(cells.header[i] for i in chosen.all)
    origin, read, counted = np.arange(len(rows)), len(rows), tuple(times)
    if found is None:
        targets = len(chosen.targets)
        return Table(cells, features, rows, notes, targets, origin, read=read, counted=counted)
    table = Rows(rows, found.times, origin, (*notes, *found.notes))
    series: tuple[str, ...] = ()
    if label:
        labels = series_names(cells, label)
        table, features, series = side_by_side(table, labels, features)
        told = f"{len(set(series))} series, told apart by {cells.label(label)}"
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
        (*found.indices, *label),
        counted,
        label,
    )


def _time(cells: Cells, data: Data, times: Sequence[int], known: Known) -> TimeColumns | None:
    """The time of each row, or of several series that count on beside each other."""
    if not known.timed:
        return None
    found = find_time(cells, data, times, known)
    if found is None and known.tidied:
        return counted_apart(cells, data, known.discerned)
    if known.discerned and found is not None and _only_counts(cells, found):
        found = counted_apart(cells, data, called=True) or found
    return with_settled_step(found) if known.refined and found is not None else found


def _only_counts(cells: Cells, found: TimeColumns) -> bool:
    """Whether a time is nothing but the numbers of the rows of the file."""
    return not (found.clock.is_date or (cells.named and is_name(found.clock.name)))


def _told_apart(
    cells: Cells, data: Data, times: Sequence[int], found: TimeColumns, known: Known
) -> TimeColumns | None:
    """The time, which is not a number that many rows share, if another column or none can be."""
    if found.clock.is_date or len(found.times) < 2 or not come_again(found.times):
        return found
    rising = [i for i in times if (np.diff(cells.numbers(i)) > 0).all()]
    return find_time(cells, data, rising, known) if rising else None
