"""Seasons, simple methods, backtests and intervals; nothing of the last part decides anything."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.forecast.autoregression import fit_autoregression
from rnntui.forecast.backtest import (
    COMBINED,
    Backtest,
    backtest,
    default_horizon,
    overall,
    plan,
    season_of,
)
from rnntui.forecast.intervals import coverage, half_widths, rolling_widths
from rnntui.forecast.methods import NAMES, NETWORK, fit_all
from rnntui.forecast.smoothing import fit_damped_trend
from rnntui.recipe import find
from tests.forecast.test_mixing import autoregressive


def seasonal(rows: int, season: int, noise: float, trend: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.RandomState(seed)
    n = np.arange(rows)
    return 10 + trend * n + 3 * np.sin(2 * np.pi * n / season) + noise * rng.randn(rows)


@pytest.mark.parametrize("season", [4, 7, 12, 24, 168])
@pytest.mark.parametrize("trend", [0.0, 0.02])
def test_a_season_is_found(season: int, trend: float) -> None:
    values = seasonal(14 * season + 40, season, 0.1, trend)
    assert season_of(values, 14 * season, (season,)) == season
    assert season_of(values, 14 * season) == pytest.approx(season, rel=0.03)


def test_noise_and_walks_have_no_season() -> None:
    rng = np.random.RandomState(1)
    for values in (rng.randn(500), rng.randn(500).cumsum(), np.zeros(50), np.arange(50.0)):
        assert season_of(values, len(values)) == 0


def test_a_season_of_the_calendar_is_preferred() -> None:
    values = seasonal(800, 52, 1.5, seed=3)
    assert season_of(values, 800, (52,)) == 52
    assert season_of(np.random.RandomState(1).randn(400).cumsum(), 400, (7,)) == 0


def test_an_autoregression_finds_its_weights() -> None:
    rng = np.random.RandomState(0)
    y = np.zeros(5000)
    for t in range(2, len(y)):
        y[t] = 0.5 * y[t - 1] + 0.3 * y[t - 2] + rng.randn()
    found = fit_autoregression(y)
    assert found is not None
    assert found.weights[:2] == pytest.approx([0.5, 0.3], abs=0.05)
    ahead = found.forecast(y, [100, 200], 3)
    z = [y[98], y[99]]
    for step in range(3):
        z.append(0.5 * z[-1] + 0.3 * z[-2])
        assert ahead[0, step] == pytest.approx(z[-1], abs=0.3)


def test_a_damped_trend_with_a_season_continues_both() -> None:
    values = seasonal(240, 12, 0.05, trend=0.1)
    found = fit_damped_trend(values[:200], 12)
    assert found is not None
    off = found.forecast(values, [200, 210], 12) - np.array([values[200:212], values[210:222]])
    assert abs(off).max() < 1.0
    moved = found.forecast(values[5:], [195], 12)  # the season is found where it is
    assert abs(moved[0] - values[200:212]).max() < 1.0


def test_the_recipe_names_every_method() -> None:
    assert set(find("method").rule.choices) == {*NAMES, NETWORK, COMBINED}


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 3), st.integers(40, 120), st.floats(-1e3, 1e3), st.integers(1, 8))
def test_nothing_after_an_origin_is_seen(seed: int, rows: int, other: float, horizon: int) -> None:
    values = seasonal(rows, 6, 0.3, seed=seed)
    origin = rows - horizon
    changed = values.copy()
    changed[origin:] = other
    for name, method in fit_all(values[:origin], 6, 3).items():
        before = method.forecast(values, [origin], horizon)
        np.testing.assert_array_equal(before, method.forecast(changed, [origin], horizon), name)
        assert before.shape == (1, horizon)


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 3), st.integers(60, 200), st.floats(-1e3, 1e3))
def test_the_last_part_chooses_no_season_method_or_share(
    seed: int, rows: int, other: float
) -> None:
    values = seasonal(rows, 6, 0.5, seed=seed)
    train = int(rows * 0.8)
    changed = values.copy()
    changed[train:] += other
    assert season_of(values, train) == season_of(changed, train)
    where = plan(rows, train, 5)
    assert all(origin + where.horizon <= train for origin in where.inner)
    assert all(origin >= train for origin in where.outer)
    network = np.zeros((len(where.origins), where.horizon)) + 10
    one, two = (backtest(v, where, 6, network) for v in (values, changed))
    assert (one.best, one.mean.shares) == (two.best, two.mean.shares)
    assert one.mean.reach is not None and two.mean.reach is not None
    assert one.mean.reach.tolist() == two.mean.reach.tolist()
    inner = len(where.inner)
    for name in one.errors:
        np.testing.assert_array_equal(one.errors[name][:inner], two.errors[name][:inner])


def test_a_network_that_runs_away_cannot_take_the_mean_with_it() -> None:
    values = seasonal(200, 6, 0.5)
    where = plan(200, 160, 5)
    network = values[np.array(where.origins)[:, None] + np.arange(5)]  # learned by heart
    network[len(where.inner) :] = 1e9
    found = backtest(values, where, 6, network)
    assert found.mean.shares[NETWORK] > 0
    assert overall(found.methods)[COMBINED] < 2 * overall(found.methods)["autoregression"]


def test_errors_are_those_of_the_forecasts() -> None:
    values = np.arange(60.0)
    where = plan(60, 50, 4)
    found = backtest(values, where, 0)
    assert found.methods["last value"].mae == pytest.approx([1, 2, 3, 4])
    assert found.methods["last value"].mase == pytest.approx([1, 2, 3, 4])
    assert overall(found.methods)["last value"] == pytest.approx(math.sqrt(7.5))
    assert NETWORK not in found.methods
    assert default_horizon(0, 50) == 5 and default_horizon(24, 50) == 24
    assert default_horizon(168, 500) == 100 and default_horizon(0, 3) == 1
    assert default_horizon(168, 50) == 25 and default_horizon(12, 11) == 5
    assert default_horizon(12, 0) == 12 and default_horizon(2, 1) == 1


@pytest.mark.parametrize("draw", ["normal", "laplace", "uniform"])
@pytest.mark.parametrize("level", [80, 95])
def test_intervals_hold_the_share_they_promise(draw: str, level: int) -> None:
    rng = np.random.RandomState(0)
    errors = getattr(rng, draw)(size=(300, 3)) * np.arange(1, 4)
    rolled = rolling_widths(errors, range(0, 3000, 10))[level]
    assert coverage(errors[50:], rolled[50:-1]) == pytest.approx(level / 100, abs=0.05)
    widths = half_widths(errors[:50], level / 100)
    assert (np.diff(widths) >= 0).all()
    assert (abs(errors[50:]) <= widths).mean() == pytest.approx(level / 100, abs=0.1)


@pytest.mark.parametrize("factor", [5.0, 0.2])
def test_intervals_follow_a_series_that_becomes_harder_or_easier_to_forecast(factor: float) -> None:
    """The last 40 errors alone would make an interval that holds far fewer or far more."""
    rng = np.random.RandomState(1)
    errors = rng.normal(size=(70, 4)) * np.where(np.arange(70) < 40, 1.0, factor)[:, None]
    rolled = rolling_widths(errors, range(0, 700, 10))
    alone = [half_widths(errors[:place], 0.8) for place in range(40, 70)]
    off = abs((abs(errors[40:]) <= alone).mean() - 0.8)
    held = coverage(errors[40:], rolled[80][40:-1])
    assert abs(held - 0.8) < 0.15 and abs(held - 0.8) < off
    assert (rolled[95][5:] >= 1.18 * rolled[80][5:]).all()


def test_few_errors_give_wide_intervals() -> None:
    few = np.array([[1.0], [-2.0], [0.5]])
    assert half_widths(few, 0.95)[0] >= 2.0
    assert np.isnan(half_widths(np.full((2, 3), np.nan), 0.8)).all()
    assert rolling_widths(few, [0, 10, 20])[95][-1, 0] >= 2.0
    assert np.isnan(rolling_widths(few[:0], [], 5)[80]).all()
    assert math.isnan(coverage(few[:0], few[:0]))


def test_an_interval_uses_only_errors_known_at_its_origin() -> None:
    rng = np.random.RandomState(2)
    errors, origins = rng.normal(size=(30, 6)), range(0, 60, 2)
    before = rolling_widths(errors, origins)[80]
    for place in (3, 12, 25):
        unknown = np.array(origins)[:, None] + np.arange(6) >= origins[place]
        changed = rolling_widths(np.where(unknown, 99.0, errors), origins)[80]
        np.testing.assert_array_equal(changed[: place + 1], before[: place + 1])
        assert (changed[place + 1 :] != before[place + 1 :]).any()


def judged(network: np.ndarray, values: np.ndarray, held: int = 80) -> Backtest:
    """The backtest of a network that was not trained on the last `held` rows before the split."""
    return backtest(values, plan(len(values), 360, 5, held), 0, network)


def test_a_network_is_judged_by_rows_that_it_was_not_trained_on():
    values = autoregressive(400, 0.6)
    where = plan(400, 360, 5, 40)
    rows = np.array(where.origins)[:, None] + np.arange(5)
    noise = np.random.RandomState(2).randn(*rows.shape)
    by_heart = np.where(rows < 320, values[rows], values[rows] + 9 * noise)
    known = judged(by_heart, values, 40).mean.shares
    assert known[NETWORK] < 0.1
    unknown = backtest(values, plan(400, 360, 5), 0, by_heart).mean.shares
    assert unknown[NETWORK] > 1.5 * known[NETWORK]


def test_a_network_that_is_better_by_far_leaves_the_reach_of_the_others():
    values = np.cumsum(np.random.RandomState(1).randn(400))
    rows = np.array(plan(400, 360, 5, 80).origins)[:, None] + np.arange(5)
    test = judged(values[rows], values)
    assert test.mean.reach is None
    assert test.mean.shares[NETWORK] > 0.9
    returning = autoregressive(400, 0.6)
    alike = judged(returning[rows[:, :1] - 1] * 0.6 ** np.arange(1, 6), returning)
    assert alike.mean.reach is not None
    assert alike.mean.shares["adaptive mean"] >= 0.5


def test_few_horizons_leave_doubt_about_a_network():
    values = np.cumsum(np.random.RandomState(1).randn(400))
    rows = np.array(plan(400, 360, 5, 80).origins)[:, None] + np.arange(5)
    last = values[rows[:, :1] - 1] + 0 * rows
    better = last + 0.5 * (values[rows] - last)
    shares = [judged(better, values, held).mean.shares[NETWORK] for held in (20, 40, 80)]
    assert shares == sorted(shares)
