"""The embedded Reber grammar: the second symbol of a line returns before its end.

A classic test of long-distance agreement: Fahlman (1991); Hochreiter and Schmidhuber (1997).
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING

from rnntui.data.generated.task import Probe, TextTask, complete_lines, lines_in

if TYPE_CHECKING:
    from numpy.random import RandomState

LENGTH = 200_000
END = 5

# From each state, two symbols with equal probability and the states that they lead to.
ARCS = (
    (("T", 1), ("P", 2)),
    (("S", 1), ("X", 3)),
    (("T", 2), ("V", 4)),
    (("X", 2), ("S", END)),
    (("P", 3), ("V", END)),
)

_LINE = re.compile(r"B([TP])B[TPSXV]+E([TP])E")


def text(random: RandomState, length: float = LENGTH) -> str:
    """The corpus: lines such as `BPBTXSEPE`; between the two Ps is a string of Reber's grammar."""
    parts: list[str] = []
    bits: list[int] = []
    ends = random.randint(0, 2, lines_in(length, _mean_length()), dtype="int64").tolist()
    for end in ends:
        symbols, state = [], 0
        while state != END:
            if not bits:
                bits = random.randint(0, 2, 4096, dtype="int64").tolist()
            symbol, state = ARCS[state][bits.pop()]
            symbols.append(symbol)
        outer = "TP"[end]
        parts.append(f"B{outer}B{''.join(symbols)}E{outer}E\n")
    return "".join(parts)


def characters() -> float:
    """The expected length of the corpus."""
    return LENGTH


def floor() -> float:
    """The entropy rate in nats per character: that of a line over its mean length.

    The symbols of a line tell every choice that was made, each between two (renewal-reward
    theorem).
    """
    return (1 + _expected_choices()) * math.log(2) / _mean_length()


def probes(text: str) -> tuple[Probe, ...]:
    """The last symbol but one of each line, with the distance to the second."""
    found = []
    for start, line in complete_lines(text):
        match = _LINE.fullmatch(line)
        if match and match[1] == match[2]:
            found.append(Probe(start + match.start(2), match.start(2) - 1, "TP"))
    return tuple(found)


@cache
def _expected_choices() -> float:
    """How many symbols a string of Reber's grammar has between B and E, on average.

    From state s, N(s) = 1 + the mean of N over the two next states; iterating from zero converges
    because a string ends with probability one.
    """
    found = [0.0] * (END + 1)
    while True:
        better = [1 + sum(found[state] for _, state in arcs) / 2 for arcs in ARCS]
        change = max(abs(new - old) for new, old in zip(better, found, strict=False))
        found = [*better, 0.0]
        if change < 1e-13:
            return found[0]


def _mean_length() -> float:
    return _expected_choices() + len("BTBETE\n")


TASK = TextTask(
    name="reber",
    description="strings of the embedded Reber grammar: BPBTXSEPE",
    shows="The second symbol must survive a string of its own kind until the line ends.",
    text=text,
    characters=characters,
    floor=floor,
    probes=probes,
)
