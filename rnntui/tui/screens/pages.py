"""Pages over the dashboard: a title, text to scroll, and how to go back."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from rnntui.tui.draw import Row, Rows, block
from rnntui.tui.painter import ThriftyScreen
from rnntui.tui.state import Display
from rnntui.tui.widgets.cells import CellView, spelled

PAGE_KEYS: Row = [(" esc", "strong"), (" back", "muted")]


class PageText(CellView):
    """Rows that can be scrolled, and a last one with the page's keys."""

    on_surface = True

    def __init__(self, make: Callable[[int], Rows], keys: Row, display: Display) -> None:
        super().__init__()
        self._display = display
        self._make = make
        self._keys = keys
        self.first = 0  # row at the top

    def redraw(self) -> None:
        """Draw the part that is in view."""
        width, height = self.size
        if not width or not height:
            return
        rows, room = self._make(width), max(1, height - 1)
        self.first = max(0, min(self.first, len(rows) - room))
        more = len(rows) - room - self.first
        glyphs = self._display.glyphs
        (foot,) = spelled([[*self._keys, *_scrolling(more, self.first)]], glyphs)
        seen = block(spelled(rows[self.first :], glyphs), width, room, glyphs)
        self.show(block([*seen, foot], width, height, glyphs))

    def move(self, rows: int) -> None:
        """Move by so many rows."""
        self.first += rows
        self.redraw()

    def show_row(self, number: int) -> None:
        """Scroll as little as needed to have a row in view."""
        self.first = min(max(self.first, number - self.size.height + 2), number)
        self.redraw()

    def on_resize(self, _event: events.Resize) -> None:
        """A new size needs new rows."""
        self.redraw()

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """Up."""
        self.move(-3)

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        """Down."""
        self.move(3)


def _scrolling(below: int, above: int) -> Row:
    """How to see the rows that are not in view."""
    if below <= 0 and not above:
        return []
    more = f"   {below} more {'row' if below == 1 else 'rows'} below" if below > 0 else ""
    return [("  ↑ ↓", "strong"), (" scroll", "muted"), (more, "muted")]


class PageHead(CellView):
    """The title of a page."""

    on_surface = True

    def __init__(self, title: str) -> None:
        super().__init__(id="page-head")
        self._title = title

    def on_resize(self, event: events.Resize) -> None:
        """Fill the width."""
        self.show(block([[(f" {self._title}", "title")]], event.size.width, event.size.height))


class PageScreen(ThriftyScreen):
    """A page: a title, text to scroll, and how to go back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark", "close", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
        Binding("pageup,b", "scroll(-10)", show=False),
        Binding("home", "scroll(-1000000)", show=False),
        Binding("end", "scroll(1000000)", show=False),
    ]
    AUTO_FOCUS = ""

    def __init__(
        self, title: str, make: Callable[[int], Rows], display: Display, keys: Row = PAGE_KEYS
    ) -> None:
        super().__init__()
        self.head = PageHead(title)
        self.text = PageText(make, keys, display)

    def compose(self) -> ComposeResult:
        """Title and text."""
        yield self.head
        yield self.text

    def action_scroll(self, rows: int) -> None:
        """Move the text."""
        self.text.move(rows)

    def action_close(self) -> None:
        """Back to the dashboard."""
        if self.is_current:
            self.app.pop_screen()

    def follow(self) -> None:
        """After a snapshot."""
        self.text.redraw()
