"""The row of keys at the bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events

from rnntui.tui.commands import BY_NAME, COMMANDS, GAP, footer_entries
from rnntui.tui.draw import Row, Rows, block
from rnntui.tui.widgets.panel import Panel

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard


class Footer(Panel):
    """Keys with a word each, as many as fit; a click on one is the key."""

    app: Dashboard

    def shows(self) -> object:
        """Which commands can be carried out, and the words for them."""
        app = self.app
        available = [(c.name, c.footer_word(app)) for c in COMMANDS if c.available(app)]
        return (app.prompting, available, self.options.glyphs)

    def draw(self, width: int, height: int) -> Rows:
        """One row of entries."""
        self._spots: list[tuple[int, int, str]] = []  # first cell, end, command
        row: Row = [(" ", "")]
        x = 1
        for entry in footer_entries(self.app, width, self.options.glyphs):
            for key, name in entry.keys:
                row += [(key, "strong"), (" ", "")]
                self._spots.append((x, x + len(key) + 1, name))
                x += len(key) + 1
            first, _, name = self._spots.pop()
            x += len(entry.word)
            self._spots.append((first, x, name))
            row += [(entry.word, "muted"), (" " * GAP, "")]
            x += GAP
        return block([row[:-1]], width, height)

    def on_click(self, event: events.Click) -> None:
        """Do what stands under the mouse."""
        for first, end, name in self._spots:
            if first <= event.x < end:
                self.app.run_command(BY_NAME[name])
