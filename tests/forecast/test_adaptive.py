"""The mean whose weights follow recent errors: changes of level, wild values, growing values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnntui.forecast.adaptive import AdaptiveMean, fit_adaptive, fit_robust
from rnntui.forecast.autoregression import fit_autoregression, fit_changes
from rnntui.forecast.methods import ADAPTIVE, fit_all
from tests.forecast.test_mixing import autoregressive

ROWS, TRAIN, HORIZON = 400, 340, 5
ORIGINS = range(TRAIN + 20, ROWS - HORIZON)


def errors(values: np.ndarray) -> dict[str, float]:
    """The root mean square error of each method fitted to the first 340 of 400 rows."""
    true = np.stack([values[o : o + HORIZON] for o in ORIGINS])
    return {
        name: math.sqrt(np.square(method.forecast(values, ORIGINS, HORIZON) - true).mean())
        for name, method in fit_all(values[:TRAIN], 0, HORIZON).items()
    }


@pytest.mark.parametrize("seed", range(3))
def test_after_a_change_of_level_it_does_not_lead_back(seed: int) -> None:
    values = autoregressive(ROWS, 0.6, seed)
    values[TRAIN:] += 20
    found = errors(values)
    assert found[ADAPTIVE] < 0.4 * found["autoregression"]
    assert found[ADAPTIVE] < 1.3 * found["differencing"]


@pytest.mark.parametrize("seed", range(3))
def test_without_one_it_is_as_good_as_the_autoregression(seed: int) -> None:
    found = errors(10 + autoregressive(ROWS, 0.6, seed))
    assert found[ADAPTIVE] < 1.05 * found["autoregression"]


def test_a_wild_value_hardly_changes_the_robust_regression() -> None:
    values = autoregressive(ROWS, 0.7)
    values[200] += 200
    plain = fit_autoregression(values)
    assert plain is not None
    robust = fit_robust(values, plain)
    assert robust is not None and robust.lags == plain.lags
    assert plain.weights[0] < 0.3
    assert robust.weights[0] == pytest.approx(0.7, abs=0.1)
    mostly = np.where(np.arange(ROWS) % 50, 1.0, 5.0)  # the rest is not wild: all else is one value
    alike = fit_autoregression(mostly)
    assert alike is not None and fit_robust(mostly, alike) is None


def test_values_that_multiply_are_forecast_by_their_logarithms() -> None:
    values = np.exp(autoregressive(ROWS, 0.8) / 2 + np.arange(ROWS) / 60)
    found = errors(values)
    assert found[ADAPTIVE] < 0.9 * found["autoregression"]
    values[TRAIN + 3] = 0.0  # has no logarithm, which was not known when they were taken
    assert math.isfinite(errors(values)[ADAPTIVE])


def test_members_join_where_they_can() -> None:
    values = autoregressive(ROWS, 0.6)
    regression, changes = fit_autoregression(values), fit_changes(np.tile(values[:60], 4), 60)
    assert regression is not None and changes is not None
    both = AdaptiveMean((regression, changes), HORIZON)
    assert both.least_rows == regression.least_rows < changes.least_rows
    early = [regression.least_rows, regression.least_rows + 1]
    assert both.forecast(values, early, 3) == pytest.approx(regression.forecast(values, early, 3))
    together = both.forecast(values, [*early, 300], 3)
    assert together[:2] == pytest.approx(regression.forecast(values, early, 3))
    assert fit_adaptive(values, 0, 3, None, changes) is None


def test_a_longer_forecast_begins_with_the_shorter_one() -> None:
    values = autoregressive(ROWS, 0.6)
    found = fit_all(values, 0, HORIZON)[ADAPTIVE]
    short, long = (found.forecast(values, [ROWS], length) for length in (3, 300))
    assert long[:, :3] == pytest.approx(short)


def test_huge_values_leave_it_finite() -> None:
    values = autoregressive(ROWS, 0.6)
    found = fit_all(values, 0, 1)[ADAPTIVE]
    assert np.isfinite(found.forecast(np.array([1e300, -1e300] * 200), [300, 400], 1)).all()
