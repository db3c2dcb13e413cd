"""The observer: slices of work for a view, and the newest results as messages."""

from __future__ import annotations

import numpy as np
import pytest

from rnntui.data import load
from rnntui.errors import UsageError
from rnntui.insight import guesses
from rnntui.insight.observer import Observer
from rnntui.nn import network
from rnntui.protocol.insight import Guesses, InsightLook, Memory, Neurons, ValueGuesses
from rnntui.recipe import Recipe, SamplingSettings
from rnntui.runs import vocabulary
from rnntui.training.loop import start, train
from tests.conftest import quick_first
from tests.support import plain
from tests.support.insight import CELLS, TEXT, network_for, text_data, values_of

DATA = text_data()
RECIPE = Recipe().replace(cell="gru", hidden=8, dtype="float64")
SETTINGS = SamplingSettings()
VIEWS = ("guesses", "memory", "neurons")


def observer(data=DATA, kind="gru"):
    parameters = network_for(data, kind)
    recipe = RECIPE.replace(cell=kind if kind in CELLS else "rnn")
    return Observer(parameters, data, recipe, 12), parameters


def finish(seen, look, step=1, now=0.0):
    """Work until there is nothing left; return the number of slices."""
    for count in range(1000):
        if not seen.work(look, step, now):
            return count
    raise AssertionError("the work does not end")


@pytest.mark.parametrize("view", VIEWS)
def test_the_work_for_a_view_ends_until_the_weights_change(view):
    seen, _ = observer()
    look = InsightLook(view=view, details=True)
    assert seen.message(look, SETTINGS) is None
    assert finish(seen, look) > 3
    assert not seen.work(look, 1, 9.0)
    message = seen.message(look, SETTINGS)
    assert message.step == 1 and message.details.at == 109
    finish(seen, look, 2, 9.0)
    assert seen.message(look, SETTINGS).step == 2


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("data", [DATA, values_of([n % 7 + n / 99 for n in range(300)])])
def test_weights_that_have_become_anything_are_read_without_a_warning(data, bad):
    seen, parameters = observer(data, "relu")
    parameters.flat[:] = 0.0
    parameters.tensors["b0"][:] = bad  # all units are as large, and stay so
    for view in VIEWS:
        finish(seen, InsightLook(view=view, details=True))
        assert seen.message(InsightLook(view=view, details=True), SETTINGS).step == 1


@pytest.mark.parametrize("output", quick_first(["adaptive", "full"]))
def test_the_views_of_an_output_layer_that_is_large(monkeypatch, output):
    recipe = RECIPE.replace(source=f"text:{TEXT}", output=output, batch=2, seq_len=12, split=0.2)
    data = load(recipe)
    expected = {}
    for large in (False, True):
        monkeypatch.setattr(network, "fits_whole", lambda *_, large=large: not large)
        monkeypatch.setattr(guesses, "_AT_ONCE", 7 if large else 1 << 20)
        seen = Observer(start(recipe, data).parameters, data, recipe, 12)
        for view in VIEWS:
            look = InsightLook(view=view, details=True, at=60)
            finish(seen, look)
            message = seen.message(look, SETTINGS)
            assert message is not None and message.details is not None
            assert message == expected.setdefault(view, message)
    shown = expected["guesses"]
    assert -np.log(shown.probability).mean() == pytest.approx(shown.loss, abs=1e-3)
    sampled = sum(choice.probability for choice in shown.choices) + shown.rest
    assert sampled == pytest.approx(1.0, abs=1e-3)


def test_the_same_is_not_measured_again_at_once_while_the_weights_change():
    seen, _ = observer()
    look = InsightLook(view="guesses")
    steps = []
    for step in range(1, 41):
        seen.work(look, step, step / 20)
        steps.append(seen._read and seen._read.step)
    assert len(set(steps) - {None}) <= 5  # in two seconds


def test_each_view_has_its_message():
    seen, _ = observer()
    kinds = {"guesses": Guesses, "memory": Memory, "neurons": Neurons}
    for view, kind in kinds.items():
        look = InsightLook(view=view)
        finish(seen, look)
        assert isinstance(seen.message(look, SETTINGS), kind)
    for view in ("watch", "health"):
        assert not seen.work(InsightLook(view=view), 1, 0.0)
        assert seen.message(InsightLook(view=view), SETTINGS) is None


def test_the_results_are_complete():
    seen, _ = observer()
    look = InsightLook(view="guesses")
    finish(seen, look)
    assert seen.message(look, SETTINGS).measured > 100
    look = InsightLook(view="neurons")
    finish(seen, look, 0)
    said = seen.message(look, SETTINGS)
    assert said.follows and said.measured > 100 and said.ranked_at == 0


def test_a_message_is_made_once_for_what_has_not_changed():
    seen, _ = observer()
    look = InsightLook(view="guesses")
    finish(seen, look)
    first = seen.message(look, SETTINGS)
    assert seen.message(look, SETTINGS) is first
    other = seen.message(InsightLook(view="guesses", at=3), SETTINGS)
    assert other is not first and other.at == 3
    assert seen.message(look, SamplingSettings(greedy=True)).choices[0].probability == 1


def test_while_the_weights_change_results_keep_coming():
    seen, _ = observer()
    guess, ranks = InsightLook(view="guesses"), InsightLook(view="neurons")
    for step in range(1, 200):
        assert seen.work(guess, step, step / 100) and seen.work(ranks, step, step / 100)
        measured = seen.message(guess, SETTINGS)
        ranked = seen.message(ranks, SETTINGS)
        if measured and measured.measured and ranked and ranked.ranked_at:
            break
    assert measured.measured and ranked.ranked_at == 1


def test_another_position_is_shown_after_its_first_slice():
    seen, _ = observer()
    finish(seen, InsightLook(view="memory"))
    look = InsightLook(view="memory", at=50)
    assert seen.message(look, SETTINGS).at == 109
    for _ in range(3):
        seen.work(look, 1, 0.0)
    assert seen.message(look, SETTINGS).at == 50


def test_another_column_is_measured_anew():
    seen, _ = observer(plain.value_data(np.random.default_rng(5).normal(size=(200, 2))))
    for feature in (0, 1):
        look = InsightLook(view="memory", feature=feature)
        finish(seen, look)
        assert seen.message(look, SETTINGS).feature == feature


def test_a_later_occlusion_replaces_the_last_one_only_when_it_is_complete():
    seen, parameters = observer()
    look = InsightLook(view="memory")
    finish(seen, look)
    before = seen.message(look, SETTINGS).moved
    parameters.flat[:] *= 0.5
    while seen._occlusion is None:
        seen.work(look, 2, 1.0)
    assert seen.message(look, SETTINGS).moved == before
    finish(seen, look, 2, 1.0)
    assert seen.message(look, SETTINGS).moved != before


def test_the_network_is_compared_with_its_first_weights():
    seen, parameters = observer()
    look = InsightLook(view="memory")
    finish(seen, look, 1)
    first = seen.message(look, SETTINGS).layers[0].first
    parameters.flat[:] *= 0.5
    finish(seen, look, 9, 1.0)
    said = seen.message(look, SETTINGS)
    assert (said.step, said.first_step) == (9, 0)
    assert said.layers[0].first == first != said.layers[0].now


def test_the_next_passage_replaces_the_last():
    seen, _ = observer()
    look = InsightLook(view="guesses")
    finish(seen, look)
    seen.next_passage()
    assert seen.passage.id == 2
    assert seen.message(look, SETTINGS) is None
    finish(seen, look)
    assert seen.message(look, SETTINGS).passage == 2
    seen.next_passage("The fox")
    assert "".join(seen.passage.tokens) == "The fox" and seen.passage.source == "prompt"


def test_a_passage_that_is_impossible_changes_nothing():
    seen, _ = observer()
    with pytest.raises(UsageError):
        seen.next_passage("§")
    assert seen.passage.id == 1 and not seen.problem


def test_details_follow_the_selected_unit_and_position():
    seen, _ = observer()
    look = InsightLook(view="neurons", at=4, details=True)
    finish(seen, look)
    assert seen.message(look, SETTINGS).details.at == 4
    elsewhere = InsightLook(view="neurons", at=5, details=True)
    assert seen.message(elsewhere, SETTINGS).details is None


def test_a_series_has_guesses_of_values():
    seen, _ = observer(values_of(standardize=True), "tanh")
    look = InsightLook(view="guesses")
    finish(seen, look)
    assert isinstance(seen.message(look, SETTINGS), ValueGuesses)


def test_a_stored_run_shows_a_typed_text():
    data = vocabulary.rebuild(vocabulary.describe(DATA))
    seen, _ = observer(data)
    assert "type a text" in seen.problem and seen.passage is None
    for view in VIEWS:
        assert finish(seen, InsightLook(view=view, details=True)) == 0
    seen.next_passage("The fox ran")
    assert not seen.problem
    for view in VIEWS:
        look = InsightLook(view=view, details=True)
        finish(seen, look)
        assert seen.message(look, SETTINGS).details is not None


def test_data_too_short_to_measure_on_leave_the_rest():
    data = plain.token_data([0, 1, 1, 0, 1], 2)
    seen, _ = observer(data)
    look = InsightLook(view="neurons")
    assert finish(seen, look) > 0
    assert seen.message(look, SETTINGS).follows == ()


@pytest.mark.parametrize("task", quick_first(["tokens", "values"]))
def test_looking_changes_nothing_in_training(task):
    recipe = Recipe().replace(hidden=6, layers=2, dropout=0.2, batch=2, seq_len=5, steps=30)
    recipe = recipe.replace(sample_every=7, sample_length=5) if task == "tokens" else recipe
    numbers = ",".join(str(round(n % 7 + n / 50, 2)) for n in range(300))
    source = f"text:{TEXT}" if task == "tokens" else f"values:{numbers}"
    recipe = recipe.replace(task=task, source=source)
    data = load(recipe)

    def run(looks):
        state = start(recipe, data)
        seen = Observer(state.parameters, data, recipe, 5)
        chunks = []
        for chunk in train(recipe, data, state):
            chunks.append((chunk.loss, chunk.samples))
            for view in looks:
                for _ in range(3):
                    seen.work(InsightLook(view=view, details=True), chunk.step, float(chunk.step))
                    seen.message(InsightLook(view=view, details=True), SETTINGS)
        return chunks, state.parameters.flat.copy(), state.hidden.copy()

    expected, found = run(()), run(VIEWS)
    assert found[0] == expected[0]
    assert np.array_equal(found[1], expected[1]) and np.array_equal(found[2], expected[2])
