"""Read a text as rows of cells: find the table, its delimiter and its header."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from rnntui.data.around import Framed, framed
from rnntui.data.headers import (
    are_names,
    header_lines,
    headers_note,
    joined_names,
    may_be_names,
    names_above,
    with_clock_name,
)
from rnntui.data.lines import delimiter_of, first_lines, is_header, read_rows
from rnntui.data.moments import MONTHS
from rnntui.data.signs_around import Bare, unit_of, without_signs
from rnntui.data.source import NAME_TABLE, show
from rnntui.data.timecolumn import MISSING, is_date
from rnntui.data.totals import totals, yearly_means
from rnntui.data.turned import is_short_year, turned
from rnntui.data.written_numbers import (
    GROUPED,
    POINTS,
    are_thousands,
    finite,
    is_number,
    read_number,
)
from rnntui.errors import DataError
from rnntui.text import safe_text

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Numbers = NDArray[float64]

MOST_LISTED = 60  # characters of names in a note
LOOKED_AT = 200  # lines, to see whether a text is a table at all
# The least share of numbers and times in the cells of a table without the name of one. Sentences
# hold spaces more often than delimiters, and a number in the same place of each is no table.
SPACED_SHARE, DELIMITED_SHARE = 0.75, 0.6
MOST_LABELS, LONGEST_LABEL = 16, 24  # words in a column of them, and characters of one
_DECIMAL_COMMA = re.compile(r"[+-]?\d+(?:\.\d{3})*,\d+")
_MONTH = re.compile("|".join(f"{name}|{name[:3]}" for name in MONTHS), re.IGNORECASE)
_WARMTH = re.compile(r"temp|kelvin|[(\[]K[)\]]", re.IGNORECASE)
AS_TEXT = "--set task=tokens reads it as text"


@dataclass(frozen=True)
class Marks:
    """What stands for a missing value, besides an empty cell, NA and the like."""

    words: frozenset[str]
    numbers: frozenset[float]

    @classmethod
    def of(cls, listed: str) -> Marks:
        """The marks of a list with commas."""
        words = frozenset(word.strip().lower() for word in listed.split(",") if word.strip())
        numbers = (read_number(word) for word in words)
        return cls(MISSING | words, frozenset(n for n in numbers if n is not None))

    def mark(self, cell: str) -> bool:
        """Whether a cell is one of them."""
        cell = cell.strip().lower()
        return cell in self.words or (bool(self.numbers) and read_number(cell) in self.numbers)

    def without(self, numbers: list[float]) -> list[float]:
        """The numbers with NaN for those that are marks."""
        if not self.numbers:
            return numbers
        return [math.nan if n in self.numbers else n for n in numbers]


@dataclass(frozen=True)
class Cells:
    """A table as text: `lines` are the file's line numbers of the rows."""

    name: str
    header: tuple[str, ...]
    named: bool  # by the file's first line
    rows: list[list[str]]
    lines: list[int]
    comma: bool  # decimals may be written with a comma
    notes: tuple[str, ...]
    marks: Marks = field(default_factory=lambda: Marks.of(""))
    pointed: bool = False  # points may stand between thousands, as between semicolons
    durations: frozenset[int] = frozenset()  # columns of them, which have numbers all the same
    _numbers: dict[int, Numbers] = field(default_factory=dict)
    _grouped: dict[int, bool] = field(default_factory=dict)
    _bare: dict[int, Bare] = field(default_factory=dict)

    def column(self, index: int) -> list[str]:
        return [row[index] for row in self.rows]

    def numbers(self, index: int) -> Numbers:
        """The numbers (N,) of a column, NaN for a cell without a finite one."""
        import numpy as np  # the command line looks at tables without it

        if index not in self._numbers:
            numbers = self._read(index)
            self._numbers[index] = np.array(numbers, dtype=np.float64)
        return self._numbers[index]

    def count(self, index: int) -> int:
        """How many cells of a column hold a finite number."""
        import numpy as np

        return int(np.isfinite(self.numbers(index)).sum())

    def matrix(self, indices: Sequence[int], column: Callable[[int], Numbers]) -> Numbers:
        """Some columns as (N, D): each as `column` gives it."""
        import numpy as np

        return np.array([column(index) for index in indices], dtype=np.float64).T

    def is_grouped(self, index: int) -> bool:
        """Whether the numbers of a column have separators between thousands."""
        self.numbers(index)
        return self._grouped[index]

    def is_missing(self, row: int, index: int) -> bool:
        """Whether a cell holds no value on purpose."""
        bare = self._bare.get(index)
        return self.marks.mark(self.rows[row][index] if bare is None else bare.cells[row])

    def signs(self, index: int) -> Bare | None:
        """What stood around the numbers of a column, if anything did."""
        self.numbers(index)
        return self._bare.get(index)

    def with_numbers(self, durations: Mapping[int, Sequence[float]]) -> Cells:
        """The table with numbers for columns of durations."""
        import numpy as np

        known = {index: np.array(numbers) for index, numbers in durations.items()}
        grouped = {**self._grouped, **dict.fromkeys(durations, False)}
        numbers = {**self._numbers, **known}
        return replace(self, durations=frozenset(durations), _numbers=numbers, _grouped=grouped)

    def _read(self, index: int) -> list[float]:
        """The numbers of a column, NaN for a cell without a finite one."""
        cells = self.column(index)
        numbers, self._grouped[index], wrong = self._plain(cells)
        if not wrong and self.may_be_grouped(index) and self._has_decimal_commas:
            self._grouped[index] = True
            return self.marks.without([POINTS.read(cell) for cell in cells])
        bare = without_signs(cells, self.marks.words, self._is_warmth(index)) if wrong else None
        if bare is not None:
            plain, grouped, wrong = self._plain(bare.cells)
            if not wrong:
                numbers, self._grouped[index], self._bare[index] = plain, grouped, bare
        return numbers

    def may_be_grouped(self, index: int) -> bool:
        """Whether the points of a column may stand between thousands as well as before decimals.

        Three digits follow each of them, and no number without one has more than three.
        """
        if not self.pointed:
            return False
        cells = map(str.strip, self.column(index))
        return are_thousands(cell for cell in cells if "." in cell or not self.marks.mark(cell))

    @cached_property
    def _has_decimal_commas(self) -> bool:
        """Whether a cell of the first rows has a decimal comma."""
        rows = self.rows[:LOOKED_AT]
        return any(_DECIMAL_COMMA.fullmatch(cell.strip()) for row in rows for cell in row)

    def _is_warmth(self, index: int) -> bool:
        """Whether a K in a column stands for kelvin."""
        return self.named and _WARMTH.search(self.header[index]) is not None

    def _plain(self, cells: list[str]) -> tuple[list[float], bool, list[str]]:
        """Numbers without signs around them, whether they are grouped, and cells with others."""
        numbers = [finite(cell, self.comma) for cell in cells]
        wrong: list[str] = []
        if math.nan in numbers:  # one object stands for all of them
            pairs = zip(cells, numbers, strict=True)
            bad = (cell for cell, n in pairs if n is math.nan)
            wrong = [cell for cell in bad if cell.strip().lower() not in MISSING]
        for style in GROUPED if wrong else ():
            if all(style.fits(cell) for cell in wrong):
                numbers = [style.read(cell) for cell in cells]
                return self.marks.without(numbers), True, []
        return self.marks.without(numbers), False, wrong

    def label(self, indices: Sequence[int]) -> str:
        """Their names for a note, and how many they are if not all fit."""
        return listed([self.header[i] for i in indices])


def listed(names: Sequence[str]) -> str:
    """Foreign names, safe and short enough for a line."""
    whole = ", ".join(names)
    shown = show(whole, MOST_LISTED)
    return shown if len(names) < 2 or shown == safe_text(whole) else f"{len(names)}: {shown}"


def split_cells(
    text: str, name: str, missing: str = "", around: bool = True, refined: bool = True
) -> Cells:
    """Rows of cells, all of the first one's length, and the header or names made up.

    `missing` lists what stands for missing values. `around`: lines around the table are left out,
    and columns of times become rows; without it, the text is nothing but a table. `refined`: names
    may be numbers.
    """
    frame = framed(text, refined) if around else Framed(text)
    rows, lines, notes = _even_rows(frame.text, name)
    notes = (*frame.notes, *_skipped(text, frame.above, lines[-1]), *notes)
    delimiter = delimiter_of(frame.text)
    comma = delimiter != ","
    if refined and delimiter == " ":
        rows[0] = with_clock_name(rows)
    header = tuple(f"column {i}" for i in range(1, len(rows[0]) + 1))
    named = is_header(rows[0], years=around)
    named = named and not _is_signed(rows[0], rows[min(1, len(rows) - 1)])
    if refined and not named and are_names(rows, comma):
        named = True
        numbers = show(", ".join(cell.strip() for cell in rows[0] if cell.strip()), 40)
        notes = (*notes, f"the numbers of line {lines[0]} are names of columns: {numbers}")
    elif not named and may_be_names(rows, comma):
        words = f"line {lines[0]} ({show(', '.join(rows[0]), 20)}) is read as values"
        notes = (*notes, f"{words}: delete it if it names the columns")
    above = [] if named else names_above(text, lines[0] - 1, delimiter)
    if named and around:
        above, rows, lines, told = _below_header(rows, lines, comma)
        notes = (*notes, *told)
    elif named:
        above, rows, lines = rows[0], rows[1:], lines[1:]
    if not rows:
        raise DataError(f"{name}: only a header line and no numbers", AS_TEXT, NAME_TABLE)
    if around:
        _refuse_second_table(rows, lines, name)
        rows, lines, ended = _without_totals(rows, lines)
        notes = (*notes, *ended)
    names = [cell.strip() for cell in above] if len(above) == len(header) else []
    if refined:
        rows, lines, means = _without_means(names, rows, lines)
        notes = (*notes, *means)
    found = turned(names, rows, refined) if around else None
    if found is not None:
        notes = (*notes, found.note)
        header, rows, lines = found.header, found.rows, lines[:1] * len(found.rows)
    elif names:
        header = tuple(c or h for c, h in zip(names, header, strict=True))
    elif len(header) > 1:
        notes = (*notes, f"no header: the columns are called column 1 to column {len(header)}")
    named = bool(names) or found is not None
    if refined and frame.mark and any(frame.mark == cell.strip() for row in rows for cell in row):
        missing = ",".join(filter(None, (missing, frame.mark)))
        notes = (*notes, f"{frame.mark}, which stands below the table, is a missing value")
    return Cells(
        name,
        header,
        named,
        rows,
        lines,
        comma,
        notes,
        Marks.of(missing),
        refined and delimiter == ";",
    )


def _below_header(
    rows: list[list[str]], lines: list[int], comma: bool
) -> tuple[list[str], list[list[str]], list[int], tuple[str, ...]]:
    """Names from the first rows, the rows below them, the numbers of their lines, and notes."""
    count, place = header_lines(rows, comma)
    names, notes = joined_names(rows[:count], place)
    if not notes:
        notes = headers_note(rows[:count], lines[:count], place)
    below, numbers, repeats = _without_repeats(rows[count:], lines[count:], rows[place])
    return names, below, numbers, (*notes, *repeats)


def _even_rows(text: str, name: str) -> tuple[list[list[str]], list[int], tuple[str, ...]]:
    """Rows of cells that are as long as the first one, the numbers of their lines, and notes."""
    rows: list[list[str]] = []
    lines: list[int] = []
    longer = 0  # lines that end with more delimiters than the first one
    words: list[str] = []  # behind the last column of some lines between spaces
    spaced = delimiter_of(text) == " "
    for line, row in read_rows(text, name):
        if rows and spaced and len(row) > len(rows[0]) and _are_words(row[len(rows[0]) :]):
            words.append(" ".join(row[len(rows[0]) :]))
            row = row[: len(rows[0])]
        if rows and len(row) > len(rows[0]) and not any(map(str.strip, row[len(rows[0]) :])):
            row = row[: len(rows[0])]
            longer += 1
        if rows and len(row) < len(rows[0]) and is_short_year(rows, row):
            row = [*row, *[""] * (len(rows[0]) - len(row))]
        if rows and len(row) != len(rows[0]):
            if line > lines[-1] + 1 and is_header(row) and not is_header(rows[-1]):
                raise _second_table(name, line)
            raise DataError(
                f"{name} line {line}: {_count(len(row))} where line {lines[0]} has {len(rows[0])}:"
                " give every line the same number"
            )
        rows.append(row)
        lines.append(line)
    if not rows:
        raise DataError(f"{name}: contains no data")
    notes = []
    if longer:
        notes.append(f"empty cells at the end of {_plural(longer, 'line')} are left out")
    if words:
        behind = f"words behind the last column of {_plural(len(words), 'line')}"
        notes.append(f"{behind} are left out: {show(words[0], 40)}")
    return rows, lines, tuple(notes)


def _second_table(name: str, line: int) -> DataError:
    return DataError(f"{name} line {line}: a second table begins here: put it into another file")


def _refuse_second_table(rows: list[list[str]], lines: list[int], name: str) -> None:
    """Raise DataError for names after a blank line with dates above and below them."""
    if not is_date(rows[0][0].strip()):
        return
    for place in range(1, len(rows) - 1):
        if lines[place] > lines[place - 1] + 1 and is_header(rows[place]):
            before, here, after = (rows[n][0].strip() for n in range(place - 1, place + 2))
            if is_date(before) and is_date(after) and here and not is_date(here):
                raise _second_table(name, lines[place])


def _are_words(cells: list[str]) -> bool:
    return all(cell.isalpha() or not cell.strip("*") for cell in cells)


def _without_repeats(
    rows: list[list[str]], lines: list[int], header: list[str]
) -> tuple[list[list[str]], list[int], tuple[str, ...]]:
    """Rows, their lines and a note, without rows that repeat the header, as joined files have."""
    filled = [place for place, cell in enumerate(header) if cell.strip()]
    last = max(filled, default=0)
    kept = [
        place
        for place, row in enumerate(rows)
        if header[last] not in row[last] or not _repeats(row, header)
    ]
    count = len(rows) - len(kept)
    if not count:
        return rows, lines, ()
    note = f"{_plural(count, 'line')} skipped: repeated header"
    return [rows[i] for i in kept], [lines[i] for i in kept], (note,)


def _repeats(row: list[str], header: list[str]) -> bool:
    """Whether a row is the header again; a time of day in it may be another one."""
    alike = sum(a.strip() == b.strip() for a, b in zip(row, header, strict=True))
    return row == header or (is_header(row) and 2 * alike > len(row) > 2)


def _without_totals(
    rows: list[list[str]], lines: list[int]
) -> tuple[list[list[str]], list[int], tuple[str, ...]]:
    """Rows, their lines and notes, without totals at the end, and empty rows between dates."""
    notes = []
    if is_date(rows[0][0].strip()):
        filled = [place for place, row in enumerate(rows) if any(map(str.strip, row))]
        if len(filled) < len(rows):
            notes.append(f"{_plural(len(rows) - len(filled), 'line')} of empty cells skipped")
            rows, lines = [rows[i] for i in filled], [lines[i] for i in filled]
    count = totals(rows)
    if count:
        end = len(rows) - count
        words = show(", ".join(cell.strip() for cell in rows[end] if cell.strip()), 40)
        notes.append(f"{_plural(count, 'line')} at the end skipped (totals, or no date): {words}")
        rows, lines = rows[:end], lines[:end]
    return rows, lines, tuple(notes)


def _without_means(
    names: Sequence[str], rows: list[list[str]], lines: list[int]
) -> tuple[list[list[str]], list[int], tuple[str, ...]]:
    """Rows, their lines and a note, without means of years between rows of months."""
    means, period = yearly_means(names, rows)
    if not means:
        return rows, lines, ()
    kept = sorted({*range(len(rows))} - {*means})
    note = f"{_plural(len(means), 'line')} of yearly means ({period}) skipped"
    return [rows[i] for i in kept], [lines[i] for i in kept], (note,)


def _skipped(text: str, above: int, last: int) -> tuple[str, ...]:
    """Notes about lines that are not part of a table, which begins after the line `above`."""
    lines = text.split("\n")
    blank = sum(not line.strip() for line in lines[above:last])
    comments = sum(line.startswith("#") for line in lines)
    notes = []
    if blank:
        notes.append(f"{_plural(blank, 'blank line')} skipped")
    if comments:
        notes.append(f"{_plural(comments, 'line')} starting with # skipped")
    return tuple(notes)


def _is_signed(first: list[str], second: list[str]) -> bool:
    """Whether a first row without plain numbers holds some with the signs of the second row's."""
    units = [(unit_of(a.strip()), unit_of(b.strip())) for a, b in zip(first, second, strict=True)]
    alike = any(unit for unit, _ in units) and all(a == b for a, b in units)
    others = ((a.strip(), b) for a, b in zip(first, second, strict=True) if not unit_of(a.strip()))
    return alike and all(
        is_date(a) or a.lower() in MISSING or (a == b.strip() and first != second)
        for a, b in others
    )


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
        rows = _even_rows(text, "")[0]
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


def _count(cells: int) -> str:
    return _plural(cells, "cell")


def _plural(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
