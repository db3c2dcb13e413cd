"""What the cells of a column hold: times, texts, numbers or nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rnntui.data.cells import Cells
from rnntui.data.counters import is_sorted, is_time, is_whole
from rnntui.data.moments import DAY, HOUR, MINUTE, Moments, formats_of, times_of_day
from rnntui.data.time_numbers import TimeColumns
from rnntui.data.timecolumn import may_be_time

LEAST_REPEATED = 24  # rows in which a column has the months, or other parts, of the dates beside it
LEAST_NUMBERS = 0.5  # of the cells of a column that is learned


def is_time_column(cells: Cells, index: int) -> bool:
    """Whether a column holds times, dates or row numbers."""
    name = cells.header[index] if cells.named else ""
    numbers = cells.numbers(index)
    if is_time(name, cells.column(index), numbers, first=index == 0):
        return True
    if cells.count(index):
        return False
    column = [cell.strip() for cell in cells.column(index)]
    formats = (*formats_of(column), *times_of_day(column))
    return any(form.read(column) is not None for form in formats)


def is_text(cells: Cells, index: int) -> bool:
    """Whether a column holds something, but no number."""
    return not cells.count(index) and is_filled(cells, index)


def holds_numbers(cells: Cells, index: int, is_time: bool) -> bool:
    """Whether enough cells are finite numbers."""
    there = cells.count(index)
    if is_time or there == len(cells.numbers(index)):
        return there > 0
    filled = sum(not cells.marks.mark(cell) for cell in cells.column(index))
    return 0 < there >= LEAST_NUMBERS * filled


def is_filled(cells: Cells, index: int) -> bool:
    """Whether a cell of the column is not empty."""
    return any(cell.strip() for cell in cells.column(index))


def is_named(cells: Cells, index: int) -> bool:
    """Whether a column is more than a delimiter at the end of every line."""
    named = cells.named and cells.header[index] != f"column {index + 1}"
    return named or is_filled(cells, index)


def counts_time(cells: Cells, refined: bool = True) -> Iterator[int]:
    """The columns that are called days, hours and the like, and are in order."""
    for index, title in enumerate(cells.header if cells.named else ()):
        numbers = cells.numbers(index) if may_be_time(title, refined) else np.zeros(0)
        if len(numbers) > 1 and np.isfinite(numbers).all() and is_sorted(numbers):
            yield index


def parts_beside(cells: Cells, found: TimeColumns) -> Iterator[int]:
    """The columns that have nothing but the month, the weekday or another part of the dates."""
    if not found.clock.is_date or len(found.times) < LEAST_REPEATED:
        return
    parts: list[Moments] = []
    for index in range(len(cells.header)):
        numbers = cells.numbers(index)
        if index in found.indices or not np.isfinite(numbers).all():
            continue
        if numbers.min() == numbers.max() or not is_whole(numbers):
            continue
        parts = parts or parts_of(found)
        if any(np.array_equal(numbers, part) for part in parts):
            yield index


def parts_of(found: TimeColumns) -> list[Moments]:
    """What a column beside dates (N,) may repeat of them, in the ways it is usually counted."""
    moments = found.times + (found.clock.format.offset if found.clock.format else 0)
    days, clock = np.divmod(moments, DAY)
    months = days.astype("M8[D]").astype("M8[M]")
    years = months.astype("M8[Y]")
    month = (months - years.astype("M8[M]")).astype(np.int64)
    day = days - months.astype("M8[D]").astype(np.int64)
    yearday = days - years.astype("M8[D]").astype(np.int64)
    weekday = (days + 3) % 7  # 1 January 1970 was a Thursday
    counted = (month, day, yearday, month // 3, weekday, (weekday + 1) % 7, clock // HOUR)
    minutes = (clock // MINUTE, clock // MINUTE % 60)
    return [years.astype(np.int64) + 1970, *minutes, *(p + n for p in counted for n in (0, 1))]
