"""Identify a run's data."""

from __future__ import annotations

import hashlib

import numpy as np

from rnntui.data import Dataset, TokenData, ValueData
from rnntui.nn.kernels.layout import Array

_PIECE = 1 << 24  # numbers hashed at a time


def fingerprint(data: Dataset) -> tuple[str, int]:
    """Return the SHA-256 of the training and validation data in hexadecimal, and their bytes."""
    if isinstance(data, TokenData) and data.digest:
        # The cache of a large file was hashed when it was written.
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
    if isinstance(data, ValueData) and data.ahead is not None:  # what the network reads besides
        found.update(np.ascontiguousarray(data.ahead).view(np.uint8).data)
    return found.hexdigest(), size
