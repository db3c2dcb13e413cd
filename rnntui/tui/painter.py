"""Sends the terminal only what changed; Textual's own partial updates send much more.

Textual 8.2 sends every changed span from the first cell of its widget's line, and sets and resets
all colours for each run of text. Here only cells that differ from those on the terminal are sent,
and only style differences between runs: about a fifth of the bytes. Only widgets in a changed
region are rendered. This depends on private parts of Textual; a test compares its output with
Textual's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from rnntui.text import cell_width
from rnntui.tui import escapes
from rnntui.tui.sent import Runs, SentCells

Piece = tuple[int, int, Runs, int]  # column, row, the text from there on, its cells


class DiffingScreen(Screen[None]):
    """A screen that sends only differences."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = DiffingCompositor()

    def on_resize(self, _event: events.Resize) -> None:
        """Draw everything: a terminal that changed its size and back may have lost some of it."""
        self.refresh()

    def on_screen_suspend(self) -> None:
        """Clear cached lines: a closed page would keep them until it is garbage-collected."""
        for widget in self.walk_children(Widget, with_self=True):
            widget._styles_cache.clear()


class DiffingCompositor(Compositor):
    """Textual's compositor with updates that send only differences."""

    _changed: tuple[Region, ...] = ()  # regions of the partial update being rendered

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return the changes since the last update."""
        self._changed = changed = tuple(self._dirty_regions)
        try:
            update = super().render_partial_update()
        finally:
            self._changed = ()
        if update is None:
            return None
        diffing = DiffingChops(update.chops, update.spans, update.chop_ends)
        diffing.compared = all(region.height == 1 for region in changed)
        return diffing

    def _get_renders(
        self, crop: Region | None = None
    ) -> Iterable[tuple[Region, Region, list[Strip]]]:
        """Yield the rendered widgets; for a partial update only those in a changed region."""
        if not self._changed:
            yield from super()._get_renders(crop)
            return
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip)
            if seen and any(seen.overlaps(changed) for changed in self._changed):
                inside = Region(seen.x - region.x, seen.y - region.y, seen.width, seen.height)
                yield region, clip, widget.render_lines(inside)

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """Return an update of the whole screen."""
        update = super().render_full_update(simplify=simplify)
        return DiffingLayout(update.strips, update.region)


class Diffing(CompositorUpdate):
    """An update that takes note of the cells in `sent`, if there is one."""

    sent: SentCells | None = None


class DiffingChops(Diffing, ChopsUpdate):
    """An update of spans of lines.

    If `compared`, they are cells that their widgets have found to differ, which are sent. Otherwise
    there are whole widgets, which were moved or shown: only cells that differ from those on the
    terminal are sent.
    """

    compared = False

    def render_segments(self, console: Console) -> str:
        """Return the escape sequences and text to send."""
        pieces = [*self._pieces()]
        if self.sent is not None and not self.compared:
            lines = ((x, y, runs) for x, y, runs, _ in pieces)
            return escapes.paint(_differing(lines, self.sent), _system(console))
        if self.sent is not None:
            for x, y, runs, cells in pieces:
                self.sent.note(x, y, runs, cells)
        return escapes.paint(pieces, _system(console))

    def _pieces(self) -> Iterator[Piece]:
        for y, first, end in self.spans:
            for chop_end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                start, stop = max(x, first), min(chop_end, end)
                if strip is not None and start < stop:
                    yield start, y, *_cut(strip, start - x, stop - x)


class DiffingLayout(Diffing, LayoutUpdate):
    """An update of whole lines, of which only cells are sent that differ from those shown."""

    def render_segments(self, console: Console) -> str:
        """Return the escape sequences and text to send."""
        sent = self.sent or SentCells()
        sent.fit(self.region.size)
        lines = (
            (self.region.x, y, _runs(Strip.join(line)))
            for y, line in enumerate(self.strips, self.region.y)
        )
        return escapes.paint(_differing(lines, sent), _system(console))


def _differing(
    lines: Iterable[tuple[int, int, Iterable[tuple[str, Style]]]], sent: SentCells
) -> Iterator[escapes.Piece]:
    """Yield the parts of lines, (column, row, runs), that differ from those shown."""
    for x, y, line in lines:
        for start, runs in sent.replace(x, y, line):
            yield start, y, runs, sum(cell_width(text) for text, _ in runs)


def _system(console: Console) -> ColorSystem | None:
    return getattr(console, "_color_system", None)


def _cut(strip: Strip, first: int, end: int) -> tuple[Runs, int]:
    """Return some cells of a strip and their number, as `Strip.crop` does, without new strips."""
    runs: Runs = []
    at = cells = 0
    for text, style in _runs(strip):
        width = len(text) if text.isascii() else cell_width(text)
        left, right = max(first - at, 0), min(end - at, width)
        at += width
        if left < right:
            cells += right - left
            runs.append((_slice(text, left, right) if right - left < width else text, style))
        if at >= end:
            break
    return runs, cells


def _slice(text: str, left: int, right: int) -> str:
    """Return the cells of a text from one to another; half a wide character becomes a blank."""
    if text.isascii():
        return text[left:right]
    segment = Segment(text)
    if right < cell_width(text):
        segment, _ = segment.split_cells(right)
    return segment.split_cells(left)[1].text if left else segment.text


def _runs(strip: Strip) -> Iterator[tuple[str, Style]]:
    for segment in strip:
        if not segment.control:
            yield segment.text, segment.style or escapes.PLAIN
