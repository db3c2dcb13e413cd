"""The screen that compares runs: plot, table, and the lines around them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.widget import Widget

from rnntui.tui.compare.drawing import Drawing
from rnntui.tui.compare.state import CompareState
from rnntui.tui.compare.widgets import AskLine, Drawn, KeyRow
from rnntui.tui.display import Display
from rnntui.tui.draw.compare.placing import Place
from rnntui.tui.draw.compare.table import head_height
from rnntui.tui.painter import DiffingScreen

if TYPE_CHECKING:
    from rnntui.tui.compare.app import CompareApp


PLOT_SECONDS = 0.004  # of computing until a plot is drawn later, between two keys


class CompareScreen(DiffingScreen, inherit_bindings=False):
    """The parts, and where each of them is."""

    AUTO_FOCUS = ""
    app: CompareApp

    def __init__(self, state: CompareState, display: Display) -> None:
        super().__init__()
        self.state = state
        self._options = display
        self.drawing = Drawing(state, display)
        self.head, self.plot, self.table, self.news, self.detail, self.small = (
            Drawn(name, partial(self.drawing.rows, name))
            for name in ("head", "plot", "table", "news", "detail", "small")
        )
        self.foot = KeyRow(display)
        self.ask = AskLine()
        self._placed: tuple[dict[str, Place], bool] | None = None
        self.plot_is_late = False  # it shows what was there before the last redrawing

    def compose(self) -> ComposeResult:
        """Yield the parts."""
        yield from self.parts
        yield self.ask
        yield self.small

    @property
    def parts(self) -> tuple[Drawn, ...]:
        """What is drawn, from top to bottom."""
        return (self.head, self.plot, self.table, self.news, self.detail, self.foot)

    # ---- places -----------------------------------------------------------------------------

    def on_resize(self, _event: events.Resize) -> None:
        """Arrange the parts at the new size, and scroll the table to the selected run."""
        self.place()
        self.app.redraw()
        self.call_after_refresh(self.app.show_frames)

    def place(self) -> dict[str, Place]:
        """Give each part its place at the current size, and return the places."""
        found = self.drawing.places(*self.app.size)
        asking = bool(self.ask.kind) and "detail" in found
        if self._placed == (found, asking):
            return found
        self._placed = found, asking
        for part in (*self.parts, self.small):
            part.display = part.id in found and not (asking and part is self.detail)
            if place := found.get(part.id or ""):
                _put(part, place)
        self.ask.display = asking
        if asking:
            _put(self.ask, found["detail"])
        return found

    def redraw(self) -> None:
        """Draw everything but the last row again: only cells that differ are sent.

        A part that gets another size is drawn when it has it. A plot of many losses that have not
        been drawn like that yet comes later, so that no key waits for it, unless losses are read.
        """
        found = self.place()
        if "table" in found:
            self.state.keep_in_view(self.room)
        ready = [
            part
            for part in (self.head, self.plot, self.table, self.news, self.detail, self.small)
            if (place := found.get(part.id or ""))
            and part.outer_size == (place.width, place.height)
        ]
        self.plot_is_late = self.plot in ready and not self._plot_is_near()
        for part in ready:
            if part is not self.plot or not self.plot_is_late:
                part.redraw()

    def _plot_is_near(self) -> bool:
        """Compute for a moment what the plot needs; return whether it can be drawn then."""
        if self.state.followed.reading:
            return True
        end = time.thread_time() + PLOT_SECONDS
        return all(time.thread_time() < end for _ in self.drawing.needed(*self.plot.size))

    def ahead(self) -> Iterator[None]:
        """Compute, a little at each step, a plot that is late and what the next keys may show."""
        if self.plot_is_late:
            yield from self.drawing.needed(*self.plot.size)
            self.plot_is_late = False
            self.plot.redraw()
        yield from self.drawing.ahead(*self.plot.size)

    def painted(self) -> None:
        """Ask whether the terminal keeps up."""
        self.app.ask_terminal()

    @property
    def room(self) -> int:
        """The rows of the table for runs, in the place that it has or is about to get."""
        place = self._placed[0].get("table") if self._placed else None
        return max(1, (place.height if place else 0) - head_height(self.state.table()))


def _put(widget: Widget, place: Place) -> None:
    widget.styles.offset = (place.x, place.y)
    widget.styles.width, widget.styles.height = place.width, place.height
