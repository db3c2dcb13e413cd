"""Gradients against central differences of a network written plainly, in float64."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.nn.kernels.layout import TokenGradient
from rnntui.nn.model import Parameters, named_parameters
from rnntui.recipe import Recipe
from rnntui.training.loop import start, train
from tests.conftest import examples, quick_where
from tests.support.plain import kind_settings, streams_loss, token_data, value_data

STEPS = (1e-5, 1e-4, 1e-6, 1e-7)  # larger against rounding, smaller against the kinks of relu
WIDEST = 1e-6


def problem(task, rng, width, size):
    if task == "tokens":
        return token_data(rng.integers(0, width, size), width)
    return value_data(rng.normal(size=(size, width)))


def kind_of(recipe):
    return recipe.model.activation if recipe.model.cell == "rnn" else recipe.model.cell


def largest_error(recipe, data, entries=2):
    """Trains two updates with SGD at rate 1; compares the second step with central differences.

    The error of an entry is relative to the largest of its tensor (or to a thousandth of the
    largest of all, where a tensor's are so small that the quotient is mostly rounding).
    """
    recipe = recipe.replace(optimizer="sgd", lr=1e-3, clip=0.0, steps=2, dtype="float64")
    state = start(recipe, data)
    rng = np.random.default_rng(3)
    state.parameters.flat += rng.normal(scale=0.1, size=state.parameters.flat.size)
    updates = train(recipe, data, state)
    first = next(updates)
    hidden = state.hidden.copy()
    before = Parameters(state.parameters.shape)
    before.flat[:] = state.parameters.flat
    state.lr = 1.0
    second = next(updates)
    if recipe.train.state == "reset" or second.starts_epoch:
        hidden[:] = 0
    batch = second._batch
    inputs = batch.inputs.astype(np.intp) if recipe.data.task == "tokens" else batch.inputs
    targets = batch.targets.astype(np.intp) if recipe.data.task == "tokens" else batch.targets
    rows = first.tokens if recipe.train.reduction == "mean" else 1

    def loss():
        named = named_parameters(before)
        total, _ = streams_loss(named, kind_of(recipe), inputs, targets, hidden)
        return total / rows

    def quotient(flat, k, step):
        keep = flat[k]
        flat[k] = keep + step
        up = loss()
        flat[k] = keep - step
        down = loss()
        flat[k] = keep
        return (up - down) / (2 * step)

    assert loss() == pytest.approx(second.loss, rel=1e-12)
    worst, largest = 0.0, max(np.abs(before.flat - state.parameters.flat).max(), 1e-5)
    for name, tensor in before.tensors.items():
        gradient = (tensor - state.parameters.tensors[name]).reshape(-1)
        flat, scale = tensor.reshape(-1), max(np.abs(gradient).max(), 1e-3 * largest)
        top = int(np.abs(gradient).argmax())
        for k in {top, *rng.choice(flat.size, min(entries, flat.size), replace=False).tolist()}:
            for step in STEPS:
                error = abs(quotient(flat, k, step) - gradient[k]) / scale
                if error < WIDEST:
                    break
            worst = max(worst, error)
    return worst


KINDS = ("tanh", "relu", "sigmoid", "gru", "lstm")
GRID = itertools.product(KINDS, (1, 2, 3), ("tokens", "values"), (3, 1, "full"))
QUICK = {(2, "tokens", 3), (3, "values", "full")}


@pytest.mark.parametrize(
    ("kind", "layers", "task", "seq_len"), quick_where(GRID, lambda _, *case: case in QUICK)
)
def test_every_combination(kind, layers, task, seq_len):
    # Half of all combinations, in which any two values meet; one layer more has the other half.
    for flags in itertools.product((False, True), repeat=3):
        if (sum(flags) + layers) % 2:
            continue
        state = "reset" if flags[0] else "carry"
        reduction, batch = "sum" if flags[1] else "mean", 3 if flags[2] else 1
        recipe = Recipe().replace(
            task=task,
            **kind_settings(kind),
            layers=layers,
            hidden=4,
            seq_len=seq_len,
            batch=batch,
            state=state,
            reduction=reduction,
        )
        data = problem(task, np.random.default_rng(1), 3, 7 * batch + 1)
        assert largest_error(recipe, data) < WIDEST, (state, reduction, batch)


@settings(deadline=None, max_examples=examples(60))
@given(
    task=st.sampled_from(["tokens", "values"]),
    kind=st.sampled_from(KINDS),
    layers=st.integers(1, 3),
    hidden=st.integers(1, 9),
    width=st.integers(1, 6),
    seq_len=st.one_of(st.just("full"), st.integers(1, 6)),
    batch=st.integers(1, 9),
    carry=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_any_size(task, kind, layers, hidden, width, seq_len, batch, carry, seed):
    recipe = Recipe().replace(
        task=task,
        **kind_settings(kind),
        layers=layers,
        hidden=hidden,
        seq_len=seq_len,
        batch=batch,
        state="carry" if carry else "reset",
        seed=seed,
    )
    data = problem(task, np.random.default_rng(seed), width, 13 * batch + 1)
    assert largest_error(recipe, data, entries=1) < WIDEST


LAYOUTS = {
    (64, 16, 2, 2): ("tanh", "lstm"),  # products in blocks of columns
    (128, 8, 3, 1): ("tanh", "lstm"),
    (12, 16, 17, 2): ("lstm",),  # more than 256 rows: tokens are sorted
    (128, 64, 5, 1): ("tanh",),  # more steps than are prepared at once
}


@pytest.mark.parametrize(
    ("hidden", "batch", "seq_len", "layers", "kind"),
    quick_where(
        [(*layout, kind) for layout in LAYOUTS for kind in KINDS],
        lambda *case: case[-1] in LAYOUTS[case[:-1]],
    ),
)
def test_the_layouts_for_speed(hidden, batch, seq_len, layers, kind):
    sizes = {"hidden": hidden, "batch": batch, "seq_len": seq_len, "layers": layers}
    recipe = Recipe().replace(**sizes, **kind_settings(kind))
    data = problem("tokens", np.random.default_rng(5), 11, 3 * batch * seq_len + 1)
    assert largest_error(recipe, data, entries=1) < WIDEST


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("task", ["tokens", "values"])
@pytest.mark.parametrize("batch", [1, 16])
def test_float32_follows_float64(task, batch, kind):
    data = problem(task, np.random.default_rng(2), 9, batch * 20 + 1)
    steps = []
    for dtype in ("float32", "float64"):
        recipe = Recipe().replace(
            task=task,
            dtype=dtype,
            hidden=64,
            batch=batch,
            seq_len=20,
            optimizer="sgd",
            lr=1e-9,
            steps=1,
            **kind_settings(kind),
        )
        state = start(recipe, data)
        next(train(recipe, data, state))
        steps.append(state.gradients.flat.astype(float))
    largest = np.abs(steps[1]).max()
    assert np.abs(steps[0] - steps[1]).max() < 1e-5 * largest


@settings(deadline=None, max_examples=examples(40))
@given(
    rows=st.integers(1, 700),
    vocab=st.sampled_from([1, 2, 40, 300]),
    gates=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_gradient_rows_are_summed_by_token(rows, vocab, gates, seed):
    rng = np.random.default_rng(seed)
    by_token = TokenGradient(rows, vocab, 5, np.float64)
    for _ in range(2):
        tokens, dZ = rng.integers(0, vocab, rows), rng.normal(size=(gates, rows, 5))
        out, want = np.full((gates, vocab, 5), np.nan), np.zeros((gates, vocab, 5))
        by_token.sum_rows(tokens, dZ, out)
        for n, token in enumerate(tokens):
            want[:, token] += dZ[:, n]
        np.testing.assert_allclose(out, want, atol=1e-12)
