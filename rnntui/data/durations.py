"""Columns of durations such as 1:02:33, which are read as numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from rnntui.data.cells import Cells, listed
from rnntui.data.moments import DAY, NONE, times_of_day
from rnntui.data.source import show
from rnntui.data.time_numbers import TimeColumns
from rnntui.data.timecolumn import MISSING

LEAST_ENDS = 0.9  # of the rows are as long as each other, if a column has their ends
LEAST_BACK = 0.1  # of the steps of durations go each way; times of day go one way
_DURATION = re.compile(r"(-)?(?:(\d{1,4}):)?(\d{1,4}):([0-5]\d(?:[.,]\d+)?)")
_PADDED = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d+)?)?")
_CLOCKS = re.compile(
    r"(time|uhrzeit|zeit|clock|hour|sun(rise|set)|start|end|from|to)\b", re.IGNORECASE
)


def with_durations(
    cells: Cells,
    used: Sequence[int],
    timed: bool,
    known: Sequence[str],
    time: TimeColumns | None = None,
) -> Cells:
    """The table with numbers for durations, in seconds if these are written last.

    `used` columns hold the time. Others of times of day stay as they are: columns that are called
    so, or hold the ends of what begins at a `time`, and if rows are not `timed` otherwise, those
    that go one way. `known` were learned before.
    """
    found = {
        index: numbers
        for index in range(len(cells.header))
        if index not in used and (numbers := _numbers(cells, index)) is not None
        if cells.header[index] in known or _is_learned(cells, index, numbers, timed)
        if cells.header[index] in known or time is None or not _is_end(cells, index, time)
    }
    return cells.with_numbers(found) if found else cells


def _is_end(cells: Cells, index: int, time: TimeColumns) -> bool:
    """Whether times of day are always as far from the times of the rows."""
    column = [cell.strip() for cell in cells.column(index)]
    forms = times_of_day(column) if time.clock.is_date else []
    clocks = forms[0].read(column) if forms else None
    if clocks is None or (clocks == NONE).any():
        return False
    offset = time.clock.format.offset if time.clock.format else 0
    apart = (clocks - time.times - offset) % DAY
    there = np.unique(apart, return_counts=True)[1]
    return len(np.unique(clocks)) > 1 and bool(there.max() >= LEAST_ENDS * len(apart))


def durations_note(cells: Cells, chosen: Sequence[int]) -> tuple[str, ...]:
    """A note on the columns that are durations."""
    found = [i for i in chosen if i in cells.durations]
    if not found:
        return ()
    column, numbers = cells.column(found[0]), cells.numbers(found[0])
    place = int(np.flatnonzero(np.isfinite(numbers))[0])
    example = f"{show(column[place].strip(), 20)} as {numbers[place]:.10g}"
    return (
        f"durations are read as numbers, {example}: {listed([cells.header[i] for i in found])}",
    )


def _numbers(cells: Cells, index: int) -> list[float] | None:
    """The numbers of a column of nothing but durations."""
    found = []
    for cell in cells.column(index):
        fits = _DURATION.fullmatch(cell.strip())
        if fits is None and cell.strip().lower() not in MISSING:
            return None
        found.append(np.nan if fits is None else _number(fits))
    return found if np.isfinite(found).any() else None


def _number(fits: re.Match[str]) -> float:
    number = (int(fits[2] or 0) * 60 + int(fits[3])) * 60 + float(fits[4].replace(",", "."))
    return -number if fits[1] else number


def _is_learned(cells: Cells, index: int, numbers: Sequence[float], timed: bool) -> bool:
    """Whether numbers are durations rather than times of day."""
    there = np.array([number for number in numbers if np.isfinite(number)])
    if not timed:
        gaps = np.diff(there)
        return len(gaps) > 1 and min((gaps < 0).mean(), (gaps > 0).mean()) > LEAST_BACK
    filled = (cell.strip() for cell in cells.column(index) if cell.strip().lower() not in MISSING)
    return not (_CLOCKS.match(cells.header[index].strip()) and all(map(_PADDED.fullmatch, filled)))
