"""A thin progress bar, and the progress of reading the data."""

from __future__ import annotations

from rnntui.numbers import Number, finite, size_in_words
from rnntui.protocol.messages import Loading
from rnntui.text import fit, pad, safe_text
from rnntui.tui.draw.rows import Glyphs, Row, Rows, block, exactly, row_width

_SIGNS = {"braille": ("━", "╸", "─"), "blocks": ("█", "▌", "░"), "ascii": ("=", "-", ".")}


def progress_bar(done: Number, total: Number, width: int, glyphs: Glyphs = "braille") -> Row:
    """Return a bar of `width` cells with a resolution of half a cell; empty without a total."""
    full, half, empty = _SIGNS[glyphs]
    width = max(0, width)
    share = done / total if finite(done) and finite(total) and total > 0 else 0.0
    halves = int(max(0.0, min(1.0, share)) * 2 * width)
    head = full * (halves // 2) + half * (halves % 2)
    return exactly([(head, "accent"), (empty * (width - len(head)), "raw")], width)


def loading_rows(loading: Loading, width: int, height: int, glyphs: Glyphs = "braille") -> Rows:
    """Return what is being read, how much so far and how fast, with a bar below."""
    numbers: Row = [
        (f"{100 * loading.fraction:>5.0f}", "strong"),
        (" %", "muted"),
        (f"{size_in_words(loading.rate):>10}", ""),
        ("/s ", "muted"),
    ]
    room = max(0, width - row_width(numbers) - 1)
    text = pad(fit(safe_text(loading.text), room), room)
    bar = progress_bar(loading.fraction, 1.0, width - 2, glyphs)
    return block([[(" ", ""), (text, ""), *numbers], [(" ", ""), *bar]], width, height, glyphs)
