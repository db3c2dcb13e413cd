"""Lines of a file that are not part of its table: titles above, units and sources, a second header.

Spreadsheets, statistical offices and weather services write such lines around their numbers.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace

from rnntui.data.headers import MOST_HEADERS, names_above
from rnntui.data.lines import delimiter_of, first_lines, is_header
from rnntui.data.signs_around import unit_of
from rnntui.data.source import show
from rnntui.data.timecolumn import MISSING, is_date
from rnntui.data.written_numbers import is_grouped, is_number
from rnntui.dataclass import dataclass

MOST_TITLES = 120  # lines above a table
MOST_BELOW = 20
MOST_RULED = 30  # lines within which a rule of dashes is looked for
LEAST_WORDS = 3  # of a line below a table that has as many cells
LOOKED_AT = 12  # lines of what may be a table
_DELIMITER_LINE = re.compile(r'"?sep=.?"?', re.IGNORECASE)  # Excel reads it, and writes it
_LETTERS = re.compile(r"[^\W\d_]")
_OTHER_COMMENT = re.compile(r"% |//|! |-- ")  # than those that begin with #
_SPAN = re.compile(r"(\d{4})\s+\d{4}")
_RULE = re.compile(r"[\s|+:,;]*[-=_]{3,}[-=_\s|+:,;]*")  # below the names of printed tables

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Framed:
    """A text in which the lines above its table are empty, so that lines keep their numbers.

    `above` and `below` count the lines left out, those above with blank ones and comments. `mark`
    is the number that stands alone below a table of months: it marks missing values.
    """

    text: str
    above: int = 0
    below: int = 0
    within: tuple[str, ...] = ()  # notes on lines left out between the header and the numbers
    mark: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out."""
        lines = "line 1" if self.above == 1 else f"lines 1 to {self.above}"
        notes = (f"{lines} above the table skipped",) if self.above else ()
        notes = (*notes, *self.within)
        if self.below:
            count = f"{self.below} line" + ("s" if self.below > 1 else "")
            notes = (*notes, f"{count} below the table skipped")
        return notes


def framed(text: str, refined: bool = True) -> Framed:
    """The text without titles above its table, and without sentences below it.

    `refined`: a row that ends with an empty cell is none, and words instead of numbers are one.

    What cannot be read as lines of cells stays as it is, for the reader of the cells to tell of.
    """
    try:
        return _framed(text, refined)
    except csv.Error:
        return Framed(text)


def _framed(text: str, refined: bool) -> Framed:
    text, rules = _without_rules(text)
    comments = _comments(text)
    start = _start_of("\n" * comments + text.split("\n", comments)[comments])
    if start is None:
        return Framed(text, within=rules)
    start = replace(start, above=max(start.above, comments))
    body, within = text, rules
    if start.above:
        lines = text.split("\n", start.above)
        body = "\n" * start.above + lines[start.above]
        body, again = _without_repeats(body, lines[: start.above])
        within = (*within, *again)
    if start.units:
        body, units = _without_units(body, start)
        within = (*within, units)
    kept, below = _without_sentences(body, start, refined)
    mark = _mark(text, body[len(kept.rstrip()) :])
    return Framed(kept, start.above, below, within, mark)


def _mark(text: str, below: str) -> str:
    """The number alone in the line after a table that begins with its first and its last year."""
    first = next(iter(below.split("\n", 2)[1:2]), "").strip()
    spans = _SPAN.fullmatch(text.lstrip().partition("\n")[0].strip())
    return first if spans and is_number(first, False) else ""


def _comments(text: str) -> int:
    """How many lines of comments that do not begin with # the text begins with."""
    lines = text.split("\n", MOST_TITLES)[:-1]
    return next((n for n, line in enumerate(lines) if not _OTHER_COMMENT.match(line)), 0)


def _without_rules(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without rules of dashes in its first lines, and such ones at its end, and a note."""
    lines = text.split("\n", MOST_RULED)
    rules = [n for n, line in enumerate(lines[:MOST_RULED]) if _is_rule(line)]
    if not rules:
        return text, ()
    known = {lines[n] for n in rules}
    lines = text.split("\n")
    rules += [n for n in range(MOST_RULED, len(lines)) if lines[n] in known]
    for n in rules:
        lines[n] = ""
    count = f"{len(rules)} line" + ("s" if len(rules) > 1 else "")
    return "\n".join(lines), (f"{count} of dashes skipped",)


def _is_rule(line: str) -> bool:
    return _RULE.fullmatch(line) is not None and max(map(len, re.findall("[-=_]+", line))) > 3


def _without_repeats(text: str, titles: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The text without copies of its titles, which programs print again after a page of rows."""
    known = {line for line in titles if len(line.split()) > 1 and not line.startswith("#")}
    lines = text.split("\n")
    copies = [n for n, line in enumerate(lines) if line in known]
    if not copies:
        return text, ()
    for n in copies:
        lines[n] = ""
    note = f"{len(copies)} line" + ("s" if len(copies) > 1 else "") + " skipped: repeated title"
    return "\n".join(lines), (note,)


def _without_units(text: str, start: _Start) -> tuple[str, str]:
    """The text without the lines below its header that have other cells than it, and a note."""
    lines = text.split("\n")
    filled = [n for n, line in enumerate(lines) if line.strip() and not line.startswith("#")]
    units = filled[1 : 1 + start.units]
    words = show(", ".join(" ".join(lines[n].split()) for n in units), 40)
    for n in units:
        lines[n] = ""
    return "\n".join(lines), f"line {units[0] + 1} skipped (units or a second header): {words}"


@dataclass(frozen=True)
class _Start:
    """Where a table begins: the lines above it, its columns, and their delimiter.

    So many lines of `units` below the header have other cells than the table.
    """

    above: int
    columns: int
    delimiter: str
    units: int = 0


def _start_of(text: str) -> _Start | None:
    lines = first_lines(text, MOST_TITLES + LOOKED_AT)
    if any(line.count('"') % 2 for line in lines):  # a cell has several lines
        return None
    found, other = _by_length(text, lines), _by_numbers(text, lines)
    if found is not None and other is not None and other.above <= found.above + MOST_HEADERS:
        return found
    return other or found


def _by_length(text: str, lines: Sequence[str]) -> _Start | None:
    """The first place with lines of as many cells as each other."""
    for skipped in range(min(MOST_TITLES, len(lines) - 1) + 1):
        delimiter = delimiter_of("\n".join(lines[skipped : skipped + LOOKED_AT]))
        rows = [_cells(line, delimiter) for line in lines[skipped : skipped + LOOKED_AT]]
        if not _is_table(rows, delimiter, least=3 if skipped else 1):
            continue
        above = _lines_before(text, lines[:skipped])
        if skipped and not _are_titles(lines[:skipped], rows[0], delimiter):
            first = _lines_before(text, lines[: skipped + 1]) - 1
            if len(names_above(text, first, delimiter)) != len(rows[0]):
                return None
        return _Start(above, len(rows[-1]), delimiter)
    return None


def _by_numbers(text: str, lines: Sequence[str]) -> _Start | None:
    """The place where columns begin to hold the numbers that they hold in the middle of the text.

    Lines above it may have as many cells, such as names and values of settings. There must be
    more of them than a table has headers, or lines of units with other cells.
    """
    middle = first_lines(text[len(text) // 2 :], LOOKED_AT + 1)[1:]
    if len(middle) < LOOKED_AT:
        return None
    delimiter = delimiter_of("\n".join(middle[:2]))
    body = [_cells(line, delimiter) for line in middle]
    width = len(body[0])
    if width < 2 or any(len(row) != width for row in body):
        return None
    filled = [[row[i].strip() for row in body] for i in range(width)]
    used = [i for i in range(width) if any(cell.lower() not in MISSING for cell in filled[i])]
    numeric = [i for i in used if all(_is_value(cell, delimiter) for cell in filled[i])]

    def is_data(line: str) -> bool:
        row = _cells(line, delimiter)
        return len(row) >= width and all(_is_value(row[i].strip(), delimiter) for i in numeric)

    first = next((n for n, line in enumerate(lines) if is_data(line)), 0)
    if (
        len(numeric) < len(used)
        or first < 2
        or not all(map(is_data, lines[first : first + LOOKED_AT]))
    ):
        return None
    above = [_cells(line, delimiter) for line in lines[:first]]
    if first <= MOST_HEADERS and all(len(row) == width for row in above):
        return None
    likely = (n for n in range(first - 1, max(-1, first - 3), -1) if len(above[n]) == width)
    header = next((n for n in likely if _names_all(above[n])), None)
    if header is None:
        return None
    return _Start(_lines_before(text, lines[:header]), width, delimiter, first - 1 - header)


def _names_all(row: Sequence[str]) -> bool:
    return is_header(list(row)) and not any(is_date(cell.strip()) for cell in row)


def _is_value(cell: str, delimiter: str) -> bool:
    """Whether a cell holds a number, a time or a missing value."""
    if cell.lower() in MISSING or is_date(cell):
        return True
    return is_number(cell.strip("*#<>?"), delimiter != ",")


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
    every = [cell.strip() for row in rows for cell in row]
    return any(is_number(cell, delimiter != ",") or unit_of(cell) for cell in every)


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
    span = _SPAN.fullmatch(lines[0].strip())
    if span is not None and len(lines) == 1 and len(first) == 13 and first[0] == span[1]:
        return True  # the first year and the last one, of rows of twelve months
    if not any(map(_LETTERS.search, lines)):
        return False
    if is_header(list(first)):
        return True
    if delimiter == " ":  # words are cells there
        words = [line.split()[0] for line in lines if line.strip()]
        numbers = all(is_number(cell, True) for cell in first)
        return numbers and not any(is_number(w, True) or is_date(w) for w in words)
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


def _without_sentences(text: str, start: _Start, refined: bool) -> tuple[str, int]:
    """The text without the last lines that have other cells than the table, and no numbers first.

    A line that was cut short begins with a number or a time: it stays, and is reported later.
    """
    columns, delimiter = start.columns, start.delimiter
    blank = " \r\n" if refined and delimiter == "\t" else None  # else an empty last cell goes
    end, below = len(text.rstrip(blank)), 0
    while below < MOST_BELOW:
        begin = text.rfind("\n", 0, end) + 1
        line = text[begin:end]
        spacing = below > 0 and not line.strip(delimiter + " \r")
        lonely = below > 0 and columns > 2 and len(_cells(line.strip(), delimiter)) == 1
        odd = spacing or lonely or _is_sentence(line, columns, delimiter)
        if not odd and refined:
            odd = _is_of_words(line, text[:begin], delimiter)
        if begin == 0 or not odd:
            break
        below += 1
        end = len(text[:begin].rstrip(blank))
    return (text[:end] + "\n", below) if below and end else (text, 0)


def _is_of_words(line: str, above: str, delimiter: str) -> bool:
    """Whether a line has as many cells as the row above it, but no value where that has some."""
    if line.startswith("#") or line.count('"') % 2 or not _LETTERS.search(line):
        return False
    row = [cell.strip() for cell in _cells(line, delimiter)]
    other = [cell.strip() for cell in _cells(_last_line(above), delimiter)]
    return (
        len(row) == len(other) > 1
        and len(line.split()) >= LEAST_WORDS
        and not any(_is_value(cell, delimiter) for cell in row)
        and any(is_number(cell, delimiter != ",") for cell in other)
    )


def _last_line(text: str) -> str:
    end = len(text.rstrip())
    return text[text.rfind("\n", 0, end) + 1 : end]


def _is_sentence(line: str, columns: int, delimiter: str) -> bool:
    if line.startswith("#") or line.count('"') % 2:
        return False
    cells = [cell.strip() for cell in _cells(line, delimiter)]
    filled = [cell for cell in cells if cell]
    if not filled or (len(cells) == columns > 1 and len(filled) > 1):
        return False
    first = filled[0]
    if len(filled) == 1 < columns and _is_rule(first):
        return True
    known = is_number(first, True) or is_grouped(first) or is_date(first)
    lonely = len(filled) == 1 and columns == 1 and len(first.split()) < 2
    return not known and not lonely and _LETTERS.search(first) is not None
