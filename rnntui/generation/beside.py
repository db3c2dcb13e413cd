"""What a linear method beside a network predicts while forecasts are made row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rnntui.forecast.linear import Linear


MOST = 50.0  # deviations: a forecast that diverges stops there


class Beside:
    """Keeps as many of the last rows as the method looks at; without a method it does nothing.

    Rows are (D,), or (K, D) of several forecasts at once.
    """

    def __init__(self, skip: Linear | None) -> None:
        self._skip = skip
        self._seen: NDArray[Any] | None = None

    def after(self, row: NDArray[Any]) -> NDArray[Any]:
        """Take the next row; return what the method makes of all: (…, D), or (…, 0) without one."""
        if self._skip is None:
            return row[..., :0]
        if self._seen is None:
            self._seen = np.repeat(row[..., None, :], self._skip.longest, axis=-2)
        else:
            self._seen = np.concatenate([self._seen[..., 1:, :], row[..., None, :]], axis=-2)
        return self._skip.after(self._seen)

    def bounded(self, row: NDArray[Any]) -> NDArray[Any]:
        """A forecast that goes no further than 50 deviations; as it is without a method."""
        return row if self._skip is None else np.clip(row, -MOST, MOST)
