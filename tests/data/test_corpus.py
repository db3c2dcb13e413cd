"""The corpora that come with the program, and the baselines of any source."""

from __future__ import annotations

import math
import sysconfig
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from rnntui.data import baselines, catalogue, corpus, load
from rnntui.data.dataset import TokenData, ValueData
from rnntui.data.generated import tasks
from rnntui.data.generated.task import TextTask
from rnntui.errors import DataError
from rnntui.recipe import Recipe, bundled, load_recipe
from rnntui.text import safe_text
from tests.conftest import quick_where


@pytest.mark.parametrize(
    "info",
    quick_where(catalogue(), lambda info: info.name not in ("recall", "grammar")),
    ids=lambda info: info.name,
)
def test_every_corpus_loads_and_is_described(info: corpus.CorpusInfo) -> None:
    recipe = Recipe().replace(task="values" if info.kind == "values" else "tokens", batch=1)
    data = load(recipe.replace(source=f"corpus:{info.name}"))
    assert data.name == info.name
    assert isinstance(data, ValueData) == (info.kind == "values")
    assert len(data.validation) > 20
    assert info.size != "missing"
    for words in (info.description, info.source):
        assert 0 < len(words) <= 72
        assert safe_text(words) == words


def test_what_a_corpus_had_filled_in_is_said() -> None:
    data = load(load_recipe("co2"))
    assert "missing weeks of the measurements are filled by linear interpolation" in data.notes
    assert isinstance(data, ValueData)
    assert len(data.values) + len(data.validation) == 2283  # the changes between 2284 weeks


def test_the_default_corpus_is_long_enough() -> None:
    data = load(Recipe())
    assert isinstance(data, TokenData)
    assert len(data.tokens) + len(data.validation) >= 60_000


def test_bundled_recipes_load_their_data() -> None:
    for name in bundled():
        recipe = load_recipe(name)
        assert recipe.title, name
        load(recipe)


def test_python_is_this_pythons_own_source() -> None:
    text = corpus.python_source(most=50_000)
    first = min(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    assert text.startswith(first.read_text("utf-8")[:1000])
    assert text.isascii()
    assert len(text) <= 50_000


def test_a_python_without_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd.py").write_bytes(b"\xff")
    monkeypatch.setattr(corpus.sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(DataError, match=r"^corpus python: this Python has no source files in .+"):
        corpus.python_source()


def test_a_corpus_whose_file_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "_folder", lambda: tmp_path)
    with pytest.raises(DataError) as caught:
        load(Recipe())
    assert str(caught.value) == "corpus tales: tales.txt is missing: install rnntui again"


# ---- baselines --------------------------------------------------------------------------------


def tokens(text: str, **changes: str | float) -> TokenData:
    recipe = Recipe().replace(source=f"text:{text}", batch=1, seq_len=1, **changes)
    data = load(recipe)
    assert isinstance(data, TokenData)
    return data


def test_the_ngrams_are_those_of_the_formula() -> None:
    text = ("the cat sat on the mat and the rat ran at the cat. " * 3) + "a cat is that!"
    data = tokens(text, split=0.2)
    found = dict(baselines(data))
    train = data.tokenizer.decode(data.tokens)
    seen = train[-4:] + data.tokenizer.decode(data.validation)
    for name, order in (("unigram", 1), ("5-gram", 5)):
        losses = [
            -math.log(witten_bell(train, seen[max(0, i - order + 1) : i], seen[i], data))
            for i in range(5, len(seen))
        ]
        assert found[name] == pytest.approx(sum(losses) / len(losses), rel=1e-9)


def witten_bell(train: str, context: str, char: str, data: TokenData) -> float:
    """The formula, one context at a time."""
    shorter = (
        witten_bell(train, context[1:], char, data) if context else 1 / data.tokenizer.vocab_size
    )
    k = len(context)
    after = Counter(train[i + k] for i in range(len(train) - k) if train[i : i + k] == context)
    weight = after.total() + len(after)
    return (after[char] + len(after) * shorter) / weight if weight else shorter


def test_probabilities_of_an_ngram_add_up_to_one() -> None:
    data = tokens("abracadabra" * 3, split=0.1)
    train = data.tokenizer.decode(data.tokens)
    total = sum(witten_bell(train, "brac", c, data) for c in data.tokenizer.symbols)  # type: ignore[attr-defined]
    assert total == pytest.approx(1)


def test_a_longer_context_helps_on_prose() -> None:
    found = dict(baselines(load(Recipe())))
    assert 1 < found["5-gram"] < found["unigram"] < math.log(100)


@pytest.mark.slow
def test_a_generated_floor_is_below_the_baselines() -> None:
    for name in (task.name for task in tasks().values() if isinstance(task, TextTask)):
        data = load(Recipe().replace(source=f"corpus:{name}"))
        assert isinstance(data, TokenData)
        assert data.floor is not None
        assert data.floor < dict(baselines(data))["5-gram"]


def test_without_validation_there_is_nothing_to_beat() -> None:
    assert baselines(tokens("abab", split=0.0)) == ()
    assert baselines(load(load_recipe("successor"))) == ()


def test_a_large_vocabulary_takes_a_shorter_context() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 7000))) * 2
    assert [name for name, _ in baselines(tokens(text, split=0.01))] == ["unigram", "4-gram"]


def test_the_last_value_again() -> None:
    recipe = Recipe().replace(
        task="values", source="values:0,1,3,6,10,15,21,28", split=0.5, batch=1, seq_len=1
    )
    assert baselines(load(recipe)) == (("last value", np.mean([5.0**2, 6.0**2, 7.0**2]) / 2),)
