"""Series made for the benchmark of forecasts: each has something that some method is good at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
Make = Callable[[np.random.RandomState], Rows]


def _autoregressive(noise: Rows, weights: tuple[float, ...]) -> Rows:
    values = np.zeros(len(noise))
    for t in range(len(noise)):
        values[t] = noise[t] + sum(w * values[t - n] for n, w in enumerate(weights, 1) if n <= t)
    return values


def trend(random: np.random.RandomState) -> Rows:
    """A line with noise."""
    t = np.arange(400)
    return 20 + 0.3 * t + 4 * random.randn(400)


def trend_season(random: np.random.RandomState) -> Rows:
    """A bent trend and a season of 12."""
    t = np.arange(360)
    return 50 + 0.2 * t + 0.001 * t**2 + 8 * np.sin(2 * np.pi * t / 12) + 2 * random.randn(360)


def two_seasons(random: np.random.RandomState) -> Rows:
    """Seasons of 24 and 168 with correlated noise."""
    t = np.arange(2500)
    noise = _autoregressive(random.randn(2500), (0.8,))
    return 10 + 5 * np.sin(2 * np.pi * t / 24) + 3 * np.sin(2 * np.pi * t / 168) + 0.5 * noise


def multiplicative(random: np.random.RandomState) -> Rows:
    """Growth with a season that grows along, as with passengers."""
    t = np.arange(240)
    season = 1 + 0.2 * np.sin(2 * np.pi * t / 12) + 0.1 * np.cos(2 * np.pi * t / 6)
    return 100 * np.exp(0.008 * t) * season * (1 + 0.02 * random.randn(240))


def regime(random: np.random.RandomState) -> Rows:
    """The level changes again and again."""
    levels = np.repeat(random.randn(30) * 10, 50)
    return levels + _autoregressive(random.randn(1500), (0.5,))


def random_walk(random: np.random.RandomState) -> Rows:
    """Nothing can be known but the last value."""
    return 100 + np.cumsum(random.randn(800))


def drifting_prices(random: np.random.RandomState) -> Rows:
    """A random walk whose steps grow with its level."""
    return 50 * np.exp(np.cumsum(0.0005 + 0.01 * random.randn(1000)))


def logistic(random: np.random.RandomState) -> Rows:
    """A chaotic map with a little noise: nonlinear, and no method sees far."""
    values = np.empty(1200)
    x = 0.3
    for t in range(1200):
        x = 3.8 * x * (1 - x)
        values[t] = x + 0.01 * random.randn()
    return values


def mackey_glass(random: np.random.RandomState) -> Rows:
    """A chaotic delay equation, smooth and nonlinear."""
    x = [1.2] * 18
    for _ in range(16_000):
        x.append(
            x[-1]
            + 0.1
            * (
                0.2 * x[-171 if len(x) > 171 else 0] / (1 + x[-171 if len(x) > 171 else 0] ** 10)
                - 0.1 * x[-1]
            )
        )
    return np.array(x[1000::10]) + 0.005 * random.randn(len(x[1000::10]))


def threshold(random: np.random.RandomState) -> Rows:
    """It behaves in one way above 0 and in another below (Tong 1978)."""
    noise, values = random.randn(1500), np.zeros(1500)
    for t in range(1, 1500):
        before = values[t - 1]
        values[t] = (0.9 * before - 2 if before > 0 else -0.5 * before + 2.5) + 0.5 * noise[t]
    return values


def lags(random: np.random.RandomState) -> Rows:
    """The first column follows the second after five rows, and the third after two."""
    a = _autoregressive(random.randn(1205), (0.9,))
    b = _autoregressive(random.randn(1205), (0.5, -0.3))
    y = 0.8 * np.roll(a, 5) + 0.6 * np.roll(b, 2) + 0.3 * random.randn(1205)
    return np.stack([y, a, b], axis=1)[5:]


def short_year(random: np.random.RandomState) -> Rows:
    """A hundred correlated values, as of a river year by year."""
    return 900 + 120 * _autoregressive(random.randn(100), (0.5,))


def weekly_sales(random: np.random.RandomState) -> Rows:
    """Days of the week, a slow wave, and sudden actions."""
    t = np.arange(900)
    week = np.array([0.0, 1, 2, 1, 5, 9, 7])[t % 7]
    actions = 12 * (random.rand(900) < 0.03)
    slow = 6 * np.sin(2 * np.pi * t / 400)
    return np.maximum(0, 30 + slow + 2 * week + actions + 2.5 * random.randn(900))


MADE: dict[str, Make] = {
    make.__name__.replace("_", "-"): make
    for make in (
        trend, trend_season, two_seasons, multiplicative, regime, random_walk, drifting_prices,
        logistic, mackey_glass, threshold, lags, short_year, weekly_sales,
    )
}  # fmt: skip


def write_made(folder: Path) -> Iterator[Path]:
    """Write each series as a CSV file without times."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, make) in enumerate(MADE.items()):
        rows = make(np.random.RandomState(number))
        rows = rows[:, None] if rows.ndim == 1 else rows
        path = folder / f"{name}.csv"
        lines = [",".join("yabc"[: rows.shape[1]])]
        lines += [",".join(f"{value:.6g}" for value in row) for row in rows]
        path.write_text("\n".join(lines) + "\n", "utf-8")
        yield path
