"""The help page: every key, and how to read the screen."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

from rnntui.tui.commands import COMMANDS, GROUPS, Command, shown_key
from rnntui.tui.draw import Rows, exactly
from rnntui.tui.draw.rows import row_width
from rnntui.tui.state import Display

READING = (
    ("train", "the loss: how surprised the network is by what really comes next, on average"),
    ("validation", "the same on a part of the source that it is not trained on"),
    ("bits per character", "the loss in bits: to store the text with this network takes as many"),
    ("perplexity", "as if it had to guess among so many that are equally likely"),
    ("gradient norm", "how strongly the last update pulled, before clipping"),
    ("to beat", "what counting gives: an n-gram knows what follows the last n - 1"),
    ("steps", "the last update's text: what went in, what came next, what was predicted"),
    ("p(true)", "the probability that the network gave to what really came next"),
    ("writing", "what the network makes up now, each character with the weights of that moment"),
)
READING_VALUES = (
    ("train", "the loss: half the square of what the predictions are off, on average"),
    ("validation", "the same on a part of the series that it is not trained on"),
    ("gradient norm", "how strongly the last update pulled, before clipping"),
    ("to beat", "the loss of saying that the next value is the last one"),
    ("steps", "the last update: the values that came next, and what was predicted"),
    ("forecast", "the network goes on by itself, each prediction its next input"),
)
TWO_COLUMNS = 110  # cells


def help_rows(
    available: Callable[[Command], bool], display: Display, width: int, values: bool = False
) -> Rows:
    """Every command by group, and how to read the screen; what cannot be done now is muted."""
    rows: Rows = []
    for group in GROUPS:
        rows.append([(f" {group}", "strong")])
        for first, second, text in help_lines(group):
            on = available(first) or (second is not None and available(second))
            names = _key_names(first, display.glyphs)
            names += _key_names(second, display.glyphs) if second else []
            roles = ("accent", "") if on else ("muted", "muted")
            rows.append([(f"   {' '.join(names):<10} ", roles[0]), (text, roles[1])])
        rows.append([])
    rows.pop()
    reading = READING_VALUES if values else READING
    if width < TWO_COLUMNS:
        return [*rows, [], *reading_rows(reading, width)]
    left = max(row_width(row) for row in rows) + 4
    return beside(rows, reading_rows(reading, width - left - 1), left)


def help_lines(group: str) -> Iterator[tuple[Command, Command | None, str]]:
    """The lines of a group: a command, the one that shares its line, and what they do."""
    commands = iter([command for command in COMMANDS if command.group == group])
    for command in commands:
        yield command, next(commands) if command.pair else None, command.pair or command.help


def reading_rows(reading: tuple[tuple[str, str], ...], width: int) -> Rows:
    """What the parts of the screen mean."""
    rows: Rows = [[(" reading the screen", "strong")]]
    for name, meaning in reading:
        rows.append([(f"   {name}", "accent")])
        rows += [[(f"   {line}", "")] for line in textwrap.wrap(meaning, max(20, width - 4))]
    return rows


def beside(left: Rows, right: Rows, width: int) -> Rows:
    """Two columns, the left one `width` cells wide."""
    height = max(len(left), len(right))
    rows = [*left, *[[]] * (height - len(left))]
    others = [*right, *[[]] * (height - len(right))]
    return [[*exactly(row, width), *other] for row, other in zip(rows, others, strict=True)]


def _key_names(command: Command, glyphs: str) -> list[str]:
    extra = {"slash": "/", "f1": "f1", "ctrl+g": "ctrl+g", "colon": ":", "plus": "+"}
    return [shown_key(command, glyphs), *(extra[k] for k in command.keys[1:] if k in extra)]
