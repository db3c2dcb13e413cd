"""Features, the ranking of units by them, and the message of the neurons view."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rnntui.data import load
from rnntui.errors import UsageError
from rnntui.insight.features import features, text_features, value_features
from rnntui.insight.neurons import levels, neurons, selected
from rnntui.insight.passage import excerpt
from rnntui.insight.ranking import Ranked, Ranking, correlations, untrained
from rnntui.insight.reader import Reader
from rnntui.nn.model import named_parameters
from rnntui.protocol.codec import from_plain, to_plain
from rnntui.protocol.insight import Follows, Neurons
from rnntui.recipe import Recipe, load_recipe
from rnntui.training.loop import start, train
from tests.conftest import quick_first
from tests.support import plain
from tests.support.insight import NUMBERS, network_for, text_data, values_of

DATA = text_data()
RECIPE = Recipe().replace(cell="gru", hidden=8, init="normal", init_scale=0.5, dtype="float64")


def ranked(ranking, step=0):
    slices = 1
    while not ranking.work(step):
        slices += 1
    return ranking.ranked, slices


def test_brackets_are_counted_as_a_reader_would():
    found = text_features(list("a([b)]c]"))
    assert found["bracket depth"].tolist() == [0, 1, 2, 2, 1, 0, 0, 0]
    assert found["open ("].tolist() == [0, 1, 1, 1, 1, 0, 0, 0]
    assert found["innermost is ["].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    assert found["next closes a bracket"].tolist() == [0, 0, 0, 1, 1, 0, 1, 0]


def test_places_in_a_text_are_counted():
    found = text_features(list('He is "1".\nA'))
    assert found["position in word"].tolist() == [1, 2, 0, 1, 2, 0, 0, 0, 0, 0, 0, 1]
    assert found["inside quotes"].tolist() == [0] * 6 + [1, 1, 0, 0, 0, 0]
    assert np.expm1(found["position in line"]).round().tolist() == [*range(1, 11), 0, 1]
    assert np.expm1(found["position in sentence"]).round().tolist()[-4:] == [9, 0, 0, 1]
    assert found["capital"].tolist() == [1] + [0] * 10 + [1]
    assert found["vowel"].tolist() == [0, 1, 0, 1] + [0] * 7 + [1]
    assert found["digit"].nonzero()[0].tolist() == [7]
    assert found["next is a newline"].nonzero()[0].tolist() == [9]


def test_features_that_do_not_occur_are_left_out():
    assert "digit" in features(DATA, DATA.tokens[:3000], 0)
    data = text_data("the cat sat on the mat. " * 30)
    names = set(features(data, data.tokens, 0))
    assert "vowel" in names
    assert not names & {"digit", "capital", "bracket depth", "inside quotes"}


def test_a_feature_that_is_the_same_as_another_is_left_out():
    names = features(text_data("([])\n" * 60), text_data("([])\n" * 60).tokens, 0)
    assert "position in line" in names and "position in sentence" not in names


def test_words_have_features_of_their_characters():
    data = text_data(tokenizer="word")
    assert {"bracket depth", "inside quotes", "capital"} <= set(features(data, data.tokens, 0))


def test_features_of_values_are_values_changes_and_the_past():
    found = value_features(np.array([[1.0], [4.0], [2.0]]), ("a",))
    assert found["value"].tolist() == [1, 4, 2]
    assert found["change"].tolist() == [0, 3, -2]
    assert found["value 1 step ago"].tolist() == [1, 1, 4]
    assert found["value 2 steps ago"].tolist() == [1, 1, 1]
    assert "value of b" in value_features(np.ones((3, 2)), ("a", "b"))


@pytest.mark.parametrize("keys", [{}, {"difference": True, "standardize": True}])
def test_the_value_is_that_of_the_source(keys):
    data = values_of(**keys)
    shift = 1 if keys else 0
    assert features(data, data.values[:50], 0)["value"] == pytest.approx(
        NUMBERS[shift : 50 + shift]
    )


def test_correlations_are_those_of_numpy():
    rng = np.random.default_rng(1)
    hidden, table = rng.normal(size=(50, 4)), rng.normal(size=(50, 3))
    hidden[:, 2] = 7.0
    found = correlations(hidden, table)
    for unit in (0, 1, 3):
        for k in range(3):
            expected = np.corrcoef(hidden[:, unit], table[:, k])[0, 1]
            assert found[unit, k] == pytest.approx(expected)
    assert not found[2].any()


def plain_states(parameters, ranking, kind):
    """Hidden values (layers, N, 8), each stream read plainly from the zero state."""
    named, parts = named_parameters(parameters), 2 if kind == "lstm" else 1
    layers, states = parameters.shape.layers, []
    for begin in range(0, len(ranking._rows), ranking._length):
        hidden = np.zeros((layers, parts, 8))
        for token in ranking._rows[begin : begin + ranking._length]:
            _, hidden = plain.outputs(named, kind, np.array([token]), hidden)
            states.append(hidden[:, 0])
    return np.array(states).swapaxes(0, 1)


@pytest.mark.parametrize("kind", quick_first(["gru", "lstm"]))
def test_units_are_chosen_on_one_half_and_scored_on_the_other(kind):
    recipe = RECIPE.replace(cell=kind, layers=2, dropout=0.0)
    parameters = network_for(DATA, kind, layers=2)
    parameters.flat += np.random.default_rng(1).normal(scale=0.3, size=len(parameters.flat))
    ranking = Ranking(parameters, DATA, recipe)
    result, slices = ranked(ranking, 7)
    assert slices > 20 and result.step == 7
    half, table = len(ranking._rows) // 2, ranking._features
    trained = plain_states(parameters, ranking, kind)
    control = plain_states(untrained(parameters.shape, recipe), ranking, kind)

    def best(states, column):
        def r(pair, part):
            return np.corrcoef(states[pair][part], column[part])[0, 1]

        chosen = max(states, key=lambda pair: abs(r(pair, np.s_[:half])))
        return chosen, r(chosen, np.s_[half:])

    trained_units = {(n, u): trained[n, :, u] for n in range(2) for u in range(8)}
    control_units = {(n, u): control[n, :, u] for n in range(2) for u in range(8)}
    for row in result.follows:
        column = table[:, ranking._names.index(row.feature)]
        (layer, unit), r = best(trained_units, column)
        _, before = best(control_units, column)
        assert (row.layer, row.unit) == (layer, unit)
        assert row.r == pytest.approx(r, abs=6e-4)
        assert row.untrained == pytest.approx(abs(before), abs=6e-4)
        assert row.found == (r * r - before * before >= 0.2)
        A = np.column_stack([trained[layer], np.ones(2 * half)])
        centred = A[:half, :8] - A[:half, :8].mean(0)
        ridge = centred.T @ centred + 1e-4 * half * np.eye(8)
        w = np.linalg.solve(ridge, centred.T @ (column[:half] - column[:half].mean()))
        together = np.corrcoef(A[half:, :8] @ w, column[half:])[0, 1]
        assert row.all_units == pytest.approx(together, abs=6e-4)


def test_the_untrained_network_is_that_of_the_start_of_the_run():
    recipe = RECIPE.replace(source="text:the cat sat", repeat=30, batch=1, seq_len=5, seed=4)
    state = start(recipe, load(recipe))
    same = untrained(state.parameters.shape, recipe)
    assert (same.flat == state.parameters.flat).all()
    result, _ = ranked(Ranking(state.parameters, load(recipe), recipe))
    assert all(abs(row.r) == row.untrained and not row.found for row in result.follows)


def test_a_ranking_keeps_the_weights_it_began_with():
    parameters = network_for(DATA)
    expected, _ = ranked(Ranking(parameters, DATA, RECIPE))
    ranking = Ranking(parameters, DATA, RECIPE)
    while not ranking.work(0):
        parameters.flat[:] = 0
    assert ranking.ranked.follows == expected.follows


def test_a_second_ranking_follows_the_weights():
    parameters = network_for(DATA)
    ranking = Ranking(parameters, DATA, RECIPE)
    first, slices = ranked(ranking, 1)
    parameters.flat[:] = 0
    second, fewer = ranked(ranking, 2)
    assert (first.step, second.step) == (1, 2) and fewer < slices
    assert any(row.r for row in first.follows) and not any(row.r for row in second.follows)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_numbers_follow_nothing(bad):
    parameters = network_for(DATA)
    parameters.flat[:] = bad
    result, _ = ranked(Ranking(parameters, DATA, RECIPE))
    assert result.follows and not any(row.r or row.found for row in result.follows)
    read = Reader(parameters, DATA, excerpt(DATA, 0)).read(0)
    said = neurons(read, (-1.0, 1.0), result)
    assert set(said.activation) <= {None, 1.0, -1.0} and len(said.heat) == 8


def test_too_little_text_is_reported_in_one_line():
    with pytest.raises(UsageError, match="too few characters to rank units: 10, need 32"):
        Ranking(network_for(DATA), plain.token_data(np.arange(10) % 2, 2), RECIPE)


def test_values_have_a_ranking():
    data = values_of(standardize=True)
    result, _ = ranked(Ranking(network_for(data, "tanh"), data, RECIPE.replace(cell="rnn")))
    assert {"value", "change"} <= {row.feature for row in result.follows}


def test_a_constant_series_has_nothing_to_follow():
    data = plain.value_data(np.ones((60, 1)))
    result, _ = ranked(Ranking(network_for(data, "tanh"), data, RECIPE.replace(cell="rnn")))
    assert result.follows == ()


def test_levels_are_between_the_least_and_the_greatest():
    assert levels(np.array([-1.0, -0.3, 0.3, 1.0])) == "0369"
    assert levels(np.array([2.0, 2.0])) == "00"
    assert levels(np.array([0.0, np.nan, 1.0])) == "0 9"
    assert levels(np.array([np.nan])) == " "


def follows(layer, unit):
    return Follows("f", layer, unit, 0.9, 0.1, 1.0, True)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [((-1, -1), (0, 5)), ((1, -1), (1, 6)), ((-1, 3), (1, 3)), ((9, 99), (0, 5)), ((0, 2), (0, 2))],
)
def test_the_best_unit_found_is_selected_unless_another_is(asked, expected):
    result = Ranked(1, 2, (follows(0, 5), follows(1, 6)))
    hidden = np.zeros((2, 4, 8))
    assert selected(hidden, result, *asked) == expected


def test_without_a_ranking_the_unit_that_varies_most_is_selected():
    hidden = np.zeros((2, 4, 8))
    hidden[1, :, 3] = [0, 1, 0, 1]
    assert selected(hidden, Ranked(), -1, -1) == (1, 3)


@pytest.mark.parametrize("kind", ["tanh", "relu", "gru"])
def test_the_message_shows_the_units_over_the_passage(kind):
    parameters = network_for(DATA, kind, layers=2, hidden=60)
    reader = Reader(parameters, DATA, excerpt(DATA, 0))
    read = reader.read(4)
    result = Ranked(3, 100, (follows(1, 50),))
    said = neurons(read, reader.limits, result)
    assert (said.layer, said.unit, said.step, said.ranked_at) == (1, 50, 4, 3)
    assert said.activation == pytest.approx(read.hidden[1][:, 50], rel=0.006, abs=1e-9)
    assert len(said.heat) == 40 and said.heat[0].unit == 50
    assert said.heat[0].levels == levels(read.hidden[1][:, 50])
    assert said.low <= min(said.activation) and max(said.activation) <= said.high * 1.01
    line = json.dumps(to_plain(said), ensure_ascii=False, separators=(",", ":"))
    assert len(line.encode()) <= 16_000
    assert from_plain(Neurons, json.loads(line)) == said


@pytest.mark.slow
def test_neuron_ranking_on_brackets():
    recipe = load_recipe("brackets").replace(workers=1, sample_every=0, eval_every=0, steps=1600)
    recipe = recipe.replace(cell="rnn", lr=0.003)
    data = load(recipe)
    state = start(recipe, data)
    for _ in train(recipe, data, state):
        pass
    result, _ = ranked(Ranking(state.parameters, data, recipe), state.step)
    (depth,) = (row for row in result.follows if row.feature == "bracket depth")
    assert depth.found and abs(depth.r) >= 0.8 and depth.untrained < 0.6
