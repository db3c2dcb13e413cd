"""Numbers as aligned lines show them."""

from __future__ import annotations

import math


def rounded(value: float) -> str:
    """Four decimals, or four digits where those say nothing; "–" for what is not known yet."""
    if math.isnan(value):
        return "–"
    size = abs(value)
    return f"{value:.4f}" if size == 0 or 1e-3 <= size < 1e3 else f"{value:.3g}"


def figure(value: float, digits: int = 4) -> str:
    """So many significant digits."""
    return f"{value:.{digits}g}"


def count(value: int) -> str:
    """A whole number in groups of three."""
    return f"{value:,}"


def plural(number: int, thing: str) -> str:
    """1 step, 25 steps."""
    return f"{count(number)} {thing}{'' if number == 1 else 's'}"


def si(value: float) -> str:
    """Three digits and a prefix: 950, 27.6k, 1.30M."""
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= 0.9995 * size:
            scaled = value / size
            decimals = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
            return f"{scaled:.{decimals}f}{prefix}"
    return f"{value:.0f}"


def duration(seconds: float) -> str:
    """00:42, 1:02:03."""
    whole = int(seconds) if math.isfinite(seconds) else 0
    hours, minutes = whole // 3600, whole % 3600 // 60
    start = f"{hours}:" if hours else ""
    return f"{start}{minutes:02d}:{whole % 60:02d}"
