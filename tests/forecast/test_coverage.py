"""Intervals hold what they promise on series of many kinds, short ones among them.

No constant was chosen on these seeds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rnntui.forecast.backtest import backtest, default_horizon, plan, season_of

Random = np.random.RandomState
ROWS = (110, 180, 500)
SEEDS = range(2)


def filtered(noise: np.ndarray, *weights: float) -> np.ndarray:
    """An autoregression driven by noise."""
    values = np.zeros(len(noise))
    for t in range(len(noise)):
        values[t] = noise[t] + sum(w * values[t - n] for n, w in enumerate(weights, 1) if n <= t)
    return values


def random_walk(rng: Random, t: np.ndarray) -> np.ndarray:
    return 50 + np.cumsum(rng.randn(len(t)))


def season_with_trend(rng: Random, t: np.ndarray) -> np.ndarray:
    return 100 + 0.1 * t + 10 * np.sin(np.pi * t / 6) + 3 * filtered(rng.randn(len(t)), 0.6)


def growing_season(rng: Random, t: np.ndarray) -> np.ndarray:
    season = 1 + 0.25 * np.sin(np.pi * t / 6)
    return 80 * np.exp(0.004 * t) * season * (1 + 0.04 * rng.randn(len(t)))


def heavy_tails(rng: Random, t: np.ndarray) -> np.ndarray:
    return filtered(rng.standard_t(2.5, len(t)), 0.7)


def level_shifts(rng: Random, t: np.ndarray) -> np.ndarray:
    levels = np.cumsum(np.where(rng.rand(len(t)) < 0.01, 8 * rng.randn(len(t)), 0))
    return levels + filtered(rng.randn(len(t)), 0.4)


def intermittent(rng: Random, t: np.ndarray) -> np.ndarray:
    return np.where(rng.rand(len(t)) < 0.3, rng.poisson(4, len(t)) + 1.0, 0.0)


def cycles(rng: Random, t: np.ndarray) -> np.ndarray:
    return 10 + filtered(rng.randn(len(t)), 1.4, -0.7)


def growing_noise(rng: Random, t: np.ndarray) -> np.ndarray:
    return filtered(rng.randn(len(t)) * (0.5 + 3 * t / len(t)), 0.8)


KINDS = (
    random_walk, season_with_trend, growing_season, heavy_tails, level_shifts, intermittent, cycles,
    growing_noise,
)  # fmt: skip


def held(make: Callable[[Random, np.ndarray], np.ndarray], rows: int, seed: int) -> list[float]:
    """The coverage of the 80 and the 95 % intervals over the last tenth of a series."""
    values = make(Random(5000 + 100 * seed + KINDS.index(make)), np.arange(rows))
    train = rows - rows // 10
    season = season_of(values, train)
    where = plan(rows, train, default_horizon(season, rows - train))
    return list(backtest(values, where, season).coverage.values())


@pytest.fixture(scope="module")
def coverages() -> np.ndarray:
    every = [held(make, rows, seed) for make in KINDS for rows in ROWS for seed in SEEDS]
    return np.array(every)


def test_the_mean_coverage_is_nominal(coverages: np.ndarray) -> None:
    assert np.isfinite(coverages).all()
    assert coverages.mean(axis=0) == pytest.approx([0.8, 0.95], abs=0.03)


def test_nearly_every_interval_is_within_15_points(coverages: np.ndarray) -> None:
    off = abs(coverages[:, 0] - 0.8) > 0.15
    assert off.mean() <= 0.06
