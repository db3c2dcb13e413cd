"""The row of keys at the bottom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events

from rnntui.tui.commands import BY_NAME, COMMANDS, shown_key
from rnntui.tui.draw import Row, Rows, block
from rnntui.tui.widgets.panel import Panel

if TYPE_CHECKING:
    from rnntui.tui.app import Dashboard

GAP = 2  # cells between entries


@dataclass(frozen=True)
class Entry:
    """One entry of the footer: keys with the commands they call, and a word."""

    keys: tuple[tuple[str, str], ...]  # (shown key, name of the command)
    word: str

    @property
    def width(self) -> int:
        """Cells it takes."""
        return sum(len(key) + 1 for key, _ in self.keys) + len(self.word)


def footer_entries(app: Dashboard, width: int, glyphs: str) -> list[Entry]:
    """The entries that fit, the most important ones kept, in the table's order."""
    commands = [
        command
        for command in COMMANDS
        if command.available(app) and (command.in_prompt or not app.prompting)
    ]
    entries: list[tuple[int, int, Entry]] = []
    for command in commands:
        shown = command.prompt_key if app.prompting and command.prompt_key else ""
        key = (shown or shown_key(command, glyphs), command.name)
        word = command.footer_word(app)
        if entries and entries[-1][2].word == word:
            rank, order, entry = entries[-1]
            entries[-1] = (rank, order, Entry((*entry.keys, key), word))
        else:
            entries.append((command.rank, len(entries), Entry((key,), word)))
    kept: list[tuple[int, Entry]] = []
    left = width - 1 + GAP  # a space before the first entry, no gap after the last one
    for _rank, order, entry in sorted(entries, key=lambda item: item[:2]):
        taken = entry.width + GAP
        if taken <= left:
            kept.append((order, entry))
            left -= taken
    return [entry for _, entry in sorted(kept, key=lambda item: item[0])]


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
