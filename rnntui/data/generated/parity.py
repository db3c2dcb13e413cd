"""Bits and their parity: one bit of state that every character may change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rnntui.data.generated.task import Probe, TextTask, complete_lines, lines_in

if TYPE_CHECKING:
    from numpy.random import RandomState

LONGEST = 12
LENGTH = 200_000


def text(random: RandomState, length: float = LENGTH) -> str:
    """The corpus: lines such as `01101=1`, where the last digit is the parity of the others.

    The number of bits, from 1 to `LONGEST`, and the bits are drawn with equal probabilities.
    """
    count = lines_in(length, _mean_length())
    sizes = random.randint(1, LONGEST + 1, count, dtype="int64").tolist()
    numbers = random.randint(0, 1 << LONGEST, count, dtype="int64").tolist()
    parts = []
    for size, number in zip(sizes, numbers, strict=True):
        bits = f"{number % (1 << size):0{size}b}"
        parts.append(f"{bits}={_parity(bits)}\n")
    return "".join(parts)


def characters() -> float:
    """The expected length of the corpus."""
    return LENGTH


def floor() -> float:
    """The entropy rate in nats per character: that of a line over its mean length.

    A line is decided by its bits (renewal-reward theorem).
    """
    return (math.log(LONGEST) + (1 + LONGEST) / 2 * math.log(2)) / _mean_length()


def probes(text: str) -> tuple[Probe, ...]:
    """The parities; each depends on all bits, the first of which gives the distance."""
    found = []
    for start, line in complete_lines(text):
        bits, _, answer = line.partition("=")
        if bits and set(bits) <= set("01") and answer == _parity(bits):
            found.append(Probe(start + len(bits) + 1, len(bits) + 1, "01"))
    return tuple(found)


def _parity(bits: str) -> str:
    return str(bits.count("1") % 2)


def _mean_length() -> float:
    return (1 + LONGEST) / 2 + 3


TASK = TextTask(
    name="parity",
    description="1 to 12 bits and their parity: 01101=1",
    shows="One bit of state must change with every 1: a single error spoils the answer.",
    text=text,
    characters=characters,
    floor=floor,
    probes=probes,
)
