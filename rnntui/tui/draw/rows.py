"""Rows of glyphs, as every drawing function returns them, and the few operations on them.

A row is a list of runs; a run is a text and a role. A role is a word for what the text means
("accent", "warning", …); the theme decides how it looks. A role that ends in "!" marks the selected
item among others.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from rnntui.charset import Glyphs as Glyphs
from rnntui.charset import ascii_text
from rnntui.text import cell_width, fit

Run = tuple[str, str]
Row = list[Run]
Rows = list[Row]

NO_STEPS = "Time steps appear once training starts"

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
    "jump",
)


# ASCII spellings of signs that this program adds, for fonts without them; the corpus keeps its own.
_ASCII = {0x2400 + code: f"^{chr(code + 64)}" for code in range(0x20)} | {
    ord("↵"): "\\n",
    ord("⇥"): "\\t",
    ord("␡"): "^?",
    ord("½"): "1/2",
    ord("×"): "x",
}
_ASCII_CELLS = {ord("…"): "~", ord("–"): "-"}  # one cell each, applied after layout
# Signs of headings and formulas, beside those that the rest of the program prints.
_MATHS = {
    "∂": "d", "‖": "||", "Σ": "sum", "σ": "sigmoid", "⊙": "*", "∘": "*", "Δ": "d", "√": "sqrt ",
    "ᵀ": "'", "₋": "-", "ₜ": "_t", "∞": "inf", "∈": "in", "≈": "~", "◆": "*", "▸": ">", "÷": "/",
    "ŷ": "y_hat", "ε": "eps", "░": ".", "▒": "-", "█": "#",
} | {chr(0x2080 + digit): str(digit) for digit in range(10)}  # fmt: skip
_MATHS_BY_CODE = str.maketrans(_MATHS)


def for_glyphs(text: str, glyphs: Glyphs) -> str:
    """Spell the signs that this program adds in ASCII if that is the glyph set."""
    return text.translate(_ASCII) if glyphs == "ascii" else text


def spelled(text: str, glyphs: Glyphs) -> str:
    """Spell the program's own text in ASCII if that is the glyph set. Not for text of a corpus."""
    return ascii_text(text.translate(_MATHS_BY_CODE)) if glyphs == "ascii" else text


def merged(runs: Iterable[Run]) -> Row:
    """Join neighbouring runs of the same role and drop empty ones, since each run costs bytes."""
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
    """Return the number of terminal cells a row takes."""
    return sum([len(text) if text.isascii() else cell_width(text) for text, _ in row])


def exactly(runs: Iterable[Run], width: int) -> Row:
    """Fit a row into exactly `width` cells: cut with an ellipsis or filled with spaces.

    Neighbouring runs of the same role are joined, as `merged` does: this is drawing's innermost
    loop.
    """
    row: Row = []
    free, last = width, None
    for text, role in runs:
        taken = len(text) if text.isascii() else cell_width(text)
        cut = taken > free
        if cut:
            text = fit(text, free)
            taken = cell_width(text)
        free -= taken
        if text and role == last:
            row[-1] = (row[-1][0] + text, role)
        elif text:
            row.append((text, role))
            last = role
        if cut:
            break
    if free > 0 and last == "":
        row[-1] = (row[-1][0] + " " * free, "")
    elif free > 0:
        row.append((" " * free, ""))
    return row


@lru_cache(maxsize=1024)
def _fitted(row: tuple[Run, ...], width: int) -> tuple[Run, ...]:
    """Return what `exactly` does; most rows of a screen are as they were a moment ago."""
    return tuple(exactly(row, width))


def block(rows: Iterable[Row], width: int, height: int, glyphs: Glyphs = "braille") -> Rows:
    """Return exactly `height` rows of exactly `width` cells; the first rows are kept."""
    width, height = max(0, width), max(0, height)
    kept = [list(_fitted(tuple(row), width)) for row in list(rows)[:height]]
    if glyphs == "ascii":
        kept = [[(text.translate(_ASCII_CELLS), role) for text, role in row] for row in kept]
    return kept + [exactly([], width) for _ in range(height - len(kept))]


def plain(rows: Rows) -> list[str]:
    """Return the rows as text without roles."""
    return ["".join(text for text, _ in row) for row in rows]
