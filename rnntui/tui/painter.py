"""Sends the terminal only what changed; Textual's own partial updates send much more.

Textual 8.2 sends every changed span from the first cell of its widget's line, and sets and resets
all colours for each run of text. Here only cells that differ from those on the terminal are sent,
and only style differences between runs: about a fifth of the bytes. Only widgets in a changed
region are rendered, and those that know which of their cells have changed may send these at once,
without Textual's messages and its composition of the screen. This depends on private parts of
Textual; a test compares its output with Textual's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

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

from rnntui.text import cell_width, is_narrow
from rnntui.tui import escapes
from rnntui.tui.draw.rows import Run
from rnntui.tui.sent import Runs, SentCells
from rnntui.tui.widgets.cells import unfiltered

if TYPE_CHECKING:
    from rnntui.tui.terminal import TerminalApp
    from rnntui.tui.widgets.cells import CellView, Changed

Piece = tuple[int, int, Runs, int]  # column, row, the text from there on, its cells


class DiffingScreen(Screen[None]):
    """A screen that sends only differences."""

    app: TerminalApp

    def __init__(self) -> None:
        super().__init__()
        self._compositor = DiffingCompositor()
        self._unpainted: list[tuple[CellView, Changed]] = []

    def paint(self, view: CellView, changed: Changed) -> None:
        """Send cells of a view soon, with all others that change until then, in one frame."""
        if not self._unpainted:
            asyncio.get_running_loop().call_soon(self._paint_now)
        self._unpainted.append((view, changed))

    def _paint_now(self) -> None:
        found, self._unpainted = self._unpainted, []
        try:
            later = self._paint(found)
        except Exception as error:  # nobody else would handle it
            self.app.crashed(error)
            return
        for view, changed in later:
            view.refresh_cells(changed)
        if later:
            self.call_after_refresh(self.painted)
        else:
            self.painted()

    def _paint(self, found: list[tuple[CellView, Changed]]) -> list[tuple[CellView, Changed]]:
        """Send cells of views; return those that only Textual can paint."""
        app = self.app
        ready = app.screen is self and not app._batch_count and not self._layout_required
        if not ready or not unfiltered(self):
            return found
        pieces: list[Piece] = []
        later: list[tuple[CellView, Changed]] = []
        for view, changed in found:
            region, clip = self._compositor.visible_widgets.get(view, (Region(), Region()))
            if view._layout_required or not clip.contains_region(region):
                later.append((view, changed))
            else:
                pieces += _pieces_of(view, changed, region)
        if pieces:
            app._display(self, DiffingPieces(pieces))
        return later

    def painted(self) -> None:
        """Do something once changes have been painted; nothing here."""

    def on_resize(self, _event: events.Resize) -> None:
        """Draw everything: a terminal that changed its size and back may have lost some of it."""
        self.refresh()

    def on_screen_suspend(self) -> None:
        """Clear cached lines: a closed page would keep them until it is garbage-collected."""
        for widget in self.walk_children(Widget, with_self=True):
            widget._styles_cache.clear()


def _pieces_of(view: CellView, changed: Changed, region: Region) -> Iterator[Piece]:
    """Yield the changed cells of a view that is shown in a region."""
    style, rest = view.role_styles(), (" " * region.width, "")
    for y, spans in changed.items():
        if y >= region.height:
            continue
        row = [*(view.rows[y] if y < len(view.rows) else []), rest]
        inside = [(x, min(width, region.width - x)) for x, width in spans if x < region.width]
        for (x, width), runs in zip(inside, spans_of(row, inside), strict=True):
            styled = [(text, style(role)) for text, role in runs]
            yield region.x + x, region.y + y, styled, width


def spans_of(row: Iterable[Run], spans: Iterable[tuple[int, int]]) -> list[list[Run]]:
    """Return the runs of a row in each of some spans: first cell and width, from left to right."""
    wanted = iter(spans)
    found: list[list[Run]] = []
    first, width = next(wanted, (0, 0))
    at, runs = 0, list[Run]()
    for text, role in row:
        end = at + (len(text) if text.isascii() else cell_width(text))
        while width and first < end:
            stop = first + width
            left = max(first, at)
            runs.append((_slice(text, left - at, min(stop, end) - at), role))
            if stop > end:
                first, width = end, stop - end
                break
            found.append(runs)
            runs = []
            first, width = next(wanted, (0, 0))
        if not width:
            break
        at = end
    return found


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


class DiffingPieces(Diffing, CompositorUpdate):
    """An update of cells that their widgets have found to differ."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = pieces

    def render_segments(self, console: Console) -> str:
        """Return the escape sequences and text to send."""
        if self.sent is not None:
            for x, y, runs, cells in self._pieces:
                self.sent.note(x, y, runs, cells)
        return escapes.paint(self._pieces, _system(console))


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
    if is_narrow(text):
        return text[left:right]
    segment = Segment(text)
    if right < cell_width(text):
        segment, _ = segment.split_cells(right)
    return segment.split_cells(left)[1].text if left else segment.text


def _runs(strip: Strip) -> Iterator[tuple[str, Style]]:
    for segment in strip:
        if not segment.control:
            yield segment.text, segment.style or escapes.PLAIN
