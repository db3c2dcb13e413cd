"""Numbers as messages hold them: a few digits, and None for what is not finite."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rnntui.protocol.insight import Numbers

DIGITS = 3  # significant ones: more than a row of glyphs can show


def rounded(value: float, digits: int = DIGITS) -> float | None:
    """A number with so many significant digits."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


def all_rounded(values: Iterable[float], digits: int = DIGITS) -> Numbers:
    """Round each of them."""
    return tuple(rounded(float(value), digits) for value in values)
