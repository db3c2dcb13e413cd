"""Products over the N = T * B rows of a chunk, in one of two orders of summation.

At once: the order is left to products of whole matrices, the fastest way. In order: a row at a
time, the last step first, rounding after each, as a program with a loop over time does: a run that
diverges magnifies every rounding, and only with the same ones does it repeat that program.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from rnntui.nn.kernels.layout import Array, GateProduct, OuterSum, aligned, dot


class Linear(ABC):
    """z = x W[g] for each gate g: rows x (N, K) and z (N, M), weights (G, K, M).

    The weights may be read from a working copy: `refresh` brings it up to date.
    """

    @abstractmethod
    def refresh(self) -> None:
        """Note that the weights have changed."""

    @abstractmethod
    def forward(self, x: Array, out: Array) -> None:
        """From x (N, K) to out (G, N, M)."""

    @abstractmethod
    def backward(self, dz: Array, out: Array) -> None:
        """From dz (G, N, M) to out (N, K): the sum of dz_n W[g]ᵀ over the gates."""


class LinearAtOnce(Linear):
    """All rows of a gate in one product, or in blocks."""

    def __init__(
        self,
        weights: Array,
        rows: int,
        scale: tuple[float, ...] | None,
        trains: bool,
        layout: str = "blocked",
    ) -> None:
        """`scale` multiplies each gate's weights forward; without `trains`, no `backward`.

        `layout` as for `GateProduct`.
        """
        gates, inputs, _ = weights.shape
        self._forward = GateProduct(weights, rows, scale=scale, layout=layout)
        self._backward = [
            GateProduct(weights[g : g + 1].transpose(0, 2, 1), rows, layout=layout)
            for g in range(gates if trains else 0)
        ]
        more = trains and gates > 1
        self._scratch = aligned((rows if more else 0, inputs), weights.dtype)

    def refresh(self) -> None:
        for product in (self._forward, *self._backward):
            product.refresh()

    def forward(self, x: Array, out: Array) -> None:
        self._forward.multiply(x, out)

    def backward(self, dz: Array, out: Array) -> None:
        first, *others = self._backward
        first.multiply(dz[0], out[None])
        for product, gate in zip(others, dz[1:], strict=True):
            product.multiply(gate, self._scratch[None])
            np.add(out, self._scratch, out)


class LinearInOrder(Linear):
    """One product for each row.

    The weights are multiplied from memory that holds each output's together, as programs keep
    them: that decides the order in which BLAS sums.
    """

    def __init__(self, weights: Array) -> None:
        """`weights` (1, K, M)."""
        (self._weights,) = weights

    def refresh(self) -> None:
        self._by_output = np.array(self._weights.T, order="C").T
        self._by_input = np.array(self._weights.T, order="C")

    def forward(self, x: Array, out: Array) -> None:
        for n in range(len(x)):
            dot(x[n : n + 1], self._by_output, out[0, n : n + 1])

    def backward(self, dz: Array, out: Array) -> None:
        for n in range(len(out)):
            dot(dz[0, n : n + 1], self._by_input, out[n : n + 1])


class Sums(ABC):
    """What becomes of rows in the gradients of weights and biases."""

    @abstractmethod
    def outer(self, x: Array, dz: Array, out: Array) -> None:
        """out (K, M): the sum of x_nᵀ dz_n over rows x (N, K) and dz (N, M)."""

    @abstractmethod
    def total(self, dz: Array, out: Array) -> None:
        """out (M,): the sum of dz_n over the rows."""


class SumsAtOnce(Sums):
    """Products over all rows."""

    def __init__(self, rows: int, dtype: str, blocked: bool = True) -> None:
        self._ones = np.ones(rows, dtype)
        self._outer = OuterSum(blocked and rows >= OuterSum.LEAST_ROWS)

    def outer(self, x: Array, dz: Array, out: Array) -> None:
        self._outer.sum(x, dz, out)

    def total(self, dz: Array, out: Array) -> None:
        dot(self._ones, dz, out)


class SumsInOrder(Sums):
    """One row added after the other, from the last to the first."""

    def __init__(self, dtype: str) -> None:
        self._dtype = dtype
        self._terms: dict[tuple[int, ...], Array] = {}

    def outer(self, x: Array, dz: Array, out: Array) -> None:
        term = self._terms.get(out.shape)
        if term is None:
            term = self._terms[out.shape] = aligned(out.shape, self._dtype)
        out.fill(0)
        for n in range(len(x) - 1, -1, -1):
            np.multiply(x[n, :, None], dz[n], term)
            np.add(out, term, out)

    def total(self, dz: Array, out: Array) -> None:
        out.fill(0)
        for row in dz[::-1]:
            np.add(out, row, out)
