"""Preset values of settings: the next one up or down, as one key press selects it. Pure."""

from __future__ import annotations

from rnntui.protocol.messages import SamplingKey
from rnntui.recipe import DIALS
from rnntui.recipe.dials import above, below

PACES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
RATE_FACTOR = 1.25


def pace_after(pace: float | None, speed: float, direction: int) -> float | None:
    """Return the next pace in updates per second, None for full speed; `speed`: measured now."""
    now = pace or speed
    if direction < 0:
        return below(PACES, now)
    return None if pace is None or now >= PACES[-1] else above(PACES, now)


def rate_after(rate: float, direction: int) -> float:
    """Return the next learning rate up or down."""
    return float(f"{rate * RATE_FACTOR**direction:.4g}")


def sampling_after(key: SamplingKey, now: float, direction: int) -> float:
    """Return the next value of a sampling setting up or down."""
    return DIALS[key].after(now, direction)
