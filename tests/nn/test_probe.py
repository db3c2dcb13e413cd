"""The probe against a network written plainly, and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from rnntui.nn.cells import CELLS
from rnntui.nn.model import ModelShape, Parameters, initialise, named_parameters
from rnntui.nn.probe import Probe, changed, log_softmax, reach, relative, variants
from tests.support import plain
from tests.support.small import SMALL, TOKENS, VALUES, after

KINDS = ("tanh", "relu", "sigmoid", "gru", "lstm")
STEPS, WIDTH = 7, 3


def network(kind, task="tokens", layers=2, dtype="float64", hidden=4):
    cell, activation = (kind, "tanh") if kind in CELLS else ("rnn", kind)
    shape = ModelShape(task, WIDTH, cell, activation, hidden, layers, dtype)
    parameters = Parameters(shape)
    initialise(parameters, "normal", 0.6, np.random.RandomState(2))
    parameters.flat += np.random.default_rng(1).normal(scale=0.1, size=len(parameters.flat))
    return parameters


def data_for(task, streams=1):
    rng = np.random.default_rng(5)
    if task == "values":
        rows = rng.normal(size=(STEPS + 1, streams, WIDTH))
    else:
        rows = rng.integers(0, WIDTH, (STEPS + 1, streams))
    return rows[:-1], rows[1:]


@pytest.mark.parametrize("task", ["tokens", "values"])
@pytest.mark.parametrize("kind", KINDS)
def test_forward_is_that_of_a_plain_network(kind, task):
    parameters, (inputs, targets) = network(kind, task), data_for(task)
    hidden = np.random.default_rng(3).normal(size=parameters.shape.hidden_shape(1))
    probe = Probe(parameters, STEPS)
    probe.forward(inputs, hidden)
    outputs = probe.outputs().copy()
    expected, state = plain.outputs(
        named_parameters(parameters), kind, inputs[:, 0], hidden[:, :, 0]
    )
    assert outputs[:, 0] == pytest.approx(expected, rel=1e-12)
    assert probe.losses(targets)[:, 0] == pytest.approx(plain.losses(expected, targets[:, 0]))
    for layer in range(2):
        assert probe.hidden(layer)[-1, 0] == pytest.approx(state[layer, 0], rel=1e-12)
    probe.final_state(hidden)
    assert hidden[:, :, 0] == pytest.approx(state)


@pytest.mark.parametrize("task", ["tokens", "values"])
@pytest.mark.parametrize("kind", KINDS)
def test_one_error_is_the_gradient_by_finite_differences(kind, task):
    parameters, (inputs, targets) = network(kind, task), data_for(task)
    named, hidden = named_parameters(parameters), parameters.shape.hidden_state(1)[:, :, 0]
    probe, last = Probe(parameters, STEPS, backward=True), STEPS - 2

    def loss(nudge):
        outputs, _ = plain.outputs(named, kind, inputs[:, 0], hidden, nudge)
        return plain.losses(outputs, targets[:, 0])[last]

    probe.forward(inputs)
    probe.losses(targets)
    curves = probe.one_error(last)
    step = 1e-6
    for layer, curve in enumerate(curves):
        for lag in range(last + 1):
            units = step * np.eye(4)
            slopes = [
                (loss((layer, last - lag, u)) - loss((layer, last - lag, -u))) / (2 * step)
                for u in units
            ]
            assert curve[lag] == pytest.approx(np.linalg.norm(slopes), rel=1e-5, abs=1e-9)
    assert all(len(curve) == last + 1 for curve in curves)


def test_the_curve_is_the_mean_over_streams():
    parameters, (inputs, targets) = network("gru"), data_for("tokens", 3)
    together = Probe(parameters, STEPS, 3, backward=True)
    together.forward(inputs)
    together.losses(targets)
    alone = Probe(parameters, STEPS, backward=True)
    curves = []
    for b in range(3):
        alone.forward(inputs[:, b : b + 1])
        alone.losses(targets[:, b : b + 1])
        curves.append(alone.one_error()[1])
    assert together.one_error()[1] == pytest.approx(np.mean(curves, axis=0))


@pytest.mark.parametrize("kind", KINDS)
def test_the_readings_follow_their_formulas(kind):
    parameters, (inputs, _) = network(kind, layers=1), data_for("tokens")
    probe = Probe(parameters, STEPS)
    probe.forward(inputs)
    found = {reading.name: values[:, 0] for reading, values in probe.readings(0)}
    h = found["h"]
    before = np.concatenate([np.zeros((1, 4)), h[:-1]])
    if kind == "gru":
        z, n = found["z"], found["n"]
        assert h == pytest.approx((1 - z) * n + z * before)
        Wx, b = parameters.tensors["Wx0"][0], parameters.tensors["b0"][0]
        assert n == pytest.approx(np.tanh(Wx[inputs[:, 0]] + b + found["r"] * found["m"]))
    elif kind == "lstm":
        c = found["c"]
        c_before = np.concatenate([np.zeros((1, 4)), c[:-1]])
        assert c == pytest.approx(found["f"] * c_before + found["i"] * found["g"])
        assert h == pytest.approx(found["o"] * np.tanh(c))
    else:
        assert h == pytest.approx(plain.ACTIVATIONS[kind](found["a"]))
    low, high = probe.limits
    assert low <= h.min() and h.max() <= high


def test_every_cell_declares_what_can_be_shown():
    for cell in CELLS.values():
        names = [reading.name for reading in cell.readings]
        assert names[-1] == "h" and len(set(names)) == len(names)
        assert all(reading.formula for reading in cell.readings)


@pytest.mark.parametrize("task", ["tokens", "values"])
@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm"])
def test_changed_reads_every_variant_from_the_same_state(kind, task):
    parameters, (inputs, _) = network(kind, task), data_for(task)
    hidden = np.random.default_rng(3).normal(size=parameters.shape.hidden_shape(1))
    sequence, places = inputs[:, 0], np.arange(STEPS)
    others = sequence + 0.5 if task == "values" else (sequence + 1) % WIDTH
    streams = variants(sequence, places, others)
    found = changed(parameters, streams, hidden)
    named = named_parameters(parameters)
    for k in range(STEPS + 1):
        other = sequence.copy()
        if k:
            other[k - 1] = others[k - 1]
        expected, _ = plain.outputs(named, kind, other, hidden[:, :, 0])
        assert found[k] == pytest.approx(expected[-1])


def test_log_softmax_is_exact_for_large_outputs():
    assert log_softmax(np.array([[1000.0, 1000.0]])) == pytest.approx(np.log([[0.5, 0.5]]))


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([1.0, 0.5, 0.02, 0.009, 0.5], 3),
        ([0.5, 1.0, 0.02, 0.001], 3),
        ([1.0, 0.5, 0.2], 3),
        ([0.0, 0.0], 0),
        ([1.0, np.inf, np.nan], 3),
        ([1.0, 3e-200, 0.0], 1),
    ],
)
def test_reach_counts_to_where_one_percent_is_left(curve, expected):
    assert reach(np.array(curve)) == expected


def test_a_relative_curve_has_its_peak_at_one():
    assert relative(np.array([2.0, 4.0, 1e-200])) == pytest.approx([0.5, 1.0, 2.5e-201])
    assert relative(np.zeros(2)).tolist() == [0.0, 0.0]
    assert np.isnan(relative(np.array([1.0, np.inf]))[1])


def test_tiny_gradients_of_float32_do_not_vanish_in_the_norm():
    parameters, (inputs, targets) = network("sigmoid", dtype="float32"), data_for("tokens")
    parameters.tensors["Wh0"][...] *= 1e-7
    parameters.tensors["Wh1"][...] *= 1e-7
    probe = Probe(parameters, STEPS, backward=True)
    probe.forward(inputs)
    probe.losses(targets)
    curve = probe.one_error()[1]
    assert 0 < curve[3] < 1e-20  # the squares are below what float32 can hold


@pytest.mark.parametrize("data", [TOKENS, VALUES], ids=["tokens", "values"])
def test_a_probe_leaves_training_as_it_is(data):
    task = "values" if data is VALUES else "tokens"
    recipe = SMALL.replace(task=task, layers=2, dropout=0.3)
    _, expected = after(recipe, data)
    _, state = after(recipe.replace(steps=3), data)
    source = data.values if task == "values" else data.tokens
    probe = Probe(state.parameters, 5, backward=True)
    weights = state.parameters.flat.copy()
    probe.forward(source[:5, None])
    probe.losses(source[1:6, None])
    probe.one_error()
    hidden = state.parameters.shape.hidden_state(1)
    changed(state.parameters, variants(source[:5], np.arange(5), source[:5]), hidden)
    assert (weights == state.parameters.flat).all()
    after(recipe, data, state)
    assert (state.parameters.flat == expected.parameters.flat).all()
