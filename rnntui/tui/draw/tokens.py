"""The time steps: input, true and predicted tokens under each other, with p(true)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rnntui.numbers import Number, count, finite, percent
from rnntui.protocol.messages import TokenSteps
from rnntui.text import cell_width, pad
from rnntui.tui.draw.frame import title_row
from rnntui.tui.draw.rows import NO_STEPS, Glyphs, Row, Rows, Run, block, for_glyphs, merged

_BAND = 6  # rows of a band of streams, with the title or an empty row above it
_BETWEEN = 3  # cells between two streams
_LEAST_STREAM = 12  # cells of a stream that is cut
WIDEST = 14  # maximum cells of a token; longer ones are cut
_BARS = {"braille": "▁▂▃▄▅▆▇█", "blocks": "▁▂▃▄▅▆▇█", "ascii": "0123456789"}
# Rows by importance, and by position.
_WORTH = ("true", "predicted", "title", "p(true)", "wrong", "input")
_ORDER = ("title", "input", "true", "predicted", "wrong", "p(true)")
_BRIEF = {"input": "in", "true": "true", "predicted": "pred", "wrong": "", "p(true)": "p"}


class _Column(NamedTuple):
    """A time step: its number, three tokens and p(true), its width and the gap after it."""

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
    selected: int | None = None,
    hint: str = NO_STEPS,
    streams: Sequence[TokenSteps] = (),
) -> Rows:
    """Draw up to six rows: title, input, true, predicted, wrong, p(true), by importance.

    If not all time steps fit, the newest are shown. Tokens must already be safe to show. The column
    of the time step `selected` (0 is the oldest) gets roles that end in "!". Further `streams` of
    the update fill the width beside the first one, then as many bands below as fit.
    """
    worth = _WORTH if title else tuple(name for name in _WORTH if name != "title")
    names = [name for name in _ORDER if name in worth[: max(0, height)]]
    if steps is None or not steps.true:
        rows = [_title((), width, glyphs)] if title and height >= 3 else []
        return block([*rows, [(f" {hint}", "muted")]], width, height, glyphs)
    bands = _bands((steps, *streams), width, _band_count(height), glyphs, unit)
    rows = []
    if "title" in names:
        rows.append(_title((steps, *streams)[: sum(map(len, bands))], width, glyphs))
    for number, band in enumerate(bands):
        if number:
            rows.append([])
        rows += [
            merged([(_label(name, width), "muted"), *_band(band, name, glyphs, selected)])
            for name in names
            if name != "title"
        ]
        selected = None  # it is of the first stream
    return block(rows, width, height, glyphs)


def strip_height(streams: int, length: int, width: int) -> int:
    """Return the rows of a title and of so many streams of `length` narrow tokens."""
    free = width - cell_width(_label("true", width)) + _BETWEEN
    beside = max(1, free // max(1, length + _BETWEEN))
    return 1 + _BAND * -(-streams // beside) - 1


def room_for(
    steps: TokenSteps, width: int, height: int, glyphs: Glyphs = "braille", unit: str = "character"
) -> int:
    """Return how many streams that are as long as this one there is room for, from 1."""
    most = 1 + width // _LEAST_STREAM
    bands = _bands((steps,) * most, width, 1, glyphs, unit)
    return len(bands[0]) * _band_count(height)


def _band_count(height: int) -> int:
    return max(1, height // _BAND)


def _bands(
    streams: Sequence[TokenSteps], width: int, most: int, glyphs: Glyphs, unit: str
) -> list[list[list[_Column]]]:
    """Return streams beside each other, in up to `most` bands; the last of a band may be cut."""
    whole = free = width - cell_width(_label("true", width))
    bands: list[list[list[_Column]]] = [[]]
    for stream in streams:
        if bands[-1] and free < _LEAST_STREAM:
            if len(bands) == most:
                break
            bands.append([])
            free = whole
        columns = _columns(stream, free, glyphs, unit)
        bands[-1].append(columns)
        free -= sum(column.width + column.gap for column in columns) + _BETWEEN
    return bands


def _band(band: list[list[_Column]], name: str, glyphs: Glyphs, selected: int | None) -> Row:
    """Return a row of a band of streams, with a line between them."""
    row = _cells(band[0], name, glyphs, selected)
    line = "|" if glyphs == "ascii" else "│"
    for columns in band[1:]:
        row += [(f" {line} ", "muted"), *_cells(columns, name, glyphs, None)]
    return row


def token_at(
    steps: TokenSteps,
    width: int,
    x: int,
    glyphs: Glyphs = "braille",
    unit: str = "character",
) -> int | None:
    """Return the time step drawn at cell `x` of a strip of that width, or None."""
    start = cell_width(_label("true", width))
    for column in _columns(steps, width - start, glyphs, unit):
        if start <= x < start + column.width:
            return column.number
        start += column.width + column.gap
    return None


def _columns(steps: TokenSteps, free: int, glyphs: Glyphs, unit: str) -> list[_Column]:
    """Return the newest time steps that fit into `free` cells, oldest first."""
    gap = gap_after(unit)
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


def _cells(columns: list[_Column], name: str, glyphs: Glyphs, selected: int | None) -> Row:
    row: Row = []
    for column in columns:
        text, role = _content(column, name, glyphs)
        row.append((text, role + "!" if column.number == selected else role))
        if column.gap:
            row.append((" ", ""))
    return row


def _content(column: _Column, name: str, glyphs: Glyphs) -> Run:
    """Return the content of a row in a column, as wide as the column."""
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


def gap_after(unit: str) -> int:
    """Return the free cells after each token: words would otherwise run together."""
    return 1 if unit == "word" else 0


def visible(token: str, glyphs: Glyphs = "braille") -> str:
    """Return a token to show alone, with a space made visible."""
    return token if token.strip() else "_" if glyphs == "ascii" else "␣"


def level(probability: Number) -> str:
    """Return the role of a probability: one of five levels, so that neighbours often share one."""
    return f"p{_part(probability, 5)}" if finite(probability) else "warning"


def bar(probability: Number, glyphs: Glyphs = "braille") -> str:
    """Return a probability in one cell: a bar, or a digit in ASCII; "?" if it is not finite."""
    bars = _BARS[glyphs]
    if not finite(probability):
        return "?"
    return bars[_part(probability, len(bars))]


def _part(probability: float, parts: int) -> int:
    """Return the index of the part of [0, 1], divided into equal parts, with a probability."""
    return min(parts - 1, int(max(0.0, min(1.0, probability)) * parts))


def _label(name: str, width: int) -> str:
    if width >= 60:
        return f" {name:<10} "
    return f" {_BRIEF[name]:<4} " if width >= 20 else ""


def _title(streams: Sequence[TokenSteps], width: int, glyphs: Glyphs) -> Row:
    bars = _BARS[glyphs]
    legend = [
        ("^", "warning", "wrong"),
        (bars[0] + bars[len(bars) // 2] + bars[-1], "p4", "p(true) from 0 to 1"),
    ]
    if not streams:
        return title_row("time steps", "", legend, width, glyphs)
    steps = streams[0]
    right = sum(sum(map(str.__eq__, one.true, one.predicted)) for one in streams)
    total = sum(len(one.true) for one in streams)
    share = percent(right / total)
    dot = "-" if glyphs == "ascii" else "·"
    of = f"{right} of {total} correct {dot} {share}"
    of += f" {dot} {len(streams)} streams" if len(streams) > 1 else ""
    updates = of_updates(steps.first, steps.step)
    return title_row("time steps", f"{updates} {dot} {of}", legend, width, glyphs)


def of_updates(first: int, last: int) -> str:
    """Describe which update time steps are of; `first`: of several, or 0."""
    if first:
        return f"of updates {count(first)} to {count(last)}"
    return f"of update {count(last)}"
