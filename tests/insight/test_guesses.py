"""What the guesses view says, against counting it out plainly."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from rnntui.data import TokenData
from rnntui.insight.guesses import guesses, naive_loss
from rnntui.insight.kinds import token_labels, value_labels
from rnntui.insight.passage import excerpt, held_out, typed
from rnntui.insight.reader import Reader
from rnntui.insight.survey import Statistics, Survey
from rnntui.nn.model import named_parameters
from rnntui.protocol.codec import from_plain, to_plain
from rnntui.protocol.insight import Guesses, ValueGuesses
from rnntui.recipe import SamplingSettings
from tests.support import plain
from tests.support.insight import NUMBERS, network_for, text_data, values_of

NONE = Statistics()
PLAIN = SamplingSettings()


def message(data, parameters, at=-1, settings=PLAIN, found=NONE, number=0):
    read = Reader(parameters, data, excerpt(data, number)).read(3)
    return guesses(data, read, at, settings, found), read


def softmax(rows):
    p = np.exp(rows - rows.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def test_the_guesses_are_those_of_a_plain_network():
    data = text_data()
    parameters = network_for(data)
    said, read = message(data, parameters, at=7)
    chosen = read.excerpt
    inputs = chosen.inputs
    hidden = np.zeros((1, 8))
    outputs, _ = plain.outputs(named_parameters(parameters), "gru", inputs[:-1], hidden)
    p = softmax(outputs[len(chosen.context) - 1 :])
    for i, row in enumerate(p):
        expected = [data.tokenizer.show(int(k)) for k in np.argsort(-row, kind="stable")[:5]]
        assert [rank[i] for rank in said.ranked] == expected
        assert said.probability[i] == pytest.approx(row[chosen.shown[i]], rel=0.006)
    assert said.right == pytest.approx((p.argmax(axis=1) == chosen.shown).mean(), abs=6e-4)
    losses = -np.log(p[np.arange(len(p)), chosen.shown])
    assert said.loss == pytest.approx(losses.mean(), rel=1e-3)
    assert (said.step, said.passage, said.at) == (3, 0, 7)
    best = sorted(enumerate(p[7]), key=lambda pair: -pair[1])[:8]
    assert [c.token for c in said.choices] == [data.tokenizer.show(k) for k, _ in best]
    assert said.choices[0].probability == pytest.approx(best[0][1], abs=1e-4)
    assert said.rest == pytest.approx(1 - sum(p for _, p in best), abs=1e-3)


@pytest.mark.parametrize(
    ("changes", "count"), [({"greedy": True}, 1), ({"top_k": 3}, 3), ({"temperature": 0.01}, None)]
)
def test_the_choices_are_those_of_sampling(changes, count):
    data = text_data()
    said, _ = message(data, network_for(data), settings=SamplingSettings(**changes))
    assert said.rest == pytest.approx(0, abs=1e-3)
    assert said.choices[0].token == said.ranked[0][-1]
    assert sum(choice.probability for choice in said.choices) == pytest.approx(1, abs=1e-3)
    if count:
        assert len(said.choices) == count


def test_weights_that_are_not_numbers_give_a_message_without_numbers():
    data = text_data()
    parameters = network_for(data)
    parameters.flat[:] = np.nan
    survey = Survey(parameters, data)
    while not survey.work():
        pass
    said, _ = message(data, parameters, found=survey.statistics)
    assert said.loss is None and set(said.probability) == {None} and said.choices == ()
    assert all(kind.loss is None for kind in said.kinds) and said.calibration == ()


def test_the_survey_counts_what_a_plain_network_gets_wrong():
    data = text_data()
    parameters = network_for(data)
    survey = Survey(parameters, data)
    rounds = 1
    while not survey.work():
        rounds += 1
    assert rounds > 1
    tokens, _ = held_out(data, 4096)
    labels = token_labels(data, tokens)
    streams = survey._streams
    length = (len(tokens) - 1) // streams
    sums, counts, confused, first = Counter(), Counter(), Counter(), []
    named = named_parameters(parameters)
    for begin in range(0, streams * length, length):
        part = tokens[begin : begin + length + 1]
        outputs, _ = plain.outputs(named, "gru", part[:-1], np.zeros((1, 8)))
        losses, p = plain.losses(outputs, part[1:]), softmax(outputs)
        for i in range(16, length):
            name = labels.names[0][labels.index[0][begin + i + 1]]
            sums[name] += losses[i]
            counts[name] += 1
            guess = int(p[i].argmax())
            first.append((p[i].max(), guess == part[i + 1]))
            if guess != part[i + 1]:
                confused[data.tokenizer.show(int(part[i + 1])), data.tokenizer.show(guess)] += 1
    found = survey.statistics
    assert found.measured == sum(counts.values()) == sum(kind.count for kind in found.kinds)
    assert 2 < len(found.kinds) <= 8
    for kind in found.kinds:
        assert kind.count == counts[kind.name]
        assert kind.loss == pytest.approx(sums[kind.name] / counts[kind.name], rel=6e-3)
        assert kind.share == pytest.approx(sums[kind.name] / sum(sums.values()), abs=1e-3)
    assert [c.count for c in found.confusions] == [n for _, n in confused.most_common(12)]
    assert all(confused[c.true, c.guess] == c.count for c in found.confusions)
    assert sum(b.count for b in found.calibration) == len(first)
    for b in found.calibration:
        within = [right for given, right in first if int(given * 10) == int(b.given * 10)]
        assert (b.count, b.came_true) == (len(within), pytest.approx(np.mean(within), abs=1e-3))


def names_of(data, text):
    tokens = data.tokenizer.encode(text)
    labels = token_labels(data, tokens)
    return [labels.names[0][k] for k in labels.index[0]]


def test_characters_are_sorted_by_their_place_in_a_word():
    names = names_of(text_data(tokenizer="char"), "The fox ran")
    first, second, later = "first letter of a word", "second letter", "later letters"
    assert names == ["capital", second, later, "space", *2 * [first, second, later, "space"]][:-1]


def test_bytes_of_a_longer_character_are_a_kind():
    data = text_data("Möwen, née Maße: 12. " * 20, tokenizer="byte")
    names = names_of(data, "Möwe")
    part, first, second = "part of a character", "first letter of a word", "second letter"
    assert names == ["capital", part, part, first, second]
    data = text_data("Möwen, née Maße: 12. " * 20, tokenizer="char")
    assert names_of(data, "Möwe") == ["capital", second, "later letters", "later letters"]


def test_words_are_sorted_as_words():
    data = text_data(tokenizer="word")
    assert set(names_of(data, "Then fox 12 ran.\n")) >= {"word", "capitalized word", "newline"}


def test_the_rarest_kinds_are_one():
    data = text_data()
    labels = token_labels(data, data.tokens)
    assert len(labels.names[0]) == 8 and labels.names[0][-1] == "other"
    assert len(set(labels.index[0])) == 8


def test_in_a_small_vocabulary_each_token_is_a_kind():
    assert token_labels(text_data("abab" * 50), np.array([0, 1])).names == (("a", "b"),)


def test_values_are_sorted_by_size_and_phase():
    rows = np.array([0.0, 1, 2, 3, 2, 1, 0, 1, 2])[:, None]
    labels = value_labels(rows)
    phases = [labels.names[1][k] for k in labels.index[1]]
    assert phases[2:4] == ["rising", "rising"]
    assert phases[4:] == ["turning", "falling", "falling", "turning", "rising"]
    labels = value_labels(np.arange(9.0)[:, None])
    assert labels.names[0] == ("low third", "middle third", "high third")
    assert labels.index[0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("keys", [{}, {"standardize": True}, {"difference": True}])
def test_predicted_values_are_in_the_original_scale(keys):
    data = values_of(**keys, split=0.4)
    parameters = network_for(data)
    survey = Survey(parameters, data)
    while not survey.work():
        pass
    said, read = message(data, parameters, found=survey.statistics)
    assert isinstance(said, ValueGuesses)
    shift = 1 if keys.get("difference") else 0
    at = read.excerpt.at
    true = np.array(NUMBERS[at + shift : at + shift + read.excerpt.size])
    last = np.array(NUMBERS[at + shift - 1 : at + shift - 1 + read.excerpt.size])
    scale = float(data.deviation[0]) ** 2
    errors = (np.array(said.predicted)[:, 0] - true) ** 2 / 2 / scale
    assert said.loss == pytest.approx(errors.mean(), rel=1e-3)
    assert said.naive == pytest.approx(((true - last) ** 2).mean() / 2 / scale, rel=1e-3)
    assert naive_loss(data, read.excerpt.context, read.excerpt.shown) > 0
    assert {kind.name for kind in said.kinds} >= {"rising", "falling", "turning", "high third"}
    assert sum(kind.share for kind in said.kinds) == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("text", ["ab", "aab", "hello world"])
def test_tiny_texts_have_guesses(text):
    data = text_data(text, split=0.0) if len(text) > 8 else plain.token_data([0, 1, 1], 2)
    parameters = network_for(data)
    survey = Survey(parameters, data)
    while not survey.work():
        pass
    said, read = message(data, parameters, found=survey.statistics)
    assert len(said.ranked[0]) == read.excerpt.size and said.measured >= 1


def test_a_typed_text_has_guesses():
    data = text_data()
    read = Reader(network_for(data), data, typed(data, "fox", 4)).read(1)
    said = guesses(data, read, 1, PLAIN, NONE)
    assert (said.passage, said.at, len(said.ranked[0])) == (4, 1, 3)


def wide_data(kind):
    """Many different characters of four bytes, or long words in three-byte characters."""
    rng = np.random.default_rng(4)
    if kind == "char":
        return text_data("".join(chr(0x20000 + n) for n in rng.integers(0, 3000, 9000)))
    words = ["".join(chr(0x4E00 + n) for n in rng.integers(0, 900, 16)) for _ in range(300)]
    return text_data(" ".join(rng.choice(words, 3000)), tokenizer="word")


@pytest.mark.parametrize("kind", ["char", "word"])
def test_a_message_of_a_large_vocabulary_stays_small(kind):

    data = wide_data(kind)
    assert isinstance(data, TokenData)
    parameters = network_for(data, dtype="float32")
    survey = Survey(parameters, data)
    while not survey.work():
        pass
    said, _ = message(data, parameters, found=survey.statistics)
    line = json.dumps(to_plain(said), ensure_ascii=False, separators=(",", ":"))
    assert len(line.encode()) <= 16_000
    assert from_plain(Guesses, json.loads(line)) == said
