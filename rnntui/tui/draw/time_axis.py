"""Times under a plot: short texts that still tell the ticks apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

_IDLE = re.compile(r"(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?)$")
_NEAR = 3  # cells between two labels


def tick_times(times: Sequence[str], width: int, most: int = 9) -> list[tuple[int, str]]:
    """Return (index, text) of evenly spaced times, as many as fit into `width` cells.

    What says nothing is left out: midnight if all are at midnight, the first of the month if all
    are, seconds that are all zero.
    """
    if not times:
        return []
    texts = _shortened(times)
    cell = max(map(len, texts)) + _NEAR
    count = max(1, min(most, width // cell, len(texts)))
    every = -(-len(texts) // count)
    offset = (len(texts) - 1) % every // 2
    return [(n, texts[n]) for n in range(offset, len(texts), every)]


def _shortened(times: Sequence[str]) -> list[str]:
    texts = list(times)
    if all(_IDLE.search(text) for text in texts):
        texts = [_IDLE.sub("", text) for text in texts]
    for pattern in (r"(\d\d:\d\d):00$", r"(\d{4}-\d\d)-01$", r"(\d{4})-01$"):
        if all(re.search(pattern, text) for text in texts):
            texts = [re.sub(pattern, r"\1", text) for text in texts]
    return texts
