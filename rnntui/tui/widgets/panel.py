"""A part of the screen that draws one thing about the run."""

from __future__ import annotations

from abc import abstractmethod

from textual import events

from rnntui.tui.draw import Rows, block
from rnntui.tui.state import Display, RunState
from rnntui.tui.terminal import AbstractWidgetMeta
from rnntui.tui.widgets.cells import CellView, spelled


class Panel(CellView, metaclass=AbstractWidgetMeta):
    """Draws rows from the run's state in the size it has; `redraw` after either has changed."""

    def __init__(self, state: RunState, display: Display, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.state = state
        self.options = display
        self._drawn_from: object = None

    @abstractmethod
    def draw(self, width: int, height: int) -> Rows:
        """The rows of the panel at a size."""

    def fitted(self, rows: Rows, width: int, height: int) -> Rows:
        """The rows in exactly this size, in the chosen glyphs."""
        glyphs = self.options.glyphs
        return block(spelled(rows, glyphs), width, height, glyphs)

    def redraw(self) -> None:
        """Draw again and repaint what is different."""
        width, height = self.size
        if width > 0 and height > 0:
            self.show(self.draw(width, height))

    def shows(self) -> object:
        """What the drawing depends on; None if that is too much to compare."""
        return None

    def follow(self) -> None:
        """After a snapshot: draw again unless nothing that is shown has changed."""
        source = self.shows()
        if source is None or source != self._drawn_from:
            self._drawn_from = source
            self.redraw()

    def on_resize(self, _event: events.Resize) -> None:
        """A new size needs new rows."""
        self.redraw()
