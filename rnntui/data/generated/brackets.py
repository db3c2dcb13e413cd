"""Balanced brackets of three kinds: the open ones determine which may close."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rnntui.data.generated.task import Probe, TextTask

if TYPE_CHECKING:
    from numpy.random import RandomState

KINDS = {"(": ")", "[": "]", "{": "}"}
DEEPEST = 5
OPENS = 0.45
ENDS = 0.25
LENGTH = 400_000


def text(random: RandomState, length: float = LENGTH) -> str:
    """The corpus: lines of brackets, `length` characters in all, nested at most `DEEPEST` deep.

    A line begins with an opening bracket. Inside others, a bracket opens with probability `OPENS`
    and closes else; at the deepest level it closes. Outside all, the line ends with probability
    `ENDS`. What opens is of any kind with equal probability.
    """
    opening = tuple(KINDS)
    parts: list[str] = []
    open_now: list[str] = []
    at_start = True
    count = max(1, round(length))
    choices = random.random_sample(count).tolist()
    kinds = random.randint(0, len(opening), count, dtype="int64").tolist()
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


def probes(text: str) -> tuple[Probe, ...]:
    """The closing brackets whose opening one is in the text, with the distance to it."""
    closing = "".join(KINDS.values())
    found: list[Probe] = []
    open_now: list[int] = []
    for at, char in enumerate(text):
        if char in KINDS:
            open_now.append(at)
        elif char in closing and open_now:
            first = open_now.pop()
            if KINDS[text[first]] == char:
                found.append(Probe(at, at - first, closing))
    return tuple(found)


def _coin(p: float) -> float:
    """The entropy of a choice between two, in nats."""
    return -p * math.log(p) - (1 - p) * math.log(1 - p)


TASK = TextTask(
    name="brackets",
    description="balanced brackets of three kinds",
    shows="The brackets that are open, up to five, must be kept like a stack.",
    text=text,
    characters=characters,
    floor=floor,
    probes=probes,
)
