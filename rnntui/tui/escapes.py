"""Escape sequences that draw styled text with few bytes, without Textual.

Only style differences between runs are sent. Colours of the 256-colour palette are sent by number
on terminals with 24-bit colour, too: up to 9 bytes less each.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from rich.color import Color, ColorSystem
from rich.style import Style

PLAIN = Style.null()
Piece = tuple[int, int, Iterable[tuple[str, Style]], int]  # column, row, runs, their cells


def paint(pieces: Iterable[Piece], system: ColorSystem | None) -> str:
    """Return escape sequences that draw each piece at its position; no colours without a system."""
    out: list[str] = []
    before = PLAIN
    at: tuple[int, int] | None = None
    for x, y, runs, width in pieces:
        if at != (x, y):
            out.append(f"\x1b[{y + 1};{x + 1}H")
        for text, style in runs:
            out += (transition(before, style, system), text)
            before = style
        at = (x + width, y)
    if before is not PLAIN:
        out.append("\x1b[0m")
    return "".join(out)


@lru_cache(maxsize=4096)
def transition(before: Style, after: Style, system: ColorSystem | None) -> str:
    """Return the escape sequence that switches from one style to another; None: no colours."""
    if before == after:
        return ""
    grounds = (True, False) if system is not None else ()
    if _attributes(before) != _attributes(after) or after == PLAIN:
        full = after.without_color.render(" ", color_system=ColorSystem.STANDARD).partition("m ")
        codes = [full[0].removeprefix("\x1b[")] if full[1] else []
        for foreground in grounds:
            codes += _codes(after, system, foreground)
        return f"\x1b[{';'.join(['0', *codes])}m" if codes else "\x1b[0m"
    codes = []
    for foreground in grounds:
        now = _codes(after, system, foreground)
        if now != _codes(before, system, foreground):
            codes += now or ["39" if foreground else "49"]
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def _attributes(style: Style) -> tuple[bool, ...]:
    return tuple(
        bool(value)
        for value in (
            style.bold,
            style.dim,
            style.italic,
            style.underline,
            style.blink,
            style.blink2,
            style.reverse,
            style.conceal,
            style.strike,
            style.underline2,
            style.frame,
            style.encircle,
            style.overline,
        )
    )


def _codes(style: Style, system: ColorSystem | None, foreground: bool) -> list[str]:
    """Return the codes of a colour; with 24 bits, the shorter ones of the palette if it has it."""
    colour = style.color if foreground else style.bgcolor
    if colour is None or system is None:
        return []
    if system is ColorSystem.TRUECOLOR and colour.triplet in _PALETTE:
        colour = Color.from_ansi(_PALETTE[colour.triplet])
    return list(colour.downgrade(system).get_ansi_codes(foreground=foreground))


def _palette() -> dict[tuple[int, ...] | None, int]:
    """Return the numbers of the colours of xterm's palette, without the 16 that users change."""
    steps = (0, 95, 135, 175, 215, 255)
    cube = [(r, g, b) for r in steps for g in steps for b in steps]
    greys = [(8 + 10 * n,) * 3 for n in range(24)]
    return {colour: 16 + n for n, colour in enumerate([*cube, *greys])}


_PALETTE = _palette()
