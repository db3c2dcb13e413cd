"""A word and its letters in reverse: the last one read is the first one needed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rnntui.data.generated.task import Probe, TextTask, complete_lines, lines_in

if TYPE_CHECKING:
    from numpy.random import RandomState

LETTERS = "abcd"
LONGEST = 8
LENGTH = 400_000


def text(random: RandomState, length: float = LENGTH) -> str:
    """The corpus: lines such as `acbd=dbca`.

    The length of the word, from 1 to `LONGEST`, and its letters are drawn with equal probabilities.
    """
    count = lines_in(length, _mean_length())
    sizes = random.randint(1, LONGEST + 1, count, dtype="int64").tolist()
    letters = random.randint(0, len(LETTERS), (count, LONGEST), dtype="int64").tolist()
    parts = []
    for size, drawn in zip(sizes, letters, strict=True):
        word = "".join([LETTERS[i] for i in drawn[:size]])
        parts.append(f"{word}={word[::-1]}\n")
    return "".join(parts)


def characters() -> float:
    """The expected length of the corpus."""
    return LENGTH


def floor() -> float:
    """The entropy rate in nats per character: that of a line over its mean length.

    A line is decided by its word (renewal-reward theorem).
    """
    entropy = math.log(LONGEST) + (1 + LONGEST) / 2 * math.log(len(LETTERS))
    return entropy / _mean_length()


def probes(text: str) -> tuple[Probe, ...]:
    """The letters after each equals sign, at distances of 2, 4, 6 and so on."""
    found = []
    for start, line in complete_lines(text):
        word, _, answer = line.partition("=")
        if answer == word[::-1] and set(word) <= set(LETTERS):
            first = start + len(word) + 1
            found += [Probe(first + n, 2 + 2 * n, LETTERS) for n in range(len(answer))]
    return tuple(found)


def _mean_length() -> float:
    return 1 + LONGEST + 2


TASK = TextTask(
    name="reverse",
    description="a word of 1 to 8 letters, then the word in reverse: acbd=dbca",
    shows="The state must keep the letters in order, like a stack, and count them.",
    text=text,
    characters=characters,
    floor=floor,
    probes=probes,
)
