"""Tables with a column for each time: turned so that each row is one, as all others are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rnntui.data.moments import MONTHS, formats_of
from rnntui.data.timecolumn import MISSING
from rnntui.data.written_numbers import is_number

LEAST_TIMES = 8  # columns
_YEAR = re.compile(r"(?:X|YR)?((?:1[5-9]|20|21)\d\d)(?: ?\[YR\d{4}\])?")
_NAMES = tuple(name[:3] for name in MONTHS)


@dataclass(frozen=True)
class Turned:
    """A table with a row for each time, and a note on it."""

    header: tuple[str, ...]
    rows: list[list[str]]
    note: str


def turned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Turned | None:
    """The table with a row for each time; None if it has no column for each.

    The header is empty if the file holds no names.
    """
    return _years_of_months(header, rows) or _series_in_rows(header, rows)


def _years_of_months(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Turned | None:
    """Rows of years and columns of months, one below the other."""
    names = [name.strip().lower()[:3] for name in header[1:13]]
    if tuple(names) != _NAMES and not (len(rows[0]) == 13 and _are_unnamed(header[1:], rows)):
        return None
    years = [row[0].strip() for row in rows]
    if len(rows) < 2 or not all(map(_YEAR.fullmatch, years)):
        return None
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


def _are_unnamed(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether twelve columns without names hold fractions, as months do and counts do not."""
    plain = not any(header) or [name.strip() for name in header] == [*map(str, range(1, 13))]
    return plain and all("." in cell for row in rows[:LEAST_TIMES] for cell in row[1:])


def _series_in_rows(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Turned | None:
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


def _names(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
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
