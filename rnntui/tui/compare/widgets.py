"""The parts of the screen that compares runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from rnntui.tui.command import Command
from rnntui.tui.display import Display
from rnntui.tui.draw.rows import Row, Rows, block
from rnntui.tui.key_entries import footer_entries, footer_row, footer_spots
from rnntui.tui.painter import DiffingScreen
from rnntui.tui.widgets.cells import CellView, Changed, spelled
from rnntui.tui.widgets.prompt import PromptInput

if TYPE_CHECKING:
    from rnntui.tui.compare.app import CompareApp

Draw = Callable[[int, int], Rows]


class Drawn(CellView):
    """Rows that a function draws; posts `Clicked` and `Wheeled`."""

    class Clicked(Message):
        """A cell was clicked."""

        def __init__(self, name: str, x: int, y: int) -> None:
            super().__init__()
            self.name, self.x, self.y = name, x, y

    class Wheeled(Message):
        """The mouse wheel was turned: 1 is down, -1 is up."""

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    def __init__(self, name: str, draw: Draw) -> None:
        super().__init__(id=name)
        self._draw = draw
        self.styles.position = "absolute"

    def repaint(self, changed: Changed) -> None:
        """Paint the cells that have changed, without Textual: keys should be answered at once."""
        self._styles_cache.forget_lines(changed)
        cast(DiffingScreen, self.screen).paint(self, changed)

    def redraw(self) -> None:
        """Draw and repaint the differences."""
        width, height = self.outer_size
        if self.display and width > 0 and height > 0:
            self.show(self._draw(width, height))

    def on_resize(self, _event: events.Resize) -> None:
        """Redraw at the new size."""
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Report the cell under the mouse."""
        self.post_message(self.Clicked(self.id or "", event.x, event.y))

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """Ask for an earlier run."""
        self.post_message(self.Wheeled(-1))

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        """Ask for a later run."""
        self.post_message(self.Wheeled(1))


class KeyRow(Drawn):
    """The row of keys at the bottom, or a notice; posts `Picked` for a click on a key."""

    app: CompareApp

    class Picked(Message):
        """A command was clicked."""

        def __init__(self, command: Command) -> None:
            super().__init__()
            self.command = command

    def __init__(self, display: Display) -> None:
        super().__init__("foot", self._entries)
        self._options = display
        self._spots: list[tuple[int, int, Command]] = []
        self.notice: tuple[str, str] = ("", "")  # a text in place of the keys, and its role

    def _entries(self, width: int, height: int) -> Rows:
        text, role = self.notice
        if text:
            self._spots = []
            row: Row = [(f" {text}", role or "accent")]
            return block(spelled([row], self._options.glyphs), width, height)
        entries = footer_entries(self.app, width, self._options.glyphs)
        self._spots = footer_spots(entries)
        return block([footer_row(entries)], width, height)

    def on_click(self, event: events.Click) -> None:
        """Report the command under the mouse."""
        for first, end, command in self._spots:
            if first <= event.x < end:
                self.post_message(self.Picked(command))


class AskLine(Horizontal):
    """A label and an input line, for a filter or a prompt; posts `Changed` and `Submitted`."""

    class Changed(Message):
        """The text was changed."""

    class Submitted(Message):
        """Enter was pressed."""

    def __init__(self) -> None:
        super().__init__(id="ask")
        self.styles.position = "absolute"
        self.label = CellView("ask-label")
        self.input = PromptInput()
        self.display = False
        self.kind = ""

    def compose(self) -> ComposeResult:
        """Yield the label and the input line."""
        yield self.label
        yield self.input

    def open(self, kind: str, text: str) -> None:
        """Ask for a "filter" or a "prompt"."""
        self.kind, self.display = kind, True
        width = len(kind) + 4
        self.label.styles.width = width
        self.label.show(block([[(f" {kind} ", "title"), ("> ", "title")]], width, 1))
        self.input.value = text
        self.input.cursor_position = len(text)
        self.screen.set_focus(self.input)

    def close(self) -> None:
        """Go away."""
        self.kind, self.display = "", False
        self.screen.set_focus(None)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Report a change by the user."""
        event.stop()
        if self.kind:
            self.post_message(self.Changed())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Report that Enter was pressed."""
        event.stop()
        self.post_message(self.Submitted())
