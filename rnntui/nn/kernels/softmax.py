"""The softmax of a large vocabulary, some rows at a time: the logits of all would not fit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rnntui.dataclass import dataclass
from rnntui.nn.kernels.layout import Array, aligned

SAFE_LOGIT = 60.0  # exp of it, times any vocabulary, is far from overflow even in float32
MOST_LOGITS = 1 << 23  # of the rows that are worked on at once
_COLUMNS = 2048  # of a gradient that are added up at once, so that the part stays in cache


def fitting_rows(rows: int, vocab: int, most: int = MOST_LOGITS) -> int:
    """How many of so many rows, one or more, are worked on at once: chunks of about one size."""
    fitting = max(1, min(rows, most // vocab))
    return -(-rows // -(-rows // fitting))


def chunks(rows: int, vocab: int, most: int = MOST_LOGITS) -> Iterator[slice]:
    """So many rows, one or more, in runs with at most `most` outputs."""
    at_once = fitting_rows(rows, vocab, most)
    return (slice(begin, begin + at_once) for begin in range(0, rows, at_once))


@dataclass(frozen=True, eq=False)
class SoftmaxWeights:
    """Logits are x W + b: W (K, M), b (M,) or none. Also the shape of their gradients."""

    W: Array
    b: Array | None = None


class SoftmaxRows:
    """-log softmax(x W + b)[target] of rows x (n, K), and its gradients.

    The working memory does not grow with the number of rows.
    """

    def __init__(self, weights: SoftmaxWeights, scratch: Array, at_once: int) -> None:
        """`at_once` rows are worked on in `scratch`, which holds their logits."""
        self._weights, self._at_once = weights, at_once
        inputs, outputs = weights.W.shape
        dtype = weights.W.dtype
        self._logits = scratch[: at_once * outputs].reshape(at_once, outputs)
        self._over_outputs, self._over_rows = np.ones(outputs, dtype), np.ones(at_once, dtype)
        self._index = np.arange(at_once)
        self._part = aligned((inputs * min(outputs, _COLUMNS),), dtype)
        self._bias_part = aligned((outputs,), dtype)

    def losses(
        self,
        x: Array,
        targets: Array,
        out: Array,
        dx: Array | None = None,
        gradients: SoftmaxWeights | None = None,
    ) -> None:
        """The loss of each row to out (n,).

        The gradients of their sum replace what is in `dx` (n, K) and in `gradients`, which come
        together or `dx` alone.
        """
        if gradients is not None and not len(x):
            self._add_gradients(x, self._logits[:0], gradients, True)
        for begin in range(0, len(x), self._at_once):
            rows = slice(begin, begin + self._at_once)
            logits, total = self._exponentials(x[rows], targets[rows], out[rows])
            if dx is not None:
                self._gradient(logits, total, targets[rows], dx[rows])
            if gradients is not None:
                self._add_gradients(x[rows], logits, gradients, not begin)

    def _exponentials(self, x: Array, targets: Array, out: Array) -> tuple[Array, Array]:
        """The losses of a few rows to `out`; returns exp(logits) and its sum over each row."""
        logits = self._logits[: len(x)]
        np.dot(x, self._weights.W, logits)
        if self._weights.b is not None:
            np.add(logits, self._weights.b, logits)
        if logits.max() > SAFE_LOGIT or logits.min() < -SAFE_LOGIT:
            np.subtract(logits, logits.max(axis=1, keepdims=True), logits)
        picked = logits[self._index[: len(x)], targets]
        np.exp(logits, logits)
        total: Array = np.dot(logits, self._over_outputs)
        np.log(total, out)
        np.subtract(out, picked, out)  # log Σ exp - logit[target]
        return logits, total

    def _gradient(self, exponentials: Array, total: Array, targets: Array, dx: Array) -> None:
        """p - one_hot(target) in place of exp(logits), and the gradient of x to `dx`."""
        np.divide(1.0, total, total)
        np.multiply(exponentials, total[:, None], exponentials)
        exponentials[self._index[: len(targets)], targets] -= 1.0
        np.dot(exponentials, self._weights.W.T, dx)

    def _add_gradients(self, x: Array, dy: Array, to: SoftmaxWeights, first: bool) -> None:
        dW, db = to.W, to.b
        if first:
            np.dot(x.T, dy, dW)
        else:
            for begin in range(0, dy.shape[1], _COLUMNS):
                columns = dW[:, begin : begin + _COLUMNS]
                part = self._part[: columns.size].reshape(columns.shape)
                np.dot(x.T, dy[:, begin : begin + _COLUMNS], part)
                np.add(columns, part, columns)
        if db is not None:
            np.dot(self._over_rows[: len(dy)], dy, self._bias_part)
            if first:
                np.copyto(db, self._bias_part)
            else:
                np.add(db, self._bias_part, db)
