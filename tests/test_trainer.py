"""The trainer: chunks, bounds, state, validation, what happens when numbers run away."""

from __future__ import annotations

import dataclasses
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rnntui
from rnntui import memory
from rnntui.errors import DataError, UsageError
from rnntui.nn.cells import CELLS
from rnntui.nn.evaluate import Evaluator
from rnntui.nn.model import ModelShape, Parameters, initialise, named_parameters
from rnntui.recipe import Recipe, find
from rnntui.trainer import (
    Chunk,
    StaleChunkError,
    copy_weights,
    finish,
    memory_needed,
    restore,
    start,
    total_steps,
    train,
)
from tests.plain import kind_settings, losses, outputs, token_data, value_data

SMALL = Recipe().replace(hidden=6, batch=2, seq_len=5, steps=7)
RNG = np.random.default_rng(8)
TOKENS = token_data(RNG.integers(0, 4, 61), 4, RNG.integers(0, 4, 30))
VALUES = value_data(RNG.normal(size=(61, 2)), RNG.normal(size=(30, 2)))


def after(recipe, data, state=None, **options):
    state = start(recipe, data) if state is None else state
    return list(train(recipe, data, state, **options)), state


def test_three_lines_train():
    losses = [c.loss for c in rnntui.train(rnntui.load_recipe("counting").replace(epochs=3))]
    assert len(losses) == 3


def test_a_chunk_says_where_it_stands():
    chunks, state = after(SMALL.replace(steps=0, epochs=2), TOKENS)
    assert total_steps(SMALL.replace(steps=0, epochs=2), TOKENS) == 12 == len(chunks) == state.step
    assert [c.step for c in chunks] == list(range(1, 13))
    assert [c.epoch for c in chunks] == [0] * 6 + [1] * 6
    assert [c.starts_epoch for c in chunks] == [True, *[False] * 5] * 2
    assert [c.ends_epoch for c in chunks] == [*[False] * 5, True] * 2
    assert {c.tokens for c in chunks} == {10}
    assert all(c.applied and c.gradient_norm > 0 and c.sample is None for c in chunks)
    with pytest.raises(dataclasses.FrozenInstanceError):
        chunks[0].loss = 0.0


@pytest.mark.parametrize("data", [TOKENS, VALUES])
def test_reductions_report_the_same_loss_per_token(data):
    task = "tokens" if data is TOKENS else "values"
    recipe = SMALL.replace(task=task, steps=1)
    (mean,), _ = after(recipe, data)
    (total,), _ = after(recipe.replace(reduction="sum"), data)
    assert total.loss == pytest.approx(10 * mean.loss, rel=1e-6)
    assert mean.loss == pytest.approx(mean.loss_per_token) == pytest.approx(total.loss_per_token)
    assert total.gradient_norm == pytest.approx(10 * mean.gradient_norm, rel=1e-5)


def test_the_bounds():
    assert total_steps(SMALL.replace(steps=0), TOKENS) is None
    assert total_steps(SMALL.replace(steps=5, epochs=1), TOKENS) == 5
    assert total_steps(SMALL.replace(steps=50, epochs=1), TOKENS) == 6
    assert total_steps(SMALL.replace(steps=0, epochs=3, seq_len="full"), TOKENS) == 3
    chunks, state = after(SMALL.replace(steps=0, seconds=0.05), TOKENS)
    assert chunks
    assert state.seconds >= 0.05
    free = train(SMALL.replace(steps=0), TOKENS)
    assert next(free).step == 1


def test_training_goes_on_from_a_state():
    whole, end = after(SMALL.replace(steps=11), TOKENS)
    _, state = after(SMALL.replace(steps=4), TOKENS)
    rest, state = after(SMALL.replace(steps=11), TOKENS, state)
    assert [c.loss for c in whole][4:] == [c.loss for c in rest]
    assert (end.parameters.flat == state.parameters.flat).all()
    assert after(SMALL.replace(steps=11), TOKENS, state)[0] == []


def test_the_seed_decides_everything():
    runs = [after(SMALL.replace(seed=s), TOKENS)[1].parameters.flat for s in (1, 1, 2)]
    assert (runs[0] == runs[1]).all()
    assert (runs[0] != runs[2]).any()


@pytest.mark.parametrize("kind", ["carry", "reset"])
def test_the_hidden_state_between_chunks(kind):
    recipe = SMALL.replace(
        state=kind, optimizer="sgd", lr=1e-30, batch=1, dtype="float64", steps=14
    )
    state = start(recipe, TOKENS)
    named, hidden = named_parameters(state.parameters), np.zeros((1, 6))
    for chunk in train(recipe, TOKENS, state):
        if chunk.starts_epoch or kind == "reset":
            hidden = np.zeros((1, 6))
        steps = chunk.steps()
        rows, hidden = outputs(named, "tanh", steps.inputs, hidden)
        assert chunk.loss == pytest.approx(losses(rows, steps.targets).mean())
        assert state.hidden[:, 0, 0] == pytest.approx(hidden)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("data", [TOKENS, VALUES])
def test_the_steps_of_a_chunk(data, layers):
    task = "tokens" if data is TOKENS else "values"
    recipe = SMALL.replace(task=task, layers=layers, dtype="float64", reduction="sum")
    state = start(recipe, data)
    source = data.tokens if data is TOKENS else data.values
    hidden = np.zeros((layers, 6))
    updates = train(recipe, data, state)
    for n in range(6):
        named = named_parameters(state.parameters)
        chunk = next(updates)
        steps = chunk.steps()
        assert (steps.inputs == source[5 * n : 5 * n + 5]).all()
        assert (steps.targets == source[5 * n + 1 : 5 * n + 6]).all()
        rows, hidden = outputs(named, "tanh", steps.inputs, hidden)
        if data is TOKENS:
            assert (steps.predictions == rows.argmax(axis=1)).all()
            assert steps.p_true == pytest.approx(np.exp(-losses(rows, steps.targets)))
        else:
            assert steps.predictions == pytest.approx(rows)
            assert steps.p_true is None


def test_steps_are_copies_and_only_of_the_newest_chunk():
    updates = train(SMALL, TOKENS)
    first = next(updates)
    kept = first.steps().predictions.copy()
    first.steps().predictions[:] = 99
    assert (first.steps().predictions == kept).all()
    next(updates)
    with pytest.raises(StaleChunkError, match="update 1 is over"):
        first.steps()


def test_steps_are_stale_from_the_beginning_of_the_next_update():
    seen = []

    def between():
        with pytest.raises(StaleChunkError):
            seen[0].steps()
        seen.append(None)

    updates = train(SMALL.replace(eval_every=2), TOKENS, between=between)
    seen.append(next(updates))
    next(updates)
    assert len(seen) > 1


def test_the_learning_rate_may_change_between_updates():
    state = start(SMALL, TOKENS)
    updates = train(SMALL, TOKENS, state)
    assert next(updates).lr == SMALL.train.lr
    state.lr = 1e-30
    before = state.parameters.flat.copy()
    assert next(updates).lr == 1e-30
    assert (state.parameters.flat == before).all()


def test_validation_at_intervals_and_at_the_end():
    chunks, _ = after(SMALL.replace(eval_every=3), TOKENS)
    assert [c.step for c in chunks if c.validation is not None] == [3, 6, 7]
    assert all(c.validation is None for c in after(SMALL.replace(eval_every=0), TOKENS)[0])


@settings(deadline=None, max_examples=40)
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


@settings(deadline=None, max_examples=25)
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


# ---- when numbers run away --------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_an_update_whose_gradient_is_not_finite_is_left_out(bad, cell):
    recipe = SMALL.replace(cell=cell)
    state = start(recipe, TOKENS)
    updates = train(recipe, TOKENS, state)
    next(updates)
    saved = copy_weights(state)
    state.parameters.tensors["by"][1] = bad
    before, hidden = state.parameters.flat.copy(), state.hidden.copy()
    chunk = next(updates)
    assert not chunk.applied
    assert not math.isfinite(chunk.gradient_norm)
    np.testing.assert_array_equal(state.parameters.flat, before)
    assert (state.hidden == hidden).all()
    assert state.optimizer.updates == 1
    chunk.steps()
    restore(state, saved)
    assert next(updates).applied


@pytest.mark.parametrize("optimizer", find("optimizer").rule.choices)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["relu", "tanh", "gru", "lstm"])
def test_divergence_is_silent_and_goes_on(optimizer, dtype, kind):
    # Warnings are errors in these tests: not one may come out of an overflow.
    recipe = SMALL.replace(
        task="values",
        optimizer=optimizer,
        dtype=dtype,
        lr=1e6,
        clip=0.0,
        steps=60,
        eval_every=7,
        **kind_settings(kind),
    )
    chunks, state = after(recipe, VALUES)
    assert len(chunks) == 60
    chunks[-1].steps()
    assert finish(recipe, VALUES, state).predicted
    text = SMALL.replace(lr=1e6, optimizer=optimizer, clip=0.0, dtype=dtype, steps=60, layers=2)
    chunks, state = after(text.replace(sample_every=10, **kind_settings(kind)), TOKENS)
    assert len(chunks) == 60
    assert len(finish(text, TOKENS, state).generated) == text.sample.final_length


@pytest.mark.parametrize("cell", CELLS)
def test_restoring_gives_back_the_very_same_run(cell):
    recipe = SMALL.replace(steps=30, cell=cell)
    state = start(recipe, TOKENS)
    updates = train(recipe, TOKENS, state)
    for _ in range(6):  # one pass: the cursor is then where it was
        next(updates)
    saved = copy_weights(state)
    want = [next(updates).loss for _ in range(6)]
    restore(state, saved)
    assert [next(updates).loss for _ in range(6)] == want
    assert state.step == 18


# ---- results ----------------------------------------------------------------------------------


def test_predictions_after_training_are_in_the_sources_units():
    data = value_data(VALUES.values[:, :1], mean=5.0, deviation=3.0)
    recipe = SMALL.replace(task="values", dtype="float64", seq_len=4, state="reset")
    _, state = after(recipe, data)
    predicted = finish(recipe, data, state).predicted
    named, want = named_parameters(state.parameters), []
    for begin in range(0, 60, 4):
        rows, _ = outputs(named, "tanh", data.values[begin : begin + 4], np.zeros((1, 6)))
        want += (rows[:, 0] * 3 + 5).tolist()
    assert predicted == pytest.approx(want)
    _, state = after(recipe, VALUES)
    assert all(len(row) == 2 for row in finish(recipe, VALUES, state).predicted)


def test_predictions_of_the_last_update_are_those_its_steps_show():
    recipe = SMALL.replace(final_pass=False, seq_len="full", final_length=0)
    chunks, state = after(recipe, TOKENS)
    result = finish(recipe, TOKENS, state)
    assert result.predicted == tuple(chunks[-1].steps().predictions.tolist())
    assert result.final_loss == chunks[-1].loss
    assert result.generated is None


def test_there_are_no_predictions_over_a_long_source_nor_before_the_first_update():
    long = token_data(np.arange(1002) % 4, 4)
    _, state = after(SMALL, long)
    assert finish(SMALL, long, state).predicted is None
    fresh = finish(SMALL, TOKENS, start(SMALL, TOKENS))
    assert fresh.predicted is None
    assert math.isnan(fresh.final_loss)


# ---- sizes that cannot be ---------------------------------------------------------------------


def test_too_little_to_train_on_says_how_much_is_needed():
    with pytest.raises(DataError, match="need 81 "):
        start(SMALL.replace(batch=8, seq_len=10), TOKENS)


def test_impossible_sizes_are_refused_before_anything_is_allocated():
    recipe = SMALL.replace(hidden=16_384, layers=16, batch=4)
    with pytest.raises(UsageError, match=r"^needs .* GB of memory.*lower hidden") as caught:
        start(recipe, TOKENS)
    assert len(str(caught.value)) <= 200


def test_a_machine_that_does_not_tell_its_memory_still_refuses(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: None)

    def refuse(*_):
        raise MemoryError

    monkeypatch.setattr("rnntui.trainstate._allocate", refuse)
    with pytest.raises(UsageError, match="lower hidden, batch or seq_len"):
        start(SMALL, TOKENS)


@pytest.mark.parametrize(
    "changes", [{}, {"hidden": 200}, {"batch": 60, "layers": 2}, {"dtype": "float64"}]
)
@pytest.mark.parametrize("cell", CELLS)
def test_the_memory_estimate_is_near_what_is_allocated(changes, cell):
    recipe = Recipe().replace(eval_every=0, cell=cell, workers=1, **changes)
    data = token_data(np.arange(20_000) % 50, 50)
    tracemalloc.start()
    try:
        state = start(recipe, data)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken / 1.5 < memory_needed(recipe, 50, state.stream.steps) < taken * 1.5


# ---- the model --------------------------------------------------------------------------------


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


def test_a_chunk_does_not_compare_arrays():
    chunks, _ = after(SMALL.replace(steps=2), TOKENS)
    assert isinstance(chunks[0], Chunk)
    assert chunks[0] == chunks[0]
    assert chunks[0] != chunks[1]
    assert "steps" not in repr(chunks[0])
