"""Sums of two numbers below 100, one a line: what follows the equals sign is certain."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.random import RandomState

BELOW = 100
LINES = 42_000


@cache
def lines() -> tuple[str, ...]:
    """Every line there can be; all are equally probable."""
    return tuple(f"{a}+{b}={a + b}\n" for a in range(BELOW) for b in range(BELOW))


def text(random: RandomState) -> str:
    """The corpus."""
    known = lines()
    chosen = random.randint(0, len(known), LINES, dtype="int64").tolist()
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
