"""The signs of a run as small charts with their usual range, and the sizes by tensor as bars."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.numbers import UNKNOWN, Number, finite, fixed
from rnntui.protocol.insight import Sign, Tensor
from rnntui.text import cell_width, fit, pad
from rnntui.tui.draw.bars import bar_chart, horizontal_bar
from rnntui.tui.draw.rows import Glyphs, Row, Rows, exactly, spelled
from rnntui.tui.draw.views.parts import Part

_NAME, _NOW, _USUAL, _MEANING = 22, 10, 18, 34  # cells at most
_CURVE = (8, 64)  # cells at least and at most
_TALL = 6  # rows of a chart at most


class _Columns:
    """The widths of the columns of the signs; tall charts have the meaning under the name."""

    def __init__(self, signs: Sequence[Sign], width: int, tall: bool, glyphs: Glyphs) -> None:
        def widest(texts: Sequence[str]) -> int:
            return max(cell_width(spelled(text, glyphs)) for text in texts)

        self.now = min(_NOW, widest([sign.now for sign in signs])) + 2
        self.usual = max(11, min(_USUAL, widest([sign.usual for sign in signs])))
        self.name = min(_NAME, widest([sign.name for sign in signs]))
        taken = 3 + 2 + self.now + 2 + self.usual + 1
        if tall:
            self.name = min(_MEANING, max(self.name, widest([sign.meaning for sign in signs])))
        apart = not tall and taken + self.name + _MEANING + 2 + 2 * _CURVE[0] <= width
        self.meaning = _MEANING if apart else 0
        taken += self.name + (self.meaning + 2 if apart else 0)
        self.curve = max(0, min(_CURVE[1], width - taken))


def signs_part(
    signs: Sequence[Sign], width: int, least: int, rank: int, glyphs: Glyphs
) -> list[Part]:
    """Return the signs, each with its value now, over the run, its usual range and its meaning.

    With few rows, unusual signs come first; with many, the charts are several rows high.
    """
    if not signs:
        return []

    def draw(rows: int) -> Rows:
        tall = min(_TALL, (rows - 1) // len(signs) - 1)
        columns = _Columns(signs, width, tall >= 2, glyphs)
        if tall >= 2:
            charts = [row for sign in signs for row in [*_chart(sign, columns, tall, glyphs), []]]
            return [_head(columns, width), *charts[:-1]]
        ordered = sorted(signs, key=lambda sign: not sign.unusual) if rows <= len(signs) else signs
        drawn = [_chart(sign, columns, 1, glyphs)[0] for sign in ordered[: rows - 1]]
        return [exactly(row, width) for row in (_head(columns, width), *drawn)]

    most = len(signs) + 1
    ample = 1 + len(signs) * (_TALL + 1)
    return [Part(rank, min(max(3, least), most), most, draw, ample=ample)]


def _head(columns: _Columns, width: int) -> Row:
    return exactly(
        [
            (" signs" + " " * (columns.name - 1), "title"),
            (pad("now", columns.now), "muted"),
            (pad("over the run" if columns.curve >= 12 else "", columns.curve), "muted"),
            (pad("  usual here", columns.usual + 2), "muted"),
            ("  meaning" if columns.meaning else "", "muted"),
        ],
        width,
    )


def _chart(sign: Sign, columns: _Columns, height: int, glyphs: Glyphs) -> Rows:
    """Return the rows of a sign: its texts in the first one, the chart in all."""
    mark = ("!" if glyphs == "ascii" else "▲") if sign.unusual else " "
    curve = bar_chart(sign.bins, columns.curve, height, glyphs)
    first: Row = [
        (f" {mark} ", "warning"),
        (pad(spelled(sign.name, glyphs), columns.name), "strong" if sign.unusual else ""),
        ("  ", ""),
        (pad(spelled(sign.now, glyphs), columns.now), "warning" if sign.unusual else "strong"),
        (curve[0], "line"),
        ("  " + pad(spelled(sign.usual, glyphs), columns.usual), "muted"),
    ]
    if columns.meaning:
        first.append((f"  {fit(spelled(sign.meaning, glyphs), columns.meaning)}", "muted"))
    notes = [fit(spelled(sign.meaning, glyphs), columns.name), *[""] * height]
    beside = 2 + columns.now
    others: Rows = [
        [(f"   {pad(note, columns.name)}{' ' * beside}", "muted"), (line, "line")]
        for note, line in zip(notes, curve[1:], strict=False)
    ]
    return [first, *others]


def tensors_part(tensors: Sequence[Tensor], width: int, rank: int, glyphs: Glyphs) -> list[Part]:
    """Return the gradient and the update of each tensor as bars; or nothing without tensors."""
    if not tensors:
        return []
    names = [f"{tensor.name} {tensor.meaning}" for tensor in tensors]
    name = min(max(14, width // 3), max(max(map(cell_width, names)), 28))
    bar = max(0, min(32, (width - name - 3 - 2 * 11 - 4) // 2))
    largest = _largest([t.gradient for t in tensors]), _largest([t.update for t in tensors])

    def draw(rows: int) -> Rows:
        head: Row = [
            (" tensors", "title"),
            (" " * (name - 3), ""),
            (pad("gradient norm", bar + 11), "muted"),
            (spelled("  update / weight", glyphs), "muted"),
        ]
        drawn: Rows = [head]
        for tensor, text in zip(tensors[: rows - 1], names, strict=False):
            update = UNKNOWN
            if finite(tensor.update):
                update = f"{fixed(100 * tensor.update, 6, 3).strip()} %"
            drawn.append(
                [
                    ("   " + pad(spelled(text, glyphs), name), ""),
                    (f"  {fixed(tensor.gradient, 7, 3)}  ", "strong"),
                    (_bar(tensor.gradient, largest[0], bar, glyphs), "line"),
                    (f"  {update:>7}  ", "strong"),
                    (_bar(tensor.update, largest[1], bar, glyphs), "line"),
                ]
            )
        return drawn

    return [Part(rank, min(3, len(tensors) + 1), len(tensors) + 1, draw)]


def _largest(values: Sequence[Number]) -> float:
    return max((abs(v) for v in values if finite(v)), default=0.0)


def _bar(value: Number, largest: float, width: int, glyphs: Glyphs) -> str:
    share = abs(value) / largest if finite(value) and largest > 0 else 0.0
    return horizontal_bar(share, width, glyphs)
