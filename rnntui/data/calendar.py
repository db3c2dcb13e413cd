"""What the calendar says of a moment: the hour, the weekday and the month, as points on a circle.

These are known in advance: beside the values of a row, a network reads the calendar of the row that
it predicts, also where values are only forecast.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data.clock import Clock, Times
from rnntui.data.moments import DAY
from rnntui.data.steps import Step
from rnntui.errors import DataError
from rnntui.recipe import Data

Numbers = NDArray[np.float64]

HOUR, WEEKDAY, MONTH = "hour", "weekday", "month"
LEAST_SEEN = 1.9  # times, so that two years of months are enough
_LENGTHS = {HOUR: DAY, WEEKDAY: 7 * DAY, MONTH: 365 * DAY}
_THURSDAY = 3  # the weekday of 1 January 1970, from Monday = 0


def with_calendar(data: Data, clock: Clock | None, times: Times | None, name: str) -> Clock | None:
    """The clock with the cycles that a recipe asks for and the times (N,) of the source have seen.

    Those are seen that came twice: of half a year, the month would only say how far it has come.
    Raises DataError if there are none.
    """
    if not data.calendar:
        return clock
    if data.repeat > 1:
        raise DataError(f"{name}: calendar = true needs repeat = 1: copies have no times")
    if clock is None or clock.step is None or times is None:
        raise DataError(f"{name}: calendar = true needs dates: set time, or calendar = false")
    span = int(times[-1]) - int(times[0])
    seen = tuple(c for c in cycles(clock.step) if span >= LEAST_SEEN * _LENGTHS[c])
    if not seen:
        what = f"{clock.words} rows" if not cycles(clock.step) else "less than two weeks"
        raise DataError(f"{name}: calendar = true has no effect on {what}: leave it out")
    return replace(clock, cycles=seen)


def cycles(step: Step) -> tuple[str, ...]:
    """What of the calendar changes from row to row: of monthly rows, the month alone."""
    if step.kind == "months":
        return (MONTH,) if step.size % 12 else ()
    if step.kind == "business":
        return (WEEKDAY, MONTH)
    days, odd = divmod(step.size, DAY)
    hour = (HOUR,) if odd else ()
    weekday = (WEEKDAY,) if odd or days % 7 else ()
    return (*hour, *weekday, MONTH)


def calendar(clock: Clock, times: Times) -> Numbers:
    """A sine and a cosine (N, 2 per cycle) for each of the clock's cycles, at times (N,).

    The time of day is that of the zone that the source writes. The month is the place in the year,
    so that it does not jump from one day to the next.
    """
    offset = clock.format.offset if clock.format else 0
    days, clocks = np.divmod(np.asarray(times, np.int64) + offset, DAY)
    parts = {HOUR: clocks / DAY, WEEKDAY: _weekday(days), MONTH: _year(days)}
    angles = [2 * np.pi * parts[cycle] for cycle in clock.cycles]
    columns = [function(angle) for angle in angles for function in (np.sin, np.cos)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(days), 0))


def ahead_of(clock: Clock, times: Times) -> Numbers:
    """The calendar (N, C) of the row after each of the rows at times (N,), N >= 1."""
    following = clock.after(times[-1].item())
    return calendar(clock, np.append(times[1:], np.int64(following)))


def _weekday(days: NDArray[Any]) -> Numbers:
    found: Numbers = (days + _THURSDAY) % 7 / 7
    return found


def _year(days: NDArray[Any]) -> Numbers:
    """The part of the year that has passed."""
    years = days.astype("M8[D]").astype("M8[Y]").astype(np.int64)
    first, following = (
        y.astype("M8[Y]").astype("M8[D]").astype(np.int64) for y in (years, years + 1)
    )
    found: Numbers = (days - first) / (following - first)
    return found
