"""Products over the N = T * B rows of a chunk, in one of two orders of summation.

`AtOnce` leaves the order to one large matrix product, the fastest way. `InOrder` takes a row at a
time, the last step first, and rounds after each, as a program with a loop over time does: a run
that diverges magnifies every rounding, and only with the same ones does it repeat that program.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from rnntui.nn.arena import Array, aligned


class Products(ABC):
    """Rows x (N, K) and dz (N, M), weights W (K, M)."""

    @abstractmethod
    def forward(self, x: Array, W: Array, out: Array) -> None:
        """out (N, M): x_n W in each row."""

    @abstractmethod
    def backward(self, dz: Array, W: Array, out: Array) -> None:
        """out (N, K): dz_n Wᵀ in each row."""

    @abstractmethod
    def outer(self, x: Array, dz: Array, out: Array) -> None:
        """out (K, M): the sum of x_nᵀ dz_n over the rows."""

    @abstractmethod
    def total(self, dz: Array, out: Array) -> None:
        """out (M,): the sum of dz_n over the rows."""


class AtOnce(Products):
    """One product for all rows."""

    def __init__(self, rows: int, dtype: str) -> None:
        self._ones = np.ones(rows, dtype)

    def forward(self, x: Array, W: Array, out: Array) -> None:
        np.dot(x, W, out)

    def backward(self, dz: Array, W: Array, out: Array) -> None:
        np.dot(dz, W.T, out)

    def outer(self, x: Array, dz: Array, out: Array) -> None:
        np.dot(x.T, dz, out)

    def total(self, dz: Array, out: Array) -> None:
        np.dot(self._ones, dz, out)


class InOrder(Products):
    """One product for each row; sums run from the last row to the first.

    The weights are multiplied from memory that holds each output's together, as programs keep
    them: that decides the order in which BLAS sums.
    """

    def __init__(self, dtype: str) -> None:
        self._dtype = dtype
        self._terms: dict[tuple[int, ...], Array] = {}

    def forward(self, x: Array, W: Array, out: Array) -> None:
        by_output = np.array(W.T, order="C").T
        for n in range(len(x)):
            np.dot(x[n : n + 1], by_output, out[n : n + 1])

    def backward(self, dz: Array, W: Array, out: Array) -> None:
        by_output = np.array(W.T, order="C")
        for n in range(len(dz)):
            np.dot(dz[n : n + 1], by_output, out[n : n + 1])

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
