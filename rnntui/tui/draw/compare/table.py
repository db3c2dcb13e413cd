"""The table of compared runs: a row each, under a head, in groups if they are grouped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import lru_cache
from typing import NamedTuple

from rnntui.dataclass import dataclass
from rnntui.numbers import Number, finite, plural, rounded
from rnntui.runs.compared.columns import Column
from rnntui.text import cell_width, fit, pad
from rnntui.tui.draw.rows import Glyphs, Row, Rows, block, exactly, row_width, spelled

GAP = 2  # cells between columns
_LEAST_NAME, _MOST_NAME = 20, 40  # cells
_SIGNS = {  # selected, best, pinned, hidden
    "braille": ("▸", "◀", "◆", "·"),
    "blocks": ("▸", "◀", "◆", "·"),
    "ascii": (">", "<", "*", "."),
}


class RunRow(NamedTuple):
    """A run, by its place in the columns."""

    place: int
    mark: str
    selected: bool = False
    pinned: bool = False
    hidden: bool = False
    best: bool = False
    broken: bool = False  # it cannot be read


@dataclass(frozen=True)
class GroupRow:
    """The head of a group of runs."""

    words: str
    count: int
    best: Number = None
    mean: Number = None
    deviation: Number = None


@dataclass(frozen=True, eq=False)
class CompareTable:
    """What the table shows. `first` is the row at the top, `shift` the first setting in view."""

    columns: Sequence[Column] = ()
    rows: Sequence[RunRow | GroupRow] = ()
    title: str = "runs"
    detail: str = ""  # how they are ordered, grouped and filtered
    warning: str = ""  # why they are not ranked
    sorted_by: str = ""
    falling: bool = False
    settings: Sequence[str] = ()  # names of the columns that are settings
    first: int = 0
    shift: int = 0
    letters: int = field(default=1)  # of the longest mark
    spare: Sequence[Column] = ()  # not shown: room is kept for them, as they come and go


def head_height(table: CompareTable) -> int:
    """Return the rows above the first run."""
    return 2 + bool(table.warning)


@lru_cache(maxsize=2)
def compare_table(table: CompareTable, width: int, height: int, glyphs: Glyphs) -> Rows:
    """Draw the table in exactly `height` rows of `width` cells.

    The rows are kept, to be drawn again: do not change them.
    """
    if width < 1 or height < 1:
        return block([], width, height)
    shown, hidden = fitting(table, width)
    title: Row = [(f" {table.title}", "title"), (f"  {table.detail}", "muted")]
    if hidden:
        title.append((f"   {plural(hidden, 'column')} more", "muted"))
    rows: Rows = [spelled_row(title, glyphs)]
    if table.warning:
        rows.append(spelled_row([(f" {table.warning}", "warning")], glyphs))
    rows.append(_head(table, shown, glyphs))
    room = max(0, height - len(rows))
    names, texts = tuple([column.name for column, _ in shown]), _texts(shown, width)
    for row in table.rows[table.first : table.first + room]:
        if isinstance(row, GroupRow):
            rows.append(_group(row, glyphs))
            continue
        cells = tuple([column[row.place] for column in texts])
        rows.append(_run(row, cells, names, table.sorted_by, table.letters, width, glyphs))
    return block(rows, width, height, glyphs)


def spelled_row(row: Row, glyphs: Glyphs) -> Row:
    """Spell a row of the program's own words in the glyph set."""
    return [(spelled(text, glyphs), role) for text, role in row]


Placed = tuple[Column, int]  # a column and its width


def fitting(table: CompareTable, width: int) -> tuple[list[Placed], int]:
    """Return the columns that fit, with their widths, and how many of the others there are.

    Settings out of view on the left are not counted; those of a high rank are dropped first.
    """
    names = list(table.settings)
    passed = set(names[: min(table.shift, max(0, len(names) - 1))])
    candidates = [column for column in table.columns if column.name not in passed]
    free = width - _lead(table)
    widths = {column.name: _width(column) for column in candidates}
    kept: list[Column] = []
    order = sorted(range(len(candidates)), key=lambda n: (candidates[n].rank, n))
    for n in order:
        column = candidates[n]
        need = widths[column.name]
        need = min(need, _LEAST_NAME) if column.name == "name" else need
        if need + GAP <= free:
            kept.append(column)
            free -= need + GAP
    if any(column.name == "name" for column in kept):
        widths["name"] = min(widths["name"], _LEAST_NAME + free)
    chosen = [column for column in candidates if column in kept]
    return [(column, widths[column.name]) for column in chosen], len(candidates) - len(chosen)


def _lead(table: CompareTable) -> int:
    """Return the cells before the first column: a sign, the mark, and whether it is pinned."""
    return 1 + table.letters + 1


def _width(column: Column) -> int:
    most = _MOST_NAME if not column.right else 24
    # A cell for the direction in which the runs are ordered, and one for the sign of the best.
    return max(cell_width(column.head) + 1, min(most, column.width)) + (column.name == "best")


def _head(table: CompareTable, shown: Sequence[Placed], glyphs: Glyphs) -> Row:
    row: Row = [(" " * _lead(table), "")]
    for column, width in shown:
        own = column.name == table.sorted_by
        head = f"{column.head}{_direction(table, glyphs)}" if own else column.head
        room = width - (column.name == "best")
        row.append((" " * GAP if row[1:] else " ", ""))
        row.append((pad(head, room, ">" if column.right else "<"), "strong" if own else "muted"))
        row.append((" " * (width - room), ""))
    return row


def _direction(table: CompareTable, glyphs: Glyphs) -> str:
    up, down = ("^", "v") if glyphs == "ascii" else ("↑", "↓")
    return down if table.falling else up


def _group(group: GroupRow, glyphs: Glyphs) -> Row:
    row: Row = [(f" {group.words}", "strong"), (f"   {plural(group.count, 'run')}", "muted")]
    if finite(group.best):
        row += [("   best ", "muted"), (rounded(group.best), "")]
    if finite(group.mean) and finite(group.deviation):
        row += [("   mean ", "muted"), (f"{rounded(group.mean)} ± {rounded(group.deviation)}", "")]
    return spelled_row(row, glyphs)


def _texts(shown: Sequence[Placed], width: int) -> list[tuple[str, ...]]:
    """Return the texts of each column, as wide as it is but for the sign of the best."""
    texts: list[tuple[str, ...]] = []
    for number, (column, room) in enumerate(shown):
        # The last column may use what is left of the row, such as a long reason.
        cut = number == len(shown) - 1 and not column.right
        texts.append(_aligned(column, width if cut else room - (column.name == "best"), cut))
    return texts


@lru_cache(maxsize=64)
def _aligned(column: Column, width: int, cut: bool) -> tuple[str, ...]:
    """Return the texts of a column padded to a width, or only cut."""
    if cut:
        return tuple([fit(text, width) for text in column.texts])
    return tuple([pad(text, width, ">" if column.right else "<") for text in column.texts])


@lru_cache(maxsize=512)
def _run(
    row: RunRow,
    cells: tuple[str, ...],
    names: tuple[str, ...],
    sorted_by: str,
    letters: int,
    width: int,
    glyphs: Glyphs,
) -> Row:
    """Return the row of a run; a key changes few of them."""
    selected, best, pinned, hidden = _SIGNS[glyphs]
    chosen = "!" if row.selected else ""
    dim = "muted" if row.hidden or row.broken else ""
    mark = hidden if row.hidden else row.mark
    lead = f"{selected if row.selected else ' '}{mark:<{letters}}"
    out: Row = [(lead, f"strong{chosen}"), (pinned if row.pinned else " ", f"mark{chosen}")]
    gap = " "
    for text, name in zip(cells, names, strict=True):
        role = dim
        if name == "best":
            text += best if row.best else " "
            role = "accent" if row.best else dim
        elif name == "state" and row.broken:
            role = "warning"
        elif name == sorted_by and not dim:
            role = "strong"
        out += [(gap, chosen), (text, f"{role}{chosen}")]
        gap = " " * GAP
    out.append((" " * max(0, width - row_width(out)), chosen))
    return exactly(out, width)


def natural_width(table: CompareTable) -> int:
    """Return the cells at which no column is dropped or cut, not even a spare one."""
    every = [*table.columns, *table.spare]
    return _lead(table) + sum(_width(column) + GAP for column in every)


def column_at(table: CompareTable, width: int, x: int) -> str:
    """Return the name of the column at a cell of the head; empty: none."""
    left = _lead(table)
    for column, room in fitting(table, width)[0]:
        if left <= x < left + room + GAP:
            return column.name
        left += room + GAP
    return ""
