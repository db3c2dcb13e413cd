"""The suffix table: which row is read, what it adds, and how it learns."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnntui.data import TokenData
from rnntui.data.suffixes import suffixes_of
from rnntui.errors import UsageError
from rnntui.nn import suffix
from rnntui.nn.evaluate import Evaluator, cold_pass, exact_pass
from rnntui.nn.model import ModelShape, Parameters, load_named_parameters, named_parameters
from rnntui.nn.network import Network
from rnntui.nn.probe import Probe, changed, variants
from rnntui.nn.sampling import Stepper
from rnntui.nn.suffix import RowUpdate, automaton, row_gradients
from rnntui.recipe import Recipe
from rnntui.suffixes import WIDEST, Suffixes
from rnntui.training.loop import start, train
from tests.support.plain import token_data

WIDTH = 4
TEXT = np.random.default_rng(0).choice(WIDTH, 400, p=[0.55, 0.25, 0.15, 0.05])
FOUND = suffixes_of(TEXT, WIDTH, 5, least=8)


def sequences(suffixes: Suffixes) -> list[tuple[int, ...]]:
    """Each sequence by its number."""
    found: list[tuple[int, ...]] = [()]
    for parent, token in suffixes:
        found.append((*found[parent], token))
    return found


def model(cell: str = "gru", dtype: str = "float64", layers: int = 2) -> Parameters:
    """A network with a suffix table, all of it at random."""
    recipe = Recipe().replace(cell=cell, hidden=6, layers=layers, dtype=dtype, suffix=5)
    made = Parameters(ModelShape.of(recipe, WIDTH, suffixes=FOUND))
    made.flat[:] = np.random.default_rng(1).normal(scale=0.4, size=made.flat.size)
    return made


def plain_numbers(text: list[int]) -> list[int]:
    """After each token, the number of the longest of the sequences that the text ends with."""
    numbers = {one: number for number, one in enumerate(sequences(FOUND))}
    return [
        next(
            numbers[tuple(text[begin:end])]
            for begin in range(end + 1)
            if tuple(text[begin:end]) in numbers
        )
        for end in range(1, len(text) + 1)
    ]


def test_they_are_the_frequent_sequences() -> None:
    text = TEXT.tolist()
    for length in range(1, 6):
        ends = range(length, len(text) + 1)
        every = [tuple(text[end - length : end]) for end in ends]
        frequent = {one for one in every if every.count(one) >= 8}
        assert {one for one in sequences(FOUND) if len(one) == length} == frequent
    assert FOUND.longest == 5
    FOUND.check(WIDTH)


def test_a_text_without_any_has_one_row() -> None:
    none = suffixes_of(TEXT[:20], WIDTH, 3)
    assert none == Suffixes((), ()) and none.count == 1 and none.longest == 1
    assert automaton(none, WIDTH).tolist() == [[0] * WIDTH]


def test_a_large_vocabulary_is_refused_in_one_line() -> None:
    line = f"at most {WIDEST:,} tokens, and this one has 5,000: --set suffix=0"
    with pytest.raises(UsageError, match=line):
        suffixes_of(TEXT, 5000, 3)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, WIDTH - 1), min_size=1, max_size=40))
def test_the_automaton_follows_any_text(text: list[int]) -> None:
    table, state, found = automaton(FOUND, WIDTH), 0, []
    for token in text:
        state = int(table[state, token])
        found.append(state)
    assert found == plain_numbers(text)


@pytest.mark.parametrize("cuts", [(0, 60), (0, 1, 3, 9, 30, 31, 60)])
def test_a_chunk_reads_the_rows_of_its_streams_and_carries_them_on(cuts: tuple[int, ...]) -> None:
    made, streams = model(), TEXT[:120].reshape(2, 60).T
    hidden, found = made.shape.hidden_state(2), []
    for begin, end in itertools.pairwise(cuts):
        network = Network(made, end - begin, 2)
        network.refresh()
        network.forward(streams[begin:end], hidden)
        network.final_state(hidden)
        assert network.suffix is not None
        found += network.suffix.numbers.tolist()
    wanted = [plain_numbers(streams[:, n].tolist()) for n in range(2)]
    assert np.array_equal(found, np.transpose(wanted))
    assert hidden[-1, 0, :, 0].tolist() == found[-1]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("fixed", [False, True])
def test_the_row_is_added_to_the_outputs_however_they_are_computed(cell: str, fixed: bool) -> None:
    made, text = model(cell), TEXT[:30]
    without = Parameters(replace(made.shape, suffixes=None))
    without.flat[:] = made.dense
    plain, probe = Probe(without, 30), Probe(made, 30)
    plain.forward(text[:, None])
    probe.forward(text[:, None])
    rows = made.tensors["S"][plain_numbers(text.tolist())]
    wanted = plain.outputs()[:, 0] + rows
    assert probe.outputs()[:, 0] == pytest.approx(wanted, abs=1e-12)
    alone, together = Stepper(made, fixed=fixed), Stepper(made, 2)
    for token, row in zip(text, wanted, strict=True):
        alone.advance(int(token))
        together.advance(np.array([token, token]))
        assert alone.predict() == pytest.approx(row, abs=1e-12)
        assert together.predict()[1] == pytest.approx(row, abs=1e-12)
    assert alone.hidden == pytest.approx(together.hidden[:, :, 0], abs=1e-12)


def test_a_changed_token_changes_the_row() -> None:
    made = model()
    streams = variants(TEXT[:20], np.array([17, 19]), np.array([3, 2]))
    hidden = made.shape.hidden_state(1)
    outputs = changed(made, streams, hidden)
    for stream, found in zip(streams.T, outputs, strict=True):
        probe = Probe(made, 20)
        probe.forward(stream[:, None])
        assert found == pytest.approx(probe.outputs()[-1, 0], abs=1e-12)


def test_losses_are_the_same_by_every_pass() -> None:
    made, text = model(), TEXT.astype(np.uint8)
    whole = exact_pass(made, text).loss
    assert exact_pass(made, text, reset=400).loss == pytest.approx(whole, abs=1e-12)
    assert Evaluator(made, text[:250], before=text[:0]).loss() == pytest.approx(
        exact_pass(made, text[:250]).loss, abs=1e-12
    )
    assert cold_pass(made, text[:200]).loss == pytest.approx(
        exact_pass(made, text[:200]).loss, abs=1e-12
    )


@pytest.mark.parametrize("few", [0, 100])
def test_gradients_of_a_row_are_added_up(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(suffix, "_FEW", few)
    rng = np.random.default_rng(2)
    numbers, gradient = rng.integers(0, 9, 50).astype(np.uint16), rng.normal(size=(50, WIDTH))
    rows, sums = row_gradients(numbers, gradient)
    wanted = np.zeros((9, WIDTH))
    for number, row in zip(numbers, gradient, strict=True):
        wanted[number] += row
    assert rows.tolist() == sorted(set(numbers.tolist()))
    assert sums == pytest.approx(wanted[rows], abs=1e-12)
    scratch = np.empty((60, WIDTH))
    assert np.array_equal(row_gradients(numbers, gradient, scratch)[1], sums)


@pytest.mark.parametrize("weight", [1.0, 0.02])
def test_an_update_is_adagrads_with_one_rate_for_a_row(weight: float) -> None:
    rng = np.random.default_rng(3)
    table, squares = np.zeros((9, WIDTH)), np.zeros(9)
    wanted, sizes = np.zeros((9, WIDTH)), np.zeros(9)
    update = RowUpdate(table, squares, weight, 20)
    for rate in (0.4, 0.4, 0.1):
        numbers = rng.integers(0, 7, 20).astype(np.uint16)
        gradient = rng.normal(size=(20, WIDTH)) * weight
        update.step(numbers, gradient, rate)
        for number in set(numbers.tolist()):
            total = gradient[numbers == number].sum(axis=0) / weight
            sizes[number] += total @ total
            wanted[number] -= rate * total / np.sqrt(sizes[number] + 0.16)
    assert table == pytest.approx(wanted, abs=1e-12)
    assert not table[7:].any()


def data_with_suffixes() -> TokenData:
    data = token_data(TEXT[:320], WIDTH, TEXT[320:])
    return replace(data, suffixes=suffixes_of(data.tokens, WIDTH, 3, least=8))


def test_only_rows_that_were_read_change_and_averages_have_them() -> None:
    data = data_with_suffixes()
    recipe = Recipe().replace(hidden=5, batch=2, seq_len=4, suffix=3, average=0.9, steps=3)
    state = start(recipe, data)
    table, read = state.trained.tensors["S"], set[int]()
    for _ in train(recipe, data, state):
        assert state.network.suffix is not None
        read |= set(state.network.suffix.numbers.reshape(-1).tolist())
        assert {int(row) for row in np.flatnonzero(table.any(axis=1))} == read
    assert 3 < len(read) < len(table)
    assert np.array_equal(state.parameters.tensors["S"], table)
    assert not np.array_equal(state.parameters.dense, state.trained.dense)


def test_a_skipped_update_leaves_the_rows() -> None:
    data = data_with_suffixes()
    recipe = Recipe().replace(hidden=5, batch=2, seq_len=4, suffix=3, steps=9)
    state = start(recipe, data)
    updates = train(recipe, data, state)
    next(updates)
    before = state.parameters.tensors["S"].copy()
    state.parameters.tensors["by"][0] = np.nan
    assert next(updates).fault
    assert np.array_equal(state.parameters.tensors["S"], before)


def test_a_saved_model_has_the_table() -> None:
    made, again = model(dtype="float32"), model(dtype="float32")
    named = named_parameters(made)
    assert named["suffix.weight"].shape == (FOUND.count, WIDTH)
    again.flat.fill(0)
    load_named_parameters(again, named)
    assert np.array_equal(made.tensors["S"], again.tensors["S"])


def test_an_adaptive_output_has_none() -> None:
    with pytest.raises(UsageError, match="suffix: only with output = full"):
        Recipe().replace(suffix=3, output="adaptive")
    recipe = Recipe().replace(suffix=3)
    assert recipe.override({"output": "adaptive"}).model.suffix == 0
    (note,) = recipe.notes_on({"output": "adaptive"})
    assert note == "suffix = 0: it adds logits to a full softmax"
    assert recipe.replace(task="values", output="adaptive").model.suffix == 3
