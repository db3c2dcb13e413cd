"""Memory layout: what makes the maths fast but would obscure it in the cells.

Everything here moves or arranges numbers; the equations are in `cells`, `losses` and `optim`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rnntui.dataclass import dataclass

Array = NDArray[Any]

# np.dot without what it does in Python first: the same product, half a microsecond earlier.
dot: Callable[..., Any] = np.ndarray.dot

CACHE_LINE = 64  # bytes
_PADDING = 16  # elements between tensors of a flat vector: a cache line of float32


def aligned(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Zeros that start on a cache line: in-place additions run twice as fast there."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    raw = np.zeros(size + CACHE_LINE, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    return raw[start : start + size].view(dtype).reshape(shape)


@dataclass(frozen=True)
class Layout:
    """Where named tensors stand in one flat vector. The gaps between them stay zero."""

    shapes: Mapping[str, tuple[int, ...]]

    @property
    def size(self) -> int:
        """Length of the flat vector."""
        return sum(_padded(math.prod(shape)) for shape in self.shapes.values())

    @property
    def count(self) -> int:
        """Numbers in the tensors, without the gaps."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def views(self, flat: Array) -> dict[str, Array]:
        """The tensors as views into `flat` (size,)."""
        views, at = {}, 0
        for name, shape in self.shapes.items():
            count = math.prod(shape)
            views[name] = flat[at : at + count].reshape(shape)
            at += _padded(count)
        return views


def _padded(count: int) -> int:
    return -(-count // _PADDING) * _PADDING


class GateProduct:
    """out[g] (B, N) = x (B, K) @ W[g] (K, N) for every gate g, in one call.

    In "blocked" layout, with many rows, W is kept in blocks of 64 columns and x in blocks of rows,
    so that one `matmul` becomes many small products: some processors multiply those up to 1.6 times
    faster than one large one, others slower. A "plain" layout leaves it all to BLAS. With "rows",
    each row is a product of a vector and a matrix, which is faster for two or three of them. Give
    `inner` what `rows_of` and `out_of` return for the arrays of a step, or `multiply` those of all
    steps at once.
    """

    _COLUMNS, _MOST_WORK, _LEAST_ROWS = 64, 1_000_000, 8
    apart = True  # the gates' products are still to be added

    def __init__(
        self,
        weights: Array,
        batch: int,
        in_order: bool = False,
        scale: tuple[float, ...] | None = None,
        layout: str = "blocked",
    ) -> None:
        """`weights` (G, K, N) may be a transposed view; call `refresh` whenever it has changed.

        `scale` multiplies each gate's. `layout` is "blocked", "plain" or "rows".

        `in_order` keeps a copy whose rows and columns stand the other way round in memory, and
        with that changes the order in which BLAS sums.
        """
        gates, self._k, self._n = weights.shape
        self._gates, self._batch, self._source = gates, batch, weights
        self._scale = scale_of(scale, weights.dtype)
        even = self._n % self._COLUMNS == 0
        self._columns = self._COLUMNS if even else self._n
        most = self._MOST_WORK // (self._k * self._columns)
        fitting = [rows for rows in range(1, min(batch, most) + 1) if batch % rows == 0]
        self._rows = max(fitting, default=0)
        fits = self._rows >= self._LEAST_ROWS and (even or self._rows < batch)
        self.blocked = layout == "blocked" and fits  # as far as the sizes allow
        self._by_row = layout == "rows" and batch > 1
        self._store: Array | None = None
        if self.blocked:
            blocks = (gates, self._n // self._columns, 1, self._k, self._columns)
            self._store = aligned(blocks, weights.dtype)
        elif in_order and weights.flags.c_contiguous:
            self._store = aligned((gates, self._n, self._k), weights.dtype).swapaxes(1, 2)
        elif in_order or scale or (batch > 1 and not weights.flags.c_contiguous):
            self._store = aligned(weights.shape, weights.dtype)
        self._flat = gates == 1 and not self.blocked and not self._by_row
        self.inner = dot if self._flat else np.matmul
        self.weights = self._right_operand()  # of `inner`

    def refresh(self) -> None:
        """Copy the weights into the working layout (once per update)."""
        if self._store is None:
            return
        if self.blocked:
            blocks = self._source.reshape(self._gates, self._k, -1, self._columns)
            np.copyto(self._store[:, :, 0], blocks.transpose(0, 2, 1, 3))
        else:
            np.copyto(self._store, self._source)
        if self._scale is not None:
            by_gate = self._store.reshape(self._gates, -1, 1)
            np.multiply(by_gate, self._scale, by_gate)

    def _right_operand(self) -> Array:
        working = self._source if self._store is None else self._store
        if self._by_row:
            return working[:, None]
        return working.transpose(1, 2, 0)[:, :, 0] if self._flat else working  # its only gate

    def rows_of(self, x: Array) -> Array:
        """View of x, (B, K) or (G, B, K), as the left operand of `inner`."""
        if self._flat:
            return x.reshape(self._k if self._batch == 1 else (self._batch, self._k))
        if self._by_row:
            return x[..., None, :]
        if not self.blocked:
            return x
        gates = 1 if x.ndim == 2 else x.shape[0]
        shape = (gates, 1, self._batch // self._rows, self._rows, self._k)
        return _split(x, shape)

    def out_of(self, out: Array) -> Array:
        """View of out (G, B, N) as the output of `inner`."""
        if self._flat:
            return out.reshape(self._n if self._batch == 1 else (self._batch, self._n))
        if self._by_row:
            return out[..., None, :]
        if not self.blocked:
            return out
        rows, columns = self._rows, self._columns
        blocks = (self._gates, self._batch // rows, rows, self._n // columns, columns)
        return _split(out, blocks).transpose(0, 3, 1, 2, 4)

    def multiply(self, x: Array, out: Array) -> None:
        """The product of x, (B, K) or (G, B, K), to out (G, B, N)."""
        self.inner(self.rows_of(x), self.weights, self.out_of(out))


class OuterSum:
    """out (K, M) = Σ_n x_nᵀ dz_n over N rows x (N, K), dz (N, M).

    If `blocked`, of narrow arrays, runs of rows are multiplied in blocks as small as those of
    `GateProduct`, and their products added up. Of wide ones, neighbouring rows of a block stand too
    far apart in memory for that: they are one product.
    """

    _BLOCK, _WORK, LEAST_ROWS = (32, 64), 850_000, 256
    _WIDEST = (1024, 512)  # bytes of a row of x and of dz

    def __init__(self, blocked: bool = True) -> None:
        self._blocked = blocked
        self._parts: dict[tuple[int, ...], Array] = {}

    def sum(self, x: Array, dz: Array, out: Array) -> None:
        """The whole sum, to `out`."""
        (rows, K), M = x.shape, dz.shape[1]
        if not self._blocked or not self.has_blocks(x, dz):
            dot(x.T, dz, out)
            return
        k, m = self._BLOCK[0], M if M % self._BLOCK[1] else self._BLOCK[1]
        runs = -(-rows * k * m // self._WORK)
        run = rows // runs
        xs = _split(x[: runs * run], (runs, run, K // k, k)).transpose(0, 2, 3, 1)
        dzs = _split(dz[: runs * run], (runs, run, M // m, m)).swapaxes(1, 2)
        parts = self._scratch((runs, K, M), out.dtype)
        blocks = _split(parts, (runs, K // k, k, M // m, m)).swapaxes(2, 3)
        np.matmul(xs[:, :, None], dzs[:, None], blocks)
        np.add.reduce(parts, axis=0, out=out)
        if runs * run < rows:
            rest = parts[0]
            dot(x[runs * run :].T, dz[runs * run :], rest)
            np.add(out, rest, out)

    @classmethod
    def has_blocks(cls, x: Array, dz: Array) -> bool:
        """Whether such arrays can be summed in blocks."""
        rows, K = x.shape
        wide = x.strides[0] > cls._WIDEST[0] or dz.strides[0] > cls._WIDEST[1]
        return not wide and K % cls._BLOCK[0] == 0 and rows >= cls.LEAST_ROWS

    def _scratch(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        found = self._parts.get(shape)
        if found is None:
            found = self._parts[shape] = aligned(shape, dtype)
        return found


def in_blocks(weights: Array, out: Array) -> tuple[Array, Array]:
    """Views of weights (G, K, N) and out (G, B, N) for `matmul` with a few rows x (B, K).

    In blocks of 64 columns BLAS multiplies a few rows without copying the weights first, which
    takes two thirds of the time where they are large. One row alone, `out` (G, N), needs no blocks.
    """
    gates, rows, columns = weights.shape
    if out.ndim == 2 or columns % 64:
        return weights, out
    blocked = weights.reshape(gates, rows, -1, 64).transpose(0, 2, 1, 3)
    return blocked, _split(out, (gates, out.shape[1], columns // 64, 64)).transpose(0, 2, 1, 3)


def side_by_side(weights: Array, scale: tuple[float, ...] | None) -> Array:
    """A copy (K, G * N) of weights (G, K, N), each gate's multiplied by its `scale`.

    One row times that is one product for all gates.
    """
    gates, rows, columns = weights.shape
    copy = aligned((rows, gates, columns), weights.dtype)
    np.copyto(copy.swapaxes(0, 1), weights)
    if scale is not None:
        np.multiply(copy, np.array(scale, weights.dtype)[:, None], copy)
    return copy.reshape(rows, gates * columns)


def scale_of(scale: tuple[float, ...] | None, dtype: DTypeLike) -> Array | None:
    """The factors of the gates as (G, 1, 1)."""
    return None if scale is None else np.array(scale, dtype)[:, None, None]


def _split(array: Array, shape: tuple[int, ...]) -> Array:
    """Reshape that only splits axes, so it stays a view even of a strided array."""
    view: Array = array.reshape(shape)
    assert np.may_share_memory(view, array), "reshape made a copy"
    return view


class TokenGradient:
    """Sums the rows of a gradient by token: dWx[g, v] = Σ dZ[g, n] over the n with token n = v.

    That is the product with one-hot inputs, without building them once there are many rows: the
    rows are sorted by token, and each token's run is summed by one vector-matrix product, for one
    gate after the other or, with `at_once`, for all gates while the run is in cache.
    """

    _ONE_HOT_ROWS, _ONE_HOT_SIZE = 256, 32_768

    def __init__(
        self,
        rows: int,
        vocab: int,
        hidden: int,
        dtype: DTypeLike,
        in_order: bool = False,
        at_once: int = 1,
    ) -> None:
        """`in_order`: the rows of a token are added one by one, the last first.

        `at_once`: gates whose rows are summed together, 1 or all of them.
        """
        self._one_hot: Array | None = None
        self._in_order = in_order
        if in_order:
            return
        if rows < self._ONE_HOT_ROWS and rows * vocab <= self._ONE_HOT_SIZE:
            self._one_hot = aligned((rows, vocab), dtype)
            self._starts = np.arange(rows) * vocab
        else:
            self._sorted = aligned((at_once, rows, hidden), dtype)
            self._ones = np.ones(rows, dtype)
        self._narrow = np.uint8 if vocab <= 256 else np.uint16 if vocab <= 65_536 else np.int64

    @property
    def sorts(self) -> bool:
        """Whether the rows are sorted by token."""
        return self._one_hot is None and not self._in_order

    def sum_rows(self, tokens: Array, dZ: Array, out: Array) -> None:
        """out (G, V, H) from dZ (G, N, H) and tokens (N,)."""
        if self._in_order:
            out.fill(0)
            for n in range(len(tokens) - 1, -1, -1):
                out[:, tokens[n]] += dZ[:, n]
            return
        if self._one_hot is None:
            self._sum_runs(tokens, dZ, out)
            return
        at = self._starts + tokens
        flat = self._one_hot.reshape(-1)
        flat[at] = 1
        if len(dZ) == 1:
            dot(self._one_hot.T, dZ[0], out[0])
        else:
            np.matmul(self._one_hot.T, dZ, out)
        flat[at] = 0

    def _sum_runs(self, tokens: Array, dZ: Array, out: Array) -> None:
        order = np.argsort(tokens.astype(self._narrow), kind="stable")  # radix sort: narrow is fast
        ranked = tokens[order]
        starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
        begins = starts.tolist()
        runs = list(zip(ranked[starts].tolist(), begins, [*begins[1:], len(ranked)], strict=True))
        out.fill(0)
        if len(self._sorted) > 1:
            self._sum_gates(runs, order, dZ, out)
            return
        (ranked_rows,) = self._sorted
        for gate, rows in enumerate(dZ):
            rows.take(order, axis=0, out=ranked_rows, mode="clip")
            for token, begin, end in runs:
                dot(self._ones[begin:end], ranked_rows[begin:end], out[gate, token])

    def _sum_gates(
        self, runs: list[tuple[int, int, int]], order: Array, dZ: Array, out: Array
    ) -> None:
        gates, hidden, buffer = len(dZ), dZ.shape[2], self._sorted.reshape(-1)
        for token, begin, end in runs:
            rows = buffer[: gates * (end - begin) * hidden].reshape(gates, end - begin, hidden)
            dZ.take(order[begin:end], axis=1, out=rows, mode="clip")
            np.matmul(self._ones[begin:end], rows, out[:, token])
