"""A widget that stores its cells and repaints only those that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import ne

from rich.segment import Segment
from rich.style import Style
from textual._styles_cache import StylesCache
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from rnntui.text import cell_width, cells
from rnntui.tui.draw.jump import Mark, marked
from rnntui.tui.draw.rows import Glyphs, Row, Rows, for_glyphs, row_width
from rnntui.tui.themes import colourless_style, role_style

MOVE, COLOUR = 8, 11  # bytes to move the cursor and to change the colour
Cell = tuple[str, str]
_ASCII = {
    ord("→"): "->",
    ord("↑"): "up",
    ord("↓"): "down",
    ord("…"): "...",
    ord("–"): "-",
    ord("’"): "'",
}
_BLANK: Cell = (" ", "")
Changed = dict[int, list[tuple[int, int]]]  # by row, spans of cells: the first one and their number


class CellView(Widget):
    """Rows of text with roles; `show` compares them with the current ones and repaints changes."""

    DEFAULT_CSS = "CellView { height: 1; width: 1fr; }"
    on_surface = False

    def __init__(self, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, markup=False)
        self._styles_cache: RowsCache = RowsCache()
        self._rows: Rows = []  # as they are shown
        self.unmarked: Rows = []  # the same without marks
        self._marks: tuple[Mark, ...] = ()

    @property
    def rows(self) -> Rows:
        """The current rows."""
        return self._rows

    def mark(self, marks: tuple[Mark, ...]) -> None:
        """Show signs on some cells, until there are others."""
        self._marks = marks
        self.show(self.unmarked)

    def show(self, rows: Rows) -> None:
        """Replace the rows; whatever draws them must make them safe to show."""
        self.unmarked = rows
        rows = marked(rows, self._marks) if self._marks else rows
        old, self._rows = self._rows, rows
        changed: Changed = {}
        for y in range(max(len(old), len(rows))):
            before = old[y] if y < len(old) else []
            after = rows[y] if y < len(rows) else []
            if before is not after and before != after and (spans := changes(before, after)):
                changed[y] = spans
        if changed:
            self.repaint(changed)

    def repaint(self, changed: Changed) -> None:
        """Paint the cells that have changed."""
        self.refresh_cells(changed)

    def refresh_cells(self, changed: Changed) -> None:
        """Let Textual paint cells again."""
        regions = (Region(x, y, n, 1) for y, spans in changed.items() for x, n in spans)
        self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """Return a row in the compositor's format."""
        row = self._rows[y] if y < len(self._rows) else []
        style = self.role_styles()
        width = row_width(row)  # else Textual would measure each text by itself
        strip = Strip([Segment(text, style(role)) for text, role in row], width)
        return strip.adjust_cell_length(self.size.width, style(""))

    def role_styles(self) -> Callable[[str], Style]:
        """Return what gives a role its style; `app` and `theme` take long to look up."""
        app = self.app
        if app.no_color:
            return colourless_style
        theme, on_surface = app.theme, self.on_surface
        return lambda role: role_style(theme, role, on_surface)


def unfiltered(widget: Widget) -> bool:
    """Return whether nothing but our styles decides how cells look."""
    return all(isinstance(one, ANSIToTruecolor) for one in widget.get_line_filters())


class RowsCache(StylesCache):
    """Textual's cache of lines, for widgets without border, padding, tint and opacity.

    Textual puts each line through all of these; and our colours need no filter of ANSI colours.
    """

    def forget_lines(self, lines: Iterable[int]) -> None:
        """Let lines be rendered again."""
        self._dirty_lines.update(lines)

    def render_widget(self, widget: Widget, crop: Region) -> list[Strip]:
        """Return the lines of a region."""
        if not unfiltered(widget):
            return super().render_widget(widget, crop)
        width = widget.size.width
        if width != self._width:
            self.clear()
            self._width = width
        for y in crop.line_range:
            if y in self._dirty_lines or y not in self._cache:
                self._cache[y] = widget.render_line(y)
        self._dirty_lines.difference_update(crop.line_range)
        strips = [self._cache[y] for y in crop.line_range]
        if crop.column_span == (0, width):
            return strips
        return [strip.crop(*crop.column_span) for strip in strips]


def spelled(rows: Rows, glyphs: Glyphs) -> Rows:
    """Spell the signs that rnntui adds in ASCII if that is the glyph set.

    This changes widths, so pass the result to `block`.
    """
    if glyphs != "ascii":
        return rows
    return [[(for_glyphs(text, glyphs).translate(_ASCII), role) for text, role in r] for r in rows]


def expand(row: Row) -> list[Cell]:
    """Expand a row to one entry per cell; the second half of a wide character is empty."""
    out: list[Cell] = []
    for text, role in row:
        out += _cells(text, role)
    return out


@lru_cache(maxsize=2048)
def _cells(text: str, role: str) -> tuple[Cell, ...]:
    if text.isascii():
        return tuple([(char, role) for char in text])
    out: list[Cell] = []
    for unit, width in cells(text):
        out.append((unit, role))
        out += [("", role)] * (width - 1)
    return tuple(out)


def changes(before: Row, after: Row) -> list[tuple[int, int]]:
    """Return spans (first cell, width) in which two rows differ, joined if that is cheaper."""
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    shift = sum(cell_width(text) for text, _ in after[:same])
    return [(shift + first, n) for first, n in _changes(before[same:], after[same:])]


def _changes(before: Row, after: Row) -> list[tuple[int, int]]:
    old, new = expand(before), expand(after)
    size = max(len(old), len(new))
    old += [_BLANK] * (size - len(old))
    new += [_BLANK] * (size - len(new))
    differs = [*map(ne, old, new), False, True]  # with an end to find
    spans: list[tuple[int, int]] = []
    end = 0
    while (first := differs.index(True, end)) < size:
        end = differs.index(False, first)
        # Half of a wide character cannot be painted: start at its first cell.
        while first > 0 and (old[first][0] == "" or new[first][0] == ""):
            first -= 1
        if spans and _cheaper_joined(new, sum(spans[-1]), first):
            first = min(first, spans.pop()[0])
        spans.append((first, end - first))
    return [_whole(span, old, new) for span in spans]


def _cheaper_joined(row: list[Cell], end: int, first: int) -> bool:
    """Return whether resending the cells between two changes is cheaper than moving the cursor."""
    if first - end >= MOVE + COLOUR:
        return False
    roles = [role for _, role in row[end - 1 : first + 1]]
    turns: int = sum(map(ne, roles, roles[1:]))
    return first - end + COLOUR * turns < MOVE + COLOUR * (row[end - 1][1] != row[first][1])


def _whole(span: tuple[int, int], old: list[Cell], new: list[Cell]) -> tuple[int, int]:
    """Return the span, extended by a cell if it would end inside a wide character."""
    first, width = span
    end = first + width
    while end < len(new) and (new[end][0] == "" or old[end][0] == ""):
        end += 1
    return first, end - first
