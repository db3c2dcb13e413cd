"""The help page: all keys, and how to read the screen."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

from rnntui.tui.command import Command, Group, shown_key
from rnntui.tui.display import Display
from rnntui.tui.draw.keys import printed
from rnntui.tui.draw.rows import Glyphs, Rows, exactly, row_width
from rnntui.tui.keymap import key_sign

READING = (
    ("train", "the loss: how surprised the network is by the true next character, on average"),
    ("validation", "the loss on the part of the source that is held out from training"),
    ("bits", "bits per character needed to compress the text with this network"),
    ("perplexity", "like choosing among this many equally likely characters"),
    ("gradient norm", "norm of the last gradient, before clipping"),
    ("baseline", "predicts from counts of n-character sequences"),
    ("time steps", "the last update's text: input, true next character, predicted character"),
    ("p(true)", "the probability that the network gave to the true next character"),
    ("generated text", "text from the network, each character with the weights at that moment"),
)
READING_VALUES = (
    ("train", "the loss: half the squared error of the predictions, on average"),
    ("validation", "the loss on the part of the series that is held out from training"),
    ("gradient norm", "norm of the last gradient, before clipping"),
    ("baseline", "the loss of predicting that the last value repeats"),
    ("time steps", "the last update: the true next values, and the predicted ones"),
    ("forecast", "the network continues by itself: each prediction is its next input"),
)
WITH_DROPOUT = (
    "; it may lie below train, as dropout switches units off in training but not in validation"
)
TWO_COLUMNS = 110  # cells
_KEYS, _READING = 14, 36  # cells of the keys of a command, and at least of the second column


def help_rows(
    available: Callable[[Command], bool],
    display: Display,
    width: int,
    groups: tuple[Group, ...],
    values: bool = False,
    dropout: bool = False,
) -> Rows:
    """Return a view's commands by group, and how to read the screen; unavailable ones are muted."""
    rows: Rows = []
    beside_it = width >= TWO_COLUMNS
    free = width - (_READING + 4 if beside_it else 0)
    for group in groups:
        rows.append([(f" {group.title}", "strong")])
        rows += command_rows(group, available, display, free)
        rows.append([])
    rows.pop()
    reading = _reading(values, dropout)
    if not beside_it:
        return [*rows, [], *reading_rows(reading, width)]
    left = max(row_width(row) for row in rows) + 4
    return beside(rows, reading_rows(reading, width - left - 1), left)


def command_rows(
    group: Group, available: Callable[[Command], bool], display: Display, width: int
) -> Rows:
    """Return the keys of a group and what they do, in rows of up to `width` cells."""
    rows: Rows = []
    for first, second, text in help_lines(group):
        on = available(first) or (second is not None and available(second))
        names = _key_names(first, display.glyphs)
        names += _key_names(second, display.glyphs) if second else []
        roles = ("accent", "") if on else ("muted", "muted")
        shown, *more = textwrap.wrap(text, max(20, width - _KEYS - 1))
        rows.append([(f"   {' '.join(names):<10} ", roles[0]), (shown, roles[1])])
        rows += [[(" " * _KEYS + line, roles[1])] for line in more]
    return rows


def _reading(values: bool, dropout: bool) -> tuple[tuple[str, str], ...]:
    """Return what the parts of the screen mean in this run."""
    reading = READING_VALUES if values else READING
    more = {"validation": WITH_DROPOUT} if dropout else {}
    return tuple((name, meaning + more.get(name, "")) for name, meaning in reading)


def help_lines(group: Group) -> Iterator[tuple[Command, Command | None, str]]:
    """Yield the lines of a group: a command, the one that shares its line, and their help."""
    commands = iter(group.commands)
    for command in commands:
        yield command, next(commands) if command.pair else None, command.pair or command.help


def reading_rows(reading: tuple[tuple[str, str], ...], width: int) -> Rows:
    """Return what the parts of the screen mean."""
    rows: Rows = [[(" reading the screen", "strong")]]
    for name, meaning in reading:
        rows.append([(f"   {name}", "accent")])
        rows += [[(f"   {line}", "")] for line in textwrap.wrap(meaning, max(20, width - 4))]
    return rows


def beside(left: Rows, right: Rows, width: int) -> Rows:
    """Return two columns of rows, the left one `width` cells wide."""
    height = max(len(left), len(right))
    rows = [*left, *[[]] * (height - len(left))]
    others = [*right, *[[]] * (height - len(right))]
    return [[*exactly(row, width), *other] for row, other in zip(rows, others, strict=True)]


def _key_names(command: Command, glyphs: Glyphs) -> list[str]:
    others = (printed(key_sign(key), glyphs) for key in command.keys[1:])
    return [shown_key(command, glyphs), *others]
