"""Passages: fixed, held out where possible, and possible for whatever trains."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rnntui.data import TokenData, load
from rnntui.errors import UsageError
from rnntui.insight.passage import (
    CONTEXT,
    SHOWN,
    SHOWN_WORDS,
    describe,
    excerpt,
    held_out,
    original,
    typed,
    windows,
)
from rnntui.insight.reader import Reader
from rnntui.nn.model import ModelShape, Parameters
from rnntui.recipe import Recipe, load_recipe
from rnntui.runs import vocabulary
from tests.support.plain import token_data, value_data

TEXT = "the quick brown fox (jumps) over the lazy dog. " * 60
LONG = token_data(np.arange(3000) % 7, 7, np.arange(1000) % 5)


def text_data(text=TEXT, **keys):
    return load(Recipe().replace(source=f"text:{text}", batch=1, seq_len=4, **keys))


def values_of(numbers, **keys):
    source = "values:" + ",".join(map(str, numbers))
    return load(Recipe().replace(task="values", source=source, batch=1, seq_len=2, **keys))


def test_a_passage_is_held_out_and_always_the_same():
    chosen, again = excerpt(LONG, 0), excerpt(LONG, 0)
    assert chosen.source == "held-out"
    assert (len(chosen.context), chosen.size) == (CONTEXT, SHOWN)
    assert (chosen.shown == LONG.validation[chosen.first : chosen.first + SHOWN]).all()
    assert (chosen.context == LONG.validation[chosen.first - CONTEXT : chosen.first]).all()
    assert again.first == chosen.first
    firsts = {excerpt(LONG, number).first for number in range(8)}
    assert len(firsts) == 8


def test_a_short_held_out_part_is_read_after_the_end_of_the_training_part():
    data = token_data(np.arange(500) % 7, 7, np.arange(40) % 5)
    chosen = excerpt(data, 3)
    assert (chosen.source, chosen.first, chosen.size) == ("held-out", 0, 40)
    assert (chosen.context == data.tokens[-CONTEXT:]).all()


def test_without_held_out_data_training_data_are_read():
    data = token_data(np.arange(500) % 7, 7, [1, 2])
    chosen = excerpt(data, 0)
    assert chosen.source == "training" and chosen.size == SHOWN
    assert (chosen.shown == data.tokens[chosen.first : chosen.first + SHOWN]).all()


def test_a_sampled_part_is_read_within_one_of_its_pieces():
    pieces = np.repeat(np.arange(32), 256)
    data = dataclasses.replace(token_data(np.arange(900) % 7, 32, pieces), held_out=10**6)
    for number in range(40):
        chosen = excerpt(data, number)
        assert len(set(chosen.shown)) == 1
        if chosen.first >= 256:
            assert len(set(chosen.inputs)) == 1
    assert len(held_out(data, 9999)[0]) == 256


@pytest.mark.parametrize("size", [2, 3, 5, 30, 110, 111, 112, 180])
def test_tiny_data_have_a_passage(size):
    data = token_data(np.arange(size) % 2, 2)
    chosen = excerpt(data, 0)
    assert len(chosen.context) >= 1 and chosen.size >= 1
    assert len(chosen.inputs) <= size
    assert chosen.size >= min(SHOWN, size - 1)
    rows = value_data(np.arange(2.0 * size).reshape(size, 2))
    assert excerpt(rows, 5).size == chosen.size


def test_a_single_token_has_no_passage_and_one_line_says_so():
    with pytest.raises(UsageError, match="no passage: fewer than two characters"):
        excerpt(token_data([0], 2), 0)
    with pytest.raises(UsageError, match="fewer than two"):
        windows(token_data([0], 2), 5, 2)


@pytest.mark.parametrize("kind", ["char", "byte", "word"])
def test_a_passage_of_each_kind_of_token_reads_like_the_text(kind):
    data = text_data(tokenizer=kind)
    chosen = excerpt(data, 0)
    shape = ModelShape.of(Recipe(), data.tokenizer.vocab_size)
    message = describe(data, chosen, shape)
    assert "".join(message.tokens).strip() in TEXT
    assert len(message.tokens) == (SHOWN_WORDS if kind == "word" else SHOWN)
    assert (message.units, message.layers, message.cell) == (shape.hidden, 1, shape.cell)


@pytest.mark.parametrize("kind", ["char", "byte", "word"])
def test_a_typed_text_is_read_without_unknown_characters(kind):
    data = text_data(tokenizer=kind)
    chosen = typed(data, "the §§ dog", 7)
    assert isinstance(data, TokenData)
    assert data.tokenizer.decode(chosen.shown) == "the  dog"
    assert (chosen.source, chosen.id, len(chosen.context)) == ("prompt", 7, 1)
    with pytest.raises(UsageError, match="vocabulary has none"):
        typed(data, "§§", 8)


def test_only_the_end_of_a_long_typed_text_is_shown():
    data = text_data()
    chosen = typed(data, TEXT, 0)
    assert (chosen.size, len(chosen.context)) == (SHOWN, CONTEXT)
    assert data.tokenizer.decode(chosen.inputs) == TEXT[-SHOWN - CONTEXT :]


def test_a_text_is_no_passage_of_a_series():
    with pytest.raises(UsageError, match="reads numbers"):
        typed(values_of([1, 2, 3]), "1 2", 0)


@pytest.mark.parametrize("keys", [{}, {"difference": True}, {"standardize": True}])
def test_rows_are_shown_in_the_original_scale(keys):
    numbers = [round(3 + 0.5 * n + n % 5, 2) for n in range(400)]
    data = values_of(numbers, split=0.3, **keys)
    chosen = excerpt(data, 1)
    shown = [row[0] for row in original(data, chosen, chosen.shown)]
    at = chosen.at + (1 if keys.get("difference") else 0)
    assert shown == pytest.approx(numbers[at : at + chosen.size])


def test_windows_are_spread_over_the_held_out_data():
    inputs, targets = windows(LONG, 16, 4)
    assert inputs.shape == targets.shape == (16, 4)
    assert (inputs[1:] == targets[:-1]).all()
    assert (inputs[:, 0] == LONG.validation[:16]).all()
    assert (targets[:, -1] == LONG.validation[-16:]).all()
    inputs, _ = windows(LONG, 200, 8)  # more than are held out
    assert (inputs[:, 0] == LONG.tokens[:200]).all() and inputs.shape == (200, 8)
    short, _ = windows(token_data([0, 1, 0, 1], 2), 16, 4)
    assert short.shape == (3, 1)
    rows, _ = windows(value_data(np.ones((50, 3))), 5, 2)
    assert rows.shape == (5, 2, 3)


@pytest.mark.parametrize("name", ["hello-world", "counting", "ramp", "successor", "i-love-ai"])
def test_the_documents_recipes_have_a_passage_that_can_be_read(name):
    recipe = load_recipe(name)
    data = load(recipe)
    width = data.tokenizer.vocab_size if isinstance(data, TokenData) else len(data.features)
    parameters = Parameters(ModelShape.of(recipe, width))
    chosen = excerpt(data, 0)
    read = Reader(parameters, data, chosen).read(0)
    assert len(read.outputs) == len(read.losses) == chosen.size
    assert read.hidden.shape[1] == chosen.size


def test_a_stored_run_says_why_it_has_no_passage_but_reads_a_typed_one():
    data = vocabulary.rebuild(vocabulary.describe(text_data()))
    with pytest.raises(UsageError, match="type a text instead"):
        excerpt(data, 0)
    assert typed(data, "fox", 1).size == 3
