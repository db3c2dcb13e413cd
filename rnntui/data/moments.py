"""Moments as tables write them: find the format, read it, and write it again.

A moment is a whole number of microseconds since 1970, in UTC if the table names a zone. A format
is a pattern like those of `strftime`, with some directives of its own: %q is a quarter, %-d a day
without a leading zero, %3f a fraction of three digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
from numpy.typing import NDArray

from rnntui.data.month_names import (
    ENGLISH_MONTH,
    MONTH,
    MONTHS,
    OLDER_MONTH,
    WEEKDAY,
    WEEKDAYS,
    month_number,
)
from rnntui.data.timecolumn import MISSING
from rnntui.dataclass import dataclass

Moments = NDArray[np.int64]

SECOND = 1_000_000  # microseconds
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
NONE = np.iinfo(np.int64).min  # where a cell holds no moment
FIRST_OF_1900 = 69  # of years with two digits, as in `strptime`
MOST_TRIED = 400  # cells that a format is tried on before all are read
_LONGEST = 64  # characters of a cell; no moment has more

_DIRECTIVE = re.compile(r"%(-?)(\d?)([A-Za-z%])")
_WIDTHS = {**dict.fromkeys("mdHIMSyV", 2), "Y": 4, "G": 4, "j": 3, "q": 1, "u": 1, "h": 1, "N": 4}
_WORDS = {
    "b": MONTH,
    "B": MONTH,
    "a": WEEKDAY,
    "A": WEEKDAY,
    "p": r"[ap]\.?m\.?",
    "z": r"z|utc|gmt|[+-]\d\d(?::?\d\d)?",
    "f": r"\d{1,9}",
    "N": r"\d{4}|\d\d",  # the year after, of a range
}

_DATES = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%y/%m/%d"),
    *("%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d.%b.%Y", "%d. %b %Y", "%d%b%Y", "%d %b %y"),
    *("%d-%b-%y", "%d/%b/%y", "%b %d, %Y", "%b %d %Y", "%b-%d-%Y", "%b/%d/%Y", "%Y-%b-%d"),
    *("%Y %b %d", "%b %d %H:%M:%S %Y", "%b %d %H:%M:%S%z %Y", "%b %d %H:%M:%S %z %Y"),
    *("%G-W%V-%u", "%GW%V%u", "%Y-%j"),
)
_MONTHLY = (
    *("%Y-%m", "%Y/%m", "%Y.%m", "%m/%Y", "%m.%Y", "%m-%Y", "%Y%m", "%YM%m", "%Y-M%m"),
    *("%b %Y", "%b-%Y", "%b/%Y", "%b, %Y", "%b%Y", "%b-%y", "%b %y", "%y-%b", "%Y-%b", "%Y %b"),
    *("%Y-Q%q", "%YQ%q", "%Y Q%q", "%Y:Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y", "%qQ%Y"),
    *("%G-W%V", "%GW%V", "%G W%V", "%-Y-%m", "%G-%V", "%G/%V"),
)
# Read since version 6 of the reader: ranges of years, half-years, quarters by number alone.
_RANGES = ("%Y-%N", "%Y/%N", "%Y–%N", "FY%Y", "FY %Y")
_HALVES = ("%Y-S%h", "%Y-H%h", "%YS%h", "%YH%h", "%Y H%h", "H%h %Y")
_NUMBERED = (
    *("%Y年%m月%d日", "%Y年%m月", "%Y년 %m월 %d일", "%Y년 %m월"),
    *("%Y:%m", "%Y-%q", "%Y/%q", "%Y.%q", "%Y:%q"),
)
_WEEKS = {"%G-%V": "%Y-%m", "%G/%V": "%Y/%m"}  # unless all of them can be months
_TIMES = (
    *("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%H:%M:%S,%f", "%I:%M:%S %p", "%I:%M %p", "%I:%M:%S%p"),
    *("%I:%M%p", "%I %p", "%I%p", "%H.%M.%S", "%H.%M", "%H%M%S", "%H%M", "%H", "%Hh"),
)
_AFTER_WEEKDAY = ("%a ", "%a, ", "%a. ")
_ZONES = ("", "%z", " %z")
_JOINTS = (" ", "T", ", ", "_", ":", "-", " - ")


@dataclass(frozen=True)
class Format:
    """How a table writes moments. `offset` is added to UTC, and `zone` written, where it is %z."""

    pattern: str
    offset: int = 0
    zone: str = ""

    @property
    def _expression(self) -> re.Pattern[str]:
        return expression(self.pattern)

    def read(self, cells: Sequence[str]) -> Moments | None:
        """The moments (N,) of stripped cells, NONE for a missing one; None if one does not fit."""
        found: list[tuple[str, ...]] = []
        places: list[int] = []
        match = self._expression.fullmatch
        for place, cell in enumerate(cells):
            if cell.lower() in MISSING:
                continue
            fits = match(cell)
            if fits is None:
                return None
            found.append(fits.groups())
            places.append(place)
        if not found:
            return None
        moments = _moments(self.pattern, found)
        if moments is None:
            return None
        whole = np.full(len(cells), NONE, np.int64)
        whole[places] = moments
        return whole

    def misfits(self, cells: Sequence[str]) -> list[int]:
        """The places of stripped cells that hold something else than such a moment."""
        match = self._expression.fullmatch
        filled = ((n, cell) for n, cell in enumerate(cells) if cell.lower() not in MISSING)
        return [place for place, cell in filled if match(cell) is None]

    def write(self, moment: int) -> str:
        """The text of a moment."""
        return _DIRECTIVE.sub(lambda m: _written(m, moment + self.offset, self.zone), self.pattern)

    def as_written(self, cells: Sequence[str]) -> Format:
        """The format with the padding, names, digits and zone of the cells it was found on."""
        filled = [cell for cell in cells if cell.lower() not in MISSING]
        rows = [m.groups() for m in map(self._expression.fullmatch, filled) if m]
        if not rows:
            return self
        if _is_german(self.pattern, rows):
            return Format(_in_iso(letters(self.pattern)))
        parts = iter(zip(*rows, strict=True))

        def exact(m: re.Match[str]) -> str:
            return m[0] if m[3] == "%" else _exact(m[3], next(parts))

        pattern = _DIRECTIVE.sub(exact, self.pattern)
        if "z" not in letters(self.pattern):
            return replace(self, pattern=pattern)
        zone = rows[-1][letters(self.pattern).index("z")]
        return Format(pattern, _offset(zone), zone)


def _is_german(pattern: str, rows: Sequence[Sequence[str]]) -> bool:
    """Whether the parts of dates hold names of months that cannot be written again."""
    if "b" not in letters(pattern):
        return False
    place = letters(pattern).index("b")
    names = {row[place].lower() for row in rows}
    return any(re.fullmatch(ENGLISH_MONTH, name) is None for name in names)


def _in_iso(names: Sequence[str]) -> str:
    """The pattern that writes the parts of a date which cannot be written as they are."""
    if "d" not in names:
        return "%Y-%m"
    clock = " %H:%M:%S" if "S" in names else " %H:%M"
    return "%Y-%m-%d" + (clock if {"H", "I"} & {*names} else "")


def is_newer(form: Format, cells: Sequence[str]) -> bool:
    """Whether the first versions of the reader could not read stripped cells in a format."""
    if form.pattern in (*_RANGES, *_HALVES, *_NUMBERED):
        return True
    if "b" not in letters(form.pattern):
        return False
    place = letters(form.pattern).index("b")
    fits = map(expression(form.pattern).fullmatch, cells)
    names = {m[place + 1].lower() for m in fits if m is not None}
    return any(re.fullmatch(OLDER_MONTH, name) is None for name in names)


def letters(pattern: str) -> list[str]:
    """The directives of a pattern, without the per cent signs."""
    return [m[3] for m in _DIRECTIVE.finditer(pattern) if m[3] != "%"]


@cache
def expression(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern; numbers that touch others have a fixed width."""
    parts: list[str] = []
    at = 0
    found = list(_DIRECTIVE.finditer(pattern))
    for place, m in enumerate(found):
        parts.append(re.escape(pattern[at : m.start()]).replace(r"\ ", " +"))
        at = m.end()
        touches = (place > 0 and found[place - 1].end() == m.start()) or (
            place + 1 < len(found) and found[place + 1].start() == m.end()
        )
        parts.append(_part(m[3], bool(m[1]), touches))
    parts.append(re.escape(pattern[at:]).replace(r"\ ", " +"))
    return re.compile("".join(parts), re.IGNORECASE)


def _part(letter: str, short: bool, touches: bool) -> str:
    if letter == "%":
        return "%"
    if letter in _WORDS:
        return f"({_WORDS[letter]})"
    width = _WIDTHS[letter]
    if letter in "YGy":
        return r"(\d{1,4})" if short else rf"(\d{{{width}}})"
    return rf"(\d{{{width}}})" if touches else rf"(\d{{1,{width}}})"


def valid(pattern: str) -> bool:
    """Whether a pattern has at least one directive and only known ones."""
    known = {*_WIDTHS, *_WORDS, "%"}
    names = [m[3] for m in _DIRECTIVE.finditer(pattern)]
    return bool(letters(pattern)) and all(n in known for n in names)


def formats_of(cells: Sequence[str]) -> list[Format]:
    """The formats that all of some stripped cells fit, the more usual ones first."""
    return _fitting(cells, _candidates)


def times_of_day(cells: Sequence[str]) -> list[Format]:
    """The formats of a time of day, without a date, that all of some stripped cells fit."""
    return _fitting(cells, _clocks)


def _fitting(cells: Sequence[str], candidates: Callable[[str], Iterator[str]]) -> list[Format]:
    first = next((cell for cell in cells if cell.lower() not in MISSING), "")
    found = [Format(pattern) for pattern in dict.fromkeys(candidates(first[:_LONGEST]))]
    if not found:
        return []
    filled = [cell for cell in cells if cell.lower() not in MISSING]
    sample = filled[:: max(1, len(filled) // MOST_TRIED)][:MOST_TRIED]
    fitting = [f for f in found if f.read(sample) is not None]
    patterns = {f.pattern for f in fitting}
    return [f for f in fitting if _WEEKS.get(f.pattern) not in patterns]


def _candidates(cell: str) -> Iterator[str]:
    for weekday in _AFTER_WEEKDAY:
        named = expression(weekday).match(cell)
        if named:
            yield from (weekday + rest for rest in _candidates(cell[named.end() :]))
    for pattern in (*_RANGES, *_DATES, *_MONTHLY, *_HALVES, *_NUMBERED):
        start = expression(pattern).match(cell)
        if start is None:
            continue
        rest = cell[start.end() :]
        if not rest:
            yield pattern
        elif pattern in _DATES:
            yield from (pattern + more for more in _after_date(pattern, rest))


def _after_date(pattern: str, rest: str) -> Iterator[str]:
    """How the rest of a cell can be read: a time of day and a zone."""
    joints = ("", *_JOINTS) if pattern == "%Y%m%d" else _JOINTS
    rest = " " + rest.lstrip() if rest.startswith(" ") and " - " not in rest else rest
    for joint in joints:
        if rest.startswith(joint):
            for clock in _clocks(rest[len(joint) :]):
                if joint or "%H%M" in clock or clock == "%H":
                    yield joint + clock


def _clocks(cell: str) -> Iterator[str]:
    for pattern in _TIMES:
        for zone in _ZONES:
            if expression(pattern + zone).fullmatch(cell):
                yield pattern + zone


# ---- parts to moments -------------------------------------------------------------------------


def _moments(pattern: str, rows: list[tuple[str, ...]]) -> Moments | None:
    """The moments of the parts that a pattern found in each cell; None if one does not exist."""
    columns = dict(zip(letters(pattern), zip(*rows, strict=True), strict=False))

    def numbers(letter: str, default: int) -> Moments:
        if letter not in columns:
            return np.full(len(rows), default, np.int64)
        return np.array(columns[letter]).astype(np.int64)

    year = numbers("Y", 1970)
    if "y" in columns:
        short = numbers("y", 0)
        year = short + np.where(short < FIRST_OF_1900, 2000, 1900)
    month = numbers("m", 1)
    for letter in "bB":
        if letter in columns:
            month = np.array([month_number(cell) for cell in columns[letter]], np.int64)
    if "q" in columns:
        quarter = numbers("q", 1)
        month = np.where((quarter >= 1) & (quarter <= 4), 3 * quarter - 2, 0)
    if "h" in columns:
        half = numbers("h", 1)
        month = np.where((half == 1) | (half == 2), 6 * half - 5, 0)
    if "N" in columns and ((numbers("N", 0) - year - 1) % 100).any():
        return None
    hour = numbers("H", 0)
    if "I" in columns:
        clock = numbers("I", 0)
        if ((clock < 1) | (clock > 12)).any():
            return None
        late = np.array([cell[0] in "pP" for cell in columns.get("p", ("a",) * len(rows))])
        hour = clock % 12 + 12 * late
    minute, second = numbers("M", 0), numbers("S", 0)
    if "G" in columns:
        days = days_of_weeks(numbers("G", 1970), numbers("V", 1), numbers("u", 1))
    elif "j" in columns:
        days = days_of(year, np.ones_like(year), numbers("j", 1), 366)
    else:
        days = days_of(year, month, numbers("d", 1))
    if days is None or (hour > 24).any() or (minute > 59).any() or (second > 60).any():
        return None
    found: Moments = days * DAY + hour * HOUR + minute * MINUTE + second * SECOND
    if "f" in columns:
        found += np.array([int(cell.ljust(6, "0")[:6]) for cell in columns["f"]], np.int64)
    if "z" in columns:
        found -= np.array([_offset(cell) for cell in columns["z"]], np.int64)
    return found


def days_of(year: Moments, month: Moments, day: Moments, most: int = 31) -> Moments | None:
    """Days since 1970 of dates (N,); None if one of them does not exist."""
    if ((month < 1) | (month > 12) | (day < 1) | (day > most)).any():
        return None
    months = (year - 1970) * 12 + month - 1
    days: Moments = months.astype("M8[M]").astype("M8[D]").astype(np.int64) + day - 1
    if most == 31 and (days.astype("M8[D]").astype("M8[M]").astype(np.int64) != months).any():
        return None
    return days


def days_of_weeks(year: Moments, week: Moments, day: Moments) -> Moments | None:
    """Days since 1970 of ISO weeks and weekdays (N,), from 1; None if one does not exist."""
    if ((week < 1) | (week > 53) | (day < 1) | (day > 7)).any():
        return None
    fourth = days_of(year, np.ones_like(year), np.full_like(year, 4))
    assert fourth is not None
    monday = fourth - (fourth + 3) % 7
    found: Moments = monday + 7 * (week - 1) + day - 1
    return found


def _offset(zone: str) -> int:
    digits = re.sub(r"\D", "", zone)
    if not digits:
        return 0
    size = int(digits[:2]) * HOUR + int(digits[2:] or 0) * MINUTE
    return -size if zone.startswith("-") else size


# ---- moments to text --------------------------------------------------------------------------


def _exact(letter: str, cells: Sequence[str]) -> str:
    """The directive that writes these parts as they are."""
    if letter == "f":
        return f"%{max(map(len, cells))}f"
    if letter == "N":
        return f"%{len(cells[0])}N"
    if letter in "bB":
        return "%B" if any(len(cell) > 4 for cell in cells) else "%b"
    if letter in "mdHIMS" and any(len(cell) == 1 for cell in cells):
        return f"%-{letter}"
    if letter == "Y" and any(len(cell) < 4 for cell in cells):
        return "%-Y"
    return f"%{letter}"


def _written(m: re.Match[str], moment: int, zone: str) -> str:
    """The text of one directive."""
    letter = m[3]
    if letter == "%":
        return "%"
    if letter == "z":
        return zone
    days, rest = divmod(moment, DAY)
    if letter in "HIMSfp":
        return _clock(letter, m[2], rest, bool(m[1]))
    day = date.fromordinal(min(max(days + date(1970, 1, 1).toordinal(), 1), date.max.toordinal()))
    iso = day.isocalendar()
    numbers = {
        "Y": day.year,
        "y": day.year % 100,
        "m": day.month,
        "d": day.day,
        "q": (day.month + 2) // 3,
        "h": (day.month + 5) // 6,
        "j": day.timetuple().tm_yday,
        "G": iso.year,
        "V": iso.week,
        "u": iso.weekday,
    }
    if letter == "N":
        return str(day.year + 1)[-int(m[2] or 4) :]
    if letter in numbers:
        return str(numbers[letter]) if m[1] else f"{numbers[letter]:0{_WIDTHS[letter]}}"
    names = WEEKDAYS if letter in "aA" else MONTHS
    name = names[day.weekday() if letter in "aA" else day.month - 1].capitalize()
    return name if letter in "AB" else name[:3]


def _clock(letter: str, digits: str, rest: int, short: bool) -> str:
    hour = rest // HOUR
    if letter == "p":
        return "PM" if hour >= 12 else "AM"
    if letter == "f":
        return f"{rest % SECOND:06}000"[: int(digits or 6)]
    numbers = {"H": hour, "I": (hour + 11) % 12 + 1}
    numbers |= {"M": rest // MINUTE % 60, "S": rest // SECOND % 60}
    return str(numbers[letter]) if short else f"{numbers[letter]:02}"


def iso(moment: int) -> str:
    """The moment in ISO 8601, without parts that are zero."""
    clock = Format("%Y-%m-%d %H:%M:%S" if moment % MINUTE else "%Y-%m-%d %H:%M")
    return (clock if moment % DAY else Format("%Y-%m-%d")).write(moment)
