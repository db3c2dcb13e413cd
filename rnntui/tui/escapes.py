"""Escape sequences that draw styled text with few bytes, without Textual.

Only style differences between runs are sent, and for blanks only the background: their text colour
cannot be seen. Colours of the 256-colour palette are sent by number on terminals with 24-bit
colour, too: up to 9 bytes less each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

from rich.color import Color, ColorSystem
from rich.style import Style

from rnntui.tui.colours import contrast

PLAIN = Style.null()
LEAST_CONTRAST = 2.5  # of text and background in 16 colours
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
            after = style if text.strip(" ") else _behind(before, style)
            out += (transition(before, after, system), text)
            before = after
        at = (x + width, y)
    if before is not PLAIN:
        out.append("\x1b[0m")
    return "".join(out)


@lru_cache(maxsize=4096)
def transition(before: Style, after: Style, system: ColorSystem | None) -> str:
    """Return the escape sequence that switches from one style to another; None: no colours."""
    if before == after:
        return ""
    if after == PLAIN:
        return "\x1b[0m"
    colours = _colours(PLAIN, after, system)
    complete = ["0", *(on for on, _, has in _attributes(after) if has), *colours]
    changed = [*_switched(before, after), *_colours(before, after, system)]
    if not changed:
        return ""
    return min((f"\x1b[{';'.join(codes)}m" for codes in (changed, complete)), key=len)


@lru_cache(maxsize=1024)
def blank(style: Style) -> Style:
    """Return what can be seen of a style on a blank: its background, unless lines cross it."""
    return style if _crossed(style) else Style(bgcolor=style.bgcolor)


@lru_cache(maxsize=4096)
def _behind(before: Style, style: Style) -> Style:
    """Return a style that shows blanks as `style` does and differs little from the one before."""
    if _crossed(style):
        return style
    return Style(
        color=before.color,
        bgcolor=style.bgcolor,
        bold=before.bold,
        dim=before.dim,
        italic=before.italic,
    )


def _crossed(style: Style) -> bool:
    """Return whether blanks of this style show more than a background."""
    return any(
        (
            style.underline,
            style.underline2,
            style.reverse,
            style.strike,
            style.overline,
            style.frame,
            style.encircle,
        )
    )


def _attributes(style: Style) -> tuple[tuple[str, str, bool], ...]:
    """Return the codes that switch each attribute on and off, and whether the style has it."""
    return (
        ("1", "22", bool(style.bold)),
        ("2", "22", bool(style.dim)),
        ("3", "23", bool(style.italic)),
        ("4", "24", bool(style.underline)),
        ("21", "24", bool(style.underline2)),
        ("5", "25", bool(style.blink)),
        ("6", "25", bool(style.blink2)),
        ("7", "27", bool(style.reverse)),
        ("8", "28", bool(style.conceal)),
        ("9", "29", bool(style.strike)),
        ("51", "54", bool(style.frame)),
        ("52", "54", bool(style.encircle)),
        ("53", "55", bool(style.overline)),
    )


def _switched(before: Style, after: Style) -> list[str]:
    """Return the codes that change the attributes of one style to those of another."""
    pairs = list(zip(_attributes(before), _attributes(after), strict=True))
    off = {code for (_, code, had), (_, _, has) in pairs if had and not has}
    on = [
        code for (code, _, had), (_, off_code, has) in pairs if has and (not had or off_code in off)
    ]
    return [*sorted(off), *on]


def _colours(before: Style, after: Style, system: ColorSystem | None) -> list[str]:
    """Return the codes that change the colours of one style to those of another."""
    codes: list[str] = []
    for foreground in (True, False) if system is not None else ():
        now = _codes(after, system, foreground)
        if now != _codes(before, system, foreground):
            codes += now or ["39" if foreground else "49"]
    return codes


def _codes(style: Style, system: ColorSystem | None, foreground: bool) -> list[str]:
    """Return the codes of a colour; with 24 bits, the shorter ones of the palette if it has it."""
    colour = style.color if foreground else style.bgcolor
    if colour is None or system is None:
        return []
    if system is ColorSystem.TRUECOLOR and colour.triplet in _PALETTE:
        colour = Color.from_ansi(_PALETTE[colour.triplet])
    if system is ColorSystem.STANDARD and foreground and style.bgcolor is not None:
        colour = _readable(colour, style.bgcolor)
    return list(colour.downgrade(system).get_ansi_codes(foreground=foreground))


def _readable(colour: Color, ground: Color) -> Color:
    """Return the closest of 16 colours that can be told from the closest one to the background.

    Terminals choose these colours; xterm's are meant, whose yellow and white are the lightest.
    """
    wanted = colour.get_truecolor()
    behind = _XTERM[ground.downgrade(ColorSystem.STANDARD).number or 0]
    readable = [n for n, one in enumerate(_XTERM) if contrast(one, behind) >= LEAST_CONTRAST]
    return Color.from_ansi(min(readable, key=lambda n: math.dist(_XTERM[n], wanted)))


def _palette() -> dict[tuple[int, ...] | None, int]:
    """Return the numbers of the colours of xterm's palette, without the 16 that users change."""
    steps = (0, 95, 135, 175, 215, 255)
    cube = [(r, g, b) for r in steps for g in steps for b in steps]
    greys = [(8 + 10 * n,) * 3 for n in range(24)]
    return {colour: 16 + n for n, colour in enumerate([*cube, *greys])}


_PALETTE = _palette()
_XTERM = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0)),
    *((0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)),
    *((127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0)),
    *((92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255)),
)
