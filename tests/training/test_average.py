"""Averaged weights: what they are, and that they change nothing about the training itself."""

from __future__ import annotations

import numpy as np
import pytest

from rnntui.nn.optim import OPTIMIZERS
from rnntui.training.loop import start, train
from rnntui.training.workers.pool import WorkerPool
from tests.support.small import SMALL, TOKENS, VALUES, after


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_they_are_the_mean_of_past_weights_the_newest_counting_most(optimizer):
    recipe = SMALL.replace(average=0.5, optimizer=optimizer, steps=9)
    state = start(recipe, TOKENS)
    mean = state.parameters.flat.astype(np.float64)
    assert np.array_equal(mean, state.trained.flat)
    for number, _ in enumerate(train(recipe, TOKENS, state), 1):
        kept = min(0.5, (number - 1) / (number + 8))
        mean = kept * mean + (1 - kept) * state.trained.flat
        assert state.parameters.flat == pytest.approx(mean, abs=1e-6)
    assert not np.array_equal(state.parameters.flat, state.trained.flat)


@pytest.mark.parametrize("data", [TOKENS, VALUES], ids=["tokens", "values"])
def test_the_weights_that_are_trained_are_the_same_without_them(data):
    recipe = SMALL.replace(task="tokens" if data is TOKENS else "values")
    chunks, plain = after(recipe, data)
    others, averaged = after(recipe.replace(average=0.9), data)
    assert np.array_equal(plain.parameters.flat, averaged.trained.flat)
    assert [chunk.loss for chunk in chunks] == [chunk.loss for chunk in others]
    assert plain.trained is plain.parameters


def test_the_validation_loss_is_that_of_the_averaged_weights():
    recipe = SMALL.replace(average=0.9, eval_every=7)
    chunks, state = after(recipe, TOKENS)
    found = chunks[-1].validation
    np.copyto(state.parameters.flat, state.trained.flat)
    assert state.evaluator.loss() != found


def test_workers_average_the_same_weights():
    recipe = SMALL.replace(average=0.9, optimizer="adamw")
    _, alone = after(recipe, TOKENS)
    shared = recipe.replace(workers=2)
    with WorkerPool() as pool:
        state = start(shared, TOKENS, pool)
        for _ in train(shared, TOKENS, state):
            pass
        assert state.parameters.flat == pytest.approx(alone.parameters.flat, abs=1e-6)
