"""Losses and their gradients, in the open and at the edges of the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.nn.losses import CrossEntropy, SquaredError
from tests.support.plain import losses


def cross_entropy(logits, targets, dtype="float64", weight=1.0, epsilon=0.0):
    logits = np.array(logits, dtype)
    loss = CrossEntropy(*logits.shape, dtype, epsilon)
    loss.outputs[:] = logits
    total = loss.forward(np.array(targets))
    return loss, total, loss.gradient(weight)


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@settings(deadline=None)
@given(
    rows=st.integers(1, 6),
    vocab=st.integers(1, 9),
    scale=st.sampled_from([0.0, 1.0, 30.0, 500.0, 1e6]),
    shift=st.sampled_from([0.0, -90.0, 300.0]),
    weight=st.floats(0.01, 1),
    seed=st.integers(0, 99),
)
def test_cross_entropy(rows, vocab, scale, shift, weight, seed):
    rng = np.random.default_rng(seed)
    logits, targets = rng.normal(size=(rows, vocab)) * scale + shift, rng.integers(0, vocab, rows)
    loss, total, gradient = cross_entropy(logits, targets, weight=weight)
    want = losses(logits, targets)
    p = softmax(logits)
    assert total == pytest.approx(want.sum(), rel=1e-12, abs=1e-9)
    np.testing.assert_allclose(loss.per_row, want, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(gradient, (p - np.eye(vocab)[targets]) * weight, atol=1e-12)
    every = slice(None)
    np.testing.assert_allclose(loss.probability(every), np.exp(-want), atol=1e-9)
    top = loss.predictions(every, weight)
    assert (p[np.arange(rows), top] >= p.max(axis=1) * (1 - 1e-9)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [59.0, 61.0, 88.0, 89.0, 104.0, 710.0, 1e5])
@pytest.mark.parametrize("sign", [1, -1])
def test_no_logit_is_too_large(dtype, size, sign):
    logits = np.full((3, 65), sign * size)
    logits[1, 7] += 2.0
    logits[2, 7] -= 2.0
    _, total, gradient = cross_entropy(logits, [7, 7, 7], dtype)
    assert total == pytest.approx(losses(logits, np.array([7, 7, 7])).sum(), rel=1e-5)
    assert np.isfinite(gradient).all()
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-6)


def test_the_epsilon_is_in_the_reported_loss_only():
    logits = [[0.0, -80.0], [0.0, 0.0]]
    _, plain, gradient = cross_entropy(logits, [1, 0])
    _, bounded, same = cross_entropy(logits, [1, 0], epsilon=1e-12)
    assert plain == pytest.approx(80 + np.log(2))
    assert bounded == pytest.approx(-np.log(1e-12) + np.log(2))
    assert (gradient == same).all()


def test_a_logit_that_is_not_a_number_makes_the_gradient_so():
    with np.errstate(all="ignore"):
        _, total, gradient = cross_entropy([[np.nan, 1.0], [0.0, 1.0]], [0, 1])
    assert np.isnan(total)
    assert np.isnan(gradient[0]).all()
    assert np.isfinite(gradient[1]).all()


@settings(deadline=None)
@given(st.integers(1, 7), st.integers(1, 4), st.floats(0.01, 2), st.integers(0, 99))
def test_squared_error(rows, features, weight, seed):
    rng = np.random.default_rng(seed)
    outputs, targets = rng.normal(size=(2, rows, features))
    loss = SquaredError(rows, features, "float64")
    loss.outputs[:] = outputs
    assert loss.forward(targets) == pytest.approx(((outputs - targets) ** 2).sum() / 2)
    np.testing.assert_allclose(loss.per_row, losses(outputs, targets))
    np.testing.assert_allclose(loss.gradient(weight), (outputs - targets) * weight)
    assert (loss.predictions(slice(0, None, 2), weight) == outputs[::2]).all()
    assert loss.probability(slice(None)) is None
