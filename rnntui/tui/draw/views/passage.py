"""A passage of tokens: which of them are shown, and rows of things under each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rnntui.protocol.insight import Passage
from rnntui.text import ELLIPSIS, NEWLINE, TAB, cell_width
from rnntui.tui.draw.rows import Glyphs, Row, Run, for_glyphs, merged
from rnntui.tui.draw.targets import Target
from rnntui.tui.draw.tokens import WIDEST, gap_after

LABEL = 10  # cells left of a passage, for the names of its rows
ASCII_NEWLINE = "/ is a newline."
_WIDEST_VALUE = 4  # cells of a position whose value is drawn
_NAMES = {" ": "space", NEWLINE: "newline", TAB: "tab"}
_PARTNERS = {")": "(", "]": "[", "}": "{"}


class Columns(NamedTuple):
    """The cells of each position of a passage, and the gap after each."""

    widths: Sequence[int]
    gap: int

    def cells(self, positions: range) -> int:
        """Return the number of cells that these positions take."""
        return sum(self.widths[n] + self.gap for n in positions) - self.gap * bool(positions)


def source_of(passage: Passage) -> str:
    """Say where a passage is from."""
    return {"held-out": "held-out data", "training": "training data", "prompt": "generated text"}[
        passage.source
    ]


def columns(lists: Sequence[Sequence[str]], unit: str, most: int) -> Columns:
    """Return columns wide enough for the tokens of all lists, at most `most` cells each."""
    most = max(1, min(WIDEST, most))
    length = min(map(len, lists), default=0)
    widths = [
        max(1, min(most, max(cell_width(tokens[n]) for tokens in lists))) for n in range(length)
    ]
    return Columns(widths, gap_after(unit))


def value_columns(number: int, width: int) -> Columns:
    """Return columns for so many rows of values; they fill the width if there are enough."""
    total = max(number, min(width, _WIDEST_VALUE * number))
    ends = [n * total // max(1, number) for n in range(number + 1)]
    return Columns([ends[n + 1] - ends[n] for n in range(number)], 0)


def spelled_token(token: str, glyphs: Glyphs) -> str:
    """Return a token as it is shown; in ASCII a newline is / to keep columns one cell wide."""
    return "/" if token == NEWLINE and glyphs == "ascii" else for_glyphs(token, glyphs)


def spelled_tokens(tokens: Sequence[str], glyphs: Glyphs) -> list[str]:
    """Return tokens as they are shown."""
    return [spelled_token(token, glyphs) for token in tokens]


def shown_lines(
    shape: Columns, at: int, width: int, lines: int, before: float = 0.5
) -> list[range]:
    """Return the positions of up to `lines` rows of `width` cells, the position `at` included.

    If not all fit, the window moves in steps of half a row, so that it rarely moves; `before` is
    the part of it that is wanted for what is before `at`.
    """
    count = len(shape.widths)
    if not count or lines < 1:
        return []
    at = max(0, min(at, count - 1))
    last = _last_start(shape, width, lines)
    room = width * lines
    wish = shape.cells(range(at)) - before * room
    jump = max(1, width // 2)
    start = _position(shape, round(wish / jump) * jump)
    start = max(0, min(start, last, at))
    found = _filled(shape, start, width, lines)
    while at >= found[-1].stop:
        start += 1
        found = _filled(shape, start, width, lines)
    return found


def _position(shape: Columns, cells: float) -> int:
    """Return the first position that starts at or after a cell."""
    start = 0
    for n, width in enumerate(shape.widths):
        if start >= cells:
            return n
        start += width + shape.gap
    return len(shape.widths)


def _filled(shape: Columns, start: int, width: int, lines: int) -> list[range]:
    """Fill rows with positions from `start`; each row has at least one."""
    found: list[range] = []
    count = len(shape.widths)
    while start < count and len(found) < lines:
        stop, used = start + 1, shape.widths[start]
        while stop < count and used + shape.gap + shape.widths[stop] <= width:
            used += shape.gap + shape.widths[stop]
            stop += 1
        found.append(range(start, stop))
        start = stop
    return found


def _last_start(shape: Columns, width: int, lines: int) -> int:
    """Return the first position from which all others fit."""
    start = len(shape.widths)
    for _ in range(lines):
        used = 0
        while start > 0 and (not used or used + shape.widths[start - 1] <= width):
            used += shape.widths[start - 1] + shape.gap
            start -= 1
    return start


def lines_needed(shape: Columns, width: int) -> int:
    """Return how many rows the passage takes, without a row for a small remainder."""
    total = shape.cells(range(len(shape.widths)))
    return max(1, round(total / max(1, width)))


def passage_row(
    shape: Columns,
    line: range,
    cell: Callable[[int], Run],
    selected: int,
    targets: bool = False,
) -> Row:
    """Return one cell text per position of a line; the one selected gets a role that ends in "!".

    `cell` returns a text of exactly the width of the position's column. With `targets`, roles name
    the positions.
    """
    runs: Row = []
    for n in line:
        text, role = cell(n)
        role = f"{role}!" if n == selected else role
        runs.append((text, Target("position", n).role if targets else role))
        if shape.gap and n + 1 < line.stop:
            runs.append((" " * shape.gap, ""))
    return merged(runs)


def pointer_row(
    shape: Columns,
    line: range,
    selected: int,
    captions: Sequence[str],
    width: int,
    glyphs: Glyphs,
) -> Row:
    """Return an arrow up to the selected position, and the first caption that fits beside it."""
    if selected not in line:
        return []
    x = shape.cells(range(line.start, selected)) + (shape.gap if selected > line.start else 0)
    arrow = "^" if glyphs == "ascii" else "▲"
    for caption in captions:
        size = cell_width(caption) + 1
        if x + 1 + size <= width:
            return merged([(" " * x, ""), (arrow, "mark"), (f" {caption}", "muted")])
        if size <= x:
            return merged([(" " * (x - size), ""), (f"{caption} ", "muted"), (arrow, "mark")])
    return [(" " * x, ""), (arrow, "mark")] if x else [(arrow, "mark")]


def token_name(token: str, glyphs: Glyphs) -> str:
    """Return a token as it is named in a table: "space", "newline", "a", "the"."""
    return _NAMES.get(token) or spelled_token(token.strip() or token, glyphs)


def token_in_words(token: str, glyphs: Glyphs) -> str:
    """Return a token as it is named in a sentence: a word is in quotation marks."""
    name = token_name(token, glyphs)
    return name if token in _NAMES or len(name) < 2 else f'"{name}"'


def text_before(tokens: Sequence[str], at: int, unit: str, glyphs: Glyphs, most: int = 24) -> str:
    """Return the end of the text before a position, in quotation marks: "…you a↵rope,"."""
    text = last_tokens(tokens, at, unit, glyphs, most).lstrip()
    return f'"{text}"' if text else "the start of the passage"


def last_tokens(tokens: Sequence[str], stop: int, unit: str, glyphs: Glyphs, most: int) -> str:
    """Return the end of the text before position `stop`, an ellipsis before it if it is cut."""
    text, n = "", min(stop, len(tokens))
    while n > 0:
        # Words may have a space of their own.
        between = " " * gap_after(unit) if text and not text.startswith(" ") else ""
        longer = spelled_token(tokens[n - 1], glyphs) + between + text
        if cell_width(longer) > most - 1:
            return ("~" if glyphs == "ascii" else ELLIPSIS) + text
        text, n = longer, n - 1
    return text


def partner(tokens: Sequence[str], at: int) -> int | None:
    """Return the position of the bracket that the bracket at a position closes, or None."""
    closing = tokens[at] if 0 <= at < len(tokens) else ""
    if closing not in _PARTNERS:
        return None
    depth = 0
    for n in range(at - 1, -1, -1):
        if tokens[n] in _PARTNERS:
            depth += 1
        elif tokens[n] in _PARTNERS.values():
            if depth == 0:
                return n if tokens[n] == _PARTNERS[closing] else None
            depth -= 1
    return None
