"""How far back one error is felt: its gradient by lag, on a logarithmic axis, now and at first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rnntui.numbers import Number, count, finite
from rnntui.protocol.insight import LayerMemory, Memory
from rnntui.text import fit
from rnntui.tui.draw.bars import vertical_bar
from rnntui.tui.draw.canvas import Canvas
from rnntui.tui.draw.frame import Layout, sides, x_axis
from rnntui.tui.draw.rows import Glyphs, Row, Rows, Run, block, exactly, spelled
from rnntui.tui.draw.views.prose import heading
from rnntui.tui.draw.y_axis import LABEL_WIDTH

LEAST_PLOT = 3  # rows: 100 %, 10 %, 1 %
MOST_PLOT = 12
_DECADES = ("100 %", "10 %", "1 %", "0.1 %")
_THRESHOLD = 2  # decades from the top below which an error counts as not felt: 1 %
_NOTES = 20  # cells: least width of the notes beside the plot
_WIDE_NOTES = 40
_WIDEST_LAG = 4  # cells


def reach_rows(
    message: Memory, chosen: int, width: int, height: int, axis: int, glyphs: Glyphs
) -> Rows:
    """Draw a title, `height` rows of bars and `axis` rows of axis (0, 1 or 2)."""
    layer = message.layers[chosen]
    lags = max(1, len(layer.now), len(layer.first))
    left = LABEL_WIDTH + 1
    wide = width - left - lags >= _WIDE_NOTES + 2
    notes = _WIDE_NOTES if wide else _NOTES
    beside = width - left - lags >= notes + 2
    room = width - left - (notes + 2 if beside else 0)
    each = max(1, min(_WIDEST_LAG, room // lags))
    place = Layout(False, height, axis, left, max(1, min(room, lags * each)), 0)
    canvas = _bars(layer, place, each, glyphs)
    labels = _labels(height)
    rows = sides(canvas, place, labels, {})
    rows += x_axis(place, _ticks(lags, each), [], "steps back", glyphs)
    if beside:
        texts = _notes(message, chosen, wide, glyphs)
        plot = left + place.width
        rows = [
            [*exactly(row, plot), ("  ", ""), *(texts[n] if n < len(texts) else [])]
            for n, row in enumerate(rows)
        ]
    legend = [] if beside else _legend(message, glyphs)
    return block([_title(message, chosen, width, glyphs, legend), *rows], width,
                 1 + height + axis, glyphs)  # fmt: skip


def reach_text(layer: LayerMemory, glyphs: Glyphs = "braille") -> str:
    """Return the reach of a layer as "9 of 32 steps"."""
    return f"{count(layer.reach)} of {count(max(1, len(layer.now)))} steps"


def _title(
    message: Memory,
    chosen: int,
    width: int,
    glyphs: Glyphs,
    legend: Sequence[tuple[str, str, str]],
) -> Row:
    layer = message.layers[chosen]
    reach = reach_text(layer)
    then = f" ({count(layer.first_reach)} at update {count(message.first_step)})"
    if not layer.first:
        then = ""
    of = f"layer {chosen + 1} · " if len(message.layers) > 1 else ""
    details = [
        f"how far back ONE prediction's error is felt: its gradient, step by step back · "
        f"{of}{reach}{then}",
        f"how far back one error is felt, step by step · {of}{reach}{then}",
        f"how far back one error is felt · {of}{reach}{then}",
        f"{of}one error is felt {reach} back",
        f"{of}{reach}",
    ]
    return heading("reach", details, width, glyphs, legend)


def _legend(message: Memory, glyphs: Glyphs) -> list[tuple[str, str, str]]:
    full, dot = _signs(glyphs)
    return [(full, "line", "now"), (dot, "strong", f"at update {count(message.first_step)}")]


def _signs(glyphs: Glyphs) -> tuple[str, str]:
    return ("#", ".") if glyphs == "ascii" else ("█", "·")


def _notes(message: Memory, chosen: int, wide: bool, glyphs: Glyphs) -> list[Row]:
    """Return what the signs mean, beside the plot."""
    full, dot = _signs(glyphs)
    layer = message.layers[chosen]
    now = f" now, update {count(message.step)}" if wide else " now"
    digits = " (0-9: part of a row)" if glyphs == "ascii" and wide else ""
    rows: list[Row] = [[(full, "line"), (now + digits, "muted")]]
    if layer.first:
        rows.append([(dot, "strong"), (f" at update {count(message.first_step)}", "muted")])
    if wide:
        rows.append([("below 1 % next to nothing is learned", "muted")])
        rows.append([("nothing is felt from before the window", "muted")])
    else:
        rows.append([("below 1 %: next to", "muted")])
        rows.append([("nothing is learned", "muted")])
    if len(message.layers) > 1:
        rows.append([("reach by layer ", "muted"), *_by_layer(message, chosen, glyphs)])
    return rows


def _by_layer(message: Memory, chosen: int, glyphs: Glyphs) -> list[Run]:
    runs: list[Run] = []
    for n, layer in enumerate(message.layers):
        mark = spelled("▸", glyphs) if n == chosen else " "
        role = "strong" if n == chosen else "muted"
        runs.append((f" {mark}{n + 1}: {count(layer.reach)}", role))
    return runs


def _decades(height: int) -> int:
    return min(height, len(_DECADES))


def _labels(height: int) -> Mapping[int, str]:
    """Return the label of each decade at its highest row."""
    decades = _decades(height)
    return {round(n * height / decades): _DECADES[n] for n in range(decades)}


def _bars(layer: LayerMemory, place: Layout, each: int, glyphs: Glyphs) -> Canvas:
    canvas = Canvas(place.width, place.plot, glyphs)
    decades = _decades(place.plot)
    _, dot = _signs(glyphs)
    felt = round(_THRESHOLD * place.plot / decades)
    gap = each >= 3
    for lag, value in enumerate(layer.now):
        bar = vertical_bar(_share(value, decades), place.plot, glyphs)
        for row, char in enumerate(bar):
            if char != " ":
                role = "line" if row < felt else "raw"
                canvas.put(lag * each, row, char * (each - gap), role)
    for lag, value in enumerate(layer.first):
        share = _share(value, decades)
        if share > 0:
            row = min(place.plot - 1, int((1 - min(1.0, share)) * place.plot))
            canvas.put(lag * each, row, dot * (each - gap), "strong")
    return canvas


def _share(value: Number, decades: int) -> float:
    """Return the height of a value on the axis from 10^-decades to 1."""
    if not finite(value) or value <= 0:
        return 0.0
    return max(0.0, min(1.0, 1 + math.log10(value) / decades))


def _ticks(lags: int, each: int) -> list[tuple[int, str]]:
    """Return ticks at round lags, at least six cells apart, and at the last one."""
    step = next((s for s in (1, 2, 4, 5, 8, 10, 16, 20, 32) if s * each >= 6), 50)
    middle = (each - 1) // 2
    found = [lag for lag in range(0, lags, step) if lags - 1 - lag >= step // 2]
    return [(lag * each + middle, fit(str(lag), 6)) for lag in [*found, lags - 1]]
