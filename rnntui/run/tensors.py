"""Arrays as safetensors bytes, which other programs read and which run nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

Tensors = Mapping[str, NDArray[Any]]

# One key at most: of more, the order in the file is not fixed.
_METADATA = {"format": "pt"}


def to_bytes(tensors: Tensors) -> bytes:
    """Named arrays as a file's content; equal arrays give equal bytes."""
    # Strided arrays are what safetensors 0.8.0 writes wrongly without a word.
    whole = {name: np.asarray(array, _native(array), order="C") for name, array in tensors.items()}
    return save(whole, _METADATA)


def _native(array: NDArray[Any]) -> np.dtype[Any]:
    return array.dtype.newbyteorder("=")


def from_bytes(data: bytes) -> dict[str, NDArray[Any]]:
    """The named arrays. Raises ValueError for what is no such file."""
    try:
        return load(data)
    except (SafetensorError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise ValueError(f"not a safetensors file ({error})") from None


def not_finite(tensors: Tensors) -> str | None:
    """The name of an array that holds NaN or infinity."""
    for name, array in tensors.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            return name
    return None
