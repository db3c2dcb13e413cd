"""Prediction intervals as shaded bands behind a forecast."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rnntui.dataclass import dataclass
from rnntui.numbers import Number, finite
from rnntui.protocol.forecasts import Band
from rnntui.tui.draw.axis import Scale
from rnntui.tui.draw.canvas import Canvas, Point
from rnntui.tui.draw.rows import Glyphs

Bounds = tuple[Number, Number]  # the lower and the upper end of an interval

# Signs of the wide and the narrow interval, for glyph sets without fine dots and for legends.
SHADES = {"braille": ("⠐⠐", "⠪⠪"), "blocks": ("░", "▒"), "ascii": (".", ":")}
ROLES = ("raw", "muted")  # of both


@dataclass(frozen=True)
class Shade:
    """Intervals from time step `start` on: the wide ones and the narrow ones."""

    start: int
    wide: Sequence[Bounds]
    narrow: Sequence[Bounds]


def width_at(halves: Sequence[Number], place: int) -> Number:
    """Return half the width of an interval; beyond the last one it grows with the root of time."""
    if not halves:
        return None
    if place < len(halves):
        return halves[place]
    last = halves[-1]
    return last * math.sqrt((place + 1) / len(halves)) if finite(last) else None


def shade(start: int, values: Sequence[Number], band: Band, base: float = 0.0) -> Shade:
    """Return the intervals around forecast values, all of them less `base`."""

    def around(halves: Sequence[Number]) -> list[Bounds]:
        found: list[Bounds] = []
        for n, value in enumerate(values):
            half = width_at(halves, n)
            known = finite(value) and finite(half)
            found.append((value - base - half, value - base + half) if known else (None, None))  # type: ignore[operator]
        return found

    return Shade(start, around(band.half95), around(band.half80))


def ends(shades: Sequence[Shade]) -> list[Number]:
    """Return all ends of intervals, for the scale."""
    return [end for one in shades for bounds in one.wide for end in bounds]


def draw_shade(canvas: Canvas, one: Shade, total: float, scale: Scale) -> None:
    """Draw the intervals, the narrow ones over the wide ones."""
    for intervals, sign, role, narrow in (
        (one.wide, SHADES[canvas.glyphs][0], ROLES[0], False),
        (one.narrow, SHADES[canvas.glyphs][1], ROLES[1], True),
    ):
        lower = scale.shares([low for low, _ in intervals])
        upper = scale.shares([high for _, high in intervals])
        if canvas.glyphs == "braille":
            canvas.dots(_dots(canvas, one.start, lower, upper, total, narrow), role)
            continue
        for x in range(canvas.width):
            low, high = _at((x + 0.5) / canvas.width * total - one.start - 0.5, lower, upper)
            if low is None or high is None:
                continue
            for row in range(canvas.height):
                middle = 1 - (row + 0.5) / canvas.height
                if low <= middle <= high:
                    canvas.put(x, row, sign, role)


def _dots(
    canvas: Canvas,
    start: int,
    lower: Sequence[Number],
    upper: Sequence[Number],
    total: float,
    narrow: bool,
) -> list[Point]:
    """Return a pattern of dots between the ends: every fourth one, or every other one."""
    across = canvas.finest - 1
    down = canvas.height * canvas.dots_per_row - 1
    points: list[Point] = []
    for x in range(canvas.finest):
        low, high = _at(x / max(1, across) * total - start - 0.5, lower, upper)
        if low is None or high is None or (not narrow and x % 2):
            continue
        first = math.ceil((1 - min(1.0, high)) * down - 1e-9)
        last = math.floor((1 - max(0.0, low)) * down + 1e-9)
        every = range(first, last + 1)
        kept = (y for y in every if (x + y if narrow else y) % 2 == 0)
        points += [(x / max(1, across), 1 - y / max(1, down)) for y in kept]
    return points


def _at(step: float, lower: Sequence[Number], upper: Sequence[Number]) -> Bounds:
    """Return the ends at a time step of the forecast, between two of its rows if need be."""
    n = math.floor(step)
    if not -0.5 <= step <= len(lower) - 0.5:
        return None, None
    first, second = max(0, min(n, len(lower) - 1)), max(0, min(n + 1, len(lower) - 1))
    share = step - n
    found: list[Number] = []
    for curve in (lower, upper):
        a, b = curve[first], curve[second]
        found.append(None if a is None or b is None else a + (b - a) * share)
    return found[0], found[1]


def legend(glyphs: Glyphs) -> list[tuple[str, str, str]]:
    """Return the entries of a legend for both intervals."""
    wide, narrow = SHADES[glyphs]
    return [(narrow, ROLES[1], "80 %"), (wide, ROLES[0], "95 %")]
