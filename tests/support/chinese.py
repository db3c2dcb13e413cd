"""Text that is statistically like Chinese: thousands of characters, most of them rare.

There is no real text here: words of one to four characters are drawn from a lexicon of 8,000, whose
frequencies follow Zipf's law. What makes it learnable is what makes prose so: word classes follow
each other by rules, pairs of words belong together, a paragraph has a topic. The same seed gives
the same text everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

CHARACTERS, WORDS = 4500, 8000
FIRST = 0x4E00  # code point of the first Chinese character
LENGTHS = (0.14, 0.66, 0.12, 0.08)  # shares of words of 1 to 4 characters
SHORT = 120  # the most frequent words, of one character
CLASSES, FUNCTION_CLASSES, TOPICS = 28, 8, 40
BOOST = 12.0  # of a word in a paragraph of its topic
PARTNERS, COLLOCATED = 8, 0.1  # words that a word likes to be followed by, and how often it is
CLAUSE, CLAUSES, SENTENCES = (3, 9), (1, 4), (3, 9)  # words, clauses, sentences: least, below

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Language:
    """A lexicon, and by which rules its words follow each other."""

    words: tuple[str, ...]
    classes: NDArray[np.intp]  # (WORDS,)
    partners: NDArray[np.intp]  # (WORDS, PARTNERS)
    rules: Numbers  # (CLASSES, CLASSES): running sums of the probabilities of the next class
    members: tuple[NDArray[np.intp], ...]  # the words of each class
    shares: tuple[tuple[Numbers, ...], ...]  # for each topic and class: running sums

    def next_word(self, before: int, topic: int, random: RandomState) -> int:
        if random.random_sample() < COLLOCATED:
            at = min(int(PARTNERS * random.random_sample() ** 2), PARTNERS - 1)
            return int(self.partners[before, at])
        kind = _pick(self.rules[self.classes[before]], random)
        return int(self.members[kind][_pick(self.shares[topic][kind], random)])


def text(length: int, seed: int = 0) -> str:
    """A text of `length` characters."""
    random = RandomState(seed)
    language = _language(random)
    parts: list[str] = []
    have, word = 0, 0
    while have < length:
        topic = int(TOPICS * random.random_sample() ** 1.5)
        paragraph: list[str] = []
        for _ in range(random.randint(*SENTENCES)):
            for clause in range(random.randint(*CLAUSES)):
                paragraph += "，" if clause else ""
                for _ in range(random.randint(*CLAUSE)):
                    word = language.next_word(word, topic, random)
                    paragraph.append(language.words[word])
            paragraph.append("？" if random.random_sample() < 0.08 else "。")
        parts.append("".join(paragraph) + "\n")
        have += len(parts[-1])
    return "".join(parts)[:length]


def _language(random: RandomState) -> _Language:
    frequencies = 1 / (np.arange(WORDS) + 8.0)
    words = _words(random)
    classes = random.randint(FUNCTION_CLASSES, CLASSES, WORDS)
    classes[:SHORT] = random.randint(0, FUNCTION_CLASSES, SHORT)
    topics = random.randint(0, 2 * TOPICS, WORDS)  # half of the words belong to none
    topics[:SHORT] = -1
    members = tuple(np.flatnonzero(classes == kind) for kind in range(CLASSES))
    rules = random.dirichlet(np.full(CLASSES, 0.15), CLASSES)
    rules[:, :FUNCTION_CLASSES] *= 2.0
    rules /= rules.sum(axis=1, keepdims=True)
    boosts = [np.where(topics == topic, BOOST, 1.0) * frequencies for topic in range(TOPICS)]
    shares = tuple(
        tuple(np.cumsum(boost[of] / boost[of].sum()) for of in members) for boost in boosts
    )
    partners = random.choice(WORDS, (WORDS, PARTNERS), p=frequencies / frequencies.sum())
    return _Language(words, classes, partners, np.cumsum(rules, axis=1), members, shares)


def _words(random: RandomState) -> tuple[str, ...]:
    """Different words, the most frequent first; characters too are frequent or rare."""
    symbols = [chr(FIRST + n) for n in random.permutation(CHARACTERS)]
    running = np.cumsum(1 / (np.arange(CHARACTERS) + 40.0))
    running /= running[-1]
    found: dict[str, None] = dict.fromkeys(symbols[:SHORT])
    while len(found) < WORDS:
        size = 1 + _pick(np.cumsum(LENGTHS), random)
        found["".join(symbols[_pick(running, random)] for _ in range(size))] = None
    return tuple(found)


def _pick(running: Numbers, random: RandomState) -> int:
    """An index, by running sums of probabilities."""
    at = int(np.searchsorted(running, random.random_sample(), side="right"))
    return min(at, len(running) - 1)
