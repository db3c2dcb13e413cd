"""Write, ignore and read one bit: a flip-flop.

Liu and others (2023), "Exposing attention glitches with flip-flop language modeling", use the same
language.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rnntui.data.generated.task import Probe, TextTask

if TYPE_CHECKING:
    from numpy.random import RandomState

WRITES, READS = 0.1, 0.1
LENGTH = 400_000


def text(random: RandomState, length: float = LENGTH) -> str:
    """The corpus: pairs of an instruction and a bit, such as `w1i0i0r1i1`.

    The first pair writes. After that a pair writes with probability `WRITES`, reads with
    probability `READS`, and is to be ignored else. Its bit is 0 or 1 with equal probability, except
    that a bit that is read is the one written last.
    """
    count = max(1, round(length / 2))
    choices = random.random_sample(count).tolist()
    bits = random.randint(0, 2, count, dtype="int64").tolist()
    parts, kept = [], 0
    choices[0] = 0.0
    for choice, bit in zip(choices, bits, strict=True):
        if choice < WRITES:
            kept = bit
            parts.append(f"w{bit}")
        elif choice < WRITES + READS:
            parts.append(f"r{kept}")
        else:
            parts.append(f"i{bit}")
    return "".join(parts)


def characters() -> float:
    """The expected length of the corpus."""
    return LENGTH


def floor() -> float:
    """The entropy rate in nats per character: of a pair, half that of its instruction and bit."""
    ignores = 1 - WRITES - READS
    instruction = -sum(p * math.log(p) for p in (WRITES, READS, ignores))
    return (instruction + (1 - READS) * math.log(2)) / 2


def probes(text: str) -> tuple[Probe, ...]:
    """The bits that are read, with the distance to the last place that shows the same bit.

    That is where it was written, or where it was read before.
    """
    found, shown = [], -1
    for at in range(1, len(text)):
        instruction = text[at - 1]
        if text[at] not in "01" or instruction not in "wr":
            continue
        if instruction == "r" and shown >= 0 and text[at] == text[shown]:
            found.append(Probe(at, at - shown, "01"))
        shown = at
    return tuple(found)


TASK = TextTask(
    name="flipflop",
    description="write, ignore or read a bit; reading gives the last one: w1i0i0r1",
    shows="A gate must open for what is written and stay closed for all else.",
    text=text,
    characters=characters,
    floor=floor,
    probes=probes,
)
