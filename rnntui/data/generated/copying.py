"""A word, a gap of random length, and the word again: delayed copy."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from rnntui.data.generated.task import Probe, TextTask, complete_lines, lines_in

if TYPE_CHECKING:
    from numpy.random import RandomState

LETTERS = "abcd"
WORD = 4
LONGEST_GAP = 20
LENGTH = 400_000

_LINE = re.compile(rf"([{LETTERS}]{{{WORD}}})\.*=\1")


def text(random: RandomState, length: float = LENGTH) -> str:
    """The corpus: lines such as `bdac.....=bdac`.

    Letters and the number of dots, from 0 to `LONGEST_GAP`, are drawn with equal probabilities.
    """
    count = lines_in(length, _mean_length())
    words = random.randint(0, len(LETTERS), (count, WORD), dtype="int64").tolist()
    gaps = random.randint(0, LONGEST_GAP + 1, count, dtype="int64").tolist()
    parts = []
    for letters, gap in zip(words, gaps, strict=True):
        word = "".join([LETTERS[i] for i in letters])
        parts.append(f"{word}{'.' * gap}={word}\n")
    return "".join(parts)


def characters() -> float:
    """The expected length of the corpus."""
    return LENGTH


def floor() -> float:
    """The entropy rate in nats per character: that of a line over its mean length.

    A line is decided by its word and its gap (renewal-reward theorem).
    """
    return (WORD * math.log(len(LETTERS)) + math.log(LONGEST_GAP + 1)) / _mean_length()


def probes(text: str) -> tuple[Probe, ...]:
    """The letters after each equals sign; each repeats one of the same distance."""
    found = []
    for start, line in complete_lines(text):
        match = _LINE.fullmatch(line)
        if match:
            distance = match.end() - WORD
            found += [Probe(start + distance + n, distance, LETTERS) for n in range(WORD)]
    return tuple(found)


def _mean_length() -> float:
    return 2 * WORD + LONGEST_GAP / 2 + 2


TASK = TextTask(
    name="copy",
    description="a word, a gap of 0 to 20 dots, the word again: bdac.....=bdac",
    shows="Four letters must survive a gap in which nothing needs to be stored.",
    text=text,
    characters=characters,
    floor=floor,
    probes=probes,
)
