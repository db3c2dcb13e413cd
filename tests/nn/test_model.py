"""The model: names and shapes as PyTorch has them, initial weights, cells that learn."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnntui.nn.cells import CELLS
from rnntui.nn.model import ModelShape, Parameters, initialise, named_parameters
from rnntui.training.loop import (
    finish,
    start,
)
from tests.support.small import SMALL, TOKENS, after


def test_saved_names_and_shapes_are_pytorchs():
    parameters = Parameters(ModelShape("tokens", 9, "rnn", "tanh", 5, 2, "float32"))
    parameters.flat[:] = np.arange(parameters.flat.size)
    named = named_parameters(parameters)
    assert {name: array.shape for name, array in named.items()} == {
        "rnn.weight_ih_l0": (5, 9),
        "rnn.weight_hh_l0": (5, 5),
        "rnn.bias_ih_l0": (5,),
        "rnn.bias_hh_l0": (5,),
        "rnn.weight_ih_l1": (5, 5),
        "rnn.weight_hh_l1": (5, 5),
        "rnn.bias_ih_l1": (5,),
        "rnn.bias_hh_l1": (5,),
        "head.weight": (9, 5),
        "head.bias": (9,),
    }
    assert not named["rnn.bias_hh_l1"].any()
    assert all(array.flags.c_contiguous for array in named.values())
    assert parameters.count == 45 + 25 + 5 + 25 + 25 + 5 + 45 + 9


@pytest.mark.parametrize(("cell", "gates"), [("gru", 3), ("lstm", 4)])
def test_saved_gates_are_counted_as_pytorch_does(cell, gates):
    named = named_parameters(Parameters(ModelShape("tokens", 9, cell, "tanh", 5, 2, "float32")))
    assert named["rnn.weight_ih_l0"].shape == (gates * 5, 9)
    assert named["rnn.weight_hh_l1"].shape == (gates * 5, 5)
    assert named["rnn.bias_ih_l1"].shape == named["rnn.bias_hh_l1"].shape == (gates * 5,)


def test_the_forget_gate_begins_with_its_bias():
    named = named_parameters(start(SMALL.replace(cell="lstm"), TOKENS).parameters)
    bias = named["rnn.bias_ih_l0"].reshape(4, -1)  # i, f, g, o
    assert bias.tolist() == [[0.0] * 6, [1.0] * 6, [0.0] * 6, [0.0] * 6]
    other = start(SMALL.replace(cell="lstm", forget_bias=0.0), TOKENS)
    assert not named_parameters(other.parameters)["rnn.bias_ih_l0"].any()


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_the_cells_learn_and_write(cell):
    recipe = SMALL.replace(cell=cell, steps=300, lr=0.02, layers=2, sample_every=100)
    chunks, state = after(recipe, TOKENS)
    assert chunks[-1].loss_per_token < 0.5 * chunks[0].loss_per_token
    assert chunks[-1].sample
    assert finish(recipe, TOKENS, state).generated


def test_saved_parameters_are_copies():
    parameters = Parameters(ModelShape("values", 1, "rnn", "tanh", 3, 1, "float32"))
    for array in named_parameters(parameters).values():
        array[...] = 7
    assert not parameters.flat.any()


@pytest.mark.parametrize("layers", [1, 3])
def test_initial_weights_are_drawn_in_the_order_of_the_layers(layers):
    parameters = Parameters(ModelShape("tokens", 4, "rnn", "tanh", 3, layers, "float64"))
    initialise(parameters, "normal", 0.01, np.random.RandomState(7))
    random, named = np.random.RandomState(7), named_parameters(parameters)
    for n in range(layers):
        assert (named[f"rnn.weight_ih_l{n}"] == random.randn(3, 4 if n == 0 else 3) * 0.01).all()
        assert (named[f"rnn.weight_hh_l{n}"] == random.randn(3, 3) * 0.01).all()
        assert not named[f"rnn.bias_ih_l{n}"].any()
    assert (named["head.weight"] == random.randn(4, 3) * 0.01).all()


@pytest.mark.parametrize(("scale", "reach"), [(0.0, 1 / math.sqrt(64)), (0.5, 0.5)])
def test_uniform_weights_reach_their_scale(scale, reach):
    parameters = Parameters(ModelShape("values", 2, "rnn", "tanh", 64, 1, "float32"))
    initialise(parameters, "uniform", scale, np.random.RandomState(0))
    drawn = parameters.tensors["Wh0"]
    assert 0.99 * reach < np.abs(drawn).max() <= reach
    assert abs(drawn.mean()) < 0.05 * reach


@pytest.mark.parametrize("cell", CELLS)
def test_glorot_weights_reach_as_far_as_their_inputs_and_outputs_ask(cell):
    parameters = Parameters(ModelShape("tokens", 40, cell, "tanh", 64, 2, "float64"))
    initialise(parameters, "glorot", 0.0, np.random.RandomState(0))
    for name, sizes in (("Wx0", 104), ("Wh0", 128), ("Wx1", 128), ("Wy", 104)):
        reach = math.sqrt(6 / sizes)
        assert 0.99 * reach < np.abs(parameters.tensors[name]).max() <= reach


@pytest.mark.parametrize(("scale", "gain"), [(0.0, 1.0), (0.5, 0.5)])
@pytest.mark.parametrize("cell", CELLS)
def test_orthogonal_recurrent_weights_keep_lengths(cell, scale, gain):
    parameters = Parameters(ModelShape("tokens", 5, cell, "tanh", 16, 2, "float64"))
    initialise(parameters, "orthogonal", scale, np.random.RandomState(0))
    for name in ("Wh0", "Wh1"):
        for gate in parameters.tensors[name]:
            np.testing.assert_allclose(gate @ gate.T, gain**2 * np.eye(16), atol=1e-12)
