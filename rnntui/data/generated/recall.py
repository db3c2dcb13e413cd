"""Keys with values, then a question for one of them: memory that is addressed by content."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from rnntui.data.generated.task import Probe, TextTask, complete_lines, lines_in

if TYPE_CHECKING:
    from numpy.random import RandomState

KEYS = "abcd"
VALUES = "01234567"
MOST = 4
LENGTH = 600_000

_LINE = re.compile(f"((?:[{KEYS}][{VALUES}])+)\\?([{KEYS}])([{VALUES}])")


def text(random: RandomState, length: float = LENGTH) -> str:
    """The corpus: lines such as `c3a7d1?a7`.

    The number of pairs, from 1 to `MOST`, their values and the pair that is asked for are drawn
    with equal probabilities, and so is the order of the keys, which are all different.
    """
    count = lines_in(length, _mean_length())
    sizes = random.randint(1, MOST + 1, count, dtype="int64").tolist()
    orders = random.random_sample((count, len(KEYS))).argsort(1).tolist()
    values = random.randint(0, len(VALUES), (count, MOST), dtype="int64").tolist()
    asked = random.random_sample(count).tolist()
    parts = []
    for size, order, drawn, which in zip(sizes, orders, values, asked, strict=True):
        pairs = [KEYS[order[n]] + VALUES[drawn[n]] for n in range(size)]
        parts.append(f"{''.join(pairs)}?{pairs[int(which * size)]}\n")
    return "".join(parts)


def characters() -> float:
    """The expected length of the corpus."""
    return LENGTH


def floor() -> float:
    """The entropy rate in nats per character: that of a line over its mean length.

    A line is decided by its pairs and by the one that is asked for (renewal-reward theorem).
    """
    total = 0.0
    for size in range(1, MOST + 1):
        orders = math.perm(len(KEYS), size)
        total += math.log(orders) + size * math.log(len(VALUES)) + math.log(size)
    return (math.log(MOST) + total / MOST) / _mean_length()


def probes(text: str) -> tuple[Probe, ...]:
    """The values that are asked for, with the distance to the value in the list."""
    found = []
    for start, line in complete_lines(text):
        match = _LINE.fullmatch(line)
        if match and match[2] + match[3] in match[1]:
            at = match.start(3)
            found.append(Probe(start + at, at - match[1].index(match[2]) - 1, VALUES))
    return tuple(found)


def _mean_length() -> float:
    return (1 + MOST) + 4


TASK = TextTask(
    name="recall",
    description="1 to 4 keys with values, one of them asked for: c3a7d1?a7",
    shows="The question decides which of several stored values is needed.",
    text=text,
    characters=characters,
    floor=floor,
    probes=probes,
)
