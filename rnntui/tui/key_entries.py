"""The entries of the footer: which keys it shows, and their words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, cast

from rnntui.charset import Glyphs
from rnntui.dataclass import dataclass
from rnntui.tui.command import Command, shown_key
from rnntui.tui.draw.rows import Row

GAP = 2  # cells between entries


@dataclass(frozen=True)
class Entry:
    """An entry of the footer: keys with the commands they run, and a word."""

    keys: tuple[tuple[str, Command], ...]  # (shown key, its command)
    word: str

    @property
    def width(self) -> int:
        """Width in cells."""
        return sum(len(key) + 1 for key, _ in self.keys) + len(self.word)


class Offering(Protocol):
    """What has commands: the dashboard, or what stands for it before it is there."""

    @property
    def prompting(self) -> bool:
        """Whether the prompt has the focus."""
        ...

    @property
    def available_commands(self) -> list[Command]:
        """The commands that can be run now."""
        ...


def footer_entries(app: Offering, width: int, glyphs: Glyphs) -> list[Entry]:
    """Return the most important entries that fit, in the order of the command table."""
    prompting = app.prompting
    commands = [c for c in app.available_commands if c.in_prompt or not prompting]
    entries: list[tuple[int, int, Entry]] = []
    for command in commands:
        shown = command.prompt_key if prompting else ""
        key = (shown or shown_key(command, glyphs), command)
        if not key[0]:
            continue
        word = command.footer_word(cast(Any, app))
        if not word:
            continue
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


def footer_row(entries: Iterable[Entry]) -> Row:
    """Return the row of these entries."""
    row: Row = [(" ", "")]
    for entry in entries:
        for n, (key, _) in enumerate(entry.keys):
            row += [(key, "strong"), (" ", "")]
            if n + 1 == len(entry.keys):
                row.append((entry.word, "muted"))
        row.append((" " * GAP, ""))
    return row[:-1]


def footer_spots(entries: Iterable[Entry]) -> list[tuple[int, int, Command]]:
    """Return the first cell, the end and the command of each key; the last one has the word."""
    spots: list[tuple[int, int, Command]] = []
    x = 1
    for entry in entries:
        for key, command in entry.keys:
            spots.append((x, x + len(key) + 1, command))
            x += len(key) + 1
        first, _, command = spots.pop()
        x += len(entry.word)
        spots.append((first, x, command))
        x += GAP
    return spots
