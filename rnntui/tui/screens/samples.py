"""The page of texts generated earlier: read, compare, copy and write them to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from rnntui.protocol.messages import PastText
from rnntui.text import safe_text
from rnntui.tui.display import Display
from rnntui.tui.draw.past_texts import (
    PastPage,
    list_first,
    list_height,
    past_rows,
    text_height,
)
from rnntui.tui.draw.rows import Row, block
from rnntui.tui.new_file import write_new
from rnntui.tui.painter import DiffingScreen
from rnntui.tui.screens.pages import PageHead
from rnntui.tui.state import RunState
from rnntui.tui.widgets.cells import CellView, spelled

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard

KEYS: Row = [
    (" ↑ ↓", "strong"), (" choose  ", "muted"),
    ("pgup pgdn", "strong"), (" scroll  ", "muted"),
    ("c", "strong"), (" compare  ", "muted"),
    ("y", "strong"), (" copy  ", "muted"),
    ("w", "strong"), (" write to a file  ", "muted"),
    ("esc", "strong"), (" back", "muted"),
]  # fmt: skip


class PastTextView(CellView):
    """The list, the texts, and a last row with the keys or a notice."""

    on_surface = True

    def __init__(self, state: RunState, display: Display) -> None:
        super().__init__()
        self._state, self._display = state, display
        self._chosen = len(state.past) - 1  # an index into `state.past`
        self._other: int | None = None
        self._top = 0
        self._count, self._length = state.past_count, len(state.past)
        self.notice = ""

    @property
    def page(self) -> PastPage:
        """What to draw."""
        self._keep_up()
        state = self._state
        return PastPage(state.past, self._chosen, self._other, self._top, state.unit)

    def _keep_up(self) -> None:
        """Stay at the same texts when new ones came and the oldest were dropped."""
        new, self._count = self._state.past_count - self._count, self._state.past_count
        kept = len(self._state.past)
        dropped = max(0, self._length + new - kept)
        self._length = kept
        self._chosen = max(0, min(kept - 1, self._chosen - dropped))
        if self._other is not None:
            self._other = self._other - dropped if self._other >= dropped else None

    @property
    def chosen(self) -> PastText:
        """The text to copy."""
        return self._state.past[self.page.chosen]

    def redraw(self) -> None:
        """Draw the page."""
        width, height = self.size
        if not width or height < 2:
            return
        glyphs = self._display.glyphs
        rows = past_rows(self.page, width, height - 1, glyphs)
        foot: Row = [(f" {self.notice}", "accent")] if self.notice else KEYS
        self.show(block([*rows, *spelled([foot], glyphs)], width, height, glyphs))

    def choose(self, index: int) -> None:
        """Choose a text."""
        self._chosen = max(0, min(len(self._state.past) - 1, index))
        self._top, self.notice = 0, ""
        self.redraw()

    def move(self, older: int) -> None:
        """Choose an older text, or a newer one."""
        self.choose(self.page.chosen - older)

    def compare(self) -> None:
        """Compare the chosen text with those chosen from now on, or stop comparing."""
        self._other = None if self._other is not None else self.page.chosen
        self._top = 0
        self.notice = "choose the text to compare it with" if self._other is not None else ""
        self.redraw()

    def scroll_by(self, direction: int, rows: int | None = None) -> None:
        """Scroll the texts by rows or a screenful."""
        width, height = self.size
        page = self.page
        room = max(1, height - 2 - list_height(page, height - 1))
        most = max(0, text_height(page, width, self._display.glyphs) - room)
        self._top = max(0, min(most, self._top + direction * (rows or max(1, room - 2))))
        self.notice = ""
        self.redraw()

    def on_resize(self, _event: events.Resize) -> None:
        """Redraw at the new size."""
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Choose the text under the mouse."""
        if event.y < self.list_rows:
            self.choose_at(event.y)

    @property
    def list_rows(self) -> int:
        """Number of rows of the list."""
        return list_height(self.page, self.size.height - 1)

    def choose_at(self, y: int) -> None:
        """Choose the text in a row of the list."""
        page = self.page
        self.choose(len(page.texts) - 1 - (list_first(page, self.size.height - 1) + y))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll what is under the mouse up."""
        self._wheel(event.y, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll what is under the mouse down."""
        self._wheel(event.y, 1)

    def _wheel(self, y: int, direction: int) -> None:
        if y < self.list_rows:
            self.move(direction)
        else:
            self.scroll_by(direction, 2)


class SamplesScreen(DiffingScreen):
    """A page: the list of texts, the chosen one, and the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,S", "close", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
        Binding("pagedown,space", "scroll(1)", show=False),
        Binding("pageup,b", "scroll(-1)", show=False),
        Binding("c", "compare", show=False),
        Binding("y", "copy", show=False),
        Binding("w", "write", show=False),
    ]
    AUTO_FOCUS = ""
    app: Dashboard

    def __init__(self, state: RunState, display: Display) -> None:
        super().__init__()
        self._state = state
        self.head = PageHead("generated so far")
        self.text = PastTextView(state, display)

    def compose(self) -> ComposeResult:
        """Yield the title and the texts."""
        yield self.head
        yield self.text

    def action_move(self, older: int) -> None:
        """Choose an older text, or a newer one."""
        self.text.move(older)

    def action_scroll(self, direction: int) -> None:
        """Scroll the text by a screenful."""
        self.text.scroll_by(direction)

    def action_compare(self) -> None:
        """Start or end a comparison."""
        self.text.compare()

    def action_copy(self) -> None:
        """Copy the chosen text to the terminal's clipboard (OSC 52)."""
        self.app.copy_to_clipboard(plain_text(self.text.chosen))
        self._say("sent to the terminal's clipboard (if it allows that)")

    def action_write(self) -> None:
        """Write the chosen text to a new file in the current directory."""
        welcome = self._state.welcome
        name = (welcome.run if welcome else "") or self._state.recipe.name
        try:
            path = write_text(self.text.chosen, name, Path.cwd())
        except OSError as error:
            self._say(f"cannot write: {error.strerror or error}")
            return
        self._say(f"wrote {path}")

    def _say(self, text: str) -> None:
        self.text.notice = safe_text(text)
        self.text.redraw()

    def action_close(self) -> None:
        """Return to the dashboard."""
        if self.is_current:
            self.app.pop_screen()

    def follow(self) -> None:
        """Show new texts after a snapshot."""
        self.text.redraw()


def plain_text(past: PastText) -> str:
    """Return prompt and text as generated; several texts are separated by an empty line."""
    return "\n\n".join(past.prompt + text for text in past.texts)


def write_text(past: PastText, run: str, directory: Path) -> Path:
    """Write a text to a new file and return its path. Raises OSError."""
    stem = f"{run or 'text'}-update-{past.step}"
    return write_new(directory, stem, ".txt", plain_text(past) + "\n")
