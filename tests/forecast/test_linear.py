"""The linear method beside a network: in one pass, row by row, and as an autoregression."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rnntui.forecast.autoregression import fit_autoregression
from rnntui.forecast.linear import Linear, differences_help, fit_linear, last_value
from rnntui.generation.beside import MOST, Beside

RNG = np.random.default_rng(3)


def waves(rows: int, season: int = 12) -> np.ndarray:
    t = np.arange(rows)
    noise = 0.2 * np.random.default_rng(7).standard_normal(rows)
    return 5 + np.sin(2 * np.pi * t / season) + noise


def test_it_is_the_autoregression_of_each_column():
    rows = np.stack([waves(300), 3 * waves(300, 7) - 40], axis=1)
    found = fit_linear(rows, (12, 0))
    for place, season in enumerate((12, 0)):
        one = fit_autoregression(rows[:, place], season)
        wanted = one.forecast(rows[:, place], list(range(60, 300)), 1)[:, 0]
        assert found.after_each(rows)[59:299, place] == pytest.approx(wanted, rel=1e-9)


def test_a_row_at_a_time_is_as_all_at_once():
    rows = RNG.normal(size=(50, 3))
    found = Linear((1, 4, 9), RNG.normal(size=(3, 3)), RNG.normal(size=3))
    each, beside = found.after_each(rows), Beside(found)
    assert np.allclose([beside.after(row) for row in rows], each)
    several = Beside(found)
    both = [several.after(np.stack([row, -row]))[0] for row in rows]
    assert np.allclose(both, each)
    assert np.allclose(found.after(rows), each[-1])


def test_without_a_method_nothing_is_beside_a_row_and_nothing_is_bounded():
    beside, row = Beside(None), np.array([1e9, 2.0])
    assert beside.after(row).shape == (0,)
    assert beside.bounded(row) is row
    assert Beside(last_value(2)).bounded(row).tolist() == [MOST, 2.0]


def test_the_last_value_is_repeated():
    rows = RNG.normal(size=(9, 2))
    assert np.array_equal(last_value(2).after_each(rows), rows)


def test_a_column_too_short_to_fit_repeats_its_last_value():
    rows = np.array([[1.0], [4.0], [2.0]])
    assert np.array_equal(fit_linear(rows, (0,)).after_each(rows), rows)


def test_it_returns_from_json_bit_for_bit():
    found = fit_linear(waves(200)[:, None], (12,))
    again = Linear.from_dict(json.loads(json.dumps(found.to_dict())), 1)
    assert again.lags == found.lags
    assert np.array_equal(again.weights, found.weights)
    assert np.array_equal(again.constant, found.constant)


@pytest.mark.parametrize(
    "change", [{"lags": [0]}, {"lags": [1, 2]}, {"constant": [1.0, 2.0]}, {"weights": [[]]}]
)
def test_a_damaged_one_is_refused(change):
    with pytest.raises(ValueError):
        Linear.from_dict({**last_value(1).to_dict(), **change}, 1)


def test_changes_are_learned_of_a_bent_trend_but_not_of_a_level():
    t = np.arange(300.0)
    bent = t**2 / 100 + np.random.default_rng(1).standard_normal(300)
    assert differences_help(bent[:, None], (0,), 10)
    level = np.random.default_rng(2).standard_normal(300)
    assert not differences_help(level[:, None], (0,), 10)
    assert not differences_help(level[:10, None], (0,), 10)
