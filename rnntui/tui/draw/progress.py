"""A thin bar for how much of a run is done."""

from __future__ import annotations

from rnntui.tui.draw.numbers import Number, finite
from rnntui.tui.draw.rows import Glyphs, Row, exactly

_SIGNS = {"braille": ("━", "╸", "─"), "blocks": ("█", "▌", "░"), "ascii": ("=", "-", ".")}


def progress_bar(done: Number, total: Number, width: int, glyphs: Glyphs = "braille") -> Row:
    """A bar of `width` cells, in steps of half a cell; all empty where there is no total."""
    full, half, empty = _SIGNS[glyphs]
    width = max(0, width)
    share = done / total if finite(done) and finite(total) and total > 0 else 0.0
    halves = int(max(0.0, min(1.0, share)) * 2 * width)
    head = full * (halves // 2) + half * (halves % 2)
    return exactly([(head, "accent"), (empty * (width - len(head)), "raw")], width)
