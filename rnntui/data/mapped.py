"""Arrays that are files: read as they are needed, without staying in memory."""

from __future__ import annotations

import contextlib
import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Pages:
    """The pages of a mapped file that reading an array has brought into this process.

    The kernel counts them as its memory for as long as they are mapped, whether or not they will
    ever be looked at again; given back, they are only the cache that they are.
    """

    def __init__(self, mapping: mmap.mmap) -> None:
        self._mapping = mapping

    @classmethod
    def of(cls, array: NDArray[Any]) -> Pages | None:
        """Those of the file an array is a view of; None for an array in memory."""
        base: Any = array
        while isinstance(base, np.ndarray):
            base = base.base
        if isinstance(base, memoryview):
            base = base.obj
        return cls(base) if isinstance(base, mmap.mmap) and hasattr(base, "madvise") else None

    def give_back(self) -> None:
        """Let go of them; what is read again is mapped again."""
        with contextlib.suppress(OSError):  # advice, which a kernel may not take
            self._mapping.madvise(mmap.MADV_DONTNEED)
