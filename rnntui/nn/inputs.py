"""The input's part of the pre-activations of a layer, W_x x_t + b, for all steps at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np

from rnntui.nn.cells import Dims
from rnntui.nn.kernels.layout import Array, TokenGradient, aligned, scale_of


class Projection(ABC):
    """What feeds a layer. Parameters `Wx` (G, inputs, H) and `b` (G, H).

    Where the dims is `in_order`, the cell adds the bias, after its own part. `scale` multiplies
    what goes forward, gate by gate; gradients are those of what it was before.
    """

    @abstractmethod
    def refresh(self) -> None:
        """Bring working copies of the weights up to date."""

    @abstractmethod
    def forward(self, x: Array, out: Array) -> None:
        """From x, (N,) tokens or (N, inputs), to out (G, N, H)."""

    @abstractmethod
    def backward(self, x: Array, dZ: Array, dx: Array | None) -> None:
        """From dZ (G, N, H) to the weights' gradients and, if wanted, dx (N, inputs)."""


class TokenProjection(Projection):
    """Of a one-hot x, W_x x is a row of W_x: a table lookup instead of a product."""

    def __init__(
        self,
        dims: Dims,
        weights: Mapping[str, Array],
        gradients: Mapping[str, Array] | None,
        scale: tuple[float, ...] | None = None,
    ) -> None:
        self._scale = scale_of(scale, dims.dtype)
        self._Wx, self._b, self._gradients = weights["Wx"], weights["b"], gradients
        self._in_order, self._sums = dims.in_order, dims.sums()
        gates, vocab, hidden = self._Wx.shape
        self._table = aligned(self._Wx.shape, dims.dtype)
        if gradients is not None:
            sizes = (dims.rows, vocab, hidden)
            at_once = gates if dims.kernels.tokens == "all" else 1
            self._by_token = TokenGradient(*sizes, dims.dtype, dims.in_order, at_once)

    def refresh(self) -> None:
        if self._in_order:
            np.copyto(self._table, self._Wx)
        else:
            np.add(self._Wx, self._b[:, None], self._table)
        if self._scale is not None:
            np.multiply(self._table, self._scale, self._table)

    def forward(self, x: Array, out: Array) -> None:
        self._table.take(x, axis=1, out=out, mode="clip")  # other modes buffer the output

    def backward(self, x: Array, dZ: Array, dx: Array | None) -> None:
        assert self._gradients is not None
        dWx, db = self._gradients["Wx"], self._gradients["b"]
        self._by_token.sum_rows(x, dZ, dWx)
        if not self._in_order:
            np.add.reduce(dWx, axis=1, out=db)  # each dz_n is in one row of dW_x
            return
        for dz, db_of_gate in zip(dZ, db, strict=True):
            self._sums.total(dz, db_of_gate)


class DenseProjection(Projection):
    """The product with real inputs: values, or the hidden states of the layer below."""

    def __init__(
        self,
        dims: Dims,
        weights: Mapping[str, Array],
        gradients: Mapping[str, Array] | None,
        scale: tuple[float, ...] | None = None,
    ) -> None:
        self._scale = scale_of(scale, dims.dtype)
        self._b, self._gradients = weights["b"][:, None], gradients
        self._working_b = self._b
        if scale is not None:
            self._working_b = aligned(self._b.shape, dims.dtype)
        self._in_order, self._sums = dims.in_order, dims.sums()
        self._linear = dims.linear(weights["Wx"], gradients is not None, scale)

    def refresh(self) -> None:
        self._linear.refresh()
        if self._scale is not None:
            np.multiply(self._b, self._scale, self._working_b)

    def forward(self, x: Array, out: Array) -> None:
        self._linear.forward(x, out)
        if not self._in_order:
            np.add(out, self._working_b, out)

    def backward(self, x: Array, dZ: Array, dx: Array | None) -> None:
        assert self._gradients is not None
        for g, dz in enumerate(dZ):
            self._sums.outer(x, dz, self._gradients["Wx"][g])
            self._sums.total(dz, self._gradients["b"][g])
        if dx is not None:
            self.input_gradient(dZ, dx)

    def input_gradient(self, dZ: Array, dx: Array) -> None:
        """From dZ (G, N, H) to dx (N, inputs) alone."""
        self._linear.backward(dZ, dx)
