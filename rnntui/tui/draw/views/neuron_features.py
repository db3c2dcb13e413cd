"""What the units of a layer follow: the best unit per feature, and where a unit is high or low."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.numbers import finite
from rnntui.protocol.insight import Follows, Passage
from rnntui.text import cell_width, pad
from rnntui.tui.draw.bars import horizontal_bar
from rnntui.tui.draw.rows import Row, Rows, exactly, for_glyphs, spelled
from rnntui.tui.draw.targets import Target, target_rows
from rnntui.tui.draw.views.neuron_view import NeuronView, signed, two_decimals
from rnntui.tui.draw.views.parts import Part
from rnntui.tui.draw.views.passage import last_tokens
from rnntui.tui.draw.views.prose import INDENT, heading, paragraph

_LONGEST_NAME = 22  # cells
_BINS = 10  # of the histogram
_MOST_PLACES, _APART = 8, 3  # positions where a unit is high or low
_FOLLOWS = ("units that follow a feature", "unit per feature", "")
_NONE_YET = (
    "not measured yet: units are ranked by what they follow every few seconds",
    "units are being ranked by what they follow ...",
    "measuring ...",
)
_READING = (
    "r runs from -1 to +1 and is measured on text that the unit was not chosen by.",
    "Random weights have units that correlate with something, too: a unit counts as found only "
    "where it explains much more than the best unit of the untrained network.",
    "What no single unit holds, all of them together may: the last column is the best weighted sum "
    "of all units of the layer.",
)


def features(view: NeuronView, width: int, rank: int) -> Part:
    """Return the features, each with the unit that follows it best and its control."""
    follows = view.neurons.follows

    def draw(rows: int) -> Rows:
        if not follows:
            return [heading("found", _NONE_YET, width, view.glyphs)]
        shown = follows if len(follows) < rows else follows[: max(1, rows - 2)]
        table = _found_rows(view, shown, width)
        rest = len(follows) - len(shown)
        key = view.options.key_of("next_unit", "↓")
        more = f"   {rest} more {key}"
        return [*table, [(more, "muted")]] if rest else table

    return Part(rank, min(3, len(follows) + 1), len(follows) + 1, draw)


def _found_rows(view: NeuronView, shown: Sequence[Follows], width: int) -> Rows:
    longest = max(
        cell_width(for_glyphs(follows.feature, view.glyphs)) for follows in view.neurons.follows
    )
    name = max(14, min(_LONGEST_NAME, longest))
    units = [_unit_name(follows, view.passage) for follows in shown]
    unit = max(len(text) + 3 for text in units)
    bars = 10 if width - name - unit >= 66 else 0
    head = next(text for text in _FOLLOWS if len(text) <= name + unit - 5)
    head = pad(f" found  {head}", 3 + name + unit)
    columns = f"{'r':>6} {'':{bars + 1 if bars else 0}}{'untrained':>11}{'all units':>11}"
    rows: Rows = [[(" found", "title"), (head[6:] + columns, "muted")]]
    left = width - 3 - name - unit - len(columns) - 3
    for text, follows in zip(units, shown, strict=True):
        row = _found_row(view, follows, (name, unit, bars), text, left)
        target = Target("unit", follows.unit, follows.layer)
        rows += target_rows([row], target) if view.options.targets else [row]
    return [exactly(row, width) for row in rows]


def _unit_name(follows: Follows, passage: Passage) -> str:
    layer = f"layer {follows.layer + 1} " if passage.layers > 1 else ""
    return f"{layer}unit {follows.unit:>2}"


def _notes(follows: Follows) -> tuple[str, ...]:
    """Return what a row says at its end, the longest first."""
    if not follows.found:
        return ("no better than untrained", "no gain", "")
    return ("falls as it rises", "falls", "") if follows.r < 0 else ("rises with it", "rises", "")


def _found_row(
    view: NeuronView, follows: Follows, sizes: tuple[int, int, int], unit: str, left: int
) -> Row:
    name, unit_width, bars = sizes
    here = (follows.layer, follows.unit) == (view.neurons.layer, view.neurons.unit)
    shown = ("strong" if here else "") if follows.found else "muted"
    note = next(text for text in _notes(follows) if len(text) <= max(0, left))
    row: Row = [
        (f" {spelled('▸', view.glyphs) if here else ' '} ", "accent"),
        (pad(for_glyphs(follows.feature, view.glyphs), name), shown),
        (pad("  " + unit, unit_width), shown),
        (_correlation(follows, bool(note)), shown),
    ]
    if bars:
        share = abs(follows.r) if finite(follows.r) else 0.0
        role = "line" if follows.found else "raw"
        row.append((" " + horizontal_bar(share, bars, view.glyphs), role))
    row += [
        (f"{two_decimals(follows.untrained):>11}", "muted"),
        (f"{two_decimals(follows.all_units):>11}", shown),
    ]
    return [*row, (f"   {note}", "muted")] if note else row


def _correlation(follows: Follows, noted: bool) -> str:
    """Return r; in brackets if it is no better than untrained and no note says so."""
    text = signed(follows.r)
    return f"{text:>6} " if follows.found or noted else f"({text})".rjust(7)


# ---- where a unit is high or low --------------------------------------------------------------


def extremes(view: NeuronView, width: int, rank: int) -> list[Part]:
    """Return the text before the highest and lowest values of the unit; nothing for values."""
    if not view.passage.tokens:
        return []
    values = view.neurons.activation[: len(view.passage.tokens)]
    rising = sorted((n for n, v in enumerate(values) if finite(v)), key=lambda n: values[n] or 0.0)
    lowest, highest = _apart(rising), _apart(rising[::-1])
    most = min(_MOST_PLACES, len(lowest), len(highest))
    column = width // 2

    def draw(rows: int) -> Rows:
        what = [f"where unit {view.neurons.unit} is highest and lowest"]
        title = heading("contexts", what, width, view.glyphs)
        pairs = zip(highest[: rows - 1], lowest[: rows - 1], strict=False)
        return [title, *([*place(high), *place(low)] for high, low in pairs)]

    def place(position: int) -> Row:
        most = max(4, column - 12)
        text = last_tokens(view.passage.tokens, position + 1, view.options.unit, view.glyphs, most)
        room = max(0, column - 11 - cell_width(text))
        return [("   " + " " * room, ""), (text, ""), (f" {signed(values[position])} ", "strong")]

    return [Part(rank, 1 + min(2, most), 1 + most, draw)] if most else []


def _apart(positions: Sequence[int]) -> list[int]:
    """Return the first of `positions` in their order, none close to an earlier one."""
    chosen: list[int] = []
    for position in positions:
        if all(abs(position - other) > _APART for other in chosen):
            chosen.append(position)
        if len(chosen) == _MOST_PLACES:
            break
    return chosen


def histogram(view: NeuronView, width: int, rank: int) -> list[Part]:
    """Return how often the unit takes which values over the passage."""
    known = [share for share in view.shares if finite(share)]
    if not known:
        return []
    bins = [0] * _BINS
    for share in known:
        bins[min(_BINS - 1, int(share * _BINS))] += 1
    low, high = _limits(view)

    def draw(rows: int) -> Rows:
        what = [f"of unit {view.neurons.unit} over the passage"]
        drawn = [heading("values", what, width, view.glyphs)]
        for n in range(_BINS - 1, _BINS - rows, -1):
            edge = low + (high - low) * n / _BINS
            bar = horizontal_bar(bins[n] / max(bins), max(1, width - 22), view.glyphs)
            share = f"{100 * bins[n] / len(known):>4.0f} %"
            drawn.append([(f"   {signed(edge):>6} ", "muted"), (bar, "line"), (share, "")])
        return drawn

    return [Part(rank, _BINS + 1, _BINS + 1, draw)]


def reading(view: NeuronView, width: int, rank: int) -> list[Part]:
    """Return how to read the ranking, for wide screens."""
    rows = [heading("about", ["the ranking"], width, view.glyphs)]
    for text in _READING:
        rows += paragraph(text, width, view.glyphs, "muted", INDENT)
    return [Part(rank, len(rows), len(rows), lambda _: rows)]


def _limits(view: NeuronView) -> tuple[float, float]:
    """Return the values that the shares 0 and 1 stand for."""
    low, high = view.neurons.low, view.neurons.high
    if finite(low) and finite(high) and low < high:
        return low, high
    known = [value for value in view.neurons.activation if finite(value)]
    return min(known), max(known)
