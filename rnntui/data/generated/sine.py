"""Two sines added: a series without noise, predictable indefinitely."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rnntui.data.generated.task import Row, SeriesTask

if TYPE_CHECKING:
    from numpy.random import RandomState

ROWS = 4_000
PERIODS = (40.0, 13.0)
HEIGHTS = (1.0, 0.4)


def values(rows: int = ROWS) -> list[float]:
    """The series."""
    waves = tuple(zip(HEIGHTS, PERIODS, strict=True))
    return [
        sum(height * math.sin(2 * math.pi * t / period) for height, period in waves)
        for t in range(rows)
    ]


def rows(random: RandomState, length: int = ROWS) -> list[Row]:
    """The series as a table of one column; nothing in it is random."""
    return [(value,) for value in values(length)]


TASK = SeriesTask(
    name="sine",
    description="two sines added",
    shows="All error is due to the network: two hidden oscillators would suffice.",
    columns=("sine",),
    length=ROWS,
    rows=rows,
)
