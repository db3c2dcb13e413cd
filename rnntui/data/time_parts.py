"""Find the columns of a table that hold the parts of dates, such as years and months."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from rnntui.data.cells import Cells
from rnntui.data.clock import Clock, Times
from rnntui.data.moments import DAY, FIRST_OF_1900, SECOND, Moments, days_of, days_of_weeks
from rnntui.data.month_names import MONTH_NUMBERS, TRIMESTERS, month_number
from rnntui.data.steps import find_step
from rnntui.data.time_numbers import TimeColumns

_PARTS = ("year", "quarter", "month", "week", "yearday", "day", "hour", "minute", "second")
_ALSO = {
    **dict.fromkeys(("yr", "yyyy", "yy"), "year"),
    **dict.fromkeys(("mo", "mon", "mnth"), "month"),
    **dict.fromkeys(("wk", "isoweek", "weekofyear"), "week"),
    **dict.fromkeys(("doy", "dayofyear", "yday", "julian"), "yearday"),
    **dict.fromkeys(("dy", "dd"), "day"),
    **dict.fromkeys(("hr", "hh"), "hour"),
    "jahr": "year",
    "quartal": "quarter",
    "monat": "month",
    "woche": "week",
    "kw": "week",
    "tag": "day",
    "stunde": "hour",
}
_ALSO_NEWER = {
    **dict.fromkeys(("heure", "hora", "ora", "uur"), "hour"),
    **dict.fromkeys(("année", "annee", "año", "anno", "ano", "jaar"), "year"),
    **dict.fromkeys(("mois", "mes", "mese", "mês", "maand"), "month"),
    "minuten": "minute",
    "mn": "minute",
}
_BY_CELLS = ("period", "season", "seas")  # names of columns that may hold parts of dates
_PART_ORDER = ("year", "month", "day")
MOST_ODD = 0.05  # of the cells of a time column are something else by mistake
LEAST_COUNTED = 24  # rows of years and months without such names
_PERIOD = re.compile(r"([MQS])(\d\d)")  # of the year, as the Bureau of Labor Statistics writes it


class DateParts:
    """Reads columns of a table as parts of a date."""

    def __init__(self, cells: Cells, refined: bool, column: Callable[[int], list[str]]) -> None:
        """`column` gives the stripped cells of a column, of two times in one the first.

        `refined`: also by the names that the newest reader knows.
        """
        self._cells, self._refined, self._column = cells, refined, column

    def find(self) -> TimeColumns | None:
        """A date in several columns: year, month, day and so on."""
        names = self.names()
        found = [names.index(part) for part in _PARTS if part in names]
        if "year" not in names or len(found) < 2:
            return self._counted_parts()
        return self.together(found)

    def _counted_parts(self) -> TimeColumns | None:
        """Columns of years, months and perhaps days, by numbers that count on as those do."""
        for first in range(min(2, len(self._cells.header) - 2)):
            parts = [self._part(index) for index in range(first, first + 3)]
            year, month, day = parts
            if year is None or month is None or year.min() < 1500 or year.max() > 2200:
                continue
            if self._count_on(days_of(year, month, np.ones_like(year)), 31):
                return self.together([first, first + 1], _PART_ORDER[:2])
            if day is not None and self._count_on(days_of(year, month, day), 1):
                return self.together([first, first + 1, first + 2], _PART_ORDER)
        return None

    def _count_on(self, days: Moments | None, most: int) -> bool:
        """Whether days come one after the other, at most so many apart, in enough rows."""
        if days is None or len(days) < LEAST_COUNTED:
            return False
        gaps = np.diff(days)
        return bool(((gaps > 0) & (gaps <= most)).mean() >= 1 - MOST_ODD)

    def names(self) -> list[str]:
        """What part of a date each column is by its name, or its name."""
        plain = [re.sub(r"[\W_]", "", name.lower()) for name in self._cells.header]
        also = _ALSO | _ALSO_NEWER if self._refined else _ALSO
        names = [also.get(name, name) for name in plain]
        for place, name in enumerate(names):
            before = names[:place]
            if name == "mm" and "hour" in before and "month" in before:
                names[place] = "minute"
            elif name == "mm" and ("day" in names or before[-1:] == ["year"]):
                names[place] = "month"  # otherwise millimetres
            elif self._refined and name in _BY_CELLS and "year" in names:
                names[place] = self._part_by_cells(place) or name
        return names

    def _part_by_cells(self, index: int) -> str:
        """What part of a year a column called period or season holds; "" for none."""
        cells = self._column(index)
        if all(cell.lower() in TRIMESTERS for cell in cells):
            return "month"
        fits = {m[1] if (m := _PERIOD.fullmatch(cell)) else "" for cell in cells}
        return {"M": "month", "Q": "quarter"}.get("".join(fits), "")

    def together(self, indices: list[int], called: Sequence[str] = ()) -> TimeColumns | None:
        """The time in columns that are called year, month, day and so on."""
        given: dict[str, Moments] = {}
        names = self.names()
        for name, index in zip(called or [names[i] for i in indices], indices, strict=True):
            part = self._part(index)
            if part is None:
                return None
            given[name] = part
        if "year" not in given or not given.keys() <= set(_PARTS):
            return None
        none = np.zeros(len(given["year"]), np.int64)
        days = _days(given, none)
        if days is None:
            return None
        seconds = (given.get("hour", none) * 60 + given.get("minute", none)) * 60
        times = days * DAY + (seconds + given.get("second", none)) * SECOND
        step = find_step(np.sort(times))
        if step is None:
            return None
        return TimeColumns(tuple(indices), Clock("time", None, step), times)

    def _part(self, index: int) -> Moments | None:
        numbers = self._cells.numbers(index)
        if _are_whole(numbers[:LEAST_COUNTED]) and _are_whole(numbers):  # most fail at once
            return numbers.astype(np.int64) if (abs(numbers) < 1e6).all() else None
        cells = self._column(index)
        found = [MONTH_NUMBERS.get(cell[:3].lower(), 0) for cell in cells]
        if self._refined and not all(found) and all(map(_number_of, cells[:LEAST_COUNTED])):
            found = [_number_of(cell) for cell in cells]
        return np.array(found, np.int64) if all(found) else None


def _number_of(cell: str) -> int:
    """The number of a month or a quarter that a cell names; 0 for none."""
    period = _PERIOD.fullmatch(cell)
    return int(period[2]) if period else TRIMESTERS.get(cell.lower()) or month_number(cell)


def _are_whole(numbers: Times) -> bool:
    return bool(np.isfinite(numbers).all() and (numbers == np.floor(numbers)).all())


def _days(given: dict[str, Moments], none: Moments) -> Moments | None:
    """Days since 1970 (N,) from the parts of dates; None if one does not exist."""
    year = given["year"]
    if year.max() < 100:
        year = year + np.where(year < FIRST_OF_1900, 2000, 1900)
    if "yearday" in given:
        return days_of(year, none + 1, given["yearday"], 366)
    if "week" in given and "month" not in given:
        return days_of_weeks(year, given["week"], none + 1)
    month = given.get("month", 3 * given.get("quarter", none + 1) - 2)
    return days_of(year, month, given.get("day", none + 1))
