"""Series of which the changes are learned: what is seen of them are the rows they lead to."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from rnntui.data import ValueData, load
from rnntui.data.baseline import baselines
from rnntui.errors import UsageError
from rnntui.foreground.samples import predictions
from rnntui.recipe import Recipe
from rnntui.runs.vocabulary import describe, rebuild
from rnntui.session.steps import steps_of
from rnntui.training.loop import TrainState, finish, start, train, writer

ROWS = np.cumsum(np.random.default_rng(2).normal(0.5, 1.0, (40, 2)), axis=0)
RECIPE = Recipe().replace(
    task="values", difference=True, standardize=True, hidden=4, batch=2, seq_len=5, workers=1
)


def loaded(tmp_path, recipe=RECIPE, rows=ROWS) -> ValueData:
    path = tmp_path / "rows.npy"
    np.save(path, rows)
    data = load(recipe.replace(source=str(path)))
    assert isinstance(data, ValueData)
    return data


def expecting_the_mean(recipe, data) -> TrainState:
    """A network whose output is always 0, the mean of what it is trained on."""
    state = start(recipe, data)
    for name in ("Wy", "by"):
        state.parameters.tensors[name][...] = 0
    return state


@pytest.mark.parametrize("standardize", [False, True])
def test_changes_lead_from_row_to_row(tmp_path, standardize):
    data = loaded(tmp_path, RECIPE.replace(standardize=standardize))
    changes = np.concatenate([data.values, data.validation])
    assert len(data.values) == 36
    assert len(data.validation) == 3
    assert changes * data.deviation + data.mean == pytest.approx(np.diff(ROWS, axis=0))
    assert data.unscale(changes, 0) == pytest.approx(ROWS[1:])
    assert data.unscale(data.validation, 36) == pytest.approx(ROWS[37:])
    assert data.scaled(ROWS[:9]) == pytest.approx(changes[:8])
    if standardize:
        assert data.values.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)


def test_the_last_value_again_is_as_good_as_it_is_for_the_rows(tmp_path):
    data = loaded(tmp_path, RECIPE.replace(standardize=False))
    whole = loaded(tmp_path, RECIPE.replace(difference=False, standardize=False))
    assert dict(baselines(data)) == pytest.approx({"last value": loss_of_no_change(ROWS[37:])})
    assert dict(baselines(whole)) == pytest.approx({"last value": loss_of_no_change(ROWS[36:])})


def loss_of_no_change(rows):
    return 0.5 * np.square(np.diff(rows, axis=0)).sum(axis=1).mean()


def test_it_is_that_of_a_network_that_expects_no_change(tmp_path):
    data = loaded(tmp_path)
    state = expecting_the_mean(RECIPE, data)
    state.parameters.tensors["by"][...] = -data.mean / data.deviation
    assert state.evaluator is not None
    ((_, last_value),) = baselines(data)
    assert state.evaluator.loss() == pytest.approx(last_value, rel=1e-5)


def test_a_forecast_goes_on_from_the_last_row(tmp_path):
    data = loaded(tmp_path)
    state = expecting_the_mean(RECIPE, data)
    ahead = list(itertools.islice(writer(state, data), 3))
    steps = np.arange(1, 4)[:, None] * data.mean
    np.testing.assert_allclose(ahead, ROWS[-1] + steps)
    ahead = list(itertools.islice(writer(state, data, "1 2, 3 7"), 3))
    np.testing.assert_allclose(ahead, np.array([3, 7]) + steps)
    with pytest.raises(UsageError, match="at least two rows"):
        writer(state, data, "1 2")


def test_a_run_that_is_kept_forecasts_rows(tmp_path):
    data = loaded(tmp_path)
    kept = rebuild(json.loads(json.dumps(describe(data))))
    state = expecting_the_mean(RECIPE, data)
    ahead, again = (list(itertools.islice(writer(state, d), 3)) for d in (data, kept))
    assert again == ahead


@pytest.mark.parametrize("update", [1, 2, 3, 4])
def test_the_strip_shows_rows(tmp_path, update):
    data = loaded(tmp_path)
    state = expecting_the_mean(RECIPE.replace(lr=1e-12), data)
    *_, chunk = itertools.islice(train(RECIPE.replace(lr=1e-12), data, state), update)
    shown = steps_of(chunk, data)
    first = 1 + 5 * ((update - 1) % 3)
    rows = ROWS[first : first + 6]
    means = rows[:5] + data.mean
    finest = 1e-4 * np.ptp(rows, axis=0)  # what can be told apart of each column
    for found, own in ((shown.input, rows[:5]), (shown.true, rows[1:]), (shown.predicted, means)):
        assert (abs(np.array(found) - own) < finest).all()


@pytest.mark.parametrize("final_pass", [False, True])
def test_predictions_over_a_small_source_are_rows(tmp_path, final_pass):
    rows = ROWS[:, :1]
    recipe = RECIPE.replace(final_pass=final_pass, batch=1, seq_len="full", split=0.0, lr=1e-12)
    data = loaded(tmp_path, recipe, rows)
    state = expecting_the_mean(recipe, data)
    next(train(recipe, data, state))
    result = finish(recipe, data, state)
    np.testing.assert_allclose(result.predicted, rows[1:-1, 0] + data.mean[0], rtol=1e-5)
    true, predicted, *_ = predictions(data, result)
    finest = np.ptp(rows) / 1000  # what can be told apart of a column in text
    told = [float(line.split()[1]) for line in (true, predicted)]
    assert told == pytest.approx([rows[2, 0], rows[1, 0] + data.mean[0]], abs=finest)
