"""Lines of a file that are not part of its table: titles above, units and sources, a second header.

Spreadsheets, statistical offices and weather services write such lines around their numbers.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rnntui.data.lines import delimiter_of, first_lines, is_header
from rnntui.data.source import show
from rnntui.data.timecolumn import MISSING, is_date
from rnntui.data.written_numbers import is_grouped, is_number

MOST_TITLES = 30  # lines above a table
MOST_BELOW = 20
MOST_HEADERS = 4
LOOKED_AT = 12  # lines of what may be a table
_DELIMITER_LINE = re.compile(r'"?sep=.?"?', re.IGNORECASE)  # Excel reads it, and writes it
_LETTERS = re.compile(r"[^\W\d_]")

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Framed:
    """A text in which the lines above its table are empty, so that lines keep their numbers.

    `above` and `below` count the lines left out, those above with blank ones and comments.
    """

    text: str
    above: int = 0
    below: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out."""
        lines = "line 1" if self.above == 1 else f"lines 1 to {self.above}"
        notes = (f"{lines} above the table skipped",) if self.above else ()
        if self.below:
            count = f"{self.below} line" + ("s" if self.below > 1 else "")
            notes = (*notes, f"{count} below the table skipped")
        return notes


def framed(text: str) -> Framed:
    """The text without titles above its table, and without sentences below it.

    What cannot be read as lines of cells stays as it is, for the reader of the cells to tell of.
    """
    try:
        return _framed(text)
    except csv.Error:
        return Framed(text)


def _framed(text: str) -> Framed:
    start = _start_of(text)
    if start is None:
        return Framed(text)
    above, columns, delimiter = start
    body = "\n" * above + text.split("\n", above)[above] if above else text
    kept, below = _without_sentences(body, columns, delimiter)
    return Framed(kept, above, below)


def _start_of(text: str) -> tuple[int, int, str] | None:
    """How many lines are above a table, how many columns it has, and their delimiter."""
    lines = first_lines(text, MOST_TITLES + LOOKED_AT)
    if any(line.count('"') % 2 for line in lines):  # a cell has several lines
        return None
    for skipped in range(min(MOST_TITLES, len(lines) - 1) + 1):
        delimiter = delimiter_of("\n".join(lines[skipped : skipped + 2]))
        rows = [_cells(line, delimiter) for line in lines[skipped : skipped + LOOKED_AT]]
        if not _is_table(rows, delimiter, least=3 if skipped else 1):
            continue
        if skipped and not _are_titles(lines[:skipped], rows[0], delimiter):
            return None
        return _lines_before(text, lines[:skipped]), len(rows[-1]), delimiter
    return None


def _cells(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])


def _is_table(rows: Rows, delimiter: str, least: int) -> bool:
    """Whether rows are as long as each other, and not all of them text."""
    if len(rows) < least:
        return False
    first, *others = rows
    width = len(first)
    if delimiter == " " and others and len(others[0]) == width + 1 and is_header(list(first)):
        width += 1  # row names and dates with a time of day have no name
    elif any(len(row) < width or any(map(str.strip, row[width:])) for row in others):
        return False
    if delimiter == " " and any(len(row) != width for row in others):
        return False
    return _holds_numbers(rows, delimiter) and not _is_spread_title(rows)


def _holds_numbers(rows: Rows, delimiter: str) -> bool:
    return any(is_number(cell, delimiter != ",") for row in rows for cell in row)


def _is_spread_title(rows: Rows) -> bool:
    """Whether the first row is a title with the empty cells that a spreadsheet adds to it."""
    if len(rows) < 3 or len(rows[0]) < 2:
        return False
    title, following = (sum(bool(cell.strip()) for cell in row) for row in rows[:2])
    alone = title == 0 or (title == 1 and is_header(list(rows[0])))
    return alone and (following == 0 or is_header(list(rows[1])))


def _are_titles(lines: Sequence[str], first: Sequence[str], delimiter: str) -> bool:
    """Whether lines are above a table with this first row, rather than a wrong part of it."""
    if _DELIMITER_LINE.fullmatch(lines[0].strip()):
        return True
    if not _LETTERS.search(lines[0]):
        return False
    if is_header(list(first)):
        return True
    cells = [[cell for cell in _cells(line, delimiter) if cell.strip()] for line in lines]
    return all(len(row) == 1 and len(row[0].split()) > 1 for row in cells)


def _lines_before(text: str, skipped: Sequence[str]) -> int:
    """The number of lines up to the last of those `skipped`, with blank ones and comments."""
    left = len(skipped)
    for number, line in enumerate(text.split("\n", 4 * (MOST_TITLES + LOOKED_AT))):
        if left == 0:
            return number
        left -= bool(line.strip()) and not line.startswith("#")
    return 0


def _without_sentences(text: str, columns: int, delimiter: str) -> tuple[str, int]:
    """The text without the last lines that have other cells than the table, and no numbers first.

    A line that was cut short begins with a number or a time, and stays to be told of.
    """
    end, below = len(text.rstrip()), 0
    while below < MOST_BELOW:
        start = text.rfind("\n", 0, end) + 1
        line = text[start:end]
        spacing = below > 0 and not line.strip(delimiter + " \r")
        if start == 0 or not (spacing or _is_sentence(line, columns, delimiter)):
            break
        below += 1
        end = len(text[:start].rstrip())
    return (text[:end] + "\n", below) if below and end else (text, 0)


def _is_sentence(line: str, columns: int, delimiter: str) -> bool:
    if line.startswith("#") or line.count('"') % 2:
        return False
    cells = [cell.strip() for cell in _cells(line, delimiter)]
    filled = [cell for cell in cells if cell]
    if not filled or (len(cells) == columns > 1 and len(filled) > 1):
        return False
    first = filled[0]
    known = is_number(first, True) or is_grouped(first) or is_date(first)
    lonely = len(filled) == 1 and columns == 1 and len(first.split()) < 2
    return not known and not lonely and _LETTERS.search(first) is not None


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
    """Whether a row is text in nothing but columns of numbers and times."""
    row, below = rows[place], rows[place + 1 : place + 1 + LOOKED_AT]
    if not is_header(list(row)) or any(is_date(cell.strip()) for cell in row):
        return False
    filled = [i for i, cell in enumerate(row) if cell.strip().lower() not in MISSING]
    columns = [[other[i].strip() for other in below] for i in filled]
    return all(
        2 * sum(is_number(cell, comma) or is_date(cell) for cell in column) > len(column)
        for column in columns
    )


def headers_note(rows: Rows, lines: Sequence[int], named: int) -> tuple[str, ...]:
    """What is told of header lines that do not name the columns."""
    return tuple(
        f"line {line} skipped (units or a second header): {_filled(row)}"
        for place, (line, row) in enumerate(zip(lines, rows, strict=True))
        if place != named
    )


def _filled(row: Sequence[str]) -> str:
    return show(", ".join(cell.strip() for cell in row if cell.strip()), 40)
