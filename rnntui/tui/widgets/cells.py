"""A widget that keeps a model of its cells and repaints only those that changed."""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from rnntui.text import cell_width, cells
from rnntui.tui.draw import Glyphs, Row, Rows
from rnntui.tui.draw.rows import for_glyphs
from rnntui.tui.themes import role_style

MOVE, COLOUR = 8, 11  # bytes of moving the cursor, and of changing the colour of what follows
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


class CellView(Widget):
    """Rows of text with roles. `show` compares with what stands there and repaints the changes."""

    DEFAULT_CSS = "CellView { height: 1; width: 1fr; }"
    on_surface = False

    def __init__(self, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, markup=False)
        self._rows: Rows = []

    @property
    def rows(self) -> Rows:
        """What stands there."""
        return self._rows

    def show(self, rows: Rows) -> None:
        """Put new rows there. They must be safe to show: what draws them sees to that."""
        old, self._rows = self._rows, rows
        regions: list[Region] = []
        for y in range(max(len(old), len(rows))):
            before = old[y] if y < len(old) else []
            after = rows[y] if y < len(rows) else []
            if before != after:
                regions += [Region(x, y, width, 1) for x, width in changes(before, after)]
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """One row as the compositor wants it."""
        theme, width = self.app.theme, self.size.width
        blank = role_style(theme, "", self.on_surface)
        row = self._rows[y] if y < len(self._rows) else []
        strip = Strip(
            [Segment(text, role_style(theme, role, self.on_surface)) for text, role in row]
        )
        return strip.adjust_cell_length(width, blank)


def spelled(rows: Rows, glyphs: Glyphs) -> Rows:
    """The rows with the signs this program and its engine add spelled in ASCII where that is asked.

    It changes widths: give rows to `block` after it.
    """
    if glyphs != "ascii":
        return rows
    return [[(for_glyphs(text, glyphs).translate(_ASCII), role) for text, role in r] for r in rows]


def expand(row: Row) -> list[Cell]:
    """A row as one entry per terminal cell; the second half of a wide character is empty."""
    out: list[Cell] = []
    for text, role in row:
        if text.isascii():
            out += [(char, role) for char in text]
            continue
        for unit, width in _units(text):
            out.append((unit, role))
            out += [("", role)] * (width - 1)
    return out


@lru_cache(maxsize=2048)
def _units(text: str) -> tuple[tuple[str, int], ...]:
    return tuple(cells(text))


def changes(before: Row, after: Row) -> list[tuple[int, int]]:
    """Spans (first cell, how many) in which two rows differ, joined where that is cheaper."""
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
    spans: list[tuple[int, int]] = []
    for x in range(size):
        if old[x] == new[x]:
            continue
        first = x
        # Half of a wide character cannot be painted: begin at its first cell.
        while first > 0 and (old[first][0] == "" or new[first][0] == ""):
            first -= 1
        if spans and _cheaper_joined(new, sum(spans[-1]), first):
            first = min(first, spans.pop()[0])
        spans.append((first, x - first + 1))
    return [_whole(span, old, new) for span in spans]


def _cheaper_joined(row: list[Cell], end: int, first: int) -> bool:
    """Whether sending the unchanged cells between two changes again beats moving the cursor."""
    if first - end >= MOVE + COLOUR:
        return False
    turns = sum(row[x][1] != row[x - 1][1] for x in range(end, first + 1))
    return first - end + COLOUR * turns < MOVE + COLOUR * (row[end - 1][1] != row[first][1])


def _whole(span: tuple[int, int], old: list[Cell], new: list[Cell]) -> tuple[int, int]:
    """The span, longer by one cell if it would end in the middle of a wide character."""
    first, width = span
    end = first + width
    while end < len(new) and (new[end][0] == "" or old[end][0] == ""):
        end += 1
    return first, end - first
