"""Large vocabularies: a softmax in chunks, and the adaptive one against its formulas."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.clusters import Clusters, choose_clusters
from rnntui.data import TokenData
from rnntui.nn import adaptive, network, output
from rnntui.nn.evaluate import Evaluator, exact_pass
from rnntui.nn.kernels.softmax import fitting_rows
from rnntui.nn.model import (
    ModelShape,
    Parameters,
    initialise,
    load_named_parameters,
    named_parameters,
)
from rnntui.nn.network import Network
from rnntui.nn.probe import Probe
from rnntui.nn.sampling import Stepper
from rnntui.recipe import Recipe
from rnntui.training.gradient_check import LIMIT, check_gradients
from tests.conftest import examples
from tests.support.plain import token_data
from tests.support.small import after

VOCAB, STEPS, BATCH, HIDDEN = 11, 6, 3, 5
CLUSTERS = Clusters((4, 2, 9, 0, 10, 3, 7, 1, 8, 5, 6), (3, 8))
RNG = np.random.default_rng(7)
TOKENS = RNG.integers(0, VOCAB, (STEPS + 1, BATCH))


def parameters(clusters: Clusters | None = CLUSTERS, layers: int = 2) -> Parameters:
    shape = ModelShape("tokens", VOCAB, "gru", "tanh", HIDDEN, layers, "float64", clusters)
    made = Parameters(shape)
    initialise(made, "normal", 0.7, np.random.RandomState(1))
    rng = np.random.default_rng(2)
    for tensor in made.tensors.values():
        tensor += rng.normal(scale=0.3, size=tensor.shape)
    return made


@pytest.fixture
def in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows at a time, of every output layer that can."""
    monkeypatch.setattr(network, "fits_whole", lambda *_: False)
    for module in (output, adaptive):
        monkeypatch.setattr(module, "fitting_rows", lambda rows, _: min(rows, 2))
    monkeypatch.setattr("rnntui.nn.kernels.softmax._COLUMNS", 4)


def passed(made: Parameters, epsilon: float = 0.0) -> tuple[Network, float, Parameters]:
    """Forward, loss and backward of one chunk."""
    gradients = Parameters(made.shape)
    found = Network(made, STEPS, BATCH, gradients, epsilon)
    found.refresh()
    found.forward(TOKENS[:-1], made.shape.hidden_state(BATCH))
    total = found.total_loss(TOKENS[1:])
    found.backward(0.25)
    return found, total, gradients


def plainly(named: dict[str, np.ndarray], h: np.ndarray) -> np.ndarray:
    """Log-probabilities of the vocabulary after hidden values h (H,), from the saved weights."""

    def log_softmax(y: np.ndarray) -> np.ndarray:
        return y - np.log(np.exp(y).sum())

    head = log_softmax(named["head.head.weight"] @ h + named["head.head.bias"])
    parts, first = [head[: len(head) - 2]], len(head) - 2
    for n in range(2):
        inner = named[f"head.tail.{n}.0.weight"] @ h
        parts.append(head[first + n] + log_softmax(named[f"head.tail.{n}.1.weight"] @ inner))
    found = np.empty(VOCAB)
    found[list(CLUSTERS.order)] = np.concatenate(parts)
    return found


def test_chunks_give_what_the_whole_gives(request: pytest.FixtureRequest):
    made = parameters(None)
    whole, total, gradients = passed(made, 1e-3)
    outputs = parameters(None)
    expected = whole.output.predictions(slice(None), 0.25), whole.output.probability(slice(1, 9, 2))
    request.getfixturevalue("in_chunks")
    chunked, again, found = passed(outputs, 1e-3)
    assert isinstance(chunked.output, output.ChunkedSoftmax)
    assert again == pytest.approx(total, rel=1e-12)
    assert found.flat == pytest.approx(gradients.flat, rel=1e-9, abs=1e-12)
    assert chunked.output.per_row == pytest.approx(whole.output.per_row, rel=1e-12)
    assert (chunked.output.predictions(slice(None), 0.25) == expected[0]).all()
    assert chunked.output.probability(slice(1, 9, 2)) == pytest.approx(expected[1], rel=1e-12)


@pytest.mark.parametrize("size", [3.0, 70.0, 800.0])
def test_large_logits_do_not_overflow_in_chunks(in_chunks: None, size: float):
    made = parameters(None)
    made.tensors["by"][:3] = size, -size, size
    _, total, gradients = passed(made)
    assert np.isfinite(total) and np.isfinite(gradients.flat).all()


def test_the_adaptive_loss_is_the_formula(request: pytest.FixtureRequest):
    made = parameters()
    found, total, gradients = passed(made)
    hidden = found.cells[-1].h[1:].reshape(-1, HIDDEN)
    expected = np.array([plainly(named_parameters(made), h) for h in hidden])
    targets = TOKENS[1:].reshape(-1)
    assert np.exp(expected).sum(axis=1) == pytest.approx(1.0), "probabilities of the vocabulary"
    assert found.output.per_row == pytest.approx(-expected[np.arange(len(targets)), targets])
    assert total == pytest.approx(found.output.per_row.sum())
    assert found.output.outputs(slice(None)) == pytest.approx(expected)
    assert (found.output.predictions(slice(None), 0.25) == expected.argmax(axis=1)).all()
    request.getfixturevalue("in_chunks")
    _, again, others = passed(made)
    assert again == pytest.approx(total, rel=1e-12)
    assert others.flat == pytest.approx(gradients.flat, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_the_adaptive_gradient_passes_the_check(cell: str):
    tokens = np.minimum(np.random.default_rng(3).geometric(0.25, 90) - 1, VOCAB - 1)
    recipe = Recipe().replace(
        output="adaptive", cell=cell, hidden=6, layers=2, batch=3, seq_len=4, dropout=0.3
    )
    found = check_gradients(recipe, token_data(tokens, VOCAB))
    names = {one.name for one in found.parameters}
    assert {"head.head.weight", "head.head.bias", "head.tail.0.1.weight"} <= names
    assert found.worst.error < LIMIT, found.worst


def test_a_chunk_without_tokens_of_a_tail_leaves_its_weights_alone():
    made = parameters()
    gradients = Parameters(made.shape)
    found = Network(made, 2, 1, gradients)
    found.refresh()
    for targets in (np.array([[5], [6]]), np.array([[4], [2]])):  # the last tail, then the head
        found.forward(np.array([[1], [2]]), made.shape.hidden_state(1))
        found.total_loss(targets)
        found.backward(1.0)
    for n in (1, 2):
        assert not gradients.tensors[f"Wp{n}"].any() and not gradients.tensors[f"Wt{n}"].any()
    assert gradients.tensors["Wy"].any()


@pytest.mark.parametrize("fixed", [False, True])
def test_generation_and_views_get_the_same_log_probabilities(fixed: bool):
    made = parameters()
    probe, stepper, many = Probe(made, STEPS), Stepper(made, fixed=fixed), Stepper(made, BATCH)
    probe.forward(TOKENS[:-1, :1])
    for t in range(STEPS):
        stepper.advance(int(TOKENS[t, 0]))
        many.advance(TOKENS[t])
        assert stepper.predict() == pytest.approx(probe.outputs(t, t + 1)[0, 0])
        assert many.predict()[0] == pytest.approx(stepper.outputs)
        assert np.exp(many.outputs).sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("clusters", [None, CLUSTERS])
def test_one_error_is_the_gradient_by_finite_differences(
    in_chunks: None, clusters: Clusters | None
):
    made, at, layer = parameters(clusters), STEPS - 2, 1
    probe = Probe(made, STEPS, BATCH, backward=True)
    probe.forward(TOKENS[:-1])
    probe.losses(TOKENS[1:])
    own, gradients = probe.error_gradients(at)
    outputs = probe.outputs(at, at + 1)[0]
    p = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    assert own == pytest.approx(p - np.eye(VOCAB)[TOKENS[at + 1]])
    h, step = probe.hidden(layer)[at], 1e-6

    def loss(b: int) -> float:
        return float(probe.losses(TOKENS[1:])[at, b])

    for b in range(BATCH):
        for unit in range(HIDDEN):
            keep = h[b, unit]
            h[b, unit] = keep + step
            up = loss(b)
            h[b, unit] = keep - step
            slope = (up - loss(b)) / (2 * step)
            h[b, unit] = keep
            assert gradients[layer][at, b, unit] == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_evaluation_agrees_with_the_exact_pass(in_chunks: None):
    made = parameters()
    sequence = RNG.integers(0, VOCAB, 40)
    exact = exact_pass(made, sequence).loss
    assert Evaluator(made, sequence).loss() == pytest.approx(exact, rel=1e-9)


def test_the_weights_have_pytorchs_names_and_come_back():
    made = parameters()
    named = named_parameters(made)
    assert {name: array.shape for name, array in named.items() if name.startswith("head")} == {
        "head.head.weight": (5, HIDDEN),
        "head.head.bias": (5,),
        "head.tail.0.0.weight": (1, HIDDEN),
        "head.tail.0.1.weight": (5, 1),
        "head.tail.1.0.weight": (1, HIDDEN),
        "head.tail.1.1.weight": (3, 1),
    }
    back = Parameters(made.shape)
    load_named_parameters(back, named)
    assert back.flat.tobytes() == made.flat.tobytes()


def pairs() -> tuple[Recipe, TokenData]:
    """A small recipe, and a text in which each token comes twice."""
    tokens = np.minimum(np.random.default_rng(3).geometric(0.2, 400) - 1, VOCAB - 1)
    tokens[1::2] = tokens[::2]
    recipe = Recipe().replace(
        output="adaptive", hidden=16, batch=4, seq_len=8, steps=40, lr=0.02, workers=1, eval_every=0
    )
    return recipe, token_data(tokens, VOCAB)


def test_it_learns():
    recipe, data = pairs()
    chunks, state = after(recipe, data)
    assert state.network.parameters.shape.clusters is not None
    assert chunks[-1].loss < 0.8 * chunks[0].loss
    assert chunks[-1].steps().p_true == pytest.approx(
        np.exp(-state.network.output.per_row[:: state.network.dims.batch])
    )


@pytest.mark.slow
def test_workers_agree():
    recipe, data = pairs()
    alone, _ = after(recipe.replace(steps=3), data)
    together, _ = after(recipe.replace(workers=2, steps=3), data)
    assert [c.loss for c in together] == pytest.approx([c.loss for c in alone], rel=1e-4)


@settings(deadline=None, max_examples=examples(15))
@given(st.lists(st.integers(0, 50), min_size=2, max_size=30).filter(any))
def test_clusters_are_the_vocabulary_by_frequency(counts: list[int]):
    found = choose_clusters(counts)
    found.check(len(counts))
    ordered = [counts[token] for token in found.order]
    assert ordered == sorted(counts, reverse=True)
    total = sum(counts)
    for cut in found.cutoffs:  # the fewest tokens that make up one of the shares
        shares = (sum(ordered[: cut - 1]) / total, sum(ordered[:cut]) / total)
        assert any(shares[0] < share <= shares[1] + 1e-12 for share in (0.8, 0.95))


@pytest.mark.parametrize("clusters", [Clusters((0, 1, 1), (1,)), Clusters((0, 1, 2), (2, 2))])
def test_wrong_clusters_are_refused(clusters: Clusters):
    with pytest.raises(ValueError, match=r"order|cutoffs"):
        clusters.check(3)


def test_a_vocabulary_that_cannot_be_divided_has_a_head_alone():
    assert choose_clusters([1, 1]).cutoffs == ()
    alone = parameters(Clusters(tuple(range(VOCAB)), ()))
    full = parameters(None)
    assert passed(alone)[1] == pytest.approx(passed(full)[1], rel=1e-12)
    assert passed(alone)[2].flat == pytest.approx(passed(full)[2].flat, rel=1e-9, abs=1e-12)


@settings(max_examples=examples(15))
@given(st.integers(1, 3000), st.integers(1, 60_000), st.integers(1, 1 << 23))
def test_chunks_are_even_and_fit(rows: int, vocab: int, most: int):
    at_once = fitting_rows(rows, vocab, most)
    assert 1 <= at_once <= rows
    assert at_once == 1 or at_once * vocab <= most
    assert at_once * -(-rows // at_once) - rows < -(-rows // at_once)


@pytest.mark.parametrize("clusters", [False, True])
def test_the_outputs_of_all_rows_are_never_in_memory(clusters: bool):
    steps, batch, vocab = 16, 32, 20_000
    order = Clusters(tuple(range(vocab)), (9000, 15_000)) if clusters else None
    made = Parameters(ModelShape("tokens", vocab, "rnn", "tanh", 2, 1, "float32", order))
    tokens = np.arange((steps + 1) * batch).reshape(steps + 1, batch) * 17 % vocab
    tracemalloc.start()
    try:
        found = Network(made, steps, batch, Parameters(made.shape))
        found.refresh()
        found.forward(tokens[:-1], made.shape.hidden_state(batch))
        found.total_loss(tokens[1:])
        found.backward(1.0)
        found.output.predictions(slice(0, None, batch), 1.0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.7 * 4 * steps * batch * vocab
