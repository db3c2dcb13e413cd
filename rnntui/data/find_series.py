"""The columns that tell apart several series in one table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

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

MOST_LABELS = 6  # columns that are tried together
MOST_DOUBLED = 0.01  # of the rows may have the names and the time of another one
NO_SERIES = "none"  # the recipe's series: not looked for


def find_series(
    cells: Cells, data: Data, found: TimeColumns | None, known: Known
) -> tuple[int, ...]:
    """The columns that tell apart several series, named or found; none if there is one series."""
    wanted = data.series.strip()
    if wanted.lower() == NO_SERIES:
        return ()
    if wanted:
        named = columns.pick(wanted, cells.header, cells.name)
        if found is None:
            raise DataError(f"{cells.name}: series needs a column of times: set time")
        return tuple(named if known.refined else named[:1])
    if found is None or len(found.times) < 2 or not come_again(found.times):
        return ()
    labels = _labels(cells, known.tidied, known.discerned, known.refined)
    texts = [index for index in labels if index not in found.indices]
    apart = [i for i in texts if tells_apart(series_names(cells, (i,)), found.times)]
    if not known.refined:
        return tuple(apart[:1])
    single = next((i for i in apart if not _doubled(cells, (i,), found)), None)
    if single is not None:
        return (single,)
    return next(_together(cells, texts[:MOST_LABELS], found), tuple(apart[:1]))


def _together(cells: Cells, texts: list[int], found: TimeColumns) -> Iterator[tuple[int, ...]]:
    """Two or three columns whose names tell series apart only together: a shop and an article."""
    varying = [i for i in texts if len(set(series_names(cells, (i,)))) > 1]
    for count in (2, 3):
        for chosen in itertools.combinations(varying, count):
            names = series_names(cells, chosen)
            if not _doubled(cells, chosen, found) and tells_apart(names, found.times):
                yield chosen


def _doubled(cells: Cells, labels: tuple[int, ...], found: TimeColumns) -> bool:
    """Whether too many rows have both the names and the time of another one."""
    pairs = {*zip(series_names(cells, labels), found.times.tolist(), strict=True)}
    return len(pairs) < (1 - MOST_DOUBLED) * len(found.times)


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
            if tells_apart(series_names(cells, (label,)), numbers):
                return number_time(index, cells.header[index], numbers)
    return None


def _labels(
    cells: Cells, numbered: bool = True, units: bool = True, coded: bool = False
) -> Iterator[int]:
    """Columns that may tell series apart: of texts or, if they are called so, of whole numbers.

    `coded`: also of numbers with letters, such as 10J and 2J, which otherwise have a unit.
    """
    every = range(len(cells.header))
    yield from (index for index in every if is_text(cells, index))
    for index in every if numbered and cells.named else ():
        numbers = cells.numbers(index)
        named = is_series_name(cells.header[index], units)
        signs = cells.signs(index) if coded else None
        code = signs is not None and signs.unit.isalpha()
        if (named and (numbers == np.floor(numbers)).all()) or code:
            yield index


def series_names(cells: Cells, indices: Sequence[int]) -> list[str]:
    """The names of series in columns; of a large table, only the numbers are there."""
    numbers = cells.numbers(indices[0])
    if len(cells.rows) < len(numbers):
        parts = [[f"{number:.0f}" for number in cells.numbers(i).tolist()] for i in indices]
    else:
        parts = [[cell.strip() for cell in cells.column(i)] for i in indices]
    return [" ".join(names) for names in zip(*parts, strict=True)]
