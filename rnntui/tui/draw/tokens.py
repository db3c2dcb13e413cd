"""The strip of steps: input, true and predicted tokens under each other, with p(true)."""

from __future__ import annotations

from typing import NamedTuple

from rnntui.engine.protocol import TokenSteps
from rnntui.text import cell_width, pad
from rnntui.tui.draw.frame import title_row
from rnntui.tui.draw.numbers import Number, count, finite, percent
from rnntui.tui.draw.rows import Glyphs, Row, Rows, Run, block, for_glyphs, merged

WIDEST = 14  # cells a token may take; more is cut
_BARS = {"braille": "▁▂▃▄▅▆▇█", "blocks": "▁▂▃▄▅▆▇█", "ascii": "0123456789"}
# Rows in the order in which they are worth having, and the order in which they stand.
_WORTH = ("true", "predicted", "title", "p(true)", "wrong", "input")
_ORDER = ("title", "input", "true", "predicted", "wrong", "p(true)")
_BRIEF = {"input": "in", "true": "true", "predicted": "pred", "wrong": "", "p(true)": "p"}


class _Column(NamedTuple):
    """One step: its number, its three tokens, p(true), its cells and those of the gap after it."""

    number: int
    input: str
    true: str
    predicted: str
    probability: Number
    width: int
    gap: int

    @property
    def wrong(self) -> bool:
        return self.true != self.predicted


def token_strip(
    steps: TokenSteps | None,
    width: int,
    height: int,
    glyphs: Glyphs = "braille",
    title: bool = True,
    unit: str = "character",
    chosen: int | None = None,
) -> Rows:
    """Title, input, true, predicted, wrong, p(true): six rows. Fewer drop the least needed.

    Where not all steps fit, the newest are shown. Tokens are made safe before they come here. The
    column of the step `chosen` (0 is the oldest) gets roles that end in "!".
    """
    worth = _WORTH if title else tuple(name for name in _WORTH if name != "title")
    names = [name for name in _ORDER if name in worth[: max(0, height)]]
    if steps is None or not steps.true:
        rows = [_title(None, width, glyphs)] if title and height >= 3 else []
        return block([*rows, [(" steps show while it trains", "muted")]], width, height, glyphs)
    columns = _columns(steps, width, glyphs, unit)
    rows = []
    for name in names:
        if name == "title":
            rows.append(_title(steps, width, glyphs))
            continue
        head: Row = [(_label(name, width), "muted")]
        rows.append(merged(head + _cells(columns, name, glyphs, chosen)))
    return block(rows, width, height, glyphs)


def token_at(
    steps: TokenSteps,
    width: int,
    x: int,
    glyphs: Glyphs = "braille",
    unit: str = "character",
) -> int | None:
    """The step whose column is drawn at cell `x` of a strip of that width, or None."""
    start = cell_width(_label("true", width))
    for column in _columns(steps, width, glyphs, unit):
        if start <= x < start + column.width:
            return column.number
        start += column.width + column.gap
    return None


def _columns(steps: TokenSteps, width: int, glyphs: Glyphs, unit: str) -> list[_Column]:
    """The newest steps that fit, the oldest first."""
    gap = 1 if unit == "word" else 0
    free = width - cell_width(_label("true", width))
    columns: list[_Column] = []
    length = min(len(steps.input), len(steps.true), len(steps.predicted))
    first = len(steps.true) - length
    for back in range(1, length + 1):
        tokens = (steps.input[-back], steps.true[-back], steps.predicted[-back])
        if glyphs == "ascii":
            input_, true, predicted = (for_glyphs(token, glyphs) for token in tokens)
            tokens = (input_, true, predicted)
        taken = max(map(cell_width, tokens))
        taken = taken if 1 <= taken <= WIDEST else max(1, min(taken, WIDEST))
        free -= taken
        if free < 0:
            break
        free -= gap
        known = back <= len(steps.probability)
        probability = steps.probability[-back] if known else None
        columns.append(_Column(first + length - back, *tokens, probability, taken, gap))
    return columns[::-1]


def _cells(columns: list[_Column], name: str, glyphs: Glyphs, chosen: int | None) -> Row:
    row: Row = []
    for column in columns:
        text, role = _content(column, name, glyphs)
        row.append((text, role + "!" if column.number == chosen else role))
        if column.gap:
            row.append((" ", ""))
    return row


def _content(column: _Column, name: str, glyphs: Glyphs) -> Run:
    """What a row says in a column, as wide as the column."""
    width = column.width
    if name == "p(true)":
        return bar(column.probability, glyphs) * width, level(column.probability)
    if name == "wrong":
        return ("^" * width, "warning") if column.wrong else (" " * width, "")
    if name == "input":
        return pad(column.input, width), "muted"
    if name == "true":
        return pad(column.true, width), level(column.probability)
    if not column.wrong:
        return pad(column.predicted, width), ""
    return pad(visible(column.predicted, glyphs), width), "wrong"


def visible(token: str, glyphs: Glyphs = "braille") -> str:
    """A token by itself, where a space would look like nothing."""
    return token if token.strip() else "_" if glyphs == "ascii" else "␣"


def level(probability: Number) -> str:
    """The role of a probability: five levels, so that neighbours often share one."""
    return f"p{_part(probability, 5)}" if finite(probability) else "warning"


def bar(probability: Number, glyphs: Glyphs = "braille") -> str:
    """A probability in one cell: a bar, or its tenths in ASCII; "?" for one that is not finite."""
    bars = _BARS[glyphs]
    if not finite(probability):
        return "?"
    return bars[_part(probability, len(bars))]


def _part(probability: float, parts: int) -> int:
    """In which of equal parts of [0, 1] a probability lies."""
    return min(parts - 1, int(max(0.0, min(1.0, probability)) * parts))


def _label(name: str, width: int) -> str:
    if width >= 60:
        return f" {name:<10} "
    return f" {_BRIEF[name]:<4} " if width >= 20 else ""


def _title(steps: TokenSteps | None, width: int, glyphs: Glyphs) -> Row:
    bars = _BARS[glyphs]
    legend = [
        ("^", "warning", "wrong"),
        (bars[0] + bars[len(bars) // 2] + bars[-1], "p4", "p(true) from 0 to 1"),
    ]
    if steps is None:
        return title_row("steps", "", legend, width, glyphs)
    right = sum(map(str.__eq__, steps.true, steps.predicted))
    share = percent(right / len(steps.true))
    dot = "-" if glyphs == "ascii" else "·"
    of = f"{right} of {len(steps.true)} right {dot} {share}"
    return title_row("steps", f"of update {count(steps.step)} {dot} {of}", legend, width, glyphs)
