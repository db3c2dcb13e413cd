"""Read a text as rows of cells: find the table, its delimiter and its header."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.data.around import Framed, framed
from rnntui.data.cells import AS_TEXT, Cells, Marks
from rnntui.data.headers import (
    are_names,
    header_lines,
    headers_note,
    joined_names,
    may_be_names,
    names_above,
    with_clock_name,
)
from rnntui.data.lines import delimiter_of, is_header, read_rows
from rnntui.data.signs_around import unit_of
from rnntui.data.source import NAME_TABLE, show
from rnntui.data.timecolumn import MISSING, is_date
from rnntui.data.totals import totals, yearly_means
from rnntui.data.turned import is_short_year, turned
from rnntui.errors import DataError


def split_cells(
    text: str, name: str, missing: str = "", around: bool = True, refined: bool = True
) -> Cells:
    """Rows of cells, all of the first one's length, and the header or names made up.

    `missing` lists what stands for missing values. `around`: lines around the table are left out,
    and columns of times become rows; without it, the text is nothing but a table. `refined`: names
    may be numbers.
    """
    frame = framed(text, refined) if around else Framed(text)
    rows, lines, notes = even_rows(frame.text, name)
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


def even_rows(text: str, name: str) -> tuple[list[list[str]], list[int], tuple[str, ...]]:
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


def _count(cells: int) -> str:
    return _plural(cells, "cell")


def _plural(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
