"""As followed by as many bs: the smallest language that needs a counter."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from rnntui.data.generated.task import Probe, TextTask, complete_lines, lines_in

if TYPE_CHECKING:
    from numpy.random import RandomState

MOST = 24
LENGTH = 200_000

_LINE = re.compile(r"(a+)(b+)")


def text(random: RandomState, length: float = LENGTH) -> str:
    """The corpus: lines such as `aaabbb`, the number from 1 to `MOST` with equal probability."""
    counts = random.randint(1, MOST + 1, lines_in(length, _mean_length()), dtype="int64").tolist()
    return "".join(["a" * n + "b" * n + "\n" for n in counts])


def characters() -> float:
    """The expected length of the corpus."""
    return LENGTH


def floor() -> float:
    """The entropy rate in nats per character: that of a line over its mean length.

    A line is decided by its number (renewal-reward theorem).
    """
    return math.log(MOST) / _mean_length()


def probes(text: str) -> tuple[Probe, ...]:
    """The last b and the newline after it, with the distance to the first a.

    Both can be a b or a newline as far as the last few characters tell. The only b of a line has no
    probe: there an a could follow, too.
    """
    found = []
    for start, line in complete_lines(text):
        match = _LINE.fullmatch(line)
        if match and len(match[1]) == len(match[2]):
            places = range(len(line) - 1, len(line) + 1) if len(line) > 2 else [len(line)]
            found += [Probe(start + at, at, "b\n") for at in places]
    return tuple(found)


def _mean_length() -> float:
    return 1 + MOST + 1


TASK = TextTask(
    name="anbn",
    description="1 to 24 letters a, then as many b: aaabbb",
    shows="The state must count up and down again; an LSTM uses its cells as counters.",
    text=text,
    characters=characters,
    floor=floor,
    probes=probes,
)
