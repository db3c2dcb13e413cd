"""Balanced brackets of three kinds: what closes is certain for whoever remembers what is open."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.random import RandomState

KINDS = {"(": ")", "[": "]", "{": "}"}
DEEPEST = 5
OPENS = 0.45
ENDS = 0.25
LENGTH = 400_000


def text(random: RandomState) -> str:
    """The corpus: lines of brackets, nested at most `DEEPEST` deep.

    A line begins with an opening bracket. Inside others, a bracket opens with probability `OPENS`
    and closes else; at the deepest level it closes. Outside all, the line ends with probability
    `ENDS`. What opens is of any kind with equal probability.
    """
    opening = tuple(KINDS)
    parts: list[str] = []
    open_now: list[str] = []
    at_start = True
    choices = random.random_sample(LENGTH).tolist()
    kinds = random.randint(0, len(opening), LENGTH, dtype="int64").tolist()
    for choice, kind in zip(choices, kinds, strict=True):
        depth = len(open_now)
        if depth == 0 and not at_start and choice < ENDS:
            parts.append("\n")
            at_start = True
        elif depth == 0 or (depth < DEEPEST and choice < OPENS):
            bracket = opening[kind]
            parts.append(bracket)
            open_now.append(bracket)
            at_start = False
        else:
            parts.append(KINDS[open_now.pop()])
    return "".join(parts)


def characters() -> float:
    """The length of the corpus."""
    return LENGTH


def floor() -> float:
    """The entropy rate in nats per character.

    The characters so far decide what is open, so the rate is the mean entropy of the next choice
    over the visits of each depth. In a line the depth goes as often up as down between two levels,
    which gives the visits: one start, 1 / ENDS times outside after it, and so on inwards.
    """
    visits = expected_visits()
    kind = math.log(len(KINDS))
    total = kind + visits[0] * (_coin(ENDS) + (1 - ENDS) * kind)
    total += sum(visits[1:DEEPEST]) * (_coin(OPENS) + OPENS * kind)
    return total / (1 + sum(visits))


def expected_visits() -> list[float]:
    """How often a line stands at each depth, the start of the line not counted."""
    visits = [1 / ENDS]
    rising = visits[0]
    for depth in range(1, DEEPEST + 1):
        falls = 1 - OPENS if depth < DEEPEST else 1.0
        visits.append(rising / falls)
        rising = visits[-1] * OPENS
    return visits


def _coin(p: float) -> float:
    """The entropy of a choice between two, in nats."""
    return -p * math.log(p) - (1 - p) * math.log(1 - p)
