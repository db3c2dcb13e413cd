"""Prediction intervals from the errors of earlier forecasts (split conformal prediction)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

LEVELS = (80, 95)  # per cent
RECENT = 40  # origins: how hard a series is to forecast changes
NEIGHBOURS = 2  # horizons on both sides whose errors count too


def half_widths(errors: Numbers, level: float) -> Numbers:
    """Half the width (H,) of an interval that holds `level` of the values, from errors (N, H).

    The last 40 forecasts count; NaN stands for an error that is not known yet. A horizon with few
    errors borrows those of its neighbours. Where even these are too few for the quantile, the width
    is that of a normal distribution, and at least the largest error.
    """
    widths = np.array([_width(_around(errors, h), level) for h in range(errors.shape[1])])
    return np.maximum.accumulate(widths) if len(widths) else widths


def _around(errors: Numbers, horizon: int) -> Numbers:
    near = errors[-RECENT:, max(0, horizon - NEIGHBOURS) : horizon + NEIGHBOURS + 1]
    known = abs(near[np.isfinite(near)])
    return np.sort(known)


def _width(known: Numbers, level: float) -> float:
    count = len(known)
    if not count:
        return math.nan
    rank = math.ceil((count + 1) * level)
    if rank <= count:
        return float(known[rank - 1])
    spread = float(np.sqrt(np.square(known).mean()))
    return max(float(known[-1]), NormalDist().inv_cdf((1 + level) / 2) * spread)


def known_before(errors: Numbers, origins: Sequence[int], row: int) -> Numbers:
    """The errors (K, H) of values before a row; NaN for the others."""
    rows = np.array(origins, np.int64)[:, None] + np.arange(errors.shape[1])
    return np.where(rows < row, errors, np.nan)


def rolling_coverage(errors: Numbers, origins: Sequence[int], first: int, level: float) -> float:
    """The share of errors (K, H) from origin number `first` on that intervals would have held.

    Each interval uses only errors that were known at its origin: those of values before it.
    """
    held: list[NDArray[np.bool_]] = []
    for place in range(first, len(origins)):
        known = known_before(errors[:place], origins[:place], origins[place])
        widths = half_widths(known, level)
        there = np.isfinite(widths)
        held.append(abs(errors[place][there]) <= widths[there])
    flat = np.concatenate(held) if held else np.zeros(0, bool)
    return float(flat.mean()) if len(flat) else math.nan
