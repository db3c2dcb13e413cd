"""Years with decimals, such as 1959.042: which months, weeks or days they are, and back."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data.moments import DAY, Moments
from rnntui.data.steps import USUAL, Step, find_step
from rnntui.data.timecolumn import is_name
from rnntui.dataclass import dataclass

Numbers = NDArray[np.float64]

YEARS = (1500.0, 2200.0)
_RECENT = (1800.0, 2100.0)  # in which quarters are counted
LEAST = 12  # rows
_LOOSE = 0.4  # of a month or a week: so far are moments from even ones that count days otherwise
_DATED = re.compile("year|jahr|decimal|fraction|ann|año|anno", re.IGNORECASE)
_MONTHS = (1, 3, 6)  # that a step may have
_YEAR = np.timedelta64(1, "Y")


@dataclass(frozen=True)
class DecimalYears:
    """Moments as years with `digits` decimals, in which `months` or days of a year are counted.

    `shift` is where in a month or a day a moment stands: 0 for its start, 0.5 for its middle.
    """

    months: bool
    shift: float
    digits: int

    def write(self, moment: int) -> str:
        """The year of a moment with its decimals."""
        day = np.datetime64(moment // DAY, "D")
        year = day.astype("M8[Y]")
        if self.months:
            passed = int((day.astype("M8[M]") - year.astype("M8[M]")).astype(np.int64))
            part = (passed + self.shift) / 12
        else:
            passed = int((day - year.astype("M8[D]")).astype(np.int64))
            length = int(((year + _YEAR).astype("M8[D]") - year.astype("M8[D]")).astype(np.int64))
            part = (passed + self.shift) / length
        return f"{int(year.astype(np.int64)) + 1970 + part:.{self.digits}f}"

    def read(self, text: str) -> int | None:
        """The moment of such a year; None if a text holds none."""
        try:
            number = float(text)
        except ValueError:
            return None
        if not math.isfinite(number) or not YEARS[0] <= number <= YEARS[1]:
            return None
        of = _of_months if self.months else _of_days
        return int(of(np.array([number]), self.shift)[0])


@dataclass(frozen=True, eq=False)
class Dated:
    """The moments (N,) of years with decimals, their step, and how they are written."""

    moments: Moments
    step: Step
    written: DecimalYears


def decimal_years(name: str, numbers: Numbers, digits: int) -> Dated | None:
    """The moments of numbers (N,) with so many decimals; None if they are no years.

    A year's twelfths, then its days, then both as they come out of other ways to count. Quarters
    are those of years only in a column that speaks of years, or of our centuries in one that speaks
    of time or has no name: seconds and nanometres have such steps, too.
    """
    if len(numbers) < LEAST or not np.isfinite(numbers).all():
        return None
    low, high = float(numbers.min()), float(numbers.max())
    if not (YEARS[0] <= low and high <= YEARS[1]) or (numbers == np.floor(numbers)).all():
        return None
    gaps = np.diff(numbers)
    if max((gaps > 0).mean(), (gaps < 0).mean()) < USUAL:
        return None
    rounded = 10.0**-digits
    found = (
        _by_months(numbers, digits, 12 * rounded)
        or _by_days(numbers, digits, 366 * rounded)
        or _by_months(numbers, digits, _LOOSE)
        or _by_weeks(numbers, digits)
    )
    if found is None or found.step.kind != "months" or found.step.size == 1:
        return found
    quarters = found.step.size == 3 and _RECENT[0] <= low and high <= _RECENT[1]
    named = quarters and (not name or is_name(name))
    return found if named or _DATED.search(name) else None


def _by_months(numbers: Numbers, digits: int, most: float) -> Dated | None:
    """Numbers that lie at one place in their months, up to so much of a month."""
    shift, spread = _place(12 * numbers)
    if spread > most + 1e-6:
        return None
    shift = _snapped(shift, 12 * 10.0**-digits)
    moments = _of_months(numbers, shift)
    step = find_step(np.sort(moments))
    if (
        step is None
        or step.kind != "months"
        or step.size not in _MONTHS
        or step.size < most  # 1990.1 and 1990.2 are too far apart to be months
        or not _even(moments, step)
    ):
        return None
    return Dated(moments, step, DecimalYears(True, shift, digits))


def _by_days(numbers: Numbers, digits: int, most: float) -> Dated | None:
    """Numbers that lie at one place in their days."""
    passed = _passed(numbers)[1]
    shift, spread = _place(passed)
    if spread > most + 1e-6 or most >= 0.5:
        return None
    shift = _snapped(shift, most)
    moments = _of_days(numbers, shift)
    step = find_step(np.sort(moments))
    if step is None or not _even(moments, step):
        return None
    if step.kind == "fixed" and step.size not in (DAY, 7 * DAY):
        return None
    return Dated(moments, step, DecimalYears(False, shift, digits))


def _by_weeks(numbers: Numbers, digits: int) -> Dated | None:
    """Numbers a week apart, of years that are all as long as each other."""
    weeks = (numbers - numbers[0]) * (365.25 / 7)
    if _place(weeks)[1] > _LOOSE:
        return None
    first = _of_days(numbers[:1], 0.0)
    moments = first + np.rint(weeks).astype(np.int64) * (7 * DAY)
    step = find_step(np.sort(moments))
    if step is None or step.size != 7 * DAY or not _even(moments, step):
        return None
    return Dated(moments, step, DecimalYears(False, float(_passed(numbers[:1])[1][0] % 1), digits))


def _place(counted: Numbers) -> tuple[float, float]:
    """Where numbers (N,) lie between whole ones, around the middle, and how far from each other."""
    turned = (counted - counted[0] + 0.5) % 1 - 0.5
    low, high = float(turned.min()), float(turned.max())
    place = (float(counted[0]) + (low + high) / 2) % 1
    return (place - 1 if place > 0.85 else place), high - low


def _snapped(shift: float, most: float) -> float:
    """The start or the middle, if a place is that but for rounding."""
    return next((place for place in (0.0, 0.5) if abs(shift - place) <= most), shift)


def _of_months(numbers: Numbers, shift: float) -> Moments:
    months = np.rint(12 * (numbers - 1970) - shift).astype(np.int64)
    days: Moments = months.astype("M8[M]").astype("M8[D]").astype(np.int64)
    return days * DAY


def _of_days(numbers: Numbers, shift: float) -> Moments:
    years, passed = _passed(numbers)
    first = years.astype("M8[D]").astype(np.int64)
    days: Moments = first + np.rint(passed - shift).astype(np.int64)
    return days * DAY


def _passed(numbers: Numbers) -> tuple[NDArray[Any], Numbers]:
    """The years (N,) and the days that have passed in them."""
    years = (np.floor(numbers).astype(np.int64) - 1970).astype("M8[Y]")
    lengths = ((years + _YEAR).astype("M8[D]") - years.astype("M8[D]")).astype(np.int64)
    passed: Numbers = (numbers - np.floor(numbers)) * lengths
    return years, passed


def _even(moments: Moments, step: Step) -> bool:
    """Whether most moments come one step after the other."""
    places = step.places(np.unique(moments))
    return len(places) > 1 and bool((abs(np.diff(places) - 1) < 0.5).mean() >= USUAL)
