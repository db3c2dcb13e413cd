"""The frame of a plot: title and legend, tick labels, axis lines, a gutter for end labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnntui.dataclass import dataclass
from rnntui.text import cell_width, fit
from rnntui.tui.draw.canvas import Canvas, one_cell_each
from rnntui.tui.draw.rows import Glyphs, Row, Rows, exactly, merged, row_width
from rnntui.tui.draw.y_axis import LABEL_WIDTH

LABELS = LABEL_WIDTH  # cells, so that axes of plots above each other line up
_LINES = {
    "braille": ("│", "┤", "└", "─", "┬", "▲"),
    "blocks": ("│", "┤", "└", "─", "┬", "▲"),
    "ascii": ("|", "+", "+", "-", "+", "^"),
}


@dataclass(frozen=True)
class Layout:
    """The division of a block: its rows, and the widths of its columns."""

    title: bool
    plot: int  # rows
    axis: int  # rows under the plot: 0, 1 (labels on the line) or 2
    left: int  # cells of the tick labels and the axis, or 0
    width: int  # cells of the plot
    gutter: int  # cells right of the plot


def layout(width: int, height: int, gutter: int) -> Layout:
    """Divide a block; drop the least important parts first if there is little room."""
    title = height >= 2
    axis = 2 if height >= 6 else 1 if height >= 3 else 0
    left = LABELS + 1 if width >= 24 else 0
    gutter = gutter if width >= 72 else 0
    return Layout(title, height - title - axis, axis, left, max(1, width - left - gutter), gutter)


def title_row(
    name: str, detail: str, legend: Sequence[tuple[str, str, str]], width: int, glyphs: Glyphs
) -> Row:
    """Return a title on the left and the legend, (glyph, role, meaning) entries, on the right.

    The last entries are dropped if they do not fit.
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


def sides(
    canvas: Canvas,
    place: Layout,
    y_labels: Mapping[int, str],
    gutter: Mapping[int, tuple[str, str]],
) -> Rows:
    """Return the canvas with its tick labels on the left and end labels on the right."""
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
    """Return the axis line with its marks, and tick labels under it or, in one row, on it."""
    if place.axis == 0:
        return []
    _, _, corner, line, tick, mark = _LINES[glyphs]
    total = place.left + place.width + place.gutter
    cells = [(line, "muted")] * place.width + [(" ", "")] * place.gutter
    taken: set[int] = set()
    if place.axis == 1:  # labels are on the line: neither on marks nor left of it
        taken = {*range(place.left), *(place.left + column for column, _ in marks)}
    inside = [(column, label) for column, label in ticks if 0 <= column < place.width]
    names = _Labels(total, taken)
    room = names.right_of([(place.left + column, label) for column, label in inside])
    name = end.split(" ")[0].rstrip(",")
    if len(end) <= room or place.axis == 1 or len(name) >= place.left:
        names.put_end(end)
    else:
        names.put_name(name)
    for column, label in inside:
        if names.centre(place.left + column, label):
            cells[column] = (tick, "muted")
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
    """A row of labels that neither touch each other nor cover a taken column."""

    def __init__(self, width: int, taken: set[int]) -> None:
        self.text = " " * width
        self.covered: list[int] = []
        self._taken = taken
        self._name = 0  # cells of a name at the left end and the space after it

    def right_of(self, others: Sequence[tuple[int, str]]) -> int:
        """Return the number of free cells to the right of other labels."""
        ends = (self._start(column, label) + len(label) for column, label in others)
        return len(self.text) - 3 - max(ends, default=0)

    def put_end(self, text: str) -> None:
        """Put a text at the right end, before a last free cell."""
        self._put(len(self.text) - 1 - len(text), text)

    def put_name(self, text: str) -> None:
        """Put a word at the left end, below the labels of the other axis."""
        self.text = text + self.text[len(text) :]
        self._name = len(text) + 1

    def centre(self, column: int, label: str) -> bool:
        """Put a label under a column if there is room; return whether there was."""
        return self._put(self._start(column, label), label)

    def _put(self, start: int, label: str) -> bool:
        stop = start + len(label)
        inside = start >= 0 and stop <= len(self.text)
        free = not self.text[max(self._name, start - 2) : stop + 2].strip()
        if not (inside and free and self._taken.isdisjoint(range(start, stop))):
            return False
        self.text = self.text[:start] + label + self.text[stop:]
        self.covered += range(start, stop)
        return True

    def _start(self, column: int, label: str) -> int:
        """Return the start of a label: centred, but inside the row."""
        return max(0, min(column - (len(label) - 1) // 2, len(self.text) - len(label)))


def _put_marks(
    cells: list[tuple[str, str]], marks: Sequence[tuple[int, str]], mark: str, named: bool
) -> None:
    """Draw the marks of events on the axis, with labels where the next mark leaves room."""
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
    """Give each (fraction of the height, text, role) its own row near its place, in order.

    If there are too few rows, the last entries are dropped.
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
