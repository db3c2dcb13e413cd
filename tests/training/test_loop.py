"""The trainer: chunks, bounds, state, validation, what happens when numbers run away."""

from __future__ import annotations

import dataclasses
import math
import tracemalloc

import numpy as np
import pytest

import rnntui
from rnntui.errors import DataError, UsageError
from rnntui.nn.cells import CELLS
from rnntui.nn.model import named_parameters
from rnntui.recipe import Recipe, find
from rnntui.training import memory
from rnntui.training.loop import (
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
from rnntui.training.shape import shape_of
from tests.conftest import quick_first, quick_where
from tests.support.plain import kind_settings, losses, outputs, token_data, value_data
from tests.support.small import SMALL, TOKENS, VALUES, after


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
    with pytest.raises(dataclasses.FrozenInstanceError):
        chunks[0].numbers.loss = 0.0


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


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("data", [TOKENS, VALUES], ids=["tokens", "values"])
def test_each_set_of_streams_carries_its_own_state(cell, data):
    task = "tokens" if data is TOKENS else "values"
    still = SMALL.replace(task=task, cell=cell, layers=2, optimizer="sgd", lr=1e-30)
    still = still.replace(dtype="float64", seq_len=4, eval_every=0, steps=0, epochs=2)
    in_turn, state = after(still.replace(batch=2, turns=3), data)
    together, _ = after(still.replace(batch=6), data)
    assert len(in_turn) == total_steps(still.replace(batch=2, turns=3), data) == 3 * len(together)
    rounds = [in_turn[n : n + 3] for n in range(0, len(in_turn), 3)]
    for chunks, whole in zip(rounds, together, strict=True):
        mean = sum(chunk.loss_per_token for chunk in chunks) / 3
        assert mean == pytest.approx(whole.loss_per_token, rel=1e-12)
    assert np.array_equal(state.waiting.states[2], state.hidden)
    assert (state.waiting.states[0] != state.waiting.states[1]).any()


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


@pytest.mark.parametrize(
    "optimizer", quick_where(find("optimizer").rule.choices, lambda name: name in ("sgd", "adam"))
)
@pytest.mark.parametrize("dtype", quick_first(["float32", "float64"]))
@pytest.mark.parametrize("kind", quick_first(["relu", "lstm", "tanh", "gru"], 2))
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

    monkeypatch.setattr("rnntui.training.state._allocate", refuse)
    with pytest.raises(UsageError, match="lower hidden, batch or seq_len"):
        start(SMALL, TOKENS)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"hidden": 200},
        {"batch": 60, "layers": 2},
        {"dtype": "float64"},
        {"turns": 20},
        {"suffix": 5},
    ],
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
    needed = memory_needed(recipe, shape_of(recipe, data), state.stream.steps)
    assert taken / 1.5 < needed < taken * 1.5


def test_a_chunk_does_not_compare_arrays():
    chunks, _ = after(SMALL.replace(steps=2), TOKENS)
    assert isinstance(chunks[0], Chunk)
    assert chunks[0] == chunks[0]
    assert chunks[0] != chunks[1]
    assert "steps" not in repr(chunks[0])
