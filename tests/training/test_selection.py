"""Weights are chosen by forecasts of rows that are not trained on."""

from __future__ import annotations

import numpy as np
import pytest

from rnntui.data import ValueData, load
from rnntui.forecast.methods import LastValue
from rnntui.recipe import Recipe
from rnntui.training.gradient_check import check_gradients
from rnntui.training.loop import start, train
from rnntui.training.selection import Selector
from rnntui.training.workers.pool import WorkerPool

ROWS = np.round(np.sin(np.arange(240) / 2) + np.arange(240) / 60, 6)
RECIPE = Recipe().replace(
    task="values",
    source="values:" + ",".join(map(repr, ROWS.tolist())),
    standardize=True,
    select="horizon",
    skip="last",
    cell="gru",
    hidden=8,
    batch=2,
    seq_len=10,
    steps=20,
    eval_every=10,
    horizon=5,
)


def loaded(recipe: Recipe) -> ValueData:
    data = load(recipe)
    assert isinstance(data, ValueData)
    return data


def test_an_untrained_network_beside_the_last_value_forecasts_the_last_value():
    data = loaded(RECIPE)
    assert start(RECIPE, data).selector.error() == pytest.approx(1, abs=1e-5)


def test_beside_an_autoregression_it_is_that_autoregression():
    recipe = RECIPE.replace(skip="linear")
    assert start(recipe, loaded(recipe)).selector.error() < 0.1


@pytest.mark.parametrize("difference", [False, True])
@pytest.mark.parametrize("skip", ["none", "last", "linear"])
def test_every_validation_has_the_error_of_forecasts(skip, difference):
    recipe = RECIPE.replace(skip=skip, difference=difference, average=0.9)
    data = loaded(recipe)
    errors = [chunk.forecast_error for chunk in train(recipe, data)]
    assert [n for n, error in enumerate(errors, 1) if error is not None] == [10, 20]
    assert all(np.isfinite(error) for error in errors if error is not None)


@pytest.mark.parametrize("difference", [False, True])
def test_without_a_validation_part_forecasts_end_with_the_data(difference):
    recipe = RECIPE.replace(split=0.0, difference=difference)
    errors = [chunk.forecast_error for chunk in train(recipe, loaded(recipe))]
    assert np.isfinite(errors[9]) and np.isfinite(errors[19])


def test_rows_that_choose_the_weights_train_nothing():
    data = loaded(RECIPE)
    held = data.outlook.held
    other = loaded(RECIPE)
    other.values[-held + 1 :] += 100  # what follows the last row trained on
    ends = []
    for one in (data, other):
        state = start(RECIPE, one)
        for _ in train(RECIPE, one, state):
            pass
        ends.append(state.trained.flat.copy())
    assert np.array_equal(*ends)


def test_a_forecast_that_is_not_finite_is_the_worst():
    data = loaded(RECIPE)
    state = start(RECIPE, data)
    state.parameters.flat.fill(np.nan)
    assert Selector(state.parameters, data).error() == np.inf


def test_its_last_value_is_that_of_the_backtest():
    data = loaded(RECIPE)
    assert LastValue().forecast(data.rows()[:, 0], [100], 3).tolist() == [[ROWS[99]] * 3]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("skip", ["last", "linear"])
def test_gradients_beside_a_skip_connection_are_exact(cell, skip):
    recipe = RECIPE.replace(cell=cell, skip=skip, hidden=5, layers=2)
    assert check_gradients(recipe, loaded(recipe)).passes


def test_workers_share_it():
    recipe = RECIPE.replace(skip="linear", average=0.9, workers=1)
    data, ends = loaded(recipe), []
    for workers in (1, 2):
        shared = recipe.replace(workers=workers)
        with WorkerPool() as pool:
            state = start(shared, data, pool)
            for _ in train(shared, data, state):
                pass
            ends.append(state.parameters.flat.copy())
    assert ends[0] == pytest.approx(ends[1], abs=1e-5)
