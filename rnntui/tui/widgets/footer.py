"""The row of keys at the bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

from rnntui.tui.command import Command
from rnntui.tui.draw.rows import Rows, block
from rnntui.tui.key_entries import footer_entries, footer_row, footer_spots
from rnntui.tui.widgets.panel import Panel

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard


class Footer(Panel):
    """Keys with a word each, as many as fit; posts `Clicked` for a click on one."""

    app: Dashboard
    _spots: list[tuple[int, int, Command]] = []  # noqa: RUF012 - replaced, never changed

    class Clicked(Message):
        """A command of the footer was clicked."""

        def __init__(self, command: Command) -> None:
            super().__init__()
            self.command = command

    def shows(self) -> object:
        """Return the available commands and the words for them."""
        app = self.app
        available = [(c.name, c.footer_word(app)) for c in app.available_commands]
        return (app.prompting, available, self.options.glyphs)

    def draw(self, width: int, height: int) -> Rows:
        """Draw one row of entries."""
        entries = footer_entries(self.app, width, self.options.glyphs)
        self._spots = footer_spots(entries)
        return block([footer_row(entries)], width, height)

    def places(self) -> list[tuple[int, Command]]:
        """Return the first cell of each key, and its command."""
        return [(first, command) for first, _, command in self._spots]

    def on_click(self, event: events.Click) -> None:
        """Report the command under the mouse."""
        for first, end, command in self._spots:
            if first <= event.x < end:
                self.post_message(self.Clicked(command))
