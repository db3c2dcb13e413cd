"""What the cells of a column hold: times, texts, numbers or nothing."""

from __future__ import annotations

from rnntui.data.cells import Cells
from rnntui.data.counters import is_time
from rnntui.data.moments import formats_of, times_of_day

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
