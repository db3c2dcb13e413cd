"""Find the columns of a table that hold the time of a row, and read them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from rnntui.data.cells import Cells
from rnntui.data.clock import Clock
from rnntui.data.columns import pick
from rnntui.data.known import NEW, Known
from rnntui.data.moments import (
    NONE,
    Format,
    Moments,
    formats_of,
    is_newer,
    letters,
    times_of_day,
    valid,
)
from rnntui.data.source import show
from rnntui.data.steps import Step, find_step
from rnntui.data.time_numbers import (
    TimeColumns,
    long_dates,
    number_time,
    order_of,
    short_dates,
    spreadsheet_days,
    year_time,
)
from rnntui.data.time_parts import MOST_ODD, DateParts
from rnntui.data.timecolumn import MISSING, is_name
from rnntui.errors import DataError, UsageError
from rnntui.recipe import Data

LEAST_FILLED = 0.9  # of the cells of a time column
NO_TIME = "none"  # the recipe's time: rows have none
ORDERS = {"dmy": "dmY", "mdy": "mdY", "ymd": "Ymd"}
_DATED = re.compile("date|datum", re.IGNORECASE)
_LONG_DATED = re.compile(
    "date|datum|fecha|time|zeit|period|month|monat|mois|quart|day(?!s)|tag(?!e)|jour(?!s)|yyyy|jjjj|aaaa",
    re.IGNORECASE,
)
_INTERVAL = re.compile(r"(.*\d.*?) (?:-|–) (.*\d.*)")
_YEAR_AND_MONTH = re.compile(r"\d{4}\.(0[1-9]|1[0-2]?)")
_TWICE = 0.05  # of the moments may be double before a time of day is looked for


def find_time(
    cells: Cells, data: Data, counters: Sequence[int], known: Known = NEW
) -> TimeColumns | None:
    """The time of each row, by the recipe's keys `time` and `time_format` or by what is found.

    `counters` are columns that look like time or row numbers. Raises DataError or UsageError.
    """
    table = _Reader(cells, data, known)
    if data.time.strip().lower() == NO_TIME:
        return None
    if data.time.strip():
        return table.named(pick(data.time, cells.header, cells.name))
    found = table.dates() or table.parts.find() or table.numbers(counters)
    if found is None:
        table.refuse_odd_dates()
    return found


def unread_dates(cells: Cells, data: Data, known: Known = NEW) -> tuple[str, ...]:
    """A note on why a column that begins with a date is not the time; none without such a one."""
    return () if data.time.strip() else _Reader(cells, data, known).unread()


class _Reader:
    """Reads the columns of a table as time."""

    def __init__(self, cells: Cells, data: Data, known: Known = NEW) -> None:
        self._cells, self._wanted = cells, data.time_format.strip()
        self._discerned, self._refined = known.discerned, known.refined
        self.parts = DateParts(cells, self._refined, self._column)
        if self._wanted and self._wanted not in ORDERS and not valid(self._wanted):
            orders = ", ".join(ORDERS)
            raise UsageError(f"time_format: takes {orders}, or a pattern such as %d.%m.%Y %H:%M")

    def named(self, indices: list[int]) -> TimeColumns:
        """The time in columns that the recipe names."""
        found = self._together(indices)
        if found is None:
            shown = show(self._cells.header[indices[0]], 24)
            cell = next((c for c in self._column(indices[0]) if c.lower() not in MISSING), "")
            raise DataError(
                f"{self._cells.name}: column '{shown}': '{show(cell, 20)}' is read as no time",
                "set time_format, e.g. %d.%m.%Y %H:%M",
                "write times as the run's source does",
            )
        return found

    def _together(self, indices: list[int]) -> TimeColumns | None:
        if len(indices) == 1:
            (index,) = indices
            ways = (self._date, self._long, self._short, self._number)
            return next(filter(None, (way(index) for way in ways)), None)
        if len(indices) == 2:
            both = self._with_clock(indices[0], indices[1])
            if both:
                return both
        return self.parts.together(indices)

    def dates(self) -> TimeColumns | None:
        """The first column of dates, with a time of day if another one has it."""
        every = range(len(self._cells.header))
        likely = [i for i in every if self._wanted or self._looks_dated(i)]
        found = next(filter(None, map(self._date, likely)), None)
        if found is None:
            days = [i for i in likely if len(set(self._column(i))) == 1]
            pairs = (self._with_clock(day, i) for day in days for i in every if i != day)
            return next(filter(None, pairs), None)
        double = 1 - len(np.unique(found.times)) / len(found.times)
        if double > _TWICE:
            others = [i for i in range(len(self._cells.header)) if i not in found.indices]
            clocks = (self._with_clock(found.indices[0], i) for i in others)
            return next(filter(None, clocks), None) or found
        return found

    def refuse_odd_dates(self) -> None:
        """Raise DataError for a column of dates with a few other cells, such as a last "Total"."""
        for index, title in enumerate(self._cells.header):
            cells = self._column(index) if self._looks_dated(index) else []
            first = next((cell for cell in cells if cell.lower() not in MISSING), "")
            odd = [form.misfits(cells) for form in self._formats_of([first])]
            wrong = min(odd, key=len, default=[])
            if 0 < len(wrong) <= MOST_ODD * len(cells):
                line, cell = self._cells.lines[wrong[0]], show(cells[wrong[0]], 20)
                where = f"{self._cells.name} line {line}, column '{show(title, 24)}'"
                problem = f"{where}: '{cell}' is no time like the others"
                advice = "correct it, delete the row, or --set time=none"
                raise DataError(problem, advice, "correct it or delete the row")

    def unread(self) -> tuple[str, ...]:
        """A note on why the first column that begins with a date is not the time."""
        index = next(filter(self._looks_dated, range(len(self._cells.header))), None)
        if index is None:
            return ()
        cells = self._column(index)
        filled = [(n, cell) for n, cell in enumerate(cells) if cell.lower() not in MISSING]
        first = filled[0][1]
        odd = [form.misfits(cells) for form in self._formats_of([first])]
        wrong = min((places for places in odd if places), key=len, default=[])
        if all(odd) and wrong:
            why = f"line {self._cells.lines[wrong[0]]} has '{show(cells[wrong[0]], 20)}', "
            why += f"unlike '{show(first, 20)}' before it"
        elif all(cell == first for _, cell in filled):
            why = "it is the same in all rows"
        else:
            false = next((n for n, cell in filled if not self._formats_of([cell])), None)
            if false is None:
                return ()
            why = f"line {self._cells.lines[false]} has '{show(cells[false], 20)}', no date"
        return (f"{show(self._cells.header[index], 24)} is not used as the time: {why}",)

    def numbers(self, counters: Sequence[int]) -> TimeColumns | None:
        """A column of short dates, of seconds since 1970, or of other numbers that count on."""
        every = range(len(self._cells.header))
        short = filter(None, (*map(self._long, every), *map(self._short, every)))
        if (dates := next(short, None)) is not None:
            return dates
        named = [i for i in counters if self._cells.named and is_name(self._cells.header[i])]
        for index in (*named, *counters):
            found = self._number(index)
            if found:
                return found
        return None

    # ---- one column -------------------------------------------------------------------------

    def _column(self, index: int) -> list[str]:
        """The stripped cells; of those with two times, such as "10:00 - 11:00", the first one."""
        cells = [cell.strip() for cell in self._cells.column(index)]
        if self._refined and _lost_zeros(cells):
            return [cell + "0" if len(cell) == 6 else cell for cell in cells]
        span = _INTERVAL.fullmatch(next((c for c in cells if c.lower() not in MISSING), ""))
        if span is None or not self._formats_of([span[1]]) or self._formats_of([span[0]]):
            return cells
        spans = map(_INTERVAL.fullmatch, cells)
        return [cell if m is None else m[1] for cell, m in zip(cells, spans, strict=True)]

    def _looks_dated(self, index: int) -> bool:
        """Whether the first cell that holds something can be read as a date."""
        cells = (row[index].strip() for row in self._cells.rows)
        first = next((c for c in cells if c.lower() not in MISSING), "")
        span = _INTERVAL.fullmatch(first)
        return bool(self._formats_of([first]) or (span is not None and self._formats_of([span[1]])))

    def _formats_of(self, cells: Sequence[str]) -> list[Format]:
        """The formats that cells fit, of those that the version of the reader knew."""
        found = formats_of(cells)
        return found if self._refined else [form for form in found if not is_newer(form, cells)]

    def _date(self, index: int) -> TimeColumns | None:
        cells = self._column(index)
        best = _best(self._readings(cells))
        if best is None:
            return None
        form, times, step, others = best
        if self._is_unordered(index, form, times):
            return None
        clock = Clock(self._cells.header[index], form.as_written(cells), step)
        doubts = _ambiguous(cells, form, others) or _as_quarters(cells, form)
        return TimeColumns((index,), clock, times, doubts)

    def _is_unordered(self, index: int, form: Format, times: Moments) -> bool:
        """Whether numbers such as 1013.2, which could be months, are in no order of time."""
        named = self._wanted or (self._cells.named and is_name(self._cells.header[index]))
        if named or "." not in form.pattern or not self._cells.count(index):
            return False
        gaps = np.diff(times)
        return bool(min((gaps > 0).mean(), (gaps < 0).mean()) > MOST_ODD)

    def _with_clock(self, day: int, index: int) -> TimeColumns | None:
        """The time of a column of days and one of times of day."""
        days, cells = self._column(day), _full_hours(self._column(index))
        numbers = self._cells.count(index) == len(self._cells.numbers(index))
        if numbers and not self._is_clock(index):
            return None
        for form in times_of_day(cells):
            clocks = form.read(cells)
            if clocks is None or (clocks == NONE).any():
                continue
            dates = ((f, t) for f, t in self._readings(days) if not {*letters(f.pattern)} & {*"HI"})
            best = _best([(f, times + clocks) for f, times in dates])
            if best is not None:
                date, times, step, others = best
                clock, notes = Clock("time", None, step), _ambiguous(days, date, others)
                return TimeColumns((day, index), clock, times, notes)
        return None

    def _is_clock(self, index: int) -> bool:
        """Whether a column of numbers is called a time of day."""
        name = self._cells.header[index].lower()
        called = any(word in name for word in ("time", "hour", "clock"))
        return called or (self._refined and self.parts.names()[index] == "hour")

    def _readings(self, cells: list[str]) -> list[tuple[Format, Moments]]:
        """Every way to read cells as dates, with the moments (N,)."""
        found = ((form, form.read(cells)) for form in self._formats(cells))
        filled = ((form, _filled(moments)) for form, moments in found if moments is not None)
        return [(form, moments) for form, moments in filled if moments is not None]

    def _formats(self, cells: list[str]) -> list[Format]:
        if self._wanted and self._wanted not in ORDERS:
            return [Format(self._wanted)]
        found = self._formats_of(cells)
        if self._refined and any(form.pattern == "%Y-%m-%d" for form in found):
            found = [form for form in found if not form.pattern.startswith("%Y-%j")]
        if self._wanted:
            return [f for f in found if begins(f, ORDERS[self._wanted])]
        return found

    def _number(self, index: int) -> TimeColumns | None:
        numbers = np.array(self._cells.numbers(index))
        if not len(numbers) or not np.isfinite(numbers).all():
            return None
        name, cells = self._cells.header[index], self._column(index)
        if self._is_called_date(index) and (counted := spreadsheet_days(index, name, numbers)):
            return counted
        decimals = max(len(cell.partition(".")[2]) for cell in cells)
        if self._refined and (years := year_time(self._cells, index)):
            return years
        return number_time(index, name, numbers, min(decimals, 9))

    def _is_called_date(self, index: int) -> bool:
        """Whether the name of a column speaks of dates."""
        return self._cells.named and _DATED.search(self._cells.header[index]) is not None

    def _short(self, index: int) -> TimeColumns | None:
        """The time in a column of dates without separators, in which years have two digits."""
        if not (self._discerned and self._is_called_date(index)):
            return None
        name, numbers = self._cells.header[index], self._cells.numbers(index)
        return short_dates(index, name, numbers)

    def _long(self, index: int) -> TimeColumns | None:
        """The time in a column of dates without separators, in which years have four digits."""
        name = self._cells.header[index]
        if not (self._refined and self._cells.named and _LONG_DATED.search(name)):
            return None
        return long_dates(index, name, self._cells.numbers(index))


def _lost_zeros(cells: Sequence[str]) -> bool:
    """Whether cells are years and months as numbers, of which Octobers lost the zero: 1871.1."""
    filled = [cell for cell in cells if cell.lower() not in MISSING]
    short = [cell for cell in filled if len(cell) == 6]
    return (
        bool(short)
        and all(cell.endswith(".1") for cell in short)
        and any(cell.endswith(".01") for cell in filled)
        and all(map(_YEAR_AND_MONTH.fullmatch, filled))
    )


def _full_hours(cells: list[str]) -> list[str]:
    """Cells with hours and minutes as one number, 5 to 2400, as four digits."""
    filled = [cell for cell in cells if cell.lower() not in MISSING]
    short = all(cell.isdecimal() and len(cell) < 5 for cell in filled)
    if not short or max(map(len, filled), default=0) < 3 or min(map(len, filled)) == 4:
        return cells
    return [cell.zfill(4) if cell.isdecimal() else cell for cell in cells]


def _best(
    readings: list[tuple[Format, Moments]],
) -> tuple[Format, Moments, Step, list[Format]] | None:
    """The reading whose moments are in the best order, and the formats that are as good."""
    scored = [(order_of(moments), form, moments) for form, moments in readings]
    if not scored:
        return None
    top = max(score for score, _, _ in scored)
    good = [(form, moments) for score, form, moments in scored if score == top]
    form, moments = good[0]
    step = find_step(np.sort(moments))
    if step is None:
        return None
    return form, moments, step, [f for f, m in good[1:] if (m != moments).any()]


def _ambiguous(cells: list[str], form: Format, others: list[Format]) -> tuple[str, ...]:
    """A note if dates can be read in more than one way."""
    if not others:
        return ()
    cell = next(c for c in cells if c.lower() not in MISSING)
    order = next((o for o, ls in ORDERS.items() if begins(others[0], ls)), others[0].pattern)
    note = f"dates such as {show(cell, 24)} are read as {form.pattern}"
    return (f"{note}; --set time_format={order} if that is wrong",)


def _as_quarters(cells: list[str], form: Format) -> tuple[str, ...]:
    """A note if numbers from 1 to 4 are read as quarters; they could be months."""
    if form.pattern[2:] not in (".%q", "-%q", "/%q", ":%q"):
        return ()
    cell, months = show(cells[0], 24), form.pattern.replace("q", "m")
    note = f"dates such as {cell} are read as quarters"
    return (f"{note}; --set time_format={months} if they are months",)


def begins(form: Format, order: str) -> bool:
    """Whether a format has year, month and day in an order of `ORDERS`."""
    letters = [m for m in form.pattern if m in "dmYyb"]
    return "".join(letters[:3]).replace("y", "Y").replace("b", "m") == order


def _filled(moments: Moments) -> Moments | None:
    """The moments with missing ones put evenly between their neighbours."""
    there = moments != NONE
    if there.mean() < LEAST_FILLED:
        return None
    if there.all():
        return moments
    places = np.arange(len(moments))
    first = moments[there][0]
    offsets = np.interp(places, places[there], (moments[there] - first).astype(np.float64))
    return np.where(there, moments, first + np.rint(offsets).astype(np.int64))
