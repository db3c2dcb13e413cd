"""One BLAS thread while this library computes, whatever the rest of the process uses.

With small matrices several threads lose more time waiting for each other than they save, and one
busy neighbour stalls all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class OneThread:
    """Limits NumPy's BLAS to one thread inside a `with`; the former number is restored after it.

    Looking for the loaded libraries takes a millisecond, entering the block microseconds: make one
    object and enter it many times.
    """

    def __init__(self) -> None:
        from threadpoolctl import ThreadpoolController

        self._blas: Any = ThreadpoolController().select(user_api="blas")

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Enter the block."""
        if all(library.get_num_threads() == 1 for library in self._blas.lib_controllers):
            yield
            return
        with self._blas.limit(limits=1):
            yield
