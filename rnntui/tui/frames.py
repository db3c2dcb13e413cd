"""Frames drawn without Textual, whose import takes longer than anything else at the start."""

from __future__ import annotations

from functools import cache

from rich.color import ColorSystem
from rich.style import Style

from rnntui.tui import escapes, own_themes
from rnntui.tui.draw.rows import Row, Rows

SYSTEMS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
}
Part = tuple[int, int, Row]  # first column, width in cells, and the row itself


def joined(parts: list[Part], width: int) -> Row:
    """Join the parts of a row, each at its column."""
    out: Row = []
    x = 0
    for column, cells, row in sorted(parts, key=lambda part: part[0]):
        out += [(" " * (column - x), ""), *row]
        x = column + cells
    return [(text, role) for text, role in (*out, (" " * (width - x), "")) if text]


def painted(rows: Rows, width: int, theme: str, system: str) -> str:
    """Return the escape sequences of a frame; an unknown theme has no colours."""
    own = own_themes.known_theme(theme) if system in SYSTEMS else None

    @cache
    def style(role: str) -> Style:
        return own_themes.own_style(own, role) if own else own_themes.colourless_style(role)

    pieces = [
        (0, y, [(text, style(role)) for text, role in row], width) for y, row in enumerate(rows)
    ]
    return escapes.paint(pieces, SYSTEMS[system] if own else None)
