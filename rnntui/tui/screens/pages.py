"""Pages over the dashboard: a title, scrollable text, and the keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from rnntui.tui.display import Display
from rnntui.tui.draw.rows import Row, Rows, block
from rnntui.tui.painter import DiffingScreen
from rnntui.tui.widgets.cells import CellView, spelled

PAGE_KEYS: Row = [(" esc", "strong"), (" back", "muted")]


class PageText(CellView):
    """Scrollable rows, and a last one with the page's keys."""

    on_surface = True

    def __init__(self, make: Callable[[int], Rows], keys: Row, display: Display) -> None:
        super().__init__()
        self._display = display
        self._make = make
        self._keys = keys
        self.first = 0  # row at the top

    def redraw(self) -> None:
        """Draw the visible part."""
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
        """Scroll by some rows."""
        self.first += rows
        self.redraw()

    def show_row(self, number: int) -> None:
        """Scroll as little as needed to show a row."""
        self.first = min(max(self.first, number - self.size.height + 2), number)
        self.redraw()

    def put_first(self, number: int) -> None:
        """Scroll a row to the top, as far as there are rows below it."""
        self.first = number
        self.redraw()

    def on_resize(self, _event: events.Resize) -> None:
        """Redraw at the new size."""
        self.redraw()

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """Scroll up."""
        self.move(-3)

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        """Scroll down."""
        self.move(3)


def _scrolling(below: int, above: int) -> Row:
    """Return how to see the rows that are out of view."""
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


class PageScreen(DiffingScreen):
    """A page: a title, scrollable text, and the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark,f1,h", "close", show=False),
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
        self.closed: Callable[[], None] = lambda: None  # called when the user closes the page

    def compose(self) -> ComposeResult:
        """Yield the title and the text."""
        yield self.head
        yield self.text

    def action_scroll(self, rows: int) -> None:
        """Scroll the text."""
        self.text.move(rows)

    def action_close(self) -> None:
        """Return to the dashboard."""
        if self.is_current:
            self.app.pop_screen()
            self.closed()

    def follow(self) -> None:
        """Redraw after a snapshot."""
        self.text.redraw()
