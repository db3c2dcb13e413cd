"""A part of the screen that draws one thing about the run."""

from __future__ import annotations

from abc import abstractmethod

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from rnntui.tui.display import Display
from rnntui.tui.draw.jump import Mark, marked
from rnntui.tui.draw.rows import Rows, block
from rnntui.tui.draw.targets import Target
from rnntui.tui.state import RunState
from rnntui.tui.terminal import AbstractWidgetMeta
from rnntui.tui.widgets.cells import CellView, spelled


class TargetPicked(Message):
    """Something in a view was clicked."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self.target = target


class ViewScrolled(Message):
    """The mouse wheel was turned over a view: 1 is down, -1 is up."""

    def __init__(self, direction: int) -> None:
        super().__init__()
        self.direction = direction


class Part(Widget):
    """What a view arranges: a panel, or a line with a widget that takes input."""

    def wants(self, width: int) -> int:
        """Return the rows needed for what there is to show now; 0: only those of the view."""
        return 0

    def useful(self, width: int) -> int:
        """Return the rows beyond which there is nothing more to show; 0: it fills any number."""
        return 0

    def take(self, width: int, height: int) -> None:
        """Prepare for the size that the part is given; it is drawn once it has that size."""

    def follow(self) -> None:
        """Show what a snapshot has changed."""

    def redraw(self) -> None:
        """Draw everything, as after a change of glyphs."""


class Panel(CellView, Part, metaclass=AbstractWidgetMeta):
    """A panel that draws rows from the run's state; `redraw` after that or the size changes."""

    def __init__(self, state: RunState, display: Display, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.state = state
        self.options = display
        self._drawn_from: object = None

    @abstractmethod
    def draw(self, width: int, height: int) -> Rows:
        """Return the rows of the panel at a size."""

    def fitted(self, rows: Rows, width: int, height: int) -> Rows:
        """Fit rows into exactly this size, in the current glyphs."""
        glyphs = self.options.glyphs
        return block(spelled(rows, glyphs), width, height, glyphs)

    def redraw(self) -> None:
        """Draw and repaint the differences."""
        width, height = self.size
        if width > 0 and height > 0:
            rows = self.draw(width, height)
            sign = ">" if self.options.glyphs == "ascii" else "▸"
            focused = self.options.panel == self.id
            self.show(marked(rows, [Mark(0, 0, sign, "accent")]) if focused else rows)

    def render_line(self, y: int) -> Strip:
        """Return a row in the compositor's format; nothing is shown before it is drawn."""
        if not self._rows and self.size.width > 0:
            self._rows = self.draw(*self.size)
        return super().render_line(y)

    def shows(self) -> object:
        """Return what the drawing depends on; None if that is too much to compare."""
        return None

    def follow(self) -> None:
        """Redraw after a snapshot if something that is shown has changed."""
        source = self.shows()
        if source is None or source != self._drawn_from:
            self._drawn_from = source
            self.redraw()

    def on_resize(self, _event: events.Resize) -> None:
        """Redraw at the new size."""
        self.redraw()
