"""The view of neurons: a unit over the passage, the features units follow, and a heat map."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.numbers import Number, count
from rnntui.protocol.insight import Neurons, Passage
from rnntui.text import pad
from rnntui.tui.draw.axis import LIMIT, linear
from rnntui.tui.draw.canvas import Canvas
from rnntui.tui.draw.frame import LABELS, Layout, sides
from rnntui.tui.draw.rows import Row, Rows, spelled
from rnntui.tui.draw.targets import Target, target_rows
from rnntui.tui.draw.tokens import bar
from rnntui.tui.draw.views.neuron_features import extremes, features, histogram, reading
from rnntui.tui.draw.views.neuron_view import NeuronView, level_cell, signed
from rnntui.tui.draw.views.options import ViewOptions
from rnntui.tui.draw.views.parts import (
    WIDE,
    Part,
    explained,
    halves,
    side_by_side,
    stacked,
    with_room,
)
from rnntui.tui.draw.views.passage import (
    ASCII_NEWLINE,
    Columns,
    last_tokens,
    passage_row,
    shown_lines,
    source_of,
)
from rnntui.tui.draw.views.prose import heading, notice
from rnntui.tui.draw.y_axis import y_axis

_LABEL = LABELS + 1  # cells before the columns of the passage, as wide as the axis of a plot
_RIGHT, _LEFT = 68, 118  # cells: the narrowest right block, and the widest left one
_FEW_LINES, _LINES_FROM = 2, 14  # lines of text while others need room; rows for several
_MOST_CURVE, _TALL_CURVE = 5, 16  # rows of the values
_HINT = "The passage is read as soon as training starts."
_EXPLANATIONS = (
    'r: correlation with the feature, on text the unit was not chosen by. Compare "untrained": the '
    "best unit of random weights.",
    'r: correlation with the feature on other text; compare "untrained" (random weights)',
    'r: correlation with the feature; compare "untrained"',
)


def neurons_rows(
    message: Neurons | None, passage: Passage | None, options: ViewOptions, width: int, height: int
) -> Rows:
    """Draw the view in exactly `height` rows of `width` cells, for tokens or for values.

    Without a message it says when there will be one, or `options.reason`.
    """
    glyphs = options.glyphs
    if message is None or passage is None or not (passage.tokens or passage.rows):
        return notice(options.reason or _HINT, width, height, glyphs)
    view = NeuronView(message, passage, options)
    texts: tuple[str, ...] = _EXPLANATIONS
    if glyphs == "ascii" and passage.tokens:
        texts = tuple(f"{text.removesuffix('.')}. {ASCII_NEWLINE}" for text in texts)
    return explained(lambda rows: _body(view, width, rows), texts, width, height, glyphs)


def _body(view: NeuronView, width: int, height: int) -> Rows:
    if width < WIDE:
        parts = [_text(view, width, height, 1), features(view, width, 2), *_heat(view, width, 3)]
        parts = with_room(parts, [*extremes(view, width, 4), *histogram(view, width, 5)], height)
        return stacked(parts, width, height, view.glyphs)
    left, right = halves(width, min(_LEFT, width - _RIGHT))
    passage = [_text(view, left, height, 1), *_heat(view, left, 2)]
    more = [*extremes(view, right, 2), *histogram(view, right, 3), *reading(view, right, 4)]
    beyond = with_room([features(view, right, 1)], more, height)
    return side_by_side([(left, passage), (right, beyond)], height, view.glyphs)


# ---- the passage ------------------------------------------------------------------------------


def _text(view: NeuronView, width: int, height: int, rank: int) -> Part:
    """Return the passage, coloured by the unit, above a bar for the unit at each position."""
    room = max(1, width - _LABEL - 1)
    shape = view.columns(room)
    if not view.passage.tokens:
        return Part(
            rank,
            4,
            3 + _MOST_CURVE,
            lambda rows: _values(view, shape, width, rows),
            ample=3 + _TALL_CURVE,
        )

    def draw(rows: int) -> Rows:
        drawn = [_title(view, width)]
        for line in shown_lines(shape, view.visible, room, max(1, (rows - 2) // 2)):
            drawn.append(_labelled("text", _token_row(view, shape, line)))
            drawn.append(_levels(view, shape, line))
        return [*drawn, _value_here(view, width)]

    lines = len(shown_lines(shape, 0, room, len(shape.widths)))
    number = min(lines, _FEW_LINES if height >= _LINES_FROM else 1)
    few, whole = 2 + 2 * number, 2 + 2 * lines
    return Part(rank, 4, few, draw, ample=whole)


def _token_row(view: NeuronView, shape: Columns, line: range) -> Row:
    """Return the tokens, each in the role of the unit's value there."""
    return passage_row(
        shape,
        line,
        lambda n: (
            pad(view.text[n], shape.widths[n]),
            level_cell(_at(view.shares, n), view.glyphs, False)[1],
        ),
        view.at,
        view.options.targets,
    )


def _at(shares: Sequence[Number], n: int) -> Number:
    return shares[n] if n < len(shares) else None


def _level_row(
    view: NeuronView, shape: Columns, line: range, shares: Sequence[Number], short: bool = False
) -> Row:
    """Return a bar for the share of each position, as wide as its column; blank if unknown."""

    def cell(n: int) -> tuple[str, str]:
        sign, role = level_cell(_at(shares, n), view.glyphs, short)
        return sign * shape.widths[n], role

    return passage_row(shape, line, cell, view.at, view.options.targets)


def _values(view: NeuronView, shape: Columns, width: int, rows: int) -> Rows:
    """Return the first feature of the passage as a curve above the bars of the unit."""
    line = shown_lines(shape, view.visible, max(1, width - _LABEL - 1), 1)[0]
    curve = _curve(view, shape, line, rows - 3) if rows > 3 else []
    return [_title(view, width), *curve, _levels(view, shape, line), _value_here(view, width)]


def _curve(view: NeuronView, shape: Columns, line: range, rows: int) -> Rows:
    width = max(1, shape.cells(line))
    canvas = Canvas(width, rows, view.glyphs)
    values = [(view.passage.rows[n] or (None,))[0] for n in line]
    known = [v for v in values if v is not None and -LIMIT < v < LIMIT] or [0.0]
    axis = y_axis(linear(min(known), max(known)), canvas)
    places = [(shape.cells(range(line.start, n)) + shape.widths[n] / 2) / width for n in line]
    points = [
        None if y is None else (x, y)
        for x, y in zip(places, axis.scale.shares(values), strict=True)
    ]
    if view.at in line:
        column = canvas.column(places[view.at - line.start])
        for row in range(rows):
            canvas.put(column, row, "|" if view.glyphs == "ascii" else "┊", "mark")
    canvas.line(points, "strong")
    return sides(canvas, Layout(False, rows, 0, _LABEL, canvas.width, 0), axis.labels, {})


def _title(view: NeuronView, width: int) -> Row:
    neurons, passage = view.neurons, view.passage
    layer = f", layer {neurons.layer + 1} of {passage.layers}" if passage.layers > 1 else ""
    unit = f"unit {neurons.unit} of {passage.units}{layer}"
    details = [
        f"{unit} over {source_of(passage)}, with the weights of update {count(neurons.step)}",
        f"{unit} over {source_of(passage)}, update {count(neurons.step)}",
        f"{unit} over {source_of(passage)}",
        unit,
    ]
    bars = "".join(bar(n / 7, view.glyphs) for n in range(8))
    limits = f"{signed(neurons.low)} {bars} {signed(neurons.high)}"
    return heading("neurons", details, width, view.glyphs, right=limits)


def _labelled(label: str, row: Row, role: str = "muted") -> Row:
    return [(f" {pad(label, _LABEL - 2)} ", role), *row]


def _levels(view: NeuronView, shape: Columns, line: range) -> Row:
    row = _level_row(view, shape, line, view.shares)
    return _labelled(f"{view.neurons.unit:>3}", row, "strong")


def _value_here(view: NeuronView, width: int) -> Row:
    """Return the value of the unit at the selected position, after the text it has read."""
    place = view.described
    if place < 0:
        return []
    value = signed(view.neurons.activation[place])
    unit = f"unit {view.neurons.unit} is "
    head: Row = [(" " * _LABEL, "")]
    if not view.passage.tokens:
        return [*head, (f"at step {count(place + 1)} {unit}", "muted"), (value, "strong")]
    text = last_tokens(
        view.passage.tokens, place + 1, view.options.unit, view.glyphs, max(8, width // 3)
    )
    return [*head, ('after "', "muted"), (text, ""), (f'", {unit}', "muted"), (value, "strong")]


# ---- all units --------------------------------------------------------------------------------


def _heat(view: NeuronView, width: int, rank: int) -> list[Part]:
    """Return a row of bars per unit, each from its own lowest to its highest value; or nothing."""
    heat = view.neurons.heat
    room = max(1, width - _LABEL - 1)
    shape = view.columns(room)

    def draw(rows: int) -> Rows:
        drawn = [_heat_title(view, min(len(heat), rows - 1), width)]
        line = shown_lines(shape, view.visible, room, 1)[0]
        for unit in heat[: rows - 1]:
            here = unit.unit == view.neurons.unit
            shares = [int(digit) / 9 if digit in "0123456789" else None for digit in unit.levels]
            label = f"{unit.unit:>3}{' ' + spelled('▸', view.glyphs) if here else ''}"
            row = _level_row(view, shape, line, shares, short=True)
            row = _labelled(label, row, "strong" if here else "muted")
            target = Target("unit", unit.unit, view.neurons.layer)
            drawn += target_rows([row], target) if view.options.targets else [row]
        return drawn

    return [Part(rank, min(3, len(heat) + 1), len(heat) + 1, draw)] if heat else []


def _heat_title(view: NeuronView, shown: int, width: int) -> Row:
    total = max(shown, view.passage.units)
    detail = f"all {total}" if shown == total else f"{shown} of {total}"
    details = [f"{detail}, each from its lowest to its highest value here", detail]
    key_of = view.options.key_of
    keys = view.options.key_pair(key_of("previous_unit", "↑"), key_of("next_unit", "↓"))
    right = f"{keys}: unit" if "," in keys else f"{keys} unit"
    return heading("units", details, width, view.glyphs, right=right)
