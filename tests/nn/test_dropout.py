"""Dropout between layers."""

from __future__ import annotations

import numpy as np
import pytest

from rnntui.errors import UsageError
from rnntui.nn.cells import CELLS
from rnntui.nn.dropout import Dropout
from rnntui.nn.model import ModelShape, Parameters, initialise
from rnntui.nn.network import Network
from rnntui.recipe import Recipe
from rnntui.training.loop import start, train
from tests.support.plain import token_data

RECIPE = Recipe().replace(hidden=6, batch=2, seq_len=5, steps=9, layers=2, dropout=0.4)
TOKENS = token_data(np.random.default_rng(8).integers(0, 4, 61), 4, np.arange(30) % 4)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.95])
def test_a_mask_drops_its_share_and_keeps_the_mean(rate):
    dropout = Dropout(500, 200, "float32", rate, np.random.RandomState(1))
    out = dropout.forward(np.ones((500, 200), np.float32))
    assert (out == 0).mean() == pytest.approx(rate, abs=0.01)
    assert out.mean() == pytest.approx(1, abs=0.05)
    assert np.unique(out).tolist() == pytest.approx([0, 1 / (1 - rate)], rel=1e-3)
    gradient = np.ones((500, 200), np.float32)
    dropout.backward(gradient)
    assert (gradient == out).all()


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_those_of_the_network_that_is_left(cell):
    shape = ModelShape("tokens", 4, cell, "tanh", 5, 3, "float64")
    weights, gradients, random = Parameters(shape), Parameters(shape), np.random.RandomState(1)
    initialise(weights, "normal", 0.5, random)
    network = Network(weights, 6, 2, gradients, 0.0, 0.4, random)
    inputs, targets = random.randint(0, 4, (2, 6, 2))
    hidden = shape.hidden_state(2)

    def loss():
        random.seed(7)  # the same masks each time
        network.refresh()
        network.forward(inputs, hidden)
        return network.total_loss(targets)

    loss()
    network.backward(1.0)
    largest, step = np.abs(gradients.flat).max(), 1e-5
    for name, tensor in weights.tensors.items():
        flat, gradient = tensor.reshape(-1), gradients.tensors[name].reshape(-1)
        for k in random.choice(flat.size, 3):
            keep = flat[k]
            flat[k] = keep + step
            up = loss()
            flat[k] = keep - step
            down = loss()
            flat[k] = keep
            assert (up - down) / (2 * step) == pytest.approx(gradient[k], abs=1e-6 * largest)


def test_the_seed_decides_the_masks():
    runs = [[c.loss for c in train(RECIPE.replace(seed=seed), TOKENS)] for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_validation_and_first_weights_know_nothing_of_it():
    with_, without = start(RECIPE, TOKENS), start(RECIPE.replace(dropout=0.0), TOKENS)
    assert (with_.parameters.flat == without.parameters.flat).all()
    assert with_.evaluator.loss() == without.evaluator.loss()
    first = [next(train(r, TOKENS)).loss for r in (RECIPE, RECIPE.replace(dropout=0.0))]
    assert first[0] != first[1]


def test_a_single_layer_has_nothing_to_drop():
    with pytest.raises(UsageError, match="layers"):
        start(RECIPE.replace(layers=1, dropout=0.5), TOKENS)
