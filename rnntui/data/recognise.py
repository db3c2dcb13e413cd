"""Tell whether a text is a table of numbers, or what else it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rnntui.data.around import framed
from rnntui.data.cells import AS_TEXT, LOOKED_AT
from rnntui.data.headers import are_names, header_lines
from rnntui.data.lines import delimiter_of, first_lines, is_header
from rnntui.data.month_names import MONTHS
from rnntui.data.source import NAME_TABLE
from rnntui.data.split_cells import even_rows
from rnntui.data.timecolumn import MISSING, is_date
from rnntui.data.written_numbers import is_number
from rnntui.errors import DataError

# The least share of numbers and times in the cells of a table without the name of one. Sentences
# hold spaces more often than delimiters, and a number in the same place of each is no table.
SPACED_SHARE, DELIMITED_SHARE = 0.75, 0.6
MOST_LABELS, LONGEST_LABEL = 16, 24  # words in a column of them, and characters of one
_MONTH = re.compile("|".join(f"{name}|{name[:3]}" for name in MONTHS), re.IGNORECASE)


def as_json(text: str, name: str) -> DataError | None:
    """The error for a text whose first line begins as JSON does, and ends as it may."""
    first = next(iter(first_lines(text, 1)), "").strip()
    if not re.match(r"[\[{]\s*($|[\[{\"])", first) or first[-1:] not in '{}[],"':
        return None
    return DataError(f"{name}: is JSON, not a table: save its numbers as .csv, a row for each time")


def as_prose(text: str, name: str) -> DataError | None:
    """The error for a text that is no table at all, whatever is wrong with its cells."""
    lines = first_lines(text, LOOKED_AT)
    words = [re.split(r'[,;"\t ]+', line) for line in lines]
    numeric = sum(any(is_number(word, True) for word in line) for line in words)
    if len(lines) > 1 and numeric < len(lines) / 4:
        return DataError(f"{name}: is text, not a table of numbers", AS_TEXT, NAME_TABLE)
    return None


def is_numeric(text: str) -> bool:
    """Whether a text, or the beginning of one, looks like a table of numbers."""
    try:
        text = framed(_start_of(text)).text
        rows = even_rows(text, "")[0]
    except DataError:
        return False
    delimiter = delimiter_of(text)
    comma = delimiter != ","
    named = is_header(rows[0])
    if named or are_names(rows, comma):
        rows = rows[header_lines(rows, comma)[0] :]
    if len(rows) < 3:
        return False
    useful = [i for i in range(len(rows[0])) if _mostly(is_number(row[i], comma) for row in rows)]
    least = SPACED_SHARE if delimiter == " " else DELIMITED_SHARE
    columns = [[row[i].strip() for row in rows] for i in range(len(rows[0]))]
    labelled = named and (delimiter != " " or all(map(is_date, columns[0])))
    labels = [labelled and _are_labels(column) for column in columns]
    filled = [
        label or _is_filled(cell, comma)
        for column, label in zip(columns, labels, strict=True)
        for cell in column
    ]
    return bool(useful) and sum(filled) >= least * len(filled)


def _start_of(text: str) -> str:
    """The first lines, of which so many as are looked at are no comments."""
    lines, kept = text.split("\n"), 0
    for place, line in enumerate(lines):
        kept += bool(line.strip()) and not line.startswith("#")
        if kept == LOOKED_AT:
            return "\n".join(lines[: place + 1])
    return text


def _are_labels(column: Sequence[str]) -> bool:
    """Whether few words come again and again, as names of stations do and sentences do not."""
    words = set(column)
    return (
        len(words) <= min(MOST_LABELS, len(column) // 8) and max(map(len, words)) <= LONGEST_LABEL
    )


def _is_filled(cell: str, comma: bool) -> bool:
    """Whether a cell holds what tables of numbers do: a number, a time, or a missing value."""
    named = cell.lower() in MISSING or _MONTH.fullmatch(cell) is not None
    return named or is_number(cell, comma) or is_date(cell)


def _mostly(answers: Iterator[bool]) -> bool:
    listed = list(answers)
    return sum(listed) >= 0.9 * len(listed)
