"""Rows of glyphs: what every drawing function returns, and the few operations on them.

A row is a list of runs, a run is a text and a role. A role is a word for what the text means
("accent", "warning", …); who paints the rows decides how it looks. A role with "!" behind it marks
what is chosen among others of its kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from rnntui.text import cell_width, fit

Run = tuple[str, str]
Row = list[Run]
Rows = list[Row]
Glyphs = Literal["braille", "blocks", "ascii"]

# "line" is the curve itself, "p0" … "p4" are levels of probability from improbable to certain.
ROLES = (
    "",
    "muted",
    "strong",
    "accent",
    "warning",
    "title",
    "line",
    "raw",
    "validation",
    "floor",
    "mark",
    "p0",
    "p1",
    "p2",
    "p3",
    "p4",
    "wrong",
)


# The signs this program adds to what it shows, for a terminal font that has none of them. The
# corpus keeps its letters.
_ASCII = {0x2400 + code: f"^{chr(code + 64)}" for code in range(0x20)} | {
    ord("↵"): "\\n",
    ord("⇥"): "\\t",
    ord("␡"): "^?",
    ord("½"): "1/2",
    ord("×"): "x",
}
_ASCII_CELLS = {ord("…"): "~", ord("–"): "-"}  # cell for cell, after everything has its place


def for_glyphs(text: str, glyphs: Glyphs) -> str:
    """`text` with the signs this program adds spelled in ASCII, if that is the glyph set."""
    return text.translate(_ASCII) if glyphs == "ascii" else text


def merged(runs: Iterable[Run]) -> Row:
    """The same row with equal neighbours joined and empty runs gone: each run costs bytes."""
    row: Row = []
    for text, role in runs:
        if not text:
            continue
        if row and row[-1][1] == role:
            row[-1] = (row[-1][0] + text, role)
        else:
            row.append((text, role))
    return row


def row_width(row: Row) -> int:
    """Terminal cells a row takes."""
    return sum(cell_width(text) for text, _ in row)


def exactly(runs: Iterable[Run], width: int) -> Row:
    """A row of exactly `width` cells: cut with an ellipsis or filled with spaces."""
    row: Row = []
    free = width
    for text, role in runs:
        taken = cell_width(text)
        if taken > free:
            short = fit(text, free)
            row.append((short, role))
            free -= cell_width(short)
            break
        row.append((text, role))
        free -= taken
    row.append((" " * max(0, free), ""))
    return merged(row)


def block(rows: Iterable[Row], width: int, height: int, glyphs: Glyphs = "braille") -> Rows:
    """Exactly `height` rows of exactly `width` cells, the first ones kept."""
    width, height = max(0, width), max(0, height)
    kept = [exactly(row, width) for row in list(rows)[:height]]
    if glyphs == "ascii":
        kept = [[(text.translate(_ASCII_CELLS), role) for text, role in row] for row in kept]
    return kept + [exactly([], width) for _ in range(height - len(kept))]


def plain(rows: Rows) -> list[str]:
    """The rows as text without roles."""
    return ["".join(text for text, _ in row) for row in rows]
