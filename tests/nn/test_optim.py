"""Clipping and update rules against their formulas, entry by entry."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.nn.kernels.layout import Layout, aligned
from rnntui.nn.model import ModelShape
from rnntui.nn.optim import Coefficients, clip, gradient_norm, make_optimizer
from rnntui.recipe import Recipe
from rnntui.training.workers.plan import Plan

TOLERANCE = {"float32": 2e-6, "float64": 1e-12}


def sgd(p, gradients, lr):
    for g in gradients:
        p = p - lr * g
    return p


def momentum(p, gradients, lr, mu=0.8):
    v = np.zeros_like(p)
    for g in gradients:
        v = mu * v + g
        p = p - lr * v
    return p


def adam(p, gradients, lr, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m, v = np.zeros_like(p), np.zeros_like(p)
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        p = p - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
    return p


def adamw(p, gradients, lr, weight_decay=0.1, beta1=0.9, beta2=0.999):
    m, v = np.zeros_like(p), np.zeros_like(p)
    for t, g in enumerate(gradients, start=1):
        p = p - lr * weight_decay * p
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        p = p - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + 1e-8)
    return p


def rmsprop(p, gradients, lr, decay=0.99):
    v = np.zeros_like(p)
    for g in gradients:
        v = decay * v + (1 - decay) * g * g
        p = p - lr * g / (np.sqrt(v) + 1e-8)
    return p


def adagrad(p, gradients, lr):
    v = np.zeros_like(p)
    for g in gradients:
        v = v + g * g
        p = p - lr * g / (np.sqrt(v) + 1e-10)
    return p


RULES = {
    "sgd": sgd,
    "momentum": momentum,
    "rmsprop": rmsprop,
    "adagrad": adagrad,
    "adam": adam,
    "adamw": adamw,
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 16, 1000, 24_577, 50_000])
@pytest.mark.parametrize(("name", "rule"), RULES.items())
def test_update_rules(name, rule, size, dtype):
    rng = np.random.default_rng(size)
    start = rng.normal(size=size)
    gradients = [rng.normal(size=size) * scale for scale in (1.0, 0.1, 1e-6, 3.0, 1.0)]
    p, g = aligned((size,), dtype), aligned((size,), dtype)
    p[:] = start
    optimizer = make_optimizer(name, p, g, Coefficients(momentum=0.8, weight_decay=0.1))
    for gradient in gradients:
        g[:] = gradient
        optimizer.step(0.01)
    np.testing.assert_allclose(p, rule(start, gradients, 0.01), atol=TOLERANCE[dtype], rtol=0)
    assert optimizer.updates == 5
    assert all(moment.shape == p.shape for moment in optimizer.moments.values())


@pytest.mark.parametrize(
    ("name", "rule", "settings"),
    [
        ("adam", adam, {"beta1": 0.5, "beta2": 0.9}),
        ("adam", adam, {"beta1": 0.0, "beta2": 0.0}),
        ("adamw", adamw, {"beta1": 0.8, "beta2": 0.99}),
        ("rmsprop", rmsprop, {"decay": 0.95}),
    ],
)
def test_what_a_rule_remembers(name, rule, settings):
    rng = np.random.default_rng(5)
    start, gradients = rng.normal(size=20), list(rng.normal(size=(4, 20)))
    p, g = aligned((20,), "float64"), aligned((20,), "float64")
    p[:] = start
    keys = {"decay": "rms_decay"}
    changed = {keys.get(key, key): value for key, value in settings.items()}
    optimizer = make_optimizer(name, p, g, Coefficients(weight_decay=0.1, **changed))
    for gradient in gradients:
        g[:] = gradient
        optimizer.step(0.01)
    np.testing.assert_allclose(p, rule(start, gradients, 0.01, **settings), atol=1e-12, rtol=0)


def test_a_recipe_decides_what_its_rule_remembers():
    recipe = Recipe().replace(momentum=0.1, weight_decay=0.2, beta1=0.3, beta2=0.4, rms_decay=0.5)
    plan = Plan.of(recipe, ModelShape.of(recipe, 9), 5, 2)
    assert plan.coefficients == Coefficients(0.1, 0.2, 0.3, 0.4, 0.5)
    assert Plan.from_json(plan.to_json()) == plan


def test_adam_leaves_an_entry_without_gradient_where_it_is():
    p, g = aligned((40,), "float32"), aligned((40,), "float32")
    p[:] = 1
    make_optimizer("adam", p, g).step(0.1)
    assert (p == 1).all()


def test_adam_can_change_its_rate_between_steps():
    p, g = aligned((3,), "float64"), aligned((3,), "float64")
    optimizer = make_optimizer("adam", p, g)
    g[:] = 1
    optimizer.step(0.5)
    assert p == pytest.approx([-0.5] * 3)
    before = p.copy()
    g[:] = 1
    optimizer.step(0.0)
    assert (p == before).all()


@settings(deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30), st.floats(1e-3, 100))
def test_clipping_by_norm_keeps_the_direction(entries, bound):
    g = np.array(entries)
    norm = gradient_norm(g)
    clipped = g.copy()
    clip(clipped, norm, bound, "norm")
    assert norm == pytest.approx(math.sqrt(sum(x * x for x in entries)))
    assert gradient_norm(clipped) <= bound * (1 + 1e-9)
    if norm <= bound:
        assert (clipped == g).all()
    else:
        np.testing.assert_allclose(clipped * norm, g * bound, rtol=1e-9, atol=1e-300)


@settings(deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30), st.floats(1e-3, 100))
def test_clipping_by_value_cuts_each_entry(entries, bound):
    g = np.array(entries)
    clip(g, gradient_norm(g), bound, "value")
    assert g.tolist() == [min(max(x, -bound), bound) for x in entries]


@pytest.mark.parametrize("mode", ["norm", "value"])
def test_a_bound_of_zero_is_none(mode):
    g = np.array([30.0, -40.0])
    clip(g, 50.0, 0.0, mode)
    assert g.tolist() == [30.0, -40.0]


def test_the_norm_of_a_gradient_whose_square_overflows():
    g = np.full(4, 1e30, np.float32)
    with np.errstate(over="ignore"):
        assert gradient_norm(g) == pytest.approx(2e30)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_the_norm_is_finite_only_if_every_entry_is(bad):
    g = np.ones(50, np.float32)
    g[17] = bad
    with np.errstate(all="ignore"):
        assert not math.isfinite(gradient_norm(g))


def test_tensors_are_aligned_views_of_one_vector():
    layout = Layout({"a": (3, 5), "b": (7,), "c": (1, 2, 33)})
    flat = aligned((layout.size,), "float32")
    views = layout.views(flat)
    assert layout.count == 15 + 7 + 66
    for n, (name, shape) in enumerate(layout.shapes.items()):
        assert views[name].shape == shape
        assert views[name].ctypes.data % 64 == 0
        views[name][...] = n + 1
    assert np.unique(flat, return_counts=True)[1].tolist() == [layout.size - 88, 15, 7, 66]
