"""One BLAS thread while this library computes, whatever the rest of the process uses.

With small matrices several threads lose more time waiting for each other than they save, and one
busy neighbour stalls all of them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

_ALREADY = nullcontext()


class OneThread:
    """Limits NumPy's BLAS to one thread inside a `with`; the former number is restored after it.

    Looking for the loaded libraries takes a millisecond, entering the block microseconds: make one
    object and enter it many times.
    """

    def __init__(self) -> None:
        from threadpoolctl import ThreadpoolController

        self._blas: Any = ThreadpoolController().select(user_api="blas")

    def __call__(self) -> AbstractContextManager[Any]:
        """The block to enter at once."""
        for library in self._blas.lib_controllers:
            if library.get_num_threads() != 1:
                limit: AbstractContextManager[Any] = self._blas.limit(limits=1)
                return limit
        return _ALREADY
