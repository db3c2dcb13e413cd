"""The lines that name the columns of a table, and those beside them that do not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from rnntui.data.lines import is_header
from rnntui.data.moments import formats_of
from rnntui.data.source import show
from rnntui.data.timecolumn import MISSING, is_date
from rnntui.data.written_numbers import finite, is_number

MOST_HEADERS = 5
_LOOKED_AT = 12  # rows below a line that may be a header
_LEAST_BELOW = 3  # of them, if its names are numbers
_LARGER = 1.5  # times as large as others a first step may be
_COMMENT = re.compile(r"#+|%+ ?|//+|!+|--+")

Rows = Sequence[Sequence[str]]


def names_above(text: str, first: int, delimiter: str) -> list[str]:
    """The names that comments above the line `first` (from 0) hold, if they are a header.

    Of several such lines, those with the most different names count: others are units.
    """
    lines = text.split("\n", first)[:first]
    found: list[list[str]] = []
    for line in reversed(lines):
        if line.strip() and not _COMMENT.match(line):
            break
        line = _COMMENT.sub("", line, count=1).strip()
        names = line.split() if delimiter == " " else line.split(delimiter)
        if line and (not is_header(names) or (found and len(names) != len(found[0]))):
            break
        if line:
            found.append([name.strip() for name in names])
    if found and len(found[0]) == 1 and not lines[-1].strip():
        return []
    return max(reversed(found), key=lambda names: len(set(names)), default=[])


def header_lines(rows: Rows, comma: bool) -> tuple[int, int]:
    """How many of the first rows are headers or units, and which of them names the columns.

    The latter is the one with the most different names. The first row must be a header.
    """
    count = 1
    while count < min(MOST_HEADERS, len(rows) - 1) and _is_above_numbers(rows, count, comma):
        count += 1
    names = [len({cell.strip() for cell in row} - {""}) for row in rows[:count]]
    return count, names.index(max(names))


def _is_above_numbers(rows: Rows, place: int, comma: bool) -> bool:
    """Whether a row is text in nothing but columns of numbers and times, or in that of the date."""
    row, below = rows[place], rows[place + 1 : place + 1 + _LOOKED_AT]
    for index, cell in enumerate(row):
        filled = cell.strip().lower() not in MISSING and not is_date(cell.strip())
        column = [other[index].strip() for other in below[MOST_HEADERS:] or below[-1:]]
        if filled and not is_number(cell, comma) and all(map(is_date, column)):
            return not is_date(rows[0][index].strip())
    if not is_header(list(row)) or any(is_date(cell.strip()) for cell in row):
        return False
    places = [i for i, cell in enumerate(row) if cell.strip().lower() not in MISSING]
    columns = [[other[i].strip() for other in below] for i in places]
    return all(
        2 * sum(is_number(cell, comma) or is_date(cell) for cell in column) > len(column)
        for column in columns
    )


def are_names(rows: Rows, comma: bool) -> bool:
    """Whether the numbers of a first row are names of columns.

    They are if the cell before them holds text, or nothing, where the rows below have numbers or
    times, or if they count the columns from 0 and the numbers below have decimals, as those of
    programs that number columns have. A first value that is missing is no name: below it stand
    numbers in no order. Nor is the moment 0, from which the first column counts on.
    """
    first = [cell.strip() for cell in rows[0]]
    below = [[cell.strip() for cell in row] for row in rows[1 : 1 + _LOOKED_AT]]
    if len(first) < 2 or len(below) < _LEAST_BELOW:
        return False
    names = first[1:]
    if first == _counted(len(first)):
        filled = [cell for row in below for cell in row if cell.lower() not in MISSING]
        moments = [finite(row[0], comma) for row in below]
        return not _begins(moments) and all(
            is_number(cell, comma) and not cell.isdecimal() for cell in filled
        )
    if len(set(names)) < len(names) or not all(is_number(name, comma) for name in names):
        return False
    if not all(_counts(row[0], comma) for row in below):
        return False
    if not first[0]:
        index = names == _counted(len(names)) or _is_index([row[0] for row in below], comma)
        return index and all(map(str.isdecimal, names))
    return first[0].lower() not in MISSING and not _counts(first[0], comma)


def may_be_names(rows: Rows, comma: bool) -> bool:
    """Whether a first row read as values may as well be names that count the columns from 0."""
    first = [cell.strip() for cell in rows[0]]
    if len(rows) <= _LEAST_BELOW or first != _counted(len(first)):
        return False
    if len(first) == 1:
        below = [row[0].strip() for row in rows[1 : 1 + _LOOKED_AT]]
        return all(is_number(cell, comma) and not cell.isdecimal() for cell in below)
    return len(first) > 2 and rows[1][0].strip() != "1"


def _counted(count: int) -> list[str]:
    return [str(n) for n in range(count)]


def _begins(moments: Sequence[float]) -> bool:
    """Whether numbers rise from 0 on, which stands above them, in steps as large as the first."""
    gaps = [after - before for before, after in itertools.pairwise([0.0, *moments])]
    return all(gap > 0 for gap in gaps) and gaps[0] <= _LARGER * max(gaps[1:])


def _is_index(cells: Sequence[str], comma: bool) -> bool:
    """Whether a first column holds times, or numbers that go one way."""
    numbers = [finite(cell, comma) for cell in cells]
    pairs = [*itertools.pairwise(numbers)]
    one_way = all(a < b for a, b in pairs) or all(a > b for a, b in pairs)
    return one_way or not any(is_number(cell, comma) for cell in cells)


def _counts(cell: str, comma: bool) -> bool:
    """Whether a cell holds a number or a time."""
    return is_number(cell, comma) or is_date(cell) or bool(formats_of([cell]))


def with_clock_name(rows: Rows) -> list[str]:
    """The first row, in which the time of day lacks a name if it follows a date without one.

    Between spaces these are two cells; a name that lacks is otherwise that of the first column.
    """
    first = [*rows[0]]
    if first[0] or len(rows) < 2 or is_date(rows[1][0]):
        return first
    row = [cell.strip() for cell in rows[1]]
    place = next(
        (n for n in range(1, len(row) - 1) if _is_day(row[n]) and _is_clock(row[n + 1])), None
    )
    return first if place is None else [*first[1 : place + 2], "", *first[place + 2 :]]


def _is_day(cell: str) -> bool:
    return is_date(cell) and not _is_clock(cell)


def _is_clock(cell: str) -> bool:
    return is_date(cell) and ":" in cell


def joined_names(rows: Rows, place: int) -> tuple[list[str], tuple[str, ...]]:
    """The names of the columns from header lines, and a note if two lines make them.

    The line at `place` names them unless some have one name, and those of another line tell these
    apart. A line with nothing but a first cell, as pandas writes it, names the first column.
    """
    names = [cell.strip() for cell in rows[place]]
    index = next((row[0].strip() for row in rows if _only_first(row)), "")
    if index and len(rows) > 1:
        names[0] = index
    filled = [name for name in names if name]
    for other in range(len(rows)) if len(set(filled)) < len(filled) else ():
        first, second = (rows[n] for n in sorted((place, other)))
        pairs = [
            " ".join(filter(None, map(str.strip, pair))) for pair in zip(first, second, strict=True)
        ]
        if other != place and len(set(pairs)) == len(pairs):
            pairs[0] = index or pairs[0]
            return pairs, (f"names are joined from {len(rows)} header lines",)
    return names, ()


def _only_first(row: Sequence[str]) -> bool:
    return bool(row[0].strip()) and len(row) > 1 and not any(map(str.strip, row[1:]))


def headers_note(rows: Rows, lines: Sequence[int], named: int) -> tuple[str, ...]:
    """Notes on header lines that do not name the columns."""
    return tuple(
        f"line {line} skipped (units or a second header): {_filled(row)}"
        for place, (line, row) in enumerate(zip(lines, rows, strict=True))
        if place != named
    )


def _filled(row: Sequence[str]) -> str:
    return show(", ".join(cell.strip() for cell in row if cell.strip()), 40)
