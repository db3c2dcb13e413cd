"""The suffixes that a suffix table has rows for, from the tokens to train on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data.spread import spread
from rnntui.errors import UsageError
from rnntui.suffixes import WIDEST, Suffixes

LEAST = 50  # times that a sequence occurs, to have a row of its own
MOST_COUNTED = 4_000_000  # tokens; of more, as many, in 32 pieces spread evenly


def suffixes_of(tokens: NDArray[Any], vocab: int, longest: int, least: int = LEAST) -> Suffixes:
    """The sequences of up to `longest` tokens that occur at least `least` times in `tokens` (N,).

    Raises UsageError for a vocabulary that is too large for rows of its size.
    """
    if vocab > WIDEST:
        raise UsageError(
            f"suffix needs a vocabulary of at most {WIDEST:,} tokens, and this one has {vocab:,}: "
            "--set suffix=0"
        )
    text = spread(tokens, MOST_COUNTED).astype(np.int64)
    parents: list[int] = []
    last: list[int] = []
    places, before = np.arange(len(text)), np.zeros(len(text), np.int64)
    for _ in range(longest):
        # Of the sequences that end at these places: the one without its last token, and that.
        code = before * vocab + text[places]
        found, place, counts = np.unique(code, return_inverse=True, return_counts=True)
        kept = np.flatnonzero(counts >= least)
        numbers = np.zeros(len(found) + 1, np.int64)
        numbers[kept] = np.arange(len(kept)) + len(parents) + 1
        parents += (found[kept] // vocab).tolist()
        last += (found[kept] % vocab).tolist()
        longer = numbers[place] > 0
        longer &= places < len(text) - 1
        places, before = places[longer] + 1, numbers[place[longer]]
    return Suffixes(tuple(parents), tuple(last))
