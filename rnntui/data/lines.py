"""The lines of a table in text: its delimiter, its rows of cells, and whether a row holds names."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator

from rnntui.data.timecolumn import MISSING, is_date
from rnntui.data.written_numbers import is_grouped, is_number, read_number
from rnntui.errors import DataError
from rnntui.text import safe_text

DELIMITERS = ("\t", ";", "|", ",")
QUOTED = re.compile(r'"[^"]*"')
LEAST_YEARS = 5  # in the header of a table that has a column for each; more if some lack
MORE_YEARS = 8
MOST_NAMES = 4  # lines of names and units before one of numbers


def read_rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of cells with their line numbers, without blank lines and comments."""
    read: list[int] = []
    delimiter = delimiter_of(text)
    unnamed = f'""{delimiter}' if _lacks_a_name(text, delimiter) else ""

    def kept() -> Iterator[str]:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip() and not line.startswith("#"):
                before = "" if read else unnamed
                read.append(number)
                yield before + (" ".join(line.split()) if delimiter == " " else line)

    reader = csv.reader(kept(), delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        first = len(read)
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line = read[min(first, len(read) - 1)]
            raise DataError(
                f"{name} line {line}: malformed quotes or cells: {safe_text(str(error))}"
            ) from None
        yield read[first], row


def _lacks_a_name(text: str, delimiter: str) -> bool:
    """Whether the header is one name too short, so that the first cell has none.

    Between spaces, a date and a time of day are two cells then. Row names have no name in R, which
    puts them and the others in quotes.
    """
    lines = first_lines(text, 2)
    if len(lines) < 2:
        return False
    header, row = (_split(line, delimiter) for line in lines)
    quoted = delimiter == " " or all(line.startswith('"') for line in lines)
    return quoted and len(header) + 1 == len(row) and is_header(header)


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    return [cell.strip('"') for cell in QUOTED.sub('"x"', line).split(delimiter)]


def first_lines(text: str, most: int) -> list[str]:
    """The first lines that are neither blank nor comments."""
    found: list[str] = []
    for match in re.finditer(r"[^\n]+", text):
        line = match.group()
        if line.strip() and not line.startswith("#"):
            found.append(line)
            if len(found) == most:
                break
    return found


def delimiter_of(text: str) -> str:
    """The delimiter of a table: a comma next to semicolons may be a decimal one.

    Spaces separate cells if nothing else does and a line holds several numbers.
    """
    lines = [QUOTED.sub("", line) for line in first_lines(text, 2)]
    for delimiter in DELIMITERS:
        if lines and delimiter in lines[0]:
            return delimiter
    first, *others = [QUOTED.sub("x", line) for line in first_lines(text, MOST_NAMES)] or [""]
    names = first.split()
    for line in (first, *others):  # names and units come before numbers
        words = line.split()
        lacks_one = len(names) + 1 == len(words) and is_header(names) and _holds_number(words)
        if len(words) != len(names) and not lacks_one:
            break
        if _holds_number(words):
            alone = line is first and others
            if alone and not (_holds_number(others[0].split()) and _as_many(names, others[0])):
                break
            return " " if len(words) > 1 and "," not in line else ","
    return ","


def _holds_number(words: list[str]) -> bool:
    return any(is_number(word, False) for word in words)


def _as_many(words: list[str], line: str) -> bool:
    return len(words) == len(line.split())


def is_header(row: list[str], years: bool = True) -> bool:
    """Whether a row holds names: some text, and nothing that is a number.

    With `years`, names may be followed by a column for each of several years or months.
    """
    filled = [cell.strip() for cell in row if cell.strip().lower() not in MISSING]
    if any(read_number(cell) is not None or is_grouped(cell) for cell in filled):
        return years and _names_years([cell.strip() for cell in row])
    return any(not is_date(cell) for cell in filled)


def _names_years(cells: list[str]) -> bool:
    """Whether cells are names and then years, or months, of a table with a column for each."""
    first = next((n for n, cell in enumerate(cells) if cell.isdecimal()), 0)
    end = max((n for n, cell in enumerate(cells, 1) if cell), default=0)
    if not first or not all(cell.isdecimal() for cell in cells[first:end]):
        return False
    years = [int(cell) for cell in cells[first:end]]
    if years == [*range(1, 13)]:  # months
        return True
    gaps = {b - a for a, b in itertools.pairwise(years)}
    even = len(gaps) == 1 and len(years) >= LEAST_YEARS
    one_way = bool(gaps) and (min(gaps) > 0 or max(gaps) < 0)
    between = min(years) >= 1500 and max(years) <= 2200
    return between and one_way and (even or len(years) >= MORE_YEARS)
