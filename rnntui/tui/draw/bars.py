"""Bars of parts of a cell: horizontal, vertical and divided ones, and curves as rows of bars."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rnntui.numbers import Number, finite
from rnntui.tui.draw.rows import Glyphs, Row, Run, merged
from rnntui.tui.draw.tokens import bar

_HORIZONTAL = {"braille": ("━", "╸"), "blocks": ("▄", "▖"), "ascii": ("#", "-")}
_UP = " ▁▂▃▄▅▆▇█"
_DIVIDED = {"braille": "░▒█", "blocks": "░▒█", "ascii": ".-#"}
_BELOW_EDGE = 0.87  # of the eight heights of a bar, all but the last
_LEAST_SPAN = 0.25  # of the largest value: smaller differences do not fill the height
_DECADES = 100.0  # a ratio of highest to lowest from which positive numbers are drawn by order
_TRACE = 1e-9  # share of a bar that is to leave a trace


def horizontal_bar(share: Number, width: int, glyphs: Glyphs = "braille") -> str:
    """Return a bar over `share` (0 to 1) of exactly `width` cells; any share leaves a trace.

    It does not fill the height, so that the bars of neighbouring rows stay apart.
    """
    width = max(0, width)
    share = max(0.0, min(1.0, share)) if finite(share) else 0.0
    halves = round(share * width * 2)
    if share > 0 and width > 0:
        halves = max(1, halves)
    full, half = _HORIZONTAL[glyphs]
    return (full * (halves // 2) + half * (halves % 2)).ljust(width)


def vertical_bar(share: Number, height: int, glyphs: Glyphs = "braille") -> str:
    """Return a bar from its top cell to its bottom cell; any share above 0 leaves a trace.

    In ASCII, # is a full cell, and a digit tells tenths of one.
    """
    if not finite(share):
        return " " * height
    share = min(1.0, max(0.0, share))
    parts = 10 if glyphs == "ascii" else 8
    filled = max(1 if share > 0 else 0, round(share * height * parts))
    cells = []
    for above in range(height - 1, -1, -1):
        part = min(parts, max(0, filled - above * parts))
        if glyphs == "ascii":
            cells.append("#" if part == parts else str(part) if part else " ")
        else:
            cells.append(_UP[part])
    return "".join(cells)


def divided(shares: Sequence[float], width: int, glyphs: Glyphs = "braille") -> Row:
    """Return a bar of exactly `width` cells divided in three: closed, between, open."""
    sizes = [max(0.0, share) if finite(share) else 0.0 for share in shares[:3]]
    total = sum(sizes) or 1.0
    ends = [round(width * sum(sizes[: n + 1]) / total) for n in range(len(sizes))]
    cells: list[Run] = []
    start = 0
    roles = ("muted", "muted", "line")
    for sign, role, end in zip(_DIVIDED[glyphs], roles, ends, strict=False):
        cells.append((sign * (end - start), role))
        start = end
    return merged([*cells, (" " * (width - start), "")])


def division_signs(glyphs: Glyphs) -> str:
    """Return the three signs of `divided`."""
    return _DIVIDED[glyphs]


def short_bar(share: Number, glyphs: Glyphs) -> str:
    """Return a fraction in one cell that stays below its upper edge, so that rows stay apart."""
    if not finite(share):
        return " "
    return bar(share if glyphs == "ascii" else share * _BELOW_EDGE, glyphs)


def sparkline(values: Sequence[Number], width: int, glyphs: Glyphs = "braille") -> str:
    """Return `width` cells from the lowest to the highest of `values`, the newest at the right.

    Positive values over more than two decades are drawn by their logarithm, and values that hardly
    differ stay low. Cells without a finite value are blank. In ASCII, 0 is low and 9 is high.
    """
    return "".join(short_bar(share, glyphs) for share in _shares(values, width))


def bar_chart(
    values: Sequence[Number], width: int, height: int, glyphs: Glyphs = "braille"
) -> list[str]:
    """Return a sparkline of `height` rows: a bar per cell, up from the bottom."""
    if height < 2:
        return [sparkline(values, width, glyphs)] * max(0, height)
    bars = [
        vertical_bar(None if share is None else max(share, _TRACE), height, glyphs)
        for share in _shares(values, width)
    ]
    return ["".join(cells[row] for cells in bars) for row in range(height)]


def _shares(values: Sequence[Number], width: int) -> list[Number]:
    """Return the height of each of `width` cells as a fraction; None without a finite value."""
    means = resampled(values, width)
    known = [value for value in means if finite(value)]
    if known and min(known) > 0 and max(known) > _DECADES * min(known):
        means = [math.log10(v) if finite(v) else None for v in means]
        known = [value for value in means if finite(value)]
    if not known:
        return [None] * max(0, width)
    low, high = min(known), max(known)
    # The difference of two large numbers may overflow, half of it does not.
    half = max(high / 2 - low / 2, _LEAST_SPAN * max(abs(low), abs(high)) / 2)
    return [None if not finite(v) else (v / 2 - low / 2) / half if half > 0 else 0.0 for v in means]


def resampled(values: Sequence[Number], width: int) -> list[Number]:
    """Return `width` numbers: means over equal parts of `values`, or values repeated."""
    found: list[Number] = []
    for n in range(max(0, width)) if values else ():
        start = n * len(values) // width
        stop = max(start + 1, (n + 1) * len(values) // width)
        known = [value for value in values[start:stop] if finite(value)]
        found.append(math.fsum(v / len(known) for v in known) if known else None)
    return found
