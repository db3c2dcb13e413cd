"""What is meant by a setting and a value that someone types."""

from __future__ import annotations

import pytest

from rnntui.recipe import DIALS, keys
from rnntui.recipe.rules import Value
from rnntui.recipe.schema import leaf_called
from rnntui.tui.typed import setting_name, typed_name, typed_pairs, typed_value


@pytest.mark.parametrize(
    ("typed", "key", "value"),
    [
        ("lr 0.01", "lr", 0.01),
        ("rate 0.01", "lr", 0.01),
        ("learning rate 0.01", "lr", 0.01),
        ("Learning-Rate = 1e-2", "lr", 0.01),
        ("lr=0.01", "lr", 0.01),
        ("lea 3e-3", "lr", 0.003),
        ("top k 5", "top_k", 5),
        ("topk 5", "top_k", 5),
        ("top-k 5", "top_k", 5),
        ("top_p .9", "top_p", 0.9),
        ("temperature .7", "temperature", 0.7),
        ("temperature 0,7", "temperature", 0.7),
        ("temp: 0.7", "temperature", 0.7),
        ("batch 8", "batch", 8),
        ("batch size 8", "batch", 8),
        ("hidden units 64", "hidden", 64),
        ("cell gru", "cell", "gru"),
        ("greedy on", "greedy", True),
        ("seq len full", "seq_len", "full"),
        ("sample length 1000", "sample_length", 1000),
    ],
)
def test_usual_names_are_understood(typed: str, key: str, value: Value) -> None:
    found = typed_value(typed)
    assert found is not None and (found.leaf.name, found.value) == (key, value)
    assert not found.wrong


@pytest.mark.parametrize(
    "typed", ["", "lr", "top k", "learning rate", "nonsense 3", "rate test", "3"]
)
def test_other_words_are_no_value(typed: str) -> None:
    found = typed_value(typed)
    assert found is None or found.value is None


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("temperature 200", "takes a number above 0 up to 100"),
        ("temperature 0", "--greedy"),
        ("lr nan", "takes a number above 0"),
        ("batch 1.5", "takes a whole number"),
        ("batch x", "takes a whole number"),
        ("cell gro", "choose rnn, gru or lstm"),
        ("greedy maybe", "takes true | false"),
    ],
)
def test_a_wrong_value_says_what_is_right(typed: str, why: str) -> None:
    found = typed_value(typed)
    assert found is not None and found.value is None and why in found.wrong


def test_every_key_is_called_by_its_names() -> None:
    for leaf in keys():
        for name in (leaf.name, setting_name(leaf), leaf.name.upper(), *leaf.rule.aka):
            assert leaf_called(name) is leaf
        assert typed_name(setting_name(leaf)) is leaf
    assert {leaf.name for leaf in keys()} >= {*DIALS, "lr"}


@pytest.mark.parametrize(
    ("typed", "pairs"),
    [
        ("batch=8", [("batch", "8")]),
        ("with batch = 8", [("batch", "8")]),
        ("batch 8", [("batch", "8")]),
        ("lr=0.1, hidden size=64", None),
        ("lr=0.1, hidden_size=64", [("lr", "0.1"), ("hidden", "64")]),
        ("batch=", None),
        ("nonsense=3", None),
        ("", None),
    ],
)
def test_pairs(typed: str, pairs: list[tuple[str, str]] | None) -> None:
    found = typed_pairs(typed)
    assert pairs == (None if found is None else [(one.leaf.name, one.text) for one in found])
