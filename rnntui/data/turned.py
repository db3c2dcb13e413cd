"""Tables with a column for each time: turned so that each row is one, as all others are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rnntui.data.moments import formats_of, letters
from rnntui.data.month_names import MONTHS, month_number
from rnntui.data.timecolumn import MISSING
from rnntui.data.written_numbers import is_number
from rnntui.dataclass import dataclass

LEAST_TIMES = 8  # columns
_MOST_BESIDE = 20  # columns of a table of months, with means of seasons and years
_QUARTER = re.compile(r"(?:q|qtr|quarter|quartal)[ ._-]?([1-4])", re.IGNORECASE)
_MONTHLY = re.compile("month|monat|mois|mes|mês|maand|^m$", re.IGNORECASE)
_HOUR = re.compile(r"(?:h|he|hr|hour|stunde|std)?[ ._]?(\d\d?)(?::00|h)?", re.IGNORECASE)
_YEAR = re.compile(r"(?:X|YR)?((?:1[5-9]|20|21)\d\d)(?: ?\[YR\d{4}\])?")
_NAMES = tuple(name[:3] for name in MONTHS)

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Turned:
    """A table with a row for each time, and a note on it."""

    header: tuple[str, ...]
    rows: list[list[str]]
    note: str


def turned(header: Sequence[str], rows: Rows, refined: bool = True) -> Turned | None:
    """The table with a row for each time; None if it has no column for each.

    The header is empty if the file holds no names. `refined`: months have names in other languages,
    years may lack, and quarters and hours count as well.
    """
    found = _years_of_months(header, rows, refined)
    if found is None and refined:
        found = _months_of_years(header, rows) or _quarters(header, rows) or _hours(header, rows)
    return found or _series_in_rows(header, rows)


def is_short_year(rows: Rows, last: Sequence[str]) -> bool:
    """Whether a last row with fewer cells than those above is a year whose months are not over."""
    if not 13 <= len(rows[0]) <= _MOST_BESIDE or not 1 < len(last) < 13:
        return False
    first = [row[0].strip() for row in rows]
    start = int(not _YEAR.fullmatch(first[0]))
    if start == len(first) or not all(map(_YEAR.fullmatch, [*first[start:], last[0].strip()])):
        return False
    named = bool(start) and [*map(_month, rows[0][1:13])] == [*range(1, 13)]
    follows = last[0].strip().isdecimal() and int(last[0]) == int(first[-1]) + 1
    return follows and (named or _are_unnamed(rows[0][1:] if start else [], rows[start:]))


def _month(name: str) -> int:
    """The month that a column is called; 0 for none."""
    name = name.strip()
    return int(name) if name.isdecimal() else month_number(name)


def _years_of_months(header: Sequence[str], rows: Rows, refined: bool) -> Turned | None:
    """Rows of years and columns of months, one below the other."""
    names = [name.strip().lower()[:3] for name in header[1:13]]
    named = tuple(names) == _NAMES
    if refined and not named and len(rows[0]) >= 13:
        named = [month_number(name) for name in header[1:13]] == [*range(1, 13)]
    unnamed = len(rows[0]) == 13 and _are_unnamed(header[1:], rows)
    unnamed = unnamed or (refined and not any(header) and _have_means(rows))
    if not named and not unnamed:
        return None
    years = [row[0].strip() for row in rows]
    if len(rows) < 2 or not all(map(_YEAR.fullmatch, years)):
        return None
    if refined and len(set(years)) == len(years):
        rows = sorted(rows, key=lambda row: row[0].strip())
        years = sorted(years)
    else:
        numbers = [int(year) for year in years if year.isdecimal()]
        if numbers != [*range(numbers[0], numbers[0] + len(rows))]:
            return None
    found = [
        [f"{year}-{month:02}", row[month]]
        for year, row in zip(years, rows, strict=True)
        for month in range(1, 13)
    ]
    others = f"; {', '.join(header[13:])[:60]} left out" if len(header) > 13 else ""
    return Turned(("month", "value"), found, f"the columns are months: one below the other{others}")


def _months_of_years(header: Sequence[str], rows: Rows) -> Turned | None:
    """Twelve rows of months and columns of years, one below the other."""
    years = [name.strip() for name in header[1:]]
    if len(rows) != 12 or len(years) < 2 or not all(map(_YEAR.fullmatch, years)):
        return None
    numbered = rows[0][0].strip().isdecimal()
    if numbered and not _MONTHLY.search(header[0]):  # twelve places have such numbers, too
        return None
    if [_month(row[0]) for row in rows] != [*range(1, 13)]:
        return None
    found = _years_of_months(
        ("", *_NAMES), [[*column] for column in zip(*(header, *rows), strict=True)][1:], True
    )
    return found and replace(found, note="the rows are months of the years above: one series")


def _quarters(header: Sequence[str], rows: Rows) -> Turned | None:
    """Rows of years and columns of quarters, one below the other."""
    fits = [_QUARTER.fullmatch(name.strip()) for name in header[1:5]]
    if [m[1] if m else "" for m in fits] != [*"1234"] or any(map(str.strip, header[5:])):
        return None
    years = [row[0].strip() for row in rows]
    if len(set(years)) < max(2, len(years)) or not all(map(_YEAR.fullmatch, years)):
        return None
    found = [
        [f"{row[0].strip()}-Q{quarter}", row[quarter]]
        for row in sorted(rows, key=lambda row: row[0].strip())
        for quarter in range(1, 5)
    ]
    note = "the columns are quarters: one below the other"
    return Turned(("quarter", "value"), found, note)


def _hours(header: Sequence[str], rows: Rows) -> Turned | None:
    """Rows of days and columns of their 24 hours, one below the other."""
    fits = [_HOUR.fullmatch(name.strip()) for name in header[1:]]
    hours = [int(m[1]) if m else -1 for m in fits]
    if len(hours) != 24 or hours not in ([*range(24)], [*range(1, 25)]):
        return None
    days = [row[0].strip() for row in rows]
    if len(set(days)) < len(days) or not all(map(str.strip, days)) or not _are_days(days):
        return None
    found = [
        [f"{row[0].strip()} {hour:02}:00", row[1 + hour]] for row in rows for hour in range(24)
    ]
    first = f", {header[1].strip()} from 00:00" if hours[0] else ""
    return Turned(("time", "value"), found, f"the columns are hours: one below the other{first}")


def _are_days(cells: Sequence[str]) -> bool:
    """Whether cells can be dates of days, without a time of day, and not months as well."""
    parts = [{*letters(form.pattern)} for form in formats_of(cells)]
    months = any(part <= {*"YymbBqhN"} for part in parts)
    return not months and any(not part & {*"HI"} for part in parts)


def _are_unnamed(header: Sequence[str], rows: Rows) -> bool:
    """Whether twelve columns without names hold fractions, as months do and counts do not."""
    plain = not any(header) or [name.strip() for name in header] == [*map(str, range(1, 13))]
    return plain and all("." in cell for row in rows[:LEAST_TIMES] for cell in row[1:])


def _have_means(rows: Rows) -> bool:
    """Whether columns without names hold twelve fractions and their mean."""
    if len(rows[0]) != 14 or not _are_unnamed([], [row[:13] for row in rows]):
        return False
    if not all(is_number(cell, False) for row in rows for cell in row):
        return False
    numbers = [[float(cell) for cell in row] for row in rows]
    near = [abs(sum(row[1:13]) / 12 - row[13]) <= 0.006 for row in numbers]
    return 2 * sum(near) > len(rows)


def _series_in_rows(header: Sequence[str], rows: Rows) -> Turned | None:
    """Rows of series and columns of times: columns of series and rows of times."""
    end = max((n for n, name in enumerate(header, 1) if name.strip()), default=0)
    times = [_time(name) for name in header[:end]]
    first = max((n for n, time in enumerate(times, 1) if not time), default=0)
    found = times[first:]
    if not first or len(found) < LEAST_TIMES or len(set(found)) < len(found):
        return None
    years = [time for time in found if time.isdecimal() and len(time) == 4]
    if len(years) < len(found) and not formats_of(found):
        return None
    if not all(_is_number(row[first:end]) for row in rows):
        return None
    names = _names(header[:first], [row[:first] for row in rows])
    columns = [row[first:end] for row in rows]
    table = [[time, *cells] for time, *cells in zip(found, *columns, strict=True)]
    note = f"the columns {found[0]} to {found[-1]} are times: they are read as rows"
    return Turned(("time", *names), table, note)


def _time(name: str) -> str:
    """The time that a column's name is; "" if it is something else."""
    name = name.strip()
    year = _YEAR.fullmatch(name)
    if year is not None:
        return year[1]
    return name if any(map(str.isdecimal, name)) and formats_of([name]) else ""


def _is_number(cells: Sequence[str]) -> bool:
    """Whether most cells hold a number, or no value."""
    filled = [cell.strip() for cell in cells if cell.strip().lower() not in MISSING]
    numbers = sum(is_number(cell.split()[0], True) or "," in cell for cell in filled)
    return 2 * numbers >= len(filled)


def _names(header: Sequence[str], rows: Rows) -> list[str]:
    """A name for each row: the first column that tells them apart, or all that vary."""
    columns = [[cell.strip() for cell in column] for column in zip(*rows, strict=True)]
    texts = [column for column in columns if not all(is_number(cell, True) for cell in column)]
    single = next((c for c in texts if all(c) and len(set(c)) == len(c)), None)
    if single is not None:
        columns = [[*part] for part in zip(*(cell.split(",") for cell in single), strict=False)]
        if any(cell.count(",") != single[0].count(",") for cell in single):
            columns = [single]
        texts = columns
    varying = [column for column in texts if len(set(column)) > 1]
    for chosen in (varying, texts):
        names = [" ".join(filter(None, parts)) for parts in zip(*chosen, strict=True)]
        if all(names) and len(set(names)) == len(rows):
            return names
    return [f"row {n}" for n in range(1, len(rows) + 1)]
