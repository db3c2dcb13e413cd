"""Dropout between layers, inverted (Srivastava et al. 2014): only training knows of it."""

from __future__ import annotations

import numpy as np

from rnntui.nn.kernels.layout import Array, aligned

_LEVELS = 65_536  # a random number has 16 bits: two come from one draw of the generator


class Dropout:
    """Each number becomes zero with probability `rate`; the others are divided by 1 - rate."""

    def __init__(
        self, rows: int, hidden: int, dtype: str, rate: float, random: np.random.RandomState
    ) -> None:
        self._random, self._threshold = random, round(rate * _LEVELS)
        self._scale = np.array(_LEVELS / (_LEVELS - self._threshold), dtype)
        self._mask, self._output = aligned((rows, hidden), dtype), aligned((rows, hidden), dtype)

    def forward(self, x: Array) -> Array:
        """x (N, H) with a new mask on it, valid until the next call."""
        numbers = np.frombuffer(self._random.bytes(2 * x.size), "<u2").reshape(x.shape)
        np.copyto(self._mask, numbers >= self._threshold)
        np.multiply(self._mask, self._scale, self._mask)
        np.multiply(x, self._mask, self._output)
        return self._output

    @property
    def output(self) -> Array:
        """What the last `forward` gave."""
        return self._output

    def backward(self, dx: Array) -> None:
        """Turn the gradient of the output into that of x, in place."""
        np.multiply(dx, self._mask, dx)
