"""Detect sorted lists, whose last tenth is not representative of the whole."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

LEAST_LINES = 30
LEAST_KEYS = 5  # different ones; fewer are hardly an order
SORTED = 0.95  # of the neighbours stand in order

_KEYS: tuple[Callable[[str], Any], ...] = (
    str,
    str.casefold,
    lambda line: line[0].casefold(),
    len,
)


def sorted_note(first: str, last: str = "") -> tuple[str, ...]:
    """A note if the lines of a text are sorted; `last` is its end if `first` is not all of it.

    Lines that begin with a digit are left alone: a log is sorted by time, as it should be.
    """
    lines = [line for line in (*first.split("\n")[:-1], *last.split("\n")[1:-1]) if line.strip()]
    lines = [line for line in lines if not line.lstrip()[0].isdigit()]
    if len(lines) < LEAST_LINES or not any(_is_sorted([key(ln) for ln in lines]) for key in _KEYS):
        return ()
    return (
        "the lines are sorted, so the validation part differs from the rest:"
        " shuffle them first (shuf FILE > SHUFFLED), or use --set split=0",
    )


def _is_sorted(keys: list[Any]) -> bool:
    """Whether nearly all keys rise, or nearly all fall; equal neighbours say nothing."""
    if len(set(keys)) < LEAST_KEYS:
        return False
    rises: int = sum(a < b for a, b in pairwise(keys))
    falls: int = sum(a > b for a, b in pairwise(keys))
    equal = len(keys) - 1 - rises - falls
    return rises != falls and max(rises, falls) + equal >= SORTED * (len(keys) - 1)
