"""Axes: ranges with round ends, ticks, and the positions of values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rnntui.dataclass import dataclass
from rnntui.numbers import Number, scientific, short

LIMIT = 1e300  # beyond it, differences overflow
_ROUND = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_FEW_ROUND = (1.0, 2.0, 3.0, 5.0, 10.0)
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_LOG_BOUNDS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_LOG_TICKS = (_LOG_BOUNDS[:-1], (1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0,))


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`, linear or logarithmic."""

    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """Return the position of `value`: 0 at `low`, 1 at `high`; -1 if it cannot be drawn."""
        shares = self.shares([value])
        return -1.0 if shares[0] is None else shares[0]

    def shares(self, values: Iterable[Number]) -> list[float | None]:
        """Return positions of values; None if one cannot be drawn (not finite, or log of <= 0)."""
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            size, log10 = high - low or 1.0, math.log10
            return [
                (log10(v) - low) / size if v is not None and 0 < v < math.inf else None
                for v in values
            ]
        low, size = self.low, self.high - self.low or 1.0
        return [
            (v - low) / size if v is not None and -2 * LIMIT < v < 2 * LIMIT else None
            for v in values
        ]


def round_step(span: float, count: int) -> float:
    """Return 1, 2, 2.5 or 5 times a power of ten that fits into `span` at most `count` times."""
    raw = span / max(1, count)
    power = 10.0 ** math.floor(math.log10(raw))
    return next((f * power for f in (1.0, 2.0, 2.5, 5.0) if f * power >= raw * 0.9999), 10 * power)


def round_up(value: float, seldom: bool = False) -> float:
    """Round a positive `value` up to a round number, by at most a third.

    With `seldom`, by up to its double, so that a growing value reaches the bound half as often.
    """
    power = 10.0 ** math.floor(math.log10(value))
    factors = _FEW_ROUND if seldom else _ROUND
    return next((f * power for f in factors if f * power >= value * 0.999999), 10 * power)


def linear(low: float, high: float, positive: bool = False) -> Scale:
    """Return a scale with round ends around [low, high]; `positive`: never below zero.

    Rounding outwards keeps the scale steady while its data vary a little.
    """
    low, high = max(-LIMIT, min(low, LIMIT)), max(-LIMIT, min(high, LIMIT))
    size = max(abs(low), abs(high))
    if high - low <= max(size * 1e-6, 1e-290):
        margin = size * 0.1 or 1.0
        low, high = (0.0 if positive and margin > low >= 0 else low - margin), high + margin
    step = round_step(high - low, 8)
    bottom, top = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    if positive and low >= 0 and (bottom < 0 or low < 0.2 * high):
        bottom = 0.0
    return Scale(bottom, max(top, bottom + step))


def logarithmic(low: float, high: float) -> Scale:
    """Return a logarithmic scale with round ends around two positive numbers."""
    low, high = min(max(low, 1e-300), LIMIT), min(max(high, 1e-300), LIMIT)
    bottom, top = _log_bound(low, up=False), _log_bound(high, up=True)
    if top <= bottom * 1.01:
        bottom, top = _log_bound(bottom * 0.8, up=False), _log_bound(top * 1.2, up=True)
    return Scale(bottom, top, log=True)


def _log_bound(value: float, up: bool) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    if up:
        return next((f * power for f in _LOG_BOUNDS if f * power >= value * 0.9999), 10 * power)
    return next((f * power for f in reversed(_LOG_BOUNDS) if f * power <= value * 1.0001), power)


def ticks(scale: Scale, count: int) -> list[tuple[float, str]]:
    """Return about `count` round values inside the scale with their labels, in rising order."""
    if scale.log:
        values = _log_values(scale, count)
        if len(values) >= 2:
            return [(v, short_label(v)) for v in values]
    step = round_step(scale.high - scale.low, count)
    first, last = math.ceil(scale.low / step - 1e-6), math.floor(scale.high / step + 1e-6)
    values = [n * step for n in range(first, min(last, first + 200) + 1)]
    values = [v for v in values if not scale.log or v > 0]
    return list(zip(values, labels(values, step), strict=True))


def _log_values(scale: Scale, count: int) -> list[float]:
    """Return the finest round series that does not have too many values inside the scale."""
    first, last = math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high))
    inside = (scale.low * 0.9999, scale.high * 1.0001)
    if last - first <= 2 * count + 2:
        for factors in _LOG_TICKS:
            values = [f * 10.0**e for e in range(first, last + 1) for f in factors]
            values = [v for v in values if inside[0] <= v <= inside[1]]
            if len(values) <= count + 1:
                return values
    every = math.ceil((last - first) / max(1, count))
    powers = [10.0**e for e in range(max(first, -300), min(last, 300) + 1) if e % every == 0]
    return [v for v in powers if inside[0] <= v <= inside[1]]


def labels(values: Sequence[float], step: float) -> list[str]:
    """Return labels of ticks `step` apart, all with the same unit and number of decimals."""
    size = max((abs(v) for v in values), default=0.0)
    unit, suffix = 1.0, ""
    if 1e4 <= size < 1e15:
        unit, suffix = next((unit, sign) for unit, sign in _UNITS if size >= unit)
    elif size >= 1e15 or 0 < size < 1e-3:
        exponent = math.floor(math.log10(size))
        unit, suffix = 10.0**exponent, f"e{exponent}"
    if unit == 0:
        return [short_label(v) for v in values]
    step, decimals = step / unit, 0
    while decimals < 6 and abs(round(step, decimals) - step) > step * 1e-3:
        decimals += 1
    zero = "0" if suffix else f"{0:.{decimals}f}"
    texts = [
        f"{v / unit:.{decimals}f}{suffix}" if abs(v / unit) > step * 1e-6 else zero for v in values
    ]
    return texts if max(map(len, texts), default=0) <= 8 else [short_label(v) for v in values]


def short_label(value: float) -> str:
    """Return one label of at most six cells."""
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e-3 or size >= 1e12:
        mantissa, exponent = f"{value:.1e}".split("e")
        text = f"{mantissa.removesuffix('.0')}e{int(exponent)}"
        return text if len(text) <= 6 else scientific(value, 0)
    return f"{value:.4g}" if size < 1e3 else short(value)
