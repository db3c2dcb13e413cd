"""Choose as many digits for a column of numbers as are needed to tell neighbours apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

EXACT = 16  # digits after the first: the precision of a float


def column_texts(
    values: Sequence[float | None], unusual: Callable[[float | None], str]
) -> list[str]:
    """Format the numbers of one column in the same way: "1000000000.25", "1.53e-12".

    The digits depend on the differences between the numbers, not on their size. `unusual` formats
    None and non-finite numbers.
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    size = max(map(abs, known), default=0.0)
    if size == 0:
        return ["0" if value == 0 else unusual(value) for value in values]
    finest = max(_finest(known, size), size * 10.0**-EXACT, 5e-324)
    exponent, last = math.floor(math.log10(size)), math.floor(math.log10(finest))
    digits = max(0, min(EXACT, exponent - last))

    def texts(write: Callable[[float], str]) -> list[str]:
        return [unusual(v) if v is None or not math.isfinite(v) else write(v) for v in values]

    plain = texts(lambda v: f"{v:.{max(0, -last)}f}")
    short = texts(lambda v: _scientific(v, digits))
    return plain if _widest(plain) <= _widest(short) + 2 else short


def _finest(known: Sequence[float], size: float) -> float:
    """Return the smallest difference that must be visible."""
    spread = max(known) / 2 - min(known) / 2
    gaps = sorted(abs(b / 2 - a / 2) for a, b in pairwise(known) if a != b)
    return min(spread / 250, gaps[len(gaps) // 2] / 5) if gaps else size / 1000


def _scientific(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _widest(texts: Sequence[str]) -> int:
    return max(map(len, texts), default=0)
