"""What the memory view says, against reading and replacing plainly."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rnntui.data import load
from rnntui.insight.memory import (
    MOST_LAGS,
    PLACES,
    MemoryMeter,
    memory,
    occlusion,
    saturated,
)
from rnntui.insight.passage import Excerpt, excerpt, typed, windows
from rnntui.insight.reader import Reader
from rnntui.nn.model import ModelShape, Parameters, named_parameters
from rnntui.nn.sampling import Stepper
from rnntui.protocol.codec import from_plain, to_plain
from rnntui.protocol.insight import Memory
from rnntui.recipe import load_recipe
from rnntui.training.loop import start, train
from tests.conftest import quick_where
from tests.support import plain
from tests.support.insight import network_for, text_data, values_of

DATA = text_data()


def last(results):
    return list(results)[-1]


def log_p(named, kind, sequence, target, layers=1):
    parts = 2 if kind == "lstm" else 1
    outputs, _ = plain.outputs(named, kind, sequence, np.zeros((layers, parts, 8)))
    return -plain.losses(outputs[-1:], np.array([target]))[0]


@pytest.mark.parametrize("kind", quick_where(["tanh", "gru", "lstm"], lambda kind: kind == "gru"))
def test_occlusion_is_the_change_of_log_p_where_each_input_is_replaced(kind):
    parameters = network_for(DATA, kind)
    chosen = excerpt(DATA, 0)
    at = 30  # so that some of the inputs replaced stand before the passage
    found = last(occlusion(Reader(parameters, DATA, chosen), at, replacements=2))
    named, sequence = named_parameters(parameters), chosen.inputs
    end = len(chosen.context) + at
    target = int(chosen.shown[at])
    counts = np.bincount(sequence, minlength=DATA.tokenizer.vocab_size)
    frequent = np.argsort(-counts, kind="stable")
    base = log_p(named, kind, sequence[:end], target)
    expected = np.full(chosen.size, np.nan)
    for place in range(at):
        changes = []
        for k in range(2):
            other = sequence[:end].copy()
            where = len(chosen.context) + place
            other[where] = frequent[1 - k] if other[where] == frequent[k] else frequent[k]
            changes.append(abs(log_p(named, kind, other, target) - base))
        expected[place] = np.mean(changes)
    assert found.by == pytest.approx(expected / np.nanmax(expected), nan_ok=True)
    assert found.target == DATA.tokenizer.show(target)
    assert found.predicted == pytest.approx(np.exp(base), rel=6e-3)


def test_the_inputs_replaced_are_the_last_forty():
    found = last(occlusion(Reader(network_for(DATA), DATA, excerpt(DATA, 0)), -1, 1))
    assert found.at == 109
    assert np.isnan(found.by[: 109 - PLACES]).all() and np.isnan(found.by[109:]).all()
    assert np.isfinite(found.by[109 - PLACES : 109]).all()


def test_each_slice_refines_the_result_with_the_weights_of_the_start():
    parameters = network_for(DATA)
    reader = Reader(parameters, DATA, excerpt(DATA, 0))
    expected = list(occlusion(reader, 50, 4))
    assert len(expected) == 4
    results = []
    for result in occlusion(reader, 50, 4):
        results.append(result)
        parameters.flat[:] += 1
    for result, same in zip(results, expected, strict=True):
        assert result.by == pytest.approx(same.by, nan_ok=True)


@pytest.mark.parametrize("keys", [{}, {"standardize": True}, {"difference": True}])
def test_a_raised_value_moves_the_prediction_in_the_original_scale(keys):
    data = values_of(**keys, split=0.4)
    parameters = network_for(data, "tanh")
    chosen = excerpt(data, 0)
    found = last(occlusion(Reader(parameters, data, chosen), 20))
    named, end = named_parameters(parameters), len(chosen.context) + 20

    def predicted(sequence):
        return plain.outputs(named, "tanh", sequence, np.zeros((1, 8)))[0][-1, 0]

    for place in (0, 10, 19):
        raised = chosen.inputs[:end].copy()
        raised[len(chosen.context) + place, 0] += 0.1 * data.values[:, 0].std()
        change = (predicted(raised) - predicted(chosen.inputs[:end])) * data.deviation[0]
        assert found.by[place] == pytest.approx(change)
    row = np.full((1, 1), predicted(chosen.inputs[:end]))
    assert found.predicted == pytest.approx(data.unscale(row, chosen.at + 20)[0, 0], rel=1e-5)


def test_a_raised_value_moves_the_linear_method_beside_the_network_too():
    data = values_of(skip="linear", split=0.4)
    parameters = Parameters(ModelShape("values", 1, "gru", "tanh", 8, 1, "float64", skip=True))
    parameters.flat[:] = np.random.RandomState(2).randn(len(parameters.flat)) / 2
    chosen = excerpt(data, 0)
    found = last(occlusion(Reader(parameters, data, chosen), 20))
    end = len(chosen.context) + 20
    rows = chosen.inputs[:end, :1]

    def predicted(raised):
        inputs = chosen.inputs[:end].copy()
        inputs[:, :1] = raised
        inputs[:, 1:] += data.skip.after_each(raised) - data.skip.after_each(rows)
        stepper = Stepper(parameters)
        for row in inputs:
            stepper.advance(row)
        return stepper.predict()[0]

    for place in (1, 10, 19):
        raised = rows.copy()
        raised[len(chosen.context) + place] += 0.1 * data.values[:, 0].std()
        change = (predicted(raised) - predicted(rows)) * data.deviation[0]
        assert found.by[place] == pytest.approx(change)


@pytest.mark.parametrize(("feature", "column"), [(0, 0), (1, 1), (9, 1)])
def test_any_column_of_values_is_raised_and_predicted(feature, column):
    data = plain.value_data(np.random.default_rng(5).normal(size=(200, 2)) * (1.0, 3.0))
    parameters = network_for(data, "tanh")
    chosen = excerpt(data, 0)
    found = last(occlusion(Reader(parameters, data, chosen), 20, feature=feature))
    assert found.feature == column
    named, end = named_parameters(parameters), len(chosen.context) + 20
    before, raised = chosen.inputs[:end], chosen.inputs[:end].copy()
    raised[len(chosen.context) + 12, column] += 0.1 * data.values[:, column].std()
    change = [
        plain.outputs(named, "tanh", rows, np.zeros((1, 8)))[0][-1, column]
        for rows in (before, raised)
    ]
    assert found.by[12] == pytest.approx(change[1] - change[0], rel=1e-4)


@pytest.mark.parametrize("text", ["a", "ab"])
def test_the_first_positions_of_a_typed_text_can_be_selected(text):
    found = last(occlusion(Reader(network_for(DATA), DATA, typed(DATA, text, 0)), 0))
    assert np.isnan(found.by).all() and found.predicted is not None


def test_a_vocabulary_of_two_has_one_replacement():
    data = plain.token_data(np.arange(50) % 2, 2)
    assert len(list(occlusion(Reader(network_for(data), data, excerpt(data, 0)), -1))) == 1


@pytest.mark.parametrize("kind", ["tanh", "relu", "sigmoid", "gru", "lstm"])
def test_a_measurement_has_every_layer(kind):
    parameters = network_for(DATA, kind, layers=2)
    measured = MemoryMeter(parameters, DATA, 12).measure(5)
    assert (measured.step, measured.window) == (5, 12)
    for layer in measured.layers:
        assert len(layer.curve) == 12 and 0 < layer.reach <= 12
        assert len(layer.gates) == {"gru": 3, "lstm": 4}.get(kind, 0)
        assert (layer.saturated is None) == (kind == "relu")
        for gate in layer.gates:
            assert gate.closed + gate.between + gate.open == pytest.approx(1, abs=2e-3)


def test_gates_that_are_open_or_closed_are_counted():
    parameters = network_for(DATA, "lstm", scale=1e-3)
    parameters.tensors["b0"][...] = np.array([9.0, -9.0, 0.0, -9.0])[:, None]
    (layer,) = MemoryMeter(parameters, DATA, 8).measure(0).layers
    shares = {gate.name: (gate.closed, gate.between, gate.open) for gate in layer.gates}
    assert shares == {"o": (0, 0, 1), "i": (1, 0, 0), "f": (0, 1, 0), "g": (1, 0, 0)}


def test_saturated_is_near_the_limits():
    h = np.array([-0.98, -0.5, 0.01, 0.98])
    assert saturated(h, -1.0, 1.0) == 0.5
    assert saturated(np.array([0.02, 0.04, 0.5, 0.98]), 0.0, 1.0) == 0.5
    assert saturated(h, 0.0, np.inf) is None


def test_a_short_source_has_a_shorter_window():
    data = plain.token_data([0, 1, 0, 1], 2)
    (layer,) = MemoryMeter(network_for(data), data, 25).measure(0).layers
    assert len(layer.curve) == 3
    rows = plain.value_data(np.arange(3.0)[:, None])
    assert len(MemoryMeter(network_for(rows), rows, 25).measure(0).layers[0].curve) == 2
    assert windows(rows, 25, 8)[0].shape == (2, 1, 1)


def test_the_message_compares_with_the_first_measurement():
    parameters = network_for(DATA)
    meter = MemoryMeter(parameters, DATA, 12)
    moved = last(occlusion(Reader(parameters, DATA, excerpt(DATA, 0)), 60, 1))
    first = meter.measure(2)
    said = memory(first, first, moved)
    assert said.layers[0].first == () and max(said.layers[0].now) == 1.0
    parameters.tensors["Wh0"][...] *= 0.1
    later = memory(meter.measure(9), first, moved)
    assert later.layers[0].first == said.layers[0].now
    assert (later.step, later.first_step, later.layers[0].first_reach) == (
        9,
        2,
        first.layers[0].reach,
    )
    assert later.moved[60] is None and max(v for v in later.moved if v is not None) == 1.0


def test_the_message_of_many_layers_stays_small():
    parameters = network_for(DATA, "lstm", layers=8, hidden=2)
    meter = MemoryMeter(parameters, DATA, 500)
    first, now = meter.measure(1), meter.measure(2)
    moved = last(occlusion(Reader(parameters, DATA, excerpt(DATA, 0)), -1, 1))
    said = memory(now, first, moved)
    assert len(now.layers[0].curve) == MOST_LAGS
    line = json.dumps(to_plain(said), separators=(",", ":"))
    assert len(line.encode()) <= 16_000
    assert from_plain(Memory, json.loads(line)) == said


def partners(text):
    """Positions of closing brackets and of their partners, 4 to 25 back."""
    stack = []
    for i, c in enumerate(text):
        if c in "([{":
            stack.append(i)
        elif c in ")]}" and stack:
            opener = stack.pop()
            if 4 <= i - opener <= 25 and i > 200:
                yield i, opener


@pytest.mark.slow
def test_occlusion_finds_the_partner_of_a_closing_bracket():
    recipe = load_recipe("brackets").replace(workers=1, sample_every=0, eval_every=0, steps=1600)
    data = load(recipe)
    state = start(recipe, data)
    for _ in train(recipe, data, state):
        pass
    tokens = np.asarray(data.validation[:8000], np.intp)
    pairs = list(partners(data.tokenizer.decode(tokens)))
    chosen = np.random.RandomState(0).permutation(len(pairs))[:60]
    hits = 0
    for closer, opener in (pairs[k] for k in chosen):
        context, shown = tokens[closer - 164 : closer - 100], tokens[closer - 100 : closer + 1]
        read = Excerpt(0, "held-out", closer - 100, context, shown)
        found = last(occlusion(Reader(state.parameters, data, read), -1))
        strongest = np.argsort(-np.nan_to_num(found.by))[:3] + closer - 100
        hits += opener in strongest
    assert hits >= 48
