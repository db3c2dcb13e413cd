"""Sums of two numbers below 100, one a line: what follows the equals sign is certain."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from rnntui.data.generated.task import TextTask, lines_in

if TYPE_CHECKING:
    from numpy.random import RandomState

BELOW = 100
LINES = 42_000


@cache
def lines() -> tuple[str, ...]:
    """Every line there can be; all are equally probable."""
    return tuple(f"{a}+{b}={a + b}\n" for a in range(BELOW) for b in range(BELOW))


def text(random: RandomState, length: float | None = None) -> str:
    """The corpus, or another of about `length` characters."""
    known = lines()
    count = LINES if length is None else lines_in(length, _mean_length())
    chosen = random.randint(0, len(known), count, dtype="int64").tolist()
    return "".join([known[i] for i in chosen])


def characters() -> float:
    """The expected length of the corpus."""
    return LINES * _mean_length()


def floor() -> float:
    """The entropy rate in nats per character: that of a line over its mean length.

    Lines are independent and a newline ends each, so the rate of the characters is exactly this
    (renewal-reward theorem).
    """
    return math.log(len(lines())) / _mean_length()


def _mean_length() -> float:
    return sum(map(len, lines())) / len(lines())


TASK = TextTask(
    name="sums",
    description="sums of two numbers below 100: 37+58=95",
    shows="An algorithm can be learned: digits are added, and a carry is kept.",
    text=text,
    characters=characters,
    floor=floor,
)
