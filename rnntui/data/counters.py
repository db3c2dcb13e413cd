"""Detect columns that hold the time of a row, or only count the rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from sys import float_info

import numpy as np
from numpy.typing import NDArray

from rnntui.data.timecolumn import MISSING, is_date, is_name

Numbers = NDArray[np.float64]

LEAST_ROWS = 3
LEAST_COUNTED = 20  # rows of a counter without a name whose gaps are irregular
MANY_ROWS = 100
EVEN = 0.2  # of the usual gap; months differ by a tenth
SORTED = 0.98  # of the gaps point the same way: clocks are set back now and then
_FIRST = 1000  # values that are looked at before all are
_MANY = 10_000  # values that must be sorted themselves if there are more

_MONTH = re.compile(r"(1[89]|20)\d\d(0[1-9]|1[0-2])")
_CALENDAR = {
    "year": (1000, 3000),
    "quarter": (1, 4),
    "month": (1, 12),
    "day": (1, 366),
    "hour": (0, 24),
    "minute": (0, 59),
}
_YEARS = (1500.0, 2200.0)
_SECONDS = (6e8, 2.5e9)  # 1989 to 2049, in seconds since 1970


def is_time(name: str, cells: Sequence[str], numbers: Numbers, first: bool) -> bool:
    """Whether a column is time or a row count rather than something to learn.

    `numbers` (N,) are those of the cells, NaN where a cell holds none; `name` is empty in a table
    without a header, and `first` tells the leftmost column.
    """
    finite = np.isfinite(numbers)
    whole = bool(finite.all())
    if whole:
        filled = [cell.strip() for cell in cells] if is_date(cells[0].strip()) else cells
    else:
        filled = [cell for cell in map(str.strip, cells) if cell.lower() not in MISSING]
    if len(filled) < LEAST_ROWS:
        return False
    if all(map(is_date, filled)):
        return True
    values = numbers if whole else numbers[finite]
    if len(values) < len(filled):
        return False
    months = all(map(_MONTH.fullmatch, filled))
    return counts(name, values, first) or (months and is_sorted(values) and is_whole(values))


def counts(name: str, values: Numbers, first: bool) -> bool:
    """Whether finite numbers (N,), three or more, are time or a row count."""
    with np.errstate(over="ignore", invalid="ignore"):
        if is_calendar(name, values) or _counts_evenly(values, EVEN if first else 1e-6, first):
            return True
        if not (is_sorted(values[:_FIRST]) and is_sorted(values)):
            return False
        years = not name and _YEARS[0] <= values.min() and values.max() <= _YEARS[1]
        if years and _counts_evenly(values, EVEN, first):  # with a fraction that is rounded
            return True
        if is_name(name) or _is_epoch(values, first):
            return True
        return not name and _goes_one_way(values) and is_whole(values)


def is_calendar(name: str, values: Numbers) -> bool:
    """Whether a column is the year, month, day, hour or minute of a date in several columns."""
    limits = _CALENDAR.get(name.strip().lower())
    if limits is None or not len(values):
        return False
    least, most = limits
    return bool(least <= values.min() and values.max() <= most) and is_whole(values)


def is_whole(values: Numbers) -> bool:
    """Whether all numbers (N,) are whole ones."""
    return bool((values == np.floor(values)).all())


def _counts_evenly(values: Numbers, tolerance: float, first: bool) -> bool:
    """Whether values go one way in equal steps, with holes where rows are missing.

    Elsewhere than in the first column the steps must be equal but for the rounding of floats.
    """
    if not _is_monotonic(values[:_FIRST]):
        return False
    gaps = np.diff(values)
    if not (gaps.min() > 0 or gaps.max() < 0) or not np.isfinite(gaps.sum()):
        return False
    sizes = abs(gaps)
    usual = float(np.median(sizes))
    allowed = tolerance * usual + 4 * float_info.epsilon * float(abs(values).max())
    if allowed >= usual / 2:
        return False
    times = np.maximum(1, np.rint(sizes / usual))
    odd = int((abs(sizes - times * usual) > allowed).sum())
    single = int((times == 1).sum())
    return odd <= len(gaps) // 50 and single >= (0.5 if first else 0.7) * len(gaps)


def _is_monotonic(values: Numbers) -> bool:
    gaps = np.diff(values)
    return bool(gaps.min() > 0 or gaps.max() < 0)


def is_sorted(values: Numbers) -> bool:
    """Whether values rise, or fall, nearly always, and are more than two different ones."""
    if len(values) > _MANY and not is_sorted(values[:_MANY]):
        return False
    rises, falls = int((values[1:] > values[:-1]).sum()), int((values[1:] < values[:-1]).sum())
    return max(rises, falls) >= SORTED * (rises + falls) and rises + falls >= LEAST_ROWS - 1


def _is_epoch(values: Numbers, first: bool) -> bool:
    """Whether sorted numbers are time since 1970, in seconds or in parts of them.

    Other things are counted by the thousand million too, but rarely in many sorted rows.
    """
    unit = epoch_unit(values)
    return unit > 0 and (first or len(values) >= MANY_ROWS or unit < 1_000_000)


def epoch_unit(values: Numbers) -> float:
    """How many microseconds a number has if all are times since 1970, else 0."""
    low, high = float(values.min()), float(values.max())
    least, most = _SECONDS
    for parts in (1, 1_000, 1_000_000, 1_000_000_000):
        if least * parts <= low and high <= most * parts:
            return 1_000_000 / parts
    return 0


def _goes_one_way(values: Numbers) -> bool:
    return len(values) >= LEAST_COUNTED and _is_monotonic(values)
