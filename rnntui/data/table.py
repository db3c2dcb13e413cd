"""Tables of numbers in text: CSV with commas, semicolons or tabs, and what is wrong with them."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rnntui.data.source import show
from rnntui.errors import DataError, UsageError
from rnntui.recipe import nearest
from rnntui.text import safe_text

EVEN = 0.2
DELIMITERS = ("\t", ";", ",")
QUOTED = re.compile(r'"[^"]*"')
DATE = re.compile(
    r"\d{4}[-/]\d{1,2}([-/]\d{1,2})?([T ]\d.*)?"
    r"|\d{4}\.\d{1,2}\.\d{1,2}"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( \d.*)?"
    r"|\d{4}-?[Qq][1-4]"
    r"|(1[6-9]|20|21)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
)


@dataclass(frozen=True)
class Table:
    """Columns of numbers with their names, all of one length, and notes for the user."""

    features: tuple[str, ...]
    columns: tuple[list[float], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Cells:
    """A table as text: `lines` are the file's line numbers of the rows."""

    name: str
    header: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    comma: bool  # decimals may be written with a comma

    def column(self, index: int) -> list[str]:
        return [row[index] for row in self.rows]


def parse_table(text: str, name: str, wanted: str = "") -> Table:
    """The numbers of a CSV text. `name` must be safe to show.

    `wanted` names columns, with commas between; empty takes all that are not empty, without a first
    column that only counts on (row numbers, years, dates). Raises DataError with line and column.
    """
    cells = _split(text, name)
    chosen, notes = _named(cells, wanted) if wanted else _all(cells)
    columns = tuple(_numbers(cells, index, chosen) for index in chosen)
    return Table(tuple(show(cells.header[i], 24) for i in chosen), columns, notes)


def parse_numbers(text: str) -> list[float]:
    """The numbers of `values:1,2,3`. Raises DataError that names the wrong one."""
    numbers: list[float] = []
    for place, word in enumerate(text.split(","), 1):
        number = _number(word)
        if number is None or not math.isfinite(number):
            wrong = show(word.strip(), 20)
            what = f"'{wrong}' is not a finite number" if wrong else "is empty"
            raise DataError(f"values: number {place} {what}: write values:1,2,3")
        numbers.append(number)
    return numbers


def _split(text: str, name: str) -> _Cells:
    """Rows of cells, all of the first one's length, and the header or names made up."""
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, row in _rows(text, name):
        if rows and len(row) != len(rows[0]):
            raise DataError(
                f"{name} line {line}: {_count(len(row))} where line {lines[0]} has {len(rows[0])}:"
                " give every line the same number"
            )
        rows.append(row)
        lines.append(line)
    if not rows:
        raise DataError(f"{name}: no line holds data")
    header = tuple(f"column {i}" for i in range(1, len(rows[0]) + 1))
    if _is_header(rows[0]):
        header = tuple(c.strip() or h for c, h in zip(rows.pop(0), header, strict=True))
        lines.pop(0)
        if not rows:
            raise DataError(f"{name}: only a header: no line holds numbers")
    return _Cells(name, header, rows, lines, _delimiter(_first_line(text)) == ";")


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of cells with their line numbers; blank lines and comments are passed over."""
    read: list[int] = []

    def kept() -> Iterator[str]:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip() and not line.startswith("#"):
                read.append(number)
                yield line

    reader = csv.reader(kept(), delimiter=_delimiter(_first_line(text)), strict=True)
    while True:
        first = len(read)
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line = read[min(first, len(read) - 1)]
            raise DataError(
                f"{name} line {line}: bad quotes or cells: {safe_text(str(error))}"
            ) from None
        yield read[first], row


def _first_line(text: str) -> str:
    """The first line that is no comment."""
    for match in re.finditer(r"[^\n]+", text):
        line = match.group()
        if line.strip() and not line.startswith("#"):
            return line
    return ""


def _delimiter(line: str) -> str:
    """The delimiter of a line: a comma next to semicolons may be a decimal one."""
    bare = QUOTED.sub("", line)
    return next((d for d in DELIMITERS if d in bare), ",")


def _is_header(row: list[str]) -> bool:
    """Whether a row holds names: some text, and nothing that is a number."""
    filled = [cell.strip() for cell in row if cell.strip()]
    if any(_number(cell) is not None for cell in filled):
        return False
    return any(not DATE.fullmatch(cell) for cell in filled)


def _named(cells: _Cells, wanted: str) -> tuple[list[int], tuple[str, ...]]:
    """The columns of these names, or of these numbers where no name fits; no notes."""
    chosen = []
    for word in (w.strip() for w in wanted.split(",")):
        if word in cells.header:
            chosen.append(cells.header.index(word))
        elif word.isdecimal() and 0 < int(word) <= len(cells.header):
            chosen.append(int(word) - 1)
        else:
            known = [show(h, 24) for h in cells.header]
            raise UsageError(
                f"{cells.name}: no column '{show(word, 24)}'{nearest(word, known)}"[:200]
            )
    return chosen, ()


def _all(cells: _Cells) -> tuple[list[int], tuple[str, ...]]:
    """Every column that is not empty, without a first one that only counts on."""
    chosen = [i for i in range(len(cells.header)) if any(c.strip() for c in cells.column(i))]
    if not chosen:
        raise DataError(f"{cells.name}: no column holds anything")
    if len(chosen) > 1 and chosen[0] == 0 and _counts_on(cells.column(0)):
        note = f"column '{show(cells.header[0], 24)}' only counts on: left out"
        return chosen[1:], (note,)
    return chosen, ()


def _counts_on(column: list[str]) -> bool:
    """Whether a column is dates, or numbers that increase evenly."""
    if len(column) < 3:
        return False
    if all(DATE.fullmatch(cell.strip()) for cell in column):
        return True
    numbers = [_number(cell) for cell in column]
    known = [n for n in numbers if n is not None and math.isfinite(n)]
    if len(known) < len(numbers):
        return False
    gaps = [b - a for a, b in pairwise(known)]
    return min(gaps) > 0 and max(gaps) - min(gaps) <= EVEN * sum(gaps) / len(gaps)


def _numbers(cells: _Cells, index: int, chosen: list[int]) -> list[float]:
    """The numbers of a column. Raises DataError for the first cell that is none."""
    numbers: list[float] = []
    for line, cell in zip(cells.lines, cells.column(index), strict=True):
        number = _number(cell, cells.comma)
        if number is None or not math.isfinite(number):
            where = f"{cells.name} line {line}, column '{show(cells.header[index], 24)}'"
            raise DataError(f"{where}: {_complaint(cell)}: {_cure(cells, chosen)}")
        numbers.append(number)
    return numbers


def _complaint(cell: str) -> str:
    if not cell.strip():
        return "is empty"
    kind = "not a number" if _number(cell) is None else "not finite"
    return f"'{show(cell.strip(), 20)}' is {kind}"


def _cure(cells: _Cells, chosen: list[int]) -> str:
    """What helps: other columns, if some of those chosen hold nothing but numbers."""
    sound = [show(cells.header[i], 24) for i in chosen if _is_sound(cells, i)]
    listed = ",".join(sound)
    if sound and len(listed) <= 60:
        return f"mend it, or --set columns={listed}"
    return "mend it or take the line out"


def _is_sound(cells: _Cells, index: int) -> bool:
    numbers = (_number(cell, cells.comma) for cell in cells.column(index))
    return all(n is not None and math.isfinite(n) for n in numbers)


def _number(cell: str, comma: bool = False) -> float | None:
    """The number that a cell holds; Python's own 1_000 is none."""
    try:
        return float(cell) if "_" not in cell else None
    except ValueError:
        return _number(cell.replace(",", ".")) if comma and cell.count(",") == 1 else None


def _count(cells: int) -> str:
    return f"{cells} cell" + ("" if cells == 1 else "s")
