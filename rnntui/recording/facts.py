"""What tells one run's data from another's."""

from __future__ import annotations

import hashlib

import numpy as np

from rnntui.data import Dataset, TokenData
from rnntui.nn.arena import Array

_PIECE = 1 << 24  # numbers that are hashed at a time


def fingerprint(data: Dataset) -> tuple[str, int]:
    """SHA-256 of what is trained and validated on, in hexadecimal, and its bytes."""
    if isinstance(data, TokenData) and data.digest:
        # What is kept of a large file has been hashed when it was written.
        about = f"{data.tokens.dtype.str} {len(data.tokens)} {data.size} {data.digest}"
        return hashlib.sha256(about.encode()).hexdigest(), data.size * data.tokens.itemsize
    whole = data.tokens if isinstance(data, TokenData) else data.values
    found, size = hashlib.sha256(), 0
    parts: tuple[Array, ...] = (whole, data.validation)
    for part in parts:
        found.update(f"{part.dtype.str}{part.shape}".encode())
        for start in range(0, len(part), _PIECE):
            piece = np.ascontiguousarray(part[start : start + _PIECE])
            found.update(piece.view(np.uint8).data)
            size += piece.nbytes
    return found.hexdigest(), size
