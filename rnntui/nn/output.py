"""Output layers: from the hidden values of the top layer to the loss, and back.

For a chunk the order is `forward`, `total`, `backward`. Losses sum over the N = T * B rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

import numpy as np

from rnntui.nn.cells import Dims
from rnntui.nn.kernels.layout import Array, aligned
from rnntui.nn.kernels.softmax import (
    MOST_LOGITS,
    SoftmaxRows,
    SoftmaxWeights,
    chunks,
    fitting_rows,
)
from rnntui.nn.losses import Loss, reported


class OutputLayer(ABC):
    """An output layer with its loss. `per_row` (N,) is the loss of each row after `total`."""

    per_row: Array

    @abstractmethod
    def use(self, dims: Dims) -> None:
        """Change to the kernels of `dims`, whose sizes are the same."""

    @abstractmethod
    def refresh(self) -> None:
        """Bring working copies of the weights up to date."""

    @abstractmethod
    def forward(self, x: Array) -> None:
        """Take the hidden values (N, H) of all rows, which must stay until `backward`."""

    @abstractmethod
    def outputs(self, rows: slice) -> Array:
        """After `forward` and before `total`: the outputs of those rows, (n, width).

        Of tokens they are logits or log-probabilities: softmax makes probabilities of either. May
        be a view that `total` overwrites.
        """

    @abstractmethod
    def parts(self) -> Iterator[slice]:
        """Rows in runs whose outputs fit into memory together."""

    @abstractmethod
    def total(self, targets: Array, trains: bool) -> float:
        """The loss, summed over rows; targets (N,) or (N, D). `trains`: `backward` follows."""

    @abstractmethod
    def backward(self, weight: float, dx: Array) -> Array | None:
        """Gradients of weight * the summed loss: of the weights, and that of x to dx (N, H).

        Returns that of the outputs, (N, width), valid until `forward`; None if it was never there
        for all rows.
        """

    @abstractmethod
    def one_error(self, rows: slice, dx: Array) -> Array:
        """The gradient of the loss of those rows alone to dx (N, H), zero in the other rows.

        Returns that of their outputs, (n, width). The weights' gradients are not touched.
        """

    @abstractmethod
    def predictions(self, rows: slice, weight: float) -> Array:
        """What the outputs of those rows predicted, after `backward(weight)`: a copy."""

    @abstractmethod
    def probability(self, rows: slice) -> Array | None:
        """The probability of the true token in those rows; None for values."""


class WholeOutput(OutputLayer):
    """The outputs of all rows at once: y = x W_y + b_y, then any loss.

    `beside` (N, width), if given, is added to them as it is when they are computed.
    """

    def __init__(
        self,
        dims: Dims,
        weights: Mapping[str, Array],
        gradients: Mapping[str, Array] | None,
        loss: Loss,
        beside: Array | None = None,
    ) -> None:
        self._loss, self._weights, self._gradients = loss, weights, gradients
        self._beside = beside
        self._by, self.per_row = weights["by"], loss.per_row
        self.use(dims)

    def use(self, dims: Dims) -> None:
        self._sums = dims.sums()
        self._head = dims.linear(self._weights["Wy"][None], self._gradients is not None)

    def refresh(self) -> None:
        self._head.refresh()

    def forward(self, x: Array) -> None:
        self._x, outputs = x, self._loss.outputs
        self._head.forward(x, outputs[None])
        np.add(outputs, self._by, outputs)  # y_t = W_y h_t + b_y
        if self._beside is not None:
            np.add(outputs, self._beside, outputs)

    def outputs(self, rows: slice) -> Array:
        return self._loss.outputs[rows]

    def parts(self) -> Iterator[slice]:
        yield slice(None)

    def total(self, targets: Array, trains: bool) -> float:
        return self._loss.forward(targets)

    def backward(self, weight: float, dx: Array) -> Array:
        assert self._gradients is not None
        dy = self._loss.gradient(weight)  # (N, width)
        self._sums.outer(self._x, dy, self._gradients["Wy"])
        self._sums.total(dy, self._gradients["by"])
        self._head.backward(dy[None], dx)
        return dy

    def one_error(self, rows: slice, dx: Array) -> Array:
        dy = self._loss.gradient(1.0)
        own = dy[rows].copy()
        dy.fill(0)
        dy[rows] = own
        self._head.backward(dy[None], dx)
        return own

    def predictions(self, rows: slice, weight: float) -> Array:
        return self._loss.predictions(rows, weight)

    def probability(self, rows: slice) -> Array | None:
        return self._loss.probability(rows)


class LargeSoftmax(OutputLayer):
    """The base of layers that never hold the outputs of all rows.

    Losses and gradients are computed together, while the logits of a few rows are there, and the
    gradients are multiplied by their weight later.
    """

    def __init__(
        self, dims: Dims, gradients: Mapping[str, Array] | None, epsilon: float = 0.0
    ) -> None:
        self.per_row = aligned((dims.rows,), dims.dtype)
        self._epsilon = epsilon
        self._own = [] if gradients is None else self._own_gradients(gradients)
        trained = dims.rows if self._own else 0
        self._dx = aligned((trained, dims.hidden), dims.dtype)

    def use(self, dims: Dims) -> None:
        """There is only one kind."""

    def refresh(self) -> None:
        """No working copies are kept: with this many outputs, they cost as much as they save."""

    def forward(self, x: Array) -> None:
        self._x = x

    def outputs(self, rows: slice) -> Array:
        return self._outputs(self._x[rows])

    def parts(self) -> Iterator[slice]:
        return chunks(len(self.per_row), self._vocab)

    def total(self, targets: Array, trains: bool) -> float:
        self._targets = targets
        dx = self._dx if trains and self._own else None
        self._losses(self._x, targets, self.per_row, dx, dx is not None)
        return reported(self.per_row, self._epsilon)

    def backward(self, weight: float, dx: Array) -> None:
        np.multiply(self._dx, weight, dx)
        for gradient in self._own:
            np.multiply(gradient, weight, gradient)

    def one_error(self, rows: slice, dx: Array) -> Array:
        own, targets = self._outputs(self._x[rows]), self._targets[rows]
        own -= own.max(axis=1, keepdims=True)
        np.exp(own, own)
        own /= own.sum(axis=1, keepdims=True)
        own[np.arange(len(own)), targets] -= 1.0
        dx.fill(0)
        self._losses(self._x[rows], targets, np.empty_like(self.per_row[rows]), dx[rows])
        return own

    def predictions(self, rows: slice, weight: float) -> Array:
        """The most likely tokens, by the weights as they are now."""
        chosen = self._x[rows]
        parts = [
            self._outputs(chosen[part]).argmax(axis=1) for part in chunks(len(chosen), self._vocab)
        ]
        return np.concatenate(parts)

    def probability(self, rows: slice) -> Array:
        return np.exp(-self.per_row[rows])

    @property
    @abstractmethod
    def _vocab(self) -> int:
        """The number of tokens."""

    @abstractmethod
    def _own_gradients(self, gradients: Mapping[str, Array]) -> list[Array]:
        """Those of the layer's own weights."""

    @abstractmethod
    def _losses(
        self, x: Array, targets: Array, out: Array, dx: Array | None, trains: bool = False
    ) -> None:
        """The loss of each row to `out`, the gradient of their sum to `dx`.

        With `trains` also the gradients of the weights.
        """

    @abstractmethod
    def _outputs(self, x: Array) -> Array:
        """The outputs of rows x (n, H): an array of their own."""


class ChunkedSoftmax(LargeSoftmax):
    """A full softmax in chunks of rows."""

    def __init__(
        self,
        dims: Dims,
        weights: Mapping[str, Array],
        gradients: Mapping[str, Array] | None,
        epsilon: float = 0.0,
    ) -> None:
        super().__init__(dims, gradients, epsilon)
        self._weights = SoftmaxWeights(weights["Wy"], weights["by"])
        at_once = fitting_rows(dims.rows, self._vocab)
        scratch = aligned((at_once * self._vocab,), dims.dtype)
        self._rows = SoftmaxRows(self._weights, scratch, at_once)
        self._gradients = (
            SoftmaxWeights(gradients["Wy"], gradients["by"]) if gradients is not None else None
        )

    @property
    def _vocab(self) -> int:
        return int(self._weights.W.shape[1])

    def _own_gradients(self, gradients: Mapping[str, Array]) -> list[Array]:
        return [gradients["Wy"], gradients["by"]]

    def _losses(
        self, x: Array, targets: Array, out: Array, dx: Array | None, trains: bool = False
    ) -> None:
        self._rows.losses(x, targets, out, dx, self._gradients if trains else None)

    def _outputs(self, x: Array) -> Array:
        logits: Array = np.dot(x, self._weights.W)
        logits += self._weights.b
        return logits


def fits_whole(dims: Dims, width: int) -> bool:
    """Whether the outputs of all rows are kept: if they are few, or summed row by row anyway."""
    return dims.in_order or dims.rows * width <= MOST_LOGITS
