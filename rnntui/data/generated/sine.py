"""Two sines added: a series without noise, which a network can follow for ever."""

from __future__ import annotations

import math

ROWS = 4_000
PERIODS = (40.0, 13.0)
HEIGHTS = (1.0, 0.4)


def values() -> list[float]:
    """The series."""
    waves = tuple(zip(HEIGHTS, PERIODS, strict=True))
    return [
        sum(height * math.sin(2 * math.pi * t / period) for height, period in waves)
        for t in range(ROWS)
    ]
