"""Generated corpora: the floor is what the true model of the text scores."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from hashlib import sha256

import pytest
from numpy.random import RandomState

from rnntui.data import load
from rnntui.data.dataset import TokenData
from rnntui.data.generated import CORPUS_SEED, brackets, grammar, sine, sums, tasks
from rnntui.data.generated.task import SeriesTask, TextTask
from rnntui.recipe import Recipe, load_recipe
from tests.conftest import quick_first

TEXTS = [task for task in tasks().values() if isinstance(task, TextTask)]


def test_there_are_tasks_for_memory() -> None:
    assert {task.name for task in tasks().values()} >= {
        *("adding", "anbn", "brackets", "copy", "flipflop", "grammar"),
        *("parity", "reber", "recall", "reverse", "sine", "sums"),
    }
    assert list(tasks()) == sorted(tasks())


@pytest.mark.parametrize("task", tasks().values(), ids=lambda task: task.name)
def test_each_is_described_and_has_a_recipe(task: TextTask | SeriesTask) -> None:
    assert 10 <= len(task.description) <= 72
    assert task.shows[0].isupper() and task.shows.endswith(".")
    assert load_recipe(task.name).data.source == f"corpus:{task.name}"


def test_a_module_with_another_kind_of_task_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "TASK", "sums")
    with pytest.raises(TypeError, match=r"sums\.TASK is neither TextTask nor SeriesTask"):
        tasks.__wrapped__()


@pytest.mark.parametrize("task", quick_first(TEXTS, 3), ids=lambda task: task.name)
def test_the_same_seed_gives_the_same_text(task: TextTask) -> None:
    text = task.corpus(RandomState(3))
    assert text == task.corpus(RandomState(3))
    assert text != task.corpus(RandomState(4))
    assert 100_000 <= len(text) <= 1_300_000
    assert len(text) == pytest.approx(task.characters(), rel=0.02)
    assert text.isascii()


@pytest.mark.parametrize("task", TEXTS, ids=lambda task: task.name)
def test_a_text_has_about_the_length_that_was_asked_for(task: TextTask) -> None:
    assert 1 <= len(task.text(RandomState(1), 1)) < 200
    assert len(task.text(RandomState(1), 20_000)) == pytest.approx(20_000, rel=0.05)


def test_sums_are_right_and_cost_the_floor() -> None:
    lines = sums.text(RandomState(0)).splitlines()
    for line in lines[:2000]:
        left, right = line.split("=")
        assert sum(map(int, left.split("+"))) == int(right)
    nats = len(lines) * 2 * math.log(100)
    assert nats / sum(len(line) + 1 for line in lines) == pytest.approx(sums.floor(), rel=5e-3)
    counts = Counter(lines)
    assert len(counts) > 8000


@pytest.mark.slow
def test_brackets_are_balanced_and_cost_the_floor() -> None:
    text = brackets.text(RandomState(0))
    nats = 0.0
    open_now: list[str] = []
    at_start = True
    for char in text:
        nats -= math.log(bracket_probability(char, open_now, at_start))
        at_start = char == "\n"
        if char in brackets.KINDS:
            open_now.append(brackets.KINDS[char])
        elif char != "\n":
            assert open_now.pop() == char
        assert len(open_now) <= brackets.DEEPEST
    assert nats / len(text) == pytest.approx(brackets.floor(), rel=5e-3)


def bracket_probability(char: str, open_now: list[str], at_start: bool) -> float:
    """What the true model gives a character: all that can come adds up to one."""
    kinds = len(brackets.KINDS)
    depth = len(open_now)
    table: dict[str, float] = {}
    if depth == 0:
        opens = 1.0 if at_start else 1 - brackets.ENDS
        table["\n"] = 1 - opens
    else:
        opens = brackets.OPENS if depth < brackets.DEEPEST else 0.0
        table[open_now[-1]] = 1 - opens
    table |= dict.fromkeys(brackets.KINDS, opens / kinds)
    assert sum(table.values()) == pytest.approx(1)
    return table[char]


def test_grammar_rules_are_probabilities() -> None:
    for choices in grammar.rules().values():
        assert sum(p for p, _ in choices) == pytest.approx(1)


def test_grammar_sentences_cost_the_floor_over_all_their_derivations() -> None:
    """The inside probability sums over every derivation: were one sentence derived in two ways,
    it would cost less than the floor."""
    text = grammar.text(RandomState(0))
    sentences = text.splitlines(keepends=True)[:1500]
    nats = -sum(math.log(inside(sentence)) for sentence in sentences)
    assert nats / sum(map(len, sentences)) == pytest.approx(grammar.floor(), rel=0.015)


def inside(sentence: str) -> float:
    """The probability of a sentence: the sum over its derivations."""
    rules = grammar.rules()

    @cache
    def ends(symbol: str, start: int) -> dict[int, float]:
        """Where what `symbol` becomes can end, if it starts at `start`, and how probably."""
        if symbol not in rules:
            fits = sentence.startswith(symbol, start)
            return {start + len(symbol): 1.0} if fits else {}
        found: dict[int, float] = {}
        for p, body in rules[symbol]:
            here = {start: p}
            for part in body:
                there: dict[int, float] = {}
                for place, so_far in here.items():
                    for end, more in ends(part, place).items():
                        there[end] = there.get(end, 0.0) + so_far * more
                here = there
            for end, total in here.items():
                found[end] = found.get(end, 0.0) + total
        return found

    return ends(grammar.START, 0)[len(sentence)]


def test_a_sentence_has_one_derivation() -> None:
    sentence = "The girl that sees the boys near the river that the fox follows sleeps alone.\n"
    rules = grammar.rules()

    @cache
    def count(symbols: tuple[str, ...], start: int) -> int:
        if not symbols:
            return int(start == len(sentence))
        first, rest = symbols[0], symbols[1:]
        if first in rules:
            return sum(count((*body, *rest), start) for _, body in rules[first])
        return count(rest, start + len(first)) if sentence.startswith(first, start) else 0

    assert count((grammar.START,), 0) == 1


def test_verbs_agree_with_their_nouns() -> None:
    with pytest.raises(KeyError):
        inside("The girls sleeps.\n")


def test_the_texts_are_those_of_earlier_versions() -> None:
    """A run that learned one of them can be resumed."""
    digests = {
        "sums": "6865c2e03da4c83a",
        "brackets": "f17c1b2f7be5004c",
        "grammar": "94e41de935c860ad",
    }
    for name, digest in digests.items():
        text = tasks()[name].corpus(RandomState(CORPUS_SEED))  # type: ignore[union-attr]
        assert sha256(text.encode()).hexdigest().startswith(digest)


def test_the_sine_repeats_with_its_periods() -> None:
    values = sine.values()
    period = math.lcm(*map(int, sine.PERIODS))
    assert len(values) == sine.ROWS
    assert values[period : 2 * period] == pytest.approx(values[:period], abs=1e-9)


@pytest.mark.parametrize("name", quick_first([task.name for task in TEXTS], 3))
def test_loading_hands_the_floor_on(name: str) -> None:
    data = load(Recipe().replace(source=f"corpus:{name}"))
    assert isinstance(data, TokenData)
    assert data.floor is not None
    assert 0.1 < data.floor < math.log(data.tokenizer.vocab_size)
    words = load(Recipe().replace(source=f"corpus:{name}", tokenizer="word"))
    assert isinstance(words, TokenData)
    assert words.floor is None
