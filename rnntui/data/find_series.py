"""The column that tells apart several series in one table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rnntui.data import columns
from rnntui.data.cells import Cells
from rnntui.data.column_kinds import is_text
from rnntui.data.known import Known
from rnntui.data.stacked import come_again, tells_apart
from rnntui.data.time_numbers import TimeColumns, number_time
from rnntui.data.timecolumn import is_name, is_series_name
from rnntui.errors import DataError
from rnntui.recipe import Data

NO_SERIES = "none"  # the recipe's series: not looked for


def find_series(cells: Cells, data: Data, found: TimeColumns | None, known: Known) -> int | None:
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
    labels = _labels(cells, known.tidied, known.discerned)
    texts = (index for index in labels if index not in found.indices)
    for index in texts:
        if tells_apart(series_names(cells, index), found.times):
            return index
    return None


def counted_apart(
    cells: Cells, data: Data, discerned: bool = True, called: bool = False
) -> TimeColumns | None:
    """The time of several series, each of which counts from its own start: 1, 2, 3, 1, 2, …

    `called`: the column of their names must be called so.
    """
    if data.time.strip() or data.series.strip().lower() == NO_SERIES or not cells.named:
        return None
    for index in range(len(cells.header)):
        numbers = cells.numbers(index)
        if not is_name(cells.header[index]) or not np.isfinite(numbers).all():
            continue
        if not come_again(numbers):
            continue
        for label in _labels(cells, units=discerned):
            if label == index or (called and not is_series_name(cells.header[label])):
                continue
            if tells_apart(series_names(cells, label), numbers):
                return number_time(index, cells.header[index], numbers)
    return None


def _labels(cells: Cells, numbered: bool = True, units: bool = True) -> Iterator[int]:
    """Columns that may tell series apart: of texts or, if they are called so, of whole numbers."""
    every = range(len(cells.header))
    yield from (index for index in every if is_text(cells, index))
    for index in every if numbered and cells.named else ():
        numbers = cells.numbers(index)
        named = is_series_name(cells.header[index], units)
        if named and (numbers == np.floor(numbers)).all():
            yield index


def series_names(cells: Cells, index: int) -> list[str]:
    """The names of series in a column; of a large table, only the numbers are there."""
    numbers = cells.numbers(index)
    if len(cells.rows) < len(numbers):
        return [f"{number:.0f}" for number in numbers.tolist()]
    return [cell.strip() for cell in cells.column(index)]
