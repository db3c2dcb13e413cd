"""Arrays as safetensors bytes: a format that other programs read and that runs no code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

Tensors = Mapping[str, NDArray[Any]]

# One key at most: the order of several is not fixed in the file.
_METADATA = {"format": "pt"}


def to_bytes(tensors: Tensors) -> bytes:
    """Encode named arrays; equal arrays give equal bytes."""
    # safetensors 0.8.0 silently writes strided arrays wrongly.
    whole = {name: np.asarray(array, _native(array), order="C") for name, array in tensors.items()}
    return save(whole, _METADATA)


def _native(array: NDArray[Any]) -> np.dtype[Any]:
    return array.dtype.newbyteorder("=")


def from_bytes(data: bytes) -> dict[str, NDArray[Any]]:
    """Decode named arrays. Raises ValueError for anything else."""
    try:
        return load(data)
    except (SafetensorError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise ValueError(f"not a safetensors file ({error})") from None


def not_finite(tensors: Tensors) -> str | None:
    """Return the name of an array that contains NaN or infinity, if any."""
    for name, array in tensors.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            return name
    return None
