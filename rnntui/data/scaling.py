"""Mean and deviation of columns, for numbers of every size up to 1e307.

Ordinary columns are scaled by NumPy's plain mean and deviation. Columns whose squares would
overflow or vanish are first multiplied by a power of two, and from columns of large numbers that
differ little one of them is subtracted first; both are exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.dataclass import dataclass

Numbers = NDArray[np.float64]

LARGEST = 1e307  # beyond, sums of a few numbers overflow
EPSILON = float(np.finfo(np.float64).eps)
ROUNDING = 4.0  # in units of the last place: what arithmetic on equal numbers can differ by
_FLAT = 1e-8  # of the largest magnitude: a deviation below it has few correct digits
_HUGE, _TINY = 1e150, 1e-140  # beyond, the squares of numbers overflow or lose digits
MANY = 1 << 19  # numbers; from here on, memory counts
_BLOCK = 1 << 12  # rows
_GROUP = 64  # rows


@dataclass(frozen=True)
class Range:
    """The smallest and the largest number (D,) of each column; NaN where a number is missing."""

    low: Numbers
    high: Numbers

    @property
    def size(self) -> Numbers:
        """The largest magnitude (D,) of each column."""
        found: Numbers = np.maximum(self.high, -self.low)
        return found

    @property
    def is_whole(self) -> bool:
        """Whether no number is missing."""
        return not np.isnan(self.low).any()

    def varies(self, size: Numbers, epsilon: float = EPSILON) -> NDArray[np.bool_]:
        """Which columns differ by more than rounding leaves of numbers as large as `size` (D,).

        `epsilon` is the precision that the numbers were computed with.
        """
        with np.errstate(over="ignore"):
            spread = self.high - self.low
        found: NDArray[np.bool_] = spread > ROUNDING * epsilon * size
        return found


def range_of(rows: Numbers) -> Range:
    """The range of each column of rows (N, D)."""
    return Range(_reduced(rows, np.minimum), _reduced(rows, np.maximum))


def _reduced(rows: Numbers, function: np.ufunc) -> Numbers:
    """A function over all rows (N, D): of many, over groups side by side, which is faster."""
    if rows.size < MANY or not rows.flags.c_contiguous:
        few: Numbers = function.reduce(rows, axis=0)
        return few
    whole = len(rows) // _GROUP * _GROUP
    groups = function.reduce(rows[:whole].reshape(-1, _GROUP * rows.shape[1]), axis=0)
    found: Numbers = function.reduce(
        np.concatenate([groups.reshape(_GROUP, -1), rows[whole:]]), axis=0
    )
    return found


def mean_and_deviation(rows: Numbers, within: Range | None = None) -> tuple[Numbers, Numbers]:
    """Those of each column, both finite; a deviation may be 0. `within`: the range, if known."""
    with np.errstate(over="ignore", invalid="ignore"):
        many = rows.size >= MANY
        mean = _reduced(rows, np.add) / len(rows) if many else rows.mean(axis=0)
        deviation = _deviation(rows, mean) if many else rows.std(axis=0)
    peak = (within or range_of(rows)).size
    flat = deviation < _FLAT * peak
    if flat.any():
        # Sums of numbers that differ in their last digits would round those away.
        with np.errstate(over="ignore", invalid="ignore"):
            offset = rows[0, flat]
            shifted = rows[:, flat] - offset
            mean[flat], deviation[flat] = offset + shifted.mean(axis=0), shifted.std(axis=0)
    extreme = (peak > _HUGE) | ((peak < _TINY) & (peak > 0))
    if extreme.any():
        exponent = np.frexp(peak[extreme])[1]
        scaled = np.ldexp(rows[:, extreme], -exponent)
        mean[extreme] = np.ldexp(scaled.mean(axis=0), exponent)
        deviation[extreme] = np.ldexp(scaled.std(axis=0), exponent)
    return mean, deviation


def _deviation(rows: Numbers, mean: Numbers) -> Numbers:
    """The deviation of many rows, without a copy of them."""
    total = np.zeros(rows.shape[1])
    for start in range(0, len(rows), _BLOCK):
        off = rows[start : start + _BLOCK] - mean
        total += np.einsum("nd,nd->d", off, off)
    found: Numbers = np.sqrt(total / len(rows))
    return found


def in_place(rows: Numbers, size: Numbers, deviation: Numbers) -> bool:
    """Whether many rows, whose largest are `size`, may be scaled where they are.

    The arithmetic is the same as that of `standardized`.
    """
    ordinary = size.max() < _HUGE and deviation.min() > 1 / _HUGE
    return rows.size >= MANY and rows.flags.owndata and rows.flags.writeable and bool(ordinary)


def unit_of(size: Numbers) -> Numbers:
    """What a column that does not change is divided by: 1, or more if it is huge.

    The rounding errors of numbers as large as `size` (D,) then stay small.
    """
    with np.errstate(over="ignore"):
        found: Numbers = np.maximum(1.0, 1024 * EPSILON * size)
    return found


def standardized(rows: NDArray[Any], mean: Numbers, deviation: Numbers) -> Numbers:
    """(rows - mean) / deviation. Halved numbers give the same where the difference overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        found: Numbers = (rows - mean) / deviation
        if not np.isfinite(found).all():
            found = (rows / 2 - mean / 2) / (deviation / 2)
    return found


def unscale(rows: NDArray[Any], mean: Numbers, deviation: Numbers) -> NDArray[Any]:
    """The inverse of `standardized`."""
    with np.errstate(over="ignore", invalid="ignore"):
        found: NDArray[Any] = rows * deviation + mean
        if not np.isfinite(found).all():
            found = 2 * (rows * (deviation / 2) + mean / 2)
    return found
