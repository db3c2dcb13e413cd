"""The validation loss: when it is measured, over what, and that it disturbs nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.nn.cells import CELLS
from rnntui.nn.evaluate import Evaluator
from rnntui.nn.model import ModelShape, Parameters, initialise, named_parameters
from tests.conftest import examples
from tests.support.plain import losses, outputs, token_data
from tests.support.small import SMALL, TOKENS, after


def test_validation_at_intervals_and_at_the_end():
    chunks, _ = after(SMALL.replace(eval_every=3), TOKENS)
    assert [c.step for c in chunks if c.validation is not None] == [3, 6, 7]
    assert all(c.validation is None for c in after(SMALL.replace(eval_every=0), TOKENS)[0])


@settings(deadline=None, max_examples=examples(40))
@given(
    size=st.integers(2, 3000),
    task=st.sampled_from(["tokens", "values"]),
    reset=st.sampled_from([0, 1, 7, 50, 5000]),
)
def test_validation_is_the_mean_over_every_step(size, task, reset):
    rng = np.random.default_rng(size)
    sequence = rng.integers(0, 4, size) if task == "tokens" else rng.normal(size=(size, 2))
    shape = ModelShape(task, 4 if task == "tokens" else 2, "rnn", "tanh", 3, 1, "float64")
    parameters = Parameters(shape)
    initialise(parameters, "normal", 0.5, np.random.RandomState(1))
    if task == "tokens":
        # A network without recurrence, whose loss does not depend on where rows begin.
        parameters.tensors["Wh0"][...] = 0
    got = Evaluator(parameters, sequence, reset).loss()
    if task == "tokens" or reset == 1 or size <= 512:  # else rows start in the middle
        rows = plain_rows(parameters, sequence, reset)
        assert got == pytest.approx(losses(rows, sequence[1:]).mean())


def plain_rows(parameters, sequence, reset):
    named, hidden, rows = named_parameters(parameters), np.zeros((1, 3)), []
    for begin in range(0, len(sequence) - 1, reset or len(sequence)):
        end = min(begin + (reset or len(sequence)), len(sequence) - 1)
        some, hidden = outputs(named, "tanh", sequence[begin:end], hidden * (not reset))
        rows.append(some)
    return np.concatenate(rows)


@settings(deadline=None, max_examples=examples(25))
@given(
    size=st.integers(2, 1500),
    earlier=st.integers(0, 150),
    task=st.sampled_from(["tokens", "values"]),
)
def test_validation_reads_what_is_before_each_row(size, earlier, task):
    rng = np.random.default_rng(size)
    shape = (size + earlier, 2)
    whole = rng.integers(0, 4, size + earlier) if task == "tokens" else rng.normal(size=shape)
    parameters = Parameters(
        ModelShape(task, 4 if task == "tokens" else 2, "rnn", "tanh", 3, 1, "float64")
    )
    initialise(parameters, "normal", 0.8, np.random.RandomState(1))
    got = Evaluator(parameters, whole[earlier:], before=whole[:earlier]).loss()
    length = -(-(size - 1) // max(1, (size - 1) // 256))
    want = []
    for begin in range(earlier, len(whole) - 1, length):
        first, end = begin - min(64, earlier), min(begin + length, len(whole) - 1)
        rows = plain_rows(parameters, whole[first : end + 1], 0)[begin - first :]
        want.extend(losses(rows, whole[begin + 1 : end + 1]))
    assert len(want) == size - 1
    assert got == pytest.approx(np.mean(want))


def test_a_run_is_validated_going_on_from_where_the_training_part_ends():
    chunks, state = after(SMALL.replace(steps=2, eval_every=2), TOKENS)
    before = TOKENS.tokens[-64:]
    want = Evaluator(state.parameters, TOKENS.validation, before=before).loss()
    assert chunks[-1].validation == pytest.approx(want)
    assert want != pytest.approx(Evaluator(state.parameters, TOKENS.validation).loss(), abs=1e-6)


def test_validation_leaves_training_alone():
    plain, seen = after(SMALL.replace(eval_every=0), TOKENS)[1], []
    _, state = after(SMALL.replace(eval_every=1), TOKENS, between=lambda: seen.append(1))
    assert (plain.parameters.flat == state.parameters.flat).all()
    assert (plain.hidden == state.hidden).all()
    assert len(seen) >= 7


def test_validation_of_one_token_is_none():
    data = token_data(TOKENS.tokens, 4, [1])
    assert all(c.validation is None for c in after(SMALL.replace(eval_every=1), data)[0])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("reset", [0, 3])
def test_validation_carries_the_whole_state(cell, reset):
    sequence = np.random.default_rng(0).integers(0, 4, 400)
    parameters = Parameters(ModelShape("tokens", 4, cell, "tanh", 5, 2, "float64"))
    initialise(parameters, "normal", 0.5, np.random.RandomState(1))
    named, hidden, rows = (
        named_parameters(parameters),
        parameters.shape.hidden_state(1)[:, :, 0],
        [],
    )
    kind = "tanh" if cell == "rnn" else cell
    for n, x in enumerate(sequence[:-1]):
        some, hidden = outputs(named, kind, np.array([x]), hidden * (not reset or n % reset > 0))
        rows.extend(some)
    got = Evaluator(parameters, sequence, reset).loss()
    assert got == pytest.approx(losses(np.array(rows), sequence[1:]).mean())
