"""A screen of text as SVG that looks the same everywhere: no font decides where a glyph is.

Braille, blocks and lines are drawn as shapes, and every letter has its own place, so a viewer that
lacks a font still shows the plot.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from rnntui.dataclass import dataclass
from rnntui.text import cell_width

WIDTH, HEIGHT, FONT = 10.0, 20.0, 16.0  # of a cell, and the size of its font, in pixels
MARGIN = 15.0
FAMILY = (
    "'Fira Code','DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono','Noto Sans Mono',"
    "'Ubuntu Mono','Courier New',monospace"
)
_BASELINE, _UNDERLINE = 15.0, 17.0
_BOX_LINES = {
    "─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "├": "rud", "┤": "lud",
    "┬": "lrd", "┴": "lru", "┼": "lrud", "╴": "l", "╵": "u", "╶": "r", "╷": "d",
}  # fmt: skip
_DASHES = {"┄": 3, "┈": 4, "┊": 4, "╌": 2, "┆": 3}
_UPRIGHT = "┊┆"
_SHARP = 'shape-rendering="crispEdges"'
_DOT = 3.0  # pixels
_SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
# Quarters: upper left, upper right, lower left, lower right.
_QUARTERS = dict(
    zip(
        "▘▝▖▗▚▞▛▜▙▟",
        ("1000", "0100", "0010", "0001", "1001", "0110", "1110", "1101", "1011", "0111"),
        strict=True,
    )
)
_PIECES = re.compile(r"[!-~](?:[ -~]*[!-~])?|[^ -~]")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Rect = tuple[float, float, float, float]  # x, y, width, height as shares of a cell


@dataclass(frozen=True)
class Run:
    """Text in one style; colours as "#rrggbb"."""

    text: str
    colour: str
    ground: str
    bold: bool = False
    underline: bool = False


@dataclass(frozen=True)
class Screen:
    """Rows of runs, of `columns` cells each, on a background."""

    rows: tuple[tuple[Run, ...], ...]
    columns: int
    ground: str


def to_svg(screen: Screen, title: str) -> str:
    """Return the screen as an SVG document."""
    width = screen.columns * WIDTH + 2 * MARGIN
    height = len(screen.rows) * HEIGHT + 2 * MARGIN
    shapes, texts = list[str](), list[str]()
    for number, row in enumerate(screen.rows):
        _draw_row(row, MARGIN + number * HEIGHT, screen.ground, shapes, texts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_short(width)}" '
        f'height="{_short(height)}" viewBox="0 0 {_short(width)} {_short(height)}" role="img" '
        f'font-family="{FAMILY}" font-size="{_short(FONT)}">\n'
        f"<title>{_escaped(title)}</title>\n"
        f'<rect width="100%" height="100%" rx="8" fill="{screen.ground}"/>\n'
        + "".join(f"{line}\n" for line in (*shapes, *texts))
        + "</svg>\n"
    )


def _draw_row(
    row: Iterable[Run], y: float, ground: str, shapes: list[str], texts: list[str]
) -> None:
    column = 0
    for run in row:
        width = cell_width(run.text)
        x = MARGIN + column * WIDTH
        if run.ground != ground:
            shapes.append(_rect((x, y, width * WIDTH, HEIGHT), run.ground))
        drawn = _Drawn(run, x, y)
        shapes += drawn.shapes
        texts += drawn.texts
        column += width


class _Drawn:
    """A run as shapes and texts."""

    def __init__(self, run: Run, x: float, y: float) -> None:
        self.texts: list[str] = []
        self._dots: list[str] = []
        self._areas: list[list[float]] = []  # x, y, width, height in pixels
        self._shades: list[str] = []
        self._colour = run.colour
        if run.underline:
            self._area(x, y + _UNDERLINE, cell_width(run.text) * WIDTH, 1.0)
        for piece in _PIECES.finditer(run.text):
            left = x + cell_width(run.text[: piece.start()]) * WIDTH
            if not self._shape(piece[0], left, y):
                self._text(piece[0], left, y, run)

    @property
    def shapes(self) -> list[str]:
        """Areas and lines, which have sharp edges so that neighbours join, and dots."""
        areas = "".join(f"M{_short(x)} {_short(y)}{_outline(w, h)}" for x, y, w, h in self._areas)
        dots = "".join(self._dots)
        return [
            *self._shades,
            *([f'<path d="{areas}" fill="{self._colour}" {_SHARP}/>'] if areas else []),
            *([f'<path d="{dots}" fill="{self._colour}"/>'] if dots else []),
        ]

    def _shape(self, glyph: str, x: float, y: float) -> bool:
        """Draw a glyph as a shape; return False if it is text."""
        if len(glyph) > 1:
            return False
        if "\u2800" <= glyph <= "\u28ff":
            for left, top in _braille(ord(glyph) - 0x2800):
                self._dots.append(f"M{_short(x + left)} {_short(y + top)}{_outline(_DOT, _DOT)}")
            return True
        if glyph in _SHADES:
            self._shades.append(_rect((x, y, WIDTH, HEIGHT), self._colour, _SHADES[glyph]))
            return True
        rects = list(_rects(glyph))
        for left, top, width, height in rects:
            self._area(x + left * WIDTH, y + top * HEIGHT, width * WIDTH, height * HEIGHT)
        return bool(rects)

    def _area(self, x: float, y: float, width: float, height: float) -> None:
        """Add an area, or extend its left neighbour."""
        last = self._areas[-1] if self._areas else None
        if last and last[1] == y and last[3] == height and abs(last[0] + last[2] - x) < 0.01:
            last[2] += width
        else:
            self._areas.append([x, y, width, height])

    def _text(self, text: str, x: float, y: float, run: Run) -> None:
        places = [x + n * WIDTH for n in range(len(text))] if text.isascii() else [x]
        style = ' font-weight="bold"' * run.bold
        if not text.isascii():  # perhaps from a font with wider letters
            room = cell_width(text) * WIDTH
            style += f' textLength="{_short(room)}" lengthAdjust="spacingAndGlyphs"'
        self.texts.append(
            f'<text x="{" ".join(map(_short, places))}" y="{_short(y + _BASELINE)}" '
            f'fill="{run.colour}"{style} xml:space="preserve">{_escaped(text)}</text>'
        )


def _outline(width: float, height: float) -> str:
    return f"h{_short(width)}v{_short(height)}h{_short(-width)}z"


def _rects(glyph: str) -> Iterator[Rect]:
    """Yield the rectangles of a glyph that is drawn, as shares of its cell."""
    code = ord(glyph)
    if 0x2581 <= code <= 0x2588:
        share = (code - 0x2580) / 8
        yield 0, 1 - share, 1, share
    elif 0x2589 <= code <= 0x258F:
        yield 0, 0, (0x2590 - code) / 8, 1
    elif glyph in ("▀", "▔"):
        yield 0, 0, 1, 0.5 if glyph == "▀" else 0.125
    elif glyph in ("▐", "▕"):
        yield (0.5, 0, 0.5, 1) if glyph == "▐" else (0.875, 0, 0.125, 1)
    elif glyph in _QUARTERS:
        for n, filled in enumerate(_QUARTERS[glyph]):
            if filled == "1":
                yield n % 2 / 2, n // 2 / 2, 0.5, 0.5
    elif glyph in _BOX_LINES:
        yield from map(_arm, _BOX_LINES[glyph])
    elif glyph in _DASHES:
        count = _DASHES[glyph]
        for n in range(count):
            start, size = (n + 0.25) / count, 0.5 / count
            yield (0.44, start, 0.12, size) if glyph in _UPRIGHT else (start, 0.47, size, 0.06)


def _braille(dots: int) -> Iterator[tuple[float, float]]:
    """Yield the place of each dot of a braille pattern in its cell, in pixels."""
    # Bits 0 to 2 and 6 are the left column, 3 to 5 and 7 the right one.
    places = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
    for bit, (column, row) in enumerate(places):
        if dots >> bit & 1:
            yield 1 + WIDTH / 2 * column, 1 + HEIGHT / 4 * row


def _arm(direction: str) -> Rect:
    """Return a line from the middle of a cell to one of its sides."""
    return {
        "l": (0.0, 0.47, 0.56, 0.06), "r": (0.44, 0.47, 0.56, 0.06),
        "u": (0.44, 0.0, 0.12, 0.53), "d": (0.44, 0.47, 0.12, 0.53),
    }[direction]  # fmt: skip


def _rect(place: Rect, colour: str, opacity: float = 1.0) -> str:
    x, y, width, height = map(_short, place)
    faint = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{colour}"{faint} {_SHARP}/>'
    )


def _short(number: float) -> str:
    """Format pixels with two decimals at most: "9.6", "20"."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _escaped(text: str) -> str:
    return html.escape(_NOT_XML.sub("\ufffd", text))
