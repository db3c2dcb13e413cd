"""Exponential smoothing of values without their season: with a damped trend, and with a drift."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rnntui.dataclass import dataclass

Numbers = NDArray[np.float64]
Origins = Sequence[int]
Smoothing = tuple[float, float, float]  # of the level and the trend, and the damping

MOST_SMOOTHED = 2_000  # rows on which the smoothing is chosen
MOST_STEPS = 5_000  # rows before an origin that the smoothing starts from
LEVELS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0)
_PHASE_SEASONS = 10  # from which the place within a season is found


@dataclass(frozen=True, eq=False)
class DampedTrend:
    """Exponential smoothing with a damped trend, of values without their season (Gardner 1985)."""

    level: float
    trend: float
    damping: float
    seasonal: Numbers  # (S,) by row number modulo S; (1,) zeros without a season

    @property
    def least_rows(self) -> int:
        """Enough for the first level to be forgotten, and two seasons to find the phase."""
        return max(20, 2 * len(self.seasonal) if len(self.seasonal) > 1 else 0)

    def forecast(self, values: Numbers, origins: Origins, horizon: int) -> Numbers:
        """As `Method`."""
        places = np.arange(len(values) + horizon) - self._phase(values[: min(origins)])
        season = self.seasonal[places % len(self.seasonal)]
        first = max(0, min(origins) - MOST_STEPS)
        adjusted = (values - season[: len(values)])[first:]
        states = self._states(adjusted, [o - first for o in origins])
        powers = np.cumsum(self.damping ** np.arange(1, horizon + 1))
        ahead = states[:, :1] + states[:, 1:] * powers
        rows = np.array(origins)[:, None] + np.arange(horizon)
        found: Numbers = ahead + season[rows]
        return found

    def _phase(self, values: Numbers) -> int:
        """The row at which the season begins: that with which the changes agree best."""
        size = len(self.seasonal)
        if size == 1:
            return 0
        changes = np.diff(values[-_PHASE_SEASONS * size :])
        first = len(values) - len(changes) - 1
        around = np.diff(np.concatenate([self.seasonal, self.seasonal[:1]]))
        places = np.arange(first, first + len(changes))
        agreement = [float(changes @ around[(places - phase) % size]) for phase in range(size)]
        return int(np.argmax(agreement))

    def _states(self, values: Numbers, origins: Origins) -> Numbers:
        """Level and trend (K, 2) before each origin."""
        wanted = set(origins)
        level, slope, kept = float(values[0]), 0.0, {}
        for row, value in enumerate(values[: max(origins)].tolist()):
            if row in wanted:
                kept[row] = (level, slope)
            before = level + self.damping * slope
            level_now = before + self.level * (value - before)
            slope = self.damping * slope + self.trend * (value - before)
            level = level_now
        kept[max(origins)] = (level, slope)
        return np.array([kept[origin] for origin in origins])


@dataclass(frozen=True, eq=False)
class Theta:
    """A smoothed level with half the slope of the trend (Hyndman and Billah 2003)."""

    smoothed: DampedTrend
    slope: float

    @property
    def least_rows(self) -> int:
        """As of the smoothing."""
        return self.smoothed.least_rows

    def forecast(self, values: Numbers, origins: Origins, horizon: int) -> Numbers:
        """As `Method`."""
        level = self.smoothed.forecast(values, origins, horizon)
        found: Numbers = level + self.slope * np.arange(1, horizon + 1)
        return found


def fit_damped_trend(values: Numbers, season: int = 0) -> DampedTrend | None:
    """The smoothing whose one-step errors are least, from a grid."""
    grid = [
        (level, level * share, damping)
        for level in LEVELS
        for share in (0.0, 0.02, 0.1, 0.3)
        for damping in (0.8, 0.9, 0.98)
        if share or damping == 0.9
    ]
    return _best(values, season, grid)


def fit_theta(values: Numbers, season: int = 0) -> Theta | None:
    """The smoothing without a trend whose one-step errors are least, and half the slope."""
    smoothed = _best(values, season, [(level, 0.0, 0.9) for level in LEVELS])
    if smoothed is None:
        return None
    rows = np.arange(len(values)) - (len(values) - 1) / 2
    plain = values - smoothed.seasonal[np.arange(len(values)) % len(smoothed.seasonal)]
    return Theta(smoothed, float(rows @ plain / (rows @ rows)) / 2)


def _best(values: Numbers, season: int, grid: Sequence[Smoothing]) -> DampedTrend | None:
    """The level, trend and damping of a grid whose one-step errors are least."""
    if len(values) < 4:
        return None
    seasonal = _seasonal(values, season)
    places = np.arange(len(values))
    plain = (values - seasonal[places % len(seasonal)])[-MOST_SMOOTHED:]
    levels, trends, dampings = np.array(grid).T
    level, slope = np.full(len(grid), plain[0]), np.zeros(len(grid))
    total = np.zeros(len(grid))
    skipped = min(10, len(plain) // 2)
    for row, value in enumerate(plain.tolist()):
        before = level + dampings * slope
        error = value - before
        if row >= skipped:
            total += error * error
        level = before + levels * error
        slope = dampings * slope + trends * error
    chosen = grid[int(np.argmin(total))]
    return DampedTrend(*chosen, seasonal)


def _seasonal(values: Numbers, season: int) -> Numbers:
    """The mean deviation (S,) of each row of a season from the mean over a season around it."""
    if not season or len(values) < 2 * season + 1:
        return np.zeros(1)
    weights = np.ones(season + (season + 1) % 2)
    weights[[0, -1]] = 0.5 if season % 2 == 0 else 1.0
    smooth = np.convolve(values, weights / weights.sum(), "valid")
    start = (len(values) - len(smooth)) // 2
    off = values[start : start + len(smooth)] - smooth
    rows = (start + np.arange(len(off))) % season
    counts = np.bincount(rows, minlength=season)
    found = np.bincount(rows, off, minlength=season) / np.maximum(counts, 1)
    centred: Numbers = found - found.mean()
    return centred
