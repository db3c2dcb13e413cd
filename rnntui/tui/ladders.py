"""The next value of a setting, up or down: what one press of a key does to it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.engine.protocol import SamplingKey

PACES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
TOP_KS = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 40.0, 80.0)  # beyond the last: from all
TOP_PS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
SAMPLES = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
TEMPERATURE_STEP = 0.1
RATE_STEP = 1.25


def pace_after(pace: float | None, speed: float, direction: int) -> float | None:
    """The next pace in updates per second, None: flat out; `speed` is what it makes now."""
    now = pace or speed
    if direction < 0:
        return _below(PACES, now)
    return None if pace is None or now >= PACES[-1] else _above(PACES, now)


def rate_after(rate: float, direction: int) -> float:
    """The next learning rate."""
    return float(f"{rate * RATE_STEP**direction:.4g}")


def sampling_after(key: SamplingKey, now: float, direction: int) -> float:
    """The next value of a key that decides how tokens are chosen."""
    if key == "temperature":
        return round(max(0.1, min(5.0, now + direction * TEMPERATURE_STEP)), 2)
    if key == "top_k":
        wide = TOP_KS[-1]
        if direction > 0:
            return 0.0 if not now or now >= wide else _above(TOP_KS, now)
        return wide if not now else _below(TOP_KS, now)
    if key == "greedy":
        return 0.0 if now else 1.0
    ladder = TOP_PS if key == "top_p" else SAMPLES
    return _above(ladder, now) if direction > 0 else _below(ladder, now)


def _above(ladder: Sequence[float], now: float) -> float:
    return next((step for step in ladder if step > now * 1.01), ladder[-1])


def _below(ladder: Sequence[float], now: float) -> float:
    return next((step for step in reversed(ladder) if step < now * 0.99), ladder[0])
