"""Time that is written in one number: as a count, as a spreadsheet's days, as a short date."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnntui.data.cells import Cells
from rnntui.data.clock import Clock, Times, step_of_numbers
from rnntui.data.counters import epoch_unit, is_whole
from rnntui.data.decimal_years import YEARS, decimal_years
from rnntui.data.moments import DAY, SECOND, Format, Moments, iso
from rnntui.data.source import show
from rnntui.data.steps import OFF, Step, find_step, settled
from rnntui.dataclass import dataclass

SERIALS = (20_000, 60_000)  # 1954 to 2064
SERIAL_1970 = 25_569
_SHORT_DATES = (10_101, 991_231)  # with the year's last two digits, of any century
_SHORT = (("%y%m%d", 6), ("%d%m%y", 6), ("%m%d%y", 6), ("%y%m", 4))  # and how many digits
_LONG = (("%d%m%Y", 8), ("%m%d%Y", 8), ("%Y%j", 7), ("%m%Y", 6), ("%Y%q", 5))
_RECENT = (1900, 2100)  # years of such dates: others are short ones, 011523 is 15 January
_LEAST_EVEN = 0.5  # of the gaps between dates that other numbers look like, too
_LEAST_ORDERED = 0.95  # of the gaps between short dates go one way


@dataclass(frozen=True, eq=False)
class TimeColumns:
    """The columns (indices) that make up the time, its clock, and the times (N,) of the rows."""

    indices: tuple[int, ...]
    clock: Clock
    times: Times
    notes: tuple[str, ...] = ()


def number_time(index: int, name: str, numbers: Times, decimals: int = 0) -> TimeColumns:
    """The time in a column of numbers: seconds since 1970, or any that count on."""
    unit = epoch_unit(numbers)
    if unit:
        moments = np.rint(numbers * unit).astype(np.int64)
        step = find_step(np.sort(moments))
        if step is not None:
            return TimeColumns((index,), Clock(name, None, step, 0.0, unit, decimals), moments)
    return TimeColumns(
        (index,), Clock(name, None, None, step_of_numbers(numbers), 0, decimals), numbers
    )


def with_settled_step(found: TimeColumns) -> TimeColumns:
    """The time with the step that clocks have, and a note if its moments only lie near it."""
    if found.clock.step is None:
        return found
    step = settled(found.clock.step, np.unique(found.times))
    if step == found.clock.step:
        return found
    note = f"times are {step.words}, but for small differences"
    clock = replace(found.clock, step=step)
    return replace(found, clock=clock, notes=(*found.notes, note))


def year_time(cells: Cells, index: int) -> TimeColumns | None:
    """The time in a column of years with decimals, such as 1959.042."""
    numbers = cells.numbers(index)
    if not len(numbers) or not YEARS[0] <= numbers[0] <= YEARS[1]:
        return None
    written = [cell.strip() for cell in cells.column(index)]
    digits = max(len(cell.replace(",", ".").partition(".")[2]) for cell in written)
    name = cells.header[index] if cells.named else ""
    dated = decimal_years(name, numbers, min(digits, 9))
    if dated is None:
        return None
    clock = Clock(cells.header[index], None, dated.step, years=dated.written)
    first = f"{show(written[0], 20)} as {_day(int(dated.moments[0]), dated.step)}"
    note = f"{show(cells.header[index], 24)} is read as years with decimals, {first}"
    return TimeColumns((index,), clock, dated.moments, (note,))


def _day(moment: int, step: Step) -> str:
    return iso(moment)[:7] if step.kind == "months" else iso(moment)


def spreadsheet_days(index: int, name: str, numbers: Times) -> TimeColumns | None:
    """The time in days since the end of 1899, as spreadsheets store dates: 45292 is 2024-01-01."""
    if not (SERIALS[0] <= numbers.min() and numbers.max() <= SERIALS[1]):
        return None
    seconds = np.rint((numbers - SERIAL_1970) * DAY / SECOND).astype(np.int64)
    moments = seconds * SECOND
    step = find_step(np.sort(moments))
    if step is None:
        return None
    first = f"{numbers[0]:.10g} as {iso(int(moments[0]))}"
    note = f"{show(name, 24)} is read as a spreadsheet's days since 1900, {first}"
    return TimeColumns((index,), Clock(name, None, step), moments, (note,))


def short_dates(index: int, name: str, numbers: Times) -> TimeColumns | None:
    """The time in dates without separators, whose years have two digits: 800102, 20180 or 8001.

    As numbers they have lost the zeros before them. None if no way to read all is in order.
    """
    if not len(numbers) or not np.isfinite(numbers).all() or not is_whole(numbers):
        return None
    low, high = int(numbers.min()), int(numbers.max())
    for pattern, digits in _SHORT:
        of_one_year = digits == 4 and high // 100 == low // 100  # may as well be a count
        if of_one_year or low < 1 or not 10 ** (digits - 2) <= high < 10**digits:
            continue
        form = Format(pattern)
        moments = form.read([f"{int(number):0{digits}}" for number in numbers.tolist()])
        if moments is None or order_of(moments)[0] < _LEAST_ORDERED:
            continue
        step = find_step(np.sort(moments))
        if step is not None:
            return TimeColumns((index,), Clock(name, form, step), moments)
    return None


def long_dates(index: int, name: str, numbers: Times) -> TimeColumns | None:
    """The time in dates without separators that begin with a day or month, or end with its number.

    They are 31122024, 12312024, 122024, 2024366 or 20244. None if no way to read all is in order.
    """
    if not len(numbers) or not np.isfinite(numbers).all() or not is_whole(numbers):
        return None
    low, high = int(numbers.min()), int(numbers.max())
    read: list[tuple[tuple[float, float], Format, Moments]] = []
    for pattern, digits in _LONG:
        if not 10 ** (digits - 2) <= low <= high < 10**digits:
            continue
        form = Format(pattern)
        moments = form.read([f"{int(number):0{digits}}" for number in numbers.tolist()])
        if moments is None or not _are_recent(moments):
            continue
        order = order_of(moments)
        if order[0] >= _LEAST_ORDERED and order[1] >= _LEAST_EVEN:
            read.append((order, form, moments))
    if not read:
        return None
    order, form, moments = max(read, key=lambda found: found[0])
    step = find_step(np.sort(moments))
    if step is None or (step.kind == "months" and step.size % 12 == 0):
        return None  # only the year's digits differ: 12000, 12001, 12002 count something else
    others = [f for o, f, m in read if o == order and (m != moments).any()]
    first = f"{int(numbers[0])} as {iso(int(moments[0]))}"
    doubt = f"; --set time_format={others[0].pattern} if that is wrong" if others else ""
    note = f"{show(name, 24)} is read as dates, {first}{doubt}"
    return TimeColumns((index,), Clock(name, form, step), moments, (note,))


def _are_recent(moments: Moments) -> bool:
    years = (moments // DAY).astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970
    return bool(years.min() >= _RECENT[0] and years.max() < _RECENT[1])


def order_of(moments: Moments) -> tuple[float, float]:
    """How well moments are in order, and how even their steps are: from 0 to 1 each."""
    gaps = np.diff(moments)
    if not len(gaps):
        return 1.0, 1.0
    one_way = max((gaps >= 0).mean(), (gaps <= 0).mean())
    ordered = np.unique(moments)
    step = find_step(ordered)
    if step is None:
        return float(one_way), 0.0
    even = abs(np.diff(step.places(ordered)) - 1) <= OFF
    return float(one_way), float(even.mean())
