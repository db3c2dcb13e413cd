"""The adaptive softmax (Grave et al. 2017): rare tokens take smaller products, and fewer of them.

With the head's scores W_y h + b_y, for its tokens and one for each tail, and P_i, T_i of tail i:

    log p(w) = log softmax(W_y h + b_y)[w]                                      w in the head
    log p(w) = log softmax(W_y h + b_y)[tail i] + log softmax(T_i P_i h)[w]     w in tail i

These are probabilities of the whole vocabulary, as exact as those of one softmax over all of it.
P_i has H / 4^i outputs, rounded down, at least one. It is PyTorch's `AdaptiveLogSoftmaxWithLoss`
with `div_value=4` and `head_bias=True`, for tokens numbered by falling frequency.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnntui.clusters import Clusters
from rnntui.dataclass import dataclass
from rnntui.nn.cells import Dims
from rnntui.nn.kernels.layout import Array, aligned
from rnntui.nn.kernels.softmax import SoftmaxRows, SoftmaxWeights, fitting_rows
from rnntui.nn.output import LargeSoftmax

DIVISOR = 4  # of the hidden units that a tail reads, from one tail to the next


def output_shapes(clusters: Clusters, hidden: int) -> dict[str, tuple[int, ...]]:
    """The parameters by name: `Wy`, `by` of the head, `Wp{i}` and `Wt{i}` of tail i, from 1."""
    (_, head), *tails = clusters.ranges
    scores = head + len(tails)
    shapes: dict[str, tuple[int, ...]] = {"Wy": (hidden, scores), "by": (scores,)}
    for n, (begin, end) in enumerate(tails, start=1):
        inner = max(1, hidden // DIVISOR**n)
        shapes |= {f"Wp{n}": (hidden, inner), f"Wt{n}": (inner, end - begin)}
    return shapes


@dataclass(frozen=True, eq=False)
class _Tail:
    """Tail i: its place in the head's scores, and where its tokens are in the order."""

    score: int
    begin: int
    end: int
    P: Array  # (H, K)
    T: Array  # (K, M)


class LogProbabilities:
    """Log-probabilities of the whole vocabulary, by the live weights."""

    def __init__(self, clusters: Clusters, weights: Mapping[str, Array]) -> None:
        """`weights` by the names of `output_shapes`."""
        (_, self._head), *tails = clusters.ranges
        self._order = np.array(clusters.order, np.intp)
        self._Wy, self._by = weights["Wy"], weights["by"]
        self._tails = [
            _Tail(self._head + n, *bounds, weights[f"Wp{n + 1}"], weights[f"Wt{n + 1}"])
            for n, bounds in enumerate(tails)
        ]

    def __call__(self, x: Array) -> Array:
        """From rows x (n, H) to (n, V), in the order of the vocabulary."""
        scores = _log_softmax(np.dot(x, self._Wy) + self._by)
        found = np.empty((len(x), len(self._order)), scores.dtype)
        found[:, self._order[: self._head]] = scores[:, : self._head]
        for tail in self._tails:
            within = _log_softmax(np.dot(np.dot(x, tail.P), tail.T))
            within += scores[:, tail.score, None]
            found[:, self._order[tail.begin : tail.end]] = within
        return found


def _log_softmax(logits: Array) -> Array:
    """Log-probabilities in place of logits (n, M)."""
    logits -= logits.max(axis=1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return logits


class AdaptiveSoftmax(LargeSoftmax):
    """The layer in training and evaluation: a tail is computed only where its tokens come."""

    def __init__(
        self,
        dims: Dims,
        clusters: Clusters,
        weights: Mapping[str, Array],
        gradients: Mapping[str, Array] | None,
        epsilon: float = 0.0,
    ) -> None:
        self._names = tuple(output_shapes(clusters, dims.hidden))
        super().__init__(dims, gradients, epsilon)
        self._log_probabilities = LogProbabilities(clusters, weights)
        self._cluster, self._place = _places(clusters)
        self._weights, self._gradients = weights, gradients
        (_, head), *tails = clusters.ranges
        self._head = head
        sizes = [head + len(tails), *(end - begin for begin, end in tails)]
        at_once = [fitting_rows(dims.rows, size) for size in sizes]
        scratch = aligned((max(n * m for n, m in zip(at_once, sizes, strict=True)),), dims.dtype)
        head_weights = SoftmaxWeights(weights["Wy"], weights["by"])
        self._scores = SoftmaxRows(head_weights, scratch, at_once[0])
        self._tails = [
            SoftmaxRows(SoftmaxWeights(weights[f"Wt{n}"]), scratch, rows)
            for n, rows in enumerate(at_once[1:], start=1)
        ]

    @property
    def _vocab(self) -> int:
        return len(self._cluster)

    def _own_gradients(self, gradients: Mapping[str, Array]) -> list[Array]:
        return [gradients[name] for name in self._names]

    def _outputs(self, x: Array) -> Array:
        return self._log_probabilities(x)

    def _losses(
        self, x: Array, targets: Array, out: Array, dx: Array | None, trains: bool = False
    ) -> None:
        clusters, places = self._cluster[targets], self._place[targets]
        gradients = self._gradients if trains else None
        scores = np.where(clusters == 0, places, self._head - 1 + clusters)
        to = None if gradients is None else SoftmaxWeights(gradients["Wy"], gradients["by"])
        self._scores.losses(x, scores, out, dx, to)
        for n in range(1, len(self._tails) + 1):
            rows = np.flatnonzero(clusters == n)
            self._add_tail(n, rows, places[rows], x, out, dx, gradients)

    def _add_tail(
        self,
        n: int,
        rows: Array,
        places: Array,
        x: Array,
        out: Array,
        dx: Array | None,
        gradients: Mapping[str, Array] | None,
    ) -> None:
        """Add the losses of the rows whose targets are in tail n, and their gradients."""
        P, own = self._weights[f"Wp{n}"], x[rows]
        inner, losses = np.dot(own, P), np.empty(len(rows), out.dtype)
        d_inner = None if dx is None else np.empty_like(inner)
        to = None if gradients is None else SoftmaxWeights(gradients[f"Wt{n}"])
        self._tails[n - 1].losses(inner, places, losses, d_inner, to)
        out[rows] += losses
        if dx is not None and d_inner is not None:
            dx[rows] += np.dot(d_inner, P.T)
            if gradients is not None:
                np.dot(own.T, d_inner, gradients[f"Wp{n}"])


def _places(clusters: Clusters) -> tuple[Array, Array]:
    """Of each token (V,): its cluster, 0 for the head, and its place there."""
    order, size = np.array(clusters.order, np.intp), len(clusters.order)
    cluster, place = np.empty(size, np.intp), np.empty(size, np.intp)
    for n, (begin, end) in enumerate(clusters.ranges):
        cluster[order[begin:end]] = n
        place[order[begin:end]] = np.arange(end - begin)
    return cluster, place
