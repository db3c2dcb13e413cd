"""The columns that tell apart several series in one table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

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
LEAST_FILLED = 0.05  # of all series at all times have a row, if several columns tell them apart
LEAST_NAMED = 0.8  # the same, if the names are numbers with a unit
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
    if known.refined:
        texts = [index for index in texts if not _is_measured(cells, index, found)]
    if not known.refined:
        told = (i for i in texts if tells_apart(series_names(cells, (i,)), found.times))
        return tuple(itertools.islice(told, 1))
    return _fewest(cells, texts, found)


def _fewest(cells: Cells, texts: list[int], found: TimeColumns) -> tuple[int, ...]:
    """The fewest columns that tell series apart so that no row has the time of another one.

    They may do so only together: a shop and an article. If none do, the first that nearly does.
    """
    times = np.unique(found.times, return_inverse=True)[1]
    codes: dict[int, NDArray[np.int64]] = {}
    nearly: tuple[int, ...] = ()
    for count in (1, 2, 3):
        for chosen in itertools.combinations(texts[: MOST_LABELS if count > 1 else None], count):
            for index in chosen:
                if index not in codes:
                    codes[index] = _codes(series_names(cells, (index,)))
            if count > 1 and any(codes[index].max() == 0 for index in chosen):
                continue
            labels = codes[chosen[0]]
            for index in chosen[1:]:
                labels = labels * (codes[index].max() + 1) + codes[index]
            if count > 1 and (
                _are_doubled(labels, times) or _are_sparse(labels, times, LEAST_FILLED)
            ):
                continue
            if not tells_apart(labels, found.times):
                continue
            if not _are_doubled(labels, times):
                return chosen
            nearly = nearly or chosen
    return nearly


def _codes(names: Sequence[str]) -> NDArray[np.int64]:
    """A number (N,) for each name."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], np.int64)


def _is_measured(cells: Cells, index: int, found: TimeColumns) -> bool:
    """Whether numbers with a unit are no names: 10J may be one, but 10kn is a speed."""
    if cells.signs(index) is None:
        return False
    times = np.unique(found.times, return_inverse=True)[1]
    return _are_sparse(_codes(series_names(cells, (index,))), times, LEAST_NAMED)


def _are_sparse(labels: NDArray[np.int64], times: NDArray[np.intp], least: float) -> bool:
    """Whether less than this part of all series at all times have a row."""
    return len(times) < least * len(np.unique(labels)) * (int(times.max()) + 1)


def _are_doubled(labels: NDArray[np.int64], times: NDArray[np.intp]) -> bool:
    """Whether too many rows have both the label and the time of another one."""
    pairs = np.unique(labels * (int(times.max()) + 1) + times)
    return len(pairs) < (1 - MOST_DOUBLED) * len(times)


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
