"""A sample of a long sequence that looks at all of it: pieces spread evenly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

PIECES = 32


def spread(sequence: NDArray[Any], most: int) -> NDArray[Any]:
    """The sequence (N, …) itself, or `most` of its entries as 32 pieces spread evenly over it.

    `most` is at least 32. Of a sequence in a mapped file, only the pieces are read.
    """
    if len(sequence) <= most:
        return sequence
    length = most // PIECES
    last = len(sequence) - length
    starts = [last * n // (PIECES - 1) for n in range(PIECES)]
    return np.concatenate([sequence[start : start + length] for start in starts])
