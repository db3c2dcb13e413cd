"""The step from one moment to the next: fixed, in months, or in business days."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnntui.data.moments import DAY, HOUR, MINUTE, SECOND, Moments
from rnntui.dataclass import dataclass

Kind = Literal["fixed", "months", "business"]

USUAL = 0.8  # of the steps; the rest are gaps and doubles
OFF = 0.2  # of a step: further from the grid, a moment is uneven
_UNITS = ((7 * DAY, "week"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))
_CLOCKS = (
    *(SECOND * n // 1000 for n in (1, 2, 5, 10, 20, 50, 100, 200, 250, 500)),
    *(SECOND * n for n in (1, 2, 5, 10, 15, 20, 30)),
    *(MINUTE * n for n in (1, 2, 3, 5, 6, 10, 12, 15, 20, 30)),
    *(HOUR * n for n in (1, 2, 3, 4, 6, 8, 12)),
    *(DAY, 7 * DAY),
)
_NEAR = 0.02  # of a clock's step: a step is taken for it
_FEW = 0.02  # of the moments may be off it
_SPREAD = 5  # days between which the day of a month may be
_LEAST_SETTLED = 6  # moments
_EACH = {"month": "monthly", "week": "weekly", "day": "daily", "hour": "hourly"}


@dataclass(frozen=True)
class Step:
    """`size` microseconds, months or business days. `day`: of the month, 0: its last one."""

    kind: Kind
    size: int
    day: int = 1

    @property
    def words(self) -> str:
        """The step in words: "monthly", "every 10 minutes"."""
        if self.kind == "business":
            return "business days"
        if self.kind == "months":
            if self.size % 12 == 0:
                return _every(self.size // 12, "year")
            return "quarterly" if self.size == 3 else _every(self.size, "month")
        for unit, name in _UNITS:
            if self.size % unit == 0 and (unit != 7 * DAY or self.size == unit):
                return _every(self.size // unit, name)
        return f"every {self.size / SECOND:g} seconds"

    def after(self, moment: int, count: int = 1) -> int:
        """The moment `count` steps later (or earlier, if it is negative)."""
        if self.kind == "fixed":
            return moment + count * self.size
        day, clock = divmod(moment, DAY)
        if self.kind == "business":
            later = np.busday_offset(np.datetime64(day, "D"), count * self.size, roll="backward")
            return int(later.astype(np.int64)) * DAY + clock
        month = int(np.datetime64(day, "D").astype("M8[M]").astype(np.int64)) + count * self.size
        first, following = (
            int(np.datetime64(m, "M").astype("M8[D]").astype(np.int64)) for m in (month, month + 1)
        )
        last = following - first
        return (first + (min(self.day, last) if self.day else last) - 1) * DAY + clock

    def places(self, moments: Moments) -> NDArray[np.float64]:
        """How many steps after the first one each of the sorted moments (N,) is."""
        days, clock = moments // DAY, moments % DAY
        if self.kind == "months":
            months = days.astype("M8[D]").astype("M8[M]")
            within = days - months.astype("M8[D]").astype(np.int64)
            count = months.astype(np.float64) + (within / 31.0 if self.day else 0.0)
            return _from_first(count, self.size)
        if self.kind == "business":
            dates = days.astype("M8[D]")
            counts: NDArray[np.float64] = np.busday_count(dates[0], dates).astype(np.float64)
            return counts + _from_first(clock, DAY)
        return _from_first(moments, self.size)


def _from_first(numbers: NDArray[Any], unit: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = (numbers - numbers[0]) / float(unit)
    return found


def _every(count: int, unit: str) -> str:
    if count == 1:
        return _EACH.get(unit, f"every {unit}" if unit != "year" else "yearly")
    return f"every {count} {unit}s"


def find_step(moments: Moments) -> Step | None:
    """The usual step of sorted moments (N,); None if there are fewer than two different ones."""
    different = np.unique(moments)
    gaps = np.diff(different)
    if not len(gaps):
        return None
    usual = int(np.sort(gaps)[(len(gaps) - 1) // 2])
    if usual >= 27 * DAY:
        months = _months(different)
        if months is not None:
            return months
    if usual == DAY and _is_business(different):
        return Step("business", 1)
    return Step("fixed", usual)


def _months(moments: Moments) -> Step | None:
    """A step of whole months: on one day of the month, or on the last one."""
    days = moments // DAY
    months = days.astype("M8[D]").astype("M8[M]").astype(np.int64)
    first, following = (
        m.astype("M8[M]").astype("M8[D]").astype(np.int64) for m in (months, months + 1)
    )
    length = following - first
    day = days - first + 1
    if (day == length).mean() >= USUAL:
        anchor = 0
    else:
        anchor = int(np.bincount(day).argmax())
        if (day == np.minimum(anchor, length)).mean() < USUAL:
            return None
    counts = np.diff(months)
    size = int(np.bincount(counts[counts > 0]).argmax()) if (counts > 0).any() else 0
    return Step("months", size, anchor) if size else None


def _is_business(moments: Moments) -> bool:
    """Whether days are those from Monday to Friday, over at least one weekend."""
    days = (moments // DAY).astype("M8[D]")
    if not np.is_busday(days).all():
        return False
    gaps = np.diff(days.astype(np.int64))
    return bool((gaps == 3).any())


def settled(step: Step, moments: Moments) -> Step:
    """The step that clocks have where sorted moments (N,) differ a little from it, else as it is.

    Log files lag by parts of a step, trades by minutes, and the last trading day of a month is not
    always its last day.
    """
    if step.kind != "fixed" or len(moments) < _LEAST_SETTLED:
        return step
    if (np.diff(moments) == step.size).all():  # every 30 days is not monthly
        return step
    if step.size >= 27 * DAY:
        return _one_each(moments) or step
    size = min(_CLOCKS, key=lambda size: abs(size - step.size))
    if size == step.size or abs(size - step.size) > _NEAR * size:
        return step
    found = Step("fixed", size)
    odd = _odd(found, moments)
    return found if odd <= _FEW * len(moments) and odd <= _odd(step, moments) else step


def _odd(step: Step, moments: Moments) -> int:
    """How many moments are off a step's grid, or share a place of it."""
    places = step.places(moments)
    nearest = np.rint(places)
    off = int((abs(places - nearest) > OFF).sum())
    return off + len(moments) - len(np.unique(nearest))


def _one_each(moments: Moments) -> Step | None:
    """A step of months, on days that lie near each other in each of them, or near its end."""
    days = moments // DAY
    months = days.astype("M8[D]").astype("M8[M]")
    counts = np.diff(months.astype(np.int64))
    if not len(counts) or (counts < 1).any():
        return None
    size = int(np.bincount(counts).argmax())
    if (counts == size).mean() < USUAL:
        return None
    day = days - months.astype("M8[D]").astype(np.int64) + 1
    left = (months + np.timedelta64(1, "M")).astype("M8[D]").astype(np.int64) - days - 1
    if left.max() <= _SPREAD:
        return Step("months", size, 0)
    if day.max() - day.min() > _SPREAD:
        return None
    return Step("months", size, 1 if day.min() == 1 else int(np.median(day)))
