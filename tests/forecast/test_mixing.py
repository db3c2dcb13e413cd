"""What the mean of methods is made of: a series that wanders, and one that returns to its mean."""

from __future__ import annotations

import numpy as np
import pytest

from rnntui.forecast.autoregression import fit_autoregression, fit_changes
from rnntui.forecast.backtest import backtest, overall, plan
from rnntui.forecast.methods import LastValue
from rnntui.forecast.mixing import LAST, SIGNALS, choose_mean
from rnntui.forecast.smoothing import fit_theta


def autoregressive(rows: int, weight: float, seed: int = 1) -> np.ndarray:
    """Values of which `weight` is left one row later; 1 is a random walk."""
    noise, values = np.random.RandomState(seed).randn(rows), np.zeros(rows)
    for t in range(1, rows):
        values[t] = weight * values[t - 1] + noise[t]
    return values


@pytest.mark.parametrize("seed", range(5))
def test_a_unit_root_is_rejected_only_of_what_returns_to_its_mean(seed: int) -> None:
    for weight, expected in ((0.6, False), (1.0, True)):
        found = fit_autoregression(autoregressive(400, weight, seed))
        assert found is not None and found.wanders == expected


@pytest.mark.parametrize("seed", range(3))
def test_only_what_forecasts_a_random_walk_takes_part_for_one(seed: int) -> None:
    where = plan(400, 360, 5)
    walk = backtest(autoregressive(400, 1.0, seed), where, 0)
    assert {*walk.mean.shares} == {LAST, *SIGNALS} and walk.mean.reach is None
    last = overall(walk.methods)["last value"]
    assert overall(walk.methods)["auto"] < 1.03 * last
    returning = backtest(autoregressive(400, 0.6, seed), where, 0).mean
    assert returning.anchor == "adaptive mean" and returning.shares["adaptive mean"] >= 0.7
    momentum = backtest(np.cumsum(autoregressive(400, 0.8, seed)), where, 0).mean
    assert momentum.shares["adaptive mean"] > 0.5  # it wanders, but its changes are known


def test_a_network_that_knows_where_a_walk_goes_takes_part() -> None:
    values, where = autoregressive(400, 1.0), plan(400, 360, 5, 80)
    rows = np.array(where.origins)[:, None] + np.arange(5)
    last = values[rows[:, :1] - 1]
    known = backtest(values, where, 0, last + 0.6 * (values[rows] - last)).mean.shares
    unknown = backtest(values, where, 0, last + 0 * rows).mean.shares
    assert known["network"] > 0.3 and "network" not in unknown


def test_recent_errors_weigh_more() -> None:
    small, large = np.full((20, 3), 1.0), np.full((20, 3), 1.4)
    errors = {
        "last value": np.concatenate([small, large]),
        "exponential smoothing": np.concatenate([large, small]),
    }
    shares = choose_mean(errors, wanders=False).shares
    assert shares["exponential smoothing"] > shares["last value"] + 0.2


def test_changes_continue_a_trend_and_a_season() -> None:
    rows = np.arange(300)
    season = np.tile(np.random.RandomState(0).randn(12) * 5, 25)
    values = season + 0.3 * rows + 0.01 * np.random.RandomState(1).randn(300)
    for lag, expected in ((12, 12), (0, 1)):
        found = fit_changes(values[:240], lag)
        assert found is not None and found.over == expected
        ahead = found.forecast(values, [240, 250], 30)
        true = np.stack([values[240:270], values[250:280]])
        assert abs(ahead - true).max() < (0.1 if lag else 25)
        assert found.least_rows <= 240
    short = fit_changes(values[:40], 12)
    assert short is not None and short.over == 1  # too few seasons


def test_changes_of_a_walk_with_momentum_are_forecast() -> None:
    values = np.cumsum(autoregressive(2000, 0.8))
    found = fit_changes(values[:1500])
    assert found is not None
    origins = range(1500, 1990, 10)
    true = np.stack([values[o : o + 3] for o in origins])
    off = found.forecast(values, origins, 3) - true
    still = LastValue().forecast(values, origins, 3) - true
    assert np.square(off).mean() < 0.6 * np.square(still).mean()


def test_theta_rises_by_half_the_slope() -> None:
    values = 5 + 0.4 * np.arange(100.0)
    found = fit_theta(values)
    assert found is not None and found.slope == pytest.approx(0.2)
    ahead = found.forecast(values, [100], 4)[0]
    assert np.diff(ahead) == pytest.approx([0.2] * 3)
    assert ahead[0] == pytest.approx(values[-1] + 0.2, abs=0.1)


def test_a_signal_of_where_a_walk_goes_is_followed_part_of_the_way() -> None:
    noise = np.random.RandomState(0).randn(40, 3)
    shares = []
    for known in (0.8, -0.8):
        still = dict.fromkeys((LAST, "autoregression", "differencing"), noise)
        errors = {**still, "theta": (1 - known) * noise}
        shares.append(choose_mean(errors, wanders=True).shares)
    good, bad = shares
    assert good["theta"] == pytest.approx(0.35)  # half of 0.7: there are two signals
    assert bad["theta"] == good["differencing"] == pytest.approx(0.05)
    assert sum(good.values()) == sum(bad.values()) == pytest.approx(1)
