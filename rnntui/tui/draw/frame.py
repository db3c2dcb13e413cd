"""What stands around a plot: title and legend, tick labels, axis lines, a gutter for end labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rnntui.text import cell_width, fit
from rnntui.tui.draw.axis import Scale, ticks
from rnntui.tui.draw.canvas import Canvas, one_cell_each
from rnntui.tui.draw.numbers import short
from rnntui.tui.draw.rows import Glyphs, Row, Rows, exactly, merged, row_width

LABELS = 6  # cells of a tick label, so that axes of plots above each other line up
_LINES = {
    "braille": ("│", "┤", "└", "─", "┬", "▲"),
    "blocks": ("│", "┤", "└", "─", "┬", "▲"),
    "ascii": ("|", "+", "+", "-", "+", "^"),
}


@dataclass(frozen=True)
class Layout:
    """How a block is divided: which rows there are and how wide the columns are."""

    title: bool
    plot: int  # rows
    axis: int  # rows under the plot: 0, 1 (labels on the line) or 2
    left: int  # cells of the tick labels and the axis, or 0
    width: int  # cells of the plot
    gutter: int  # cells right of the plot


def layout(width: int, height: int, gutter: int) -> Layout:
    """Divide a block; what is least needed goes first when there is little room."""
    title = height >= 2
    axis = 2 if height >= 6 else 1 if height >= 3 else 0
    left = LABELS + 1 if width >= 24 else 0
    gutter = gutter if width >= 72 else 0
    return Layout(title, height - title - axis, axis, left, max(1, width - left - gutter), gutter)


def title_row(
    name: str, detail: str, legend: Sequence[tuple[str, str, str]], width: int, glyphs: Glyphs
) -> Row:
    """A title on the left and the legend on the right: (glyph, role, meaning) for each entry.

    Entries that do not fit are left out from the end on.
    """
    head: Row = [(" " + name, "title")]
    if detail and cell_width(name + detail) + 4 <= width:
        head.append(("  " + detail, "muted"))
    free = width - row_width(head) - 2
    entries: list[Row] = []
    for glyph, role, meaning in legend:
        entry: Row = [("  ", ""), (glyph, role), (" " + meaning, "muted")]
        if row_width(entry) > free:
            break
        entries.append(entry)
        free -= row_width(entry)
    tail = [run for entry in entries for run in entry]
    space = max(0, width - row_width(head) - row_width(tail) - 1)
    return exactly([*head, (" " * space, ""), *tail], width)


def y_labels(canvas: Canvas, scale: Scale) -> dict[int, str]:
    """Tick labels by row; a plot of few rows gets its ends."""
    named = ticks(scale, max(2, canvas.height // 2))
    rows = {canvas.row(scale.share(value)): label for value, label in named}
    if len(rows) >= 2 or canvas.height < 2:
        return rows
    return {canvas.height - 1: short(scale.low), 0: short(scale.high)}


def sides(
    canvas: Canvas,
    place: Layout,
    y_labels: Mapping[int, str],
    gutter: Mapping[int, tuple[str, str]],
) -> Rows:
    """The canvas with its tick labels on the left and end labels on the right."""
    bar, tick, *_ = _LINES[canvas.glyphs]
    rows: Rows = []
    for n, picture in enumerate(canvas.rows()):
        row: Row = []
        if place.left:
            label = y_labels.get(n, "")
            row = [(fit(label, LABELS).rjust(LABELS), "muted"), (tick if label else bar, "muted")]
        row += picture
        if place.gutter and n in gutter:
            text, role = gutter[n]
            row.append((" " + fit(text, place.gutter - 1), role))
        rows.append(exactly(row, place.left + place.width + place.gutter))
    return rows


def x_axis(
    place: Layout,
    ticks: Sequence[tuple[int, str]],
    marks: Sequence[tuple[int, str]],
    end: str,
    glyphs: Glyphs,
) -> Rows:
    """The line under a plot with its marks, and tick labels under it or, in one row, on it."""
    if place.axis == 0:
        return []
    _, _, corner, line, tick, mark = _LINES[glyphs]
    total = place.left + place.width + place.gutter
    cells = [(line, "muted")] * place.width + [(" ", "")] * place.gutter
    taken = {place.left + column for column, _ in marks} if place.axis == 1 else set()
    names = _Labels(total, end, taken)
    for column, label in ticks:
        if 0 <= column < place.width:
            cells[column] = (tick, "muted")
            names.centre(place.left + column, label)
    if place.axis == 1:
        for n in names.covered:
            cells[n - place.left] = (names.text[n], "muted")
    _put_marks(cells, marks, mark, named=place.axis == 2)
    head = [(corner.rjust(place.left), "muted")] if place.left else []
    rows = [exactly(merged([*head, *cells]), total)]
    if place.axis == 2:
        rows.append([(names.text, "muted")])
    return rows


class _Labels:
    """A row of labels, none of which touches another or covers a taken column.

    The one at the right end, in front of a last free cell, comes first.
    """

    def __init__(self, width: int, end: str, taken: set[int]) -> None:
        self.text = " " * width
        self.covered: list[int] = []
        self._taken = taken
        self._put(width - len(end) - 1, end)

    def centre(self, column: int, label: str) -> None:
        """Put a label under a column."""
        self._put(column - (len(label) - 1) // 2, label)

    def _put(self, start: int, label: str) -> None:
        stop = start + len(label)
        inside = start >= 0 and stop <= len(self.text)
        free = not self.text[max(0, start - 2) : stop + 2].strip()
        if inside and free and self._taken.isdisjoint(range(start, stop)):
            self.text = self.text[:start] + label + self.text[stop:]
            self.covered += range(start, stop)


def _put_marks(
    cells: list[tuple[str, str]], marks: Sequence[tuple[int, str]], mark: str, named: bool
) -> None:
    """Marks of events on the axis, each with its label as far as the next mark leaves room."""
    by_column = {
        column: label
        for column, label in sorted(marks, key=lambda mark: mark[0])
        if 0 <= column < len(cells)
    }
    columns = [*by_column, len(cells)]
    for n, (column, label) in enumerate(by_column.items()):
        cells[column] = (mark, "mark")
        if named and cell_width(label) < columns[n + 1] - column - 1:
            for offset, char in enumerate(one_cell_each(label), 1):
                cells[column + offset] = (char, "mark")


def spread(canvas: Canvas, wanted: Sequence[tuple[float, str, str]]) -> dict[int, tuple[str, str]]:
    """Give each (share of the height, text, role) a row of its own near its place, in their order.

    Where there are more than rows, the last ones go without.
    """
    height = canvas.height
    ordered = sorted(wanted[:height], key=lambda entry: -entry[0])
    rows: list[int] = []
    for share, _, _ in ordered:
        row = canvas.row(share)
        rows.append(max(row, rows[-1] + 1) if rows else row)
    for n in range(len(rows) - 1, -1, -1):
        below = rows[n + 1] if n + 1 < len(rows) else height
        rows[n] = max(0, min(rows[n], below - 1))
    return {row: (text, role) for row, (_, text, role) in zip(rows, ordered, strict=True)}
