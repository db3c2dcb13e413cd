"""Losses over N = T * B rows: each gives the loss and, after it, its gradient.

Both sum over the rows; `weight` turns the gradient into that of a sum (1) or a mean (1/N).
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from rnntui.nn.kernels.layout import Array, aligned, dot
from rnntui.nn.kernels.softmax import SAFE_LOGIT


class Loss(ABC):
    """`outputs` receives the network's outputs; `per_row` (N,) is the loss of each row."""

    outputs: Array
    per_row: Array

    @abstractmethod
    def forward(self, targets: Array) -> float:
        """The loss of `outputs`, summed over rows; `outputs` may be overwritten."""

    @abstractmethod
    def gradient(self, weight: float) -> Array:
        """weight * d loss / d outputs, an array of the outputs' shape, valid until `forward`."""

    @abstractmethod
    def predictions(self, rows: slice, weight: float) -> Array:
        """What the outputs of those rows predicted, after `gradient(weight)`: a copy."""

    @abstractmethod
    def probability(self, rows: slice) -> Array | None:
        """The probability of the true token in those rows; None for values."""


def reported(per_row: Array, epsilon: float) -> float:
    """The sum of the losses (N,), with `epsilon` added to each probability of a true token."""
    if epsilon:
        return float(-np.log(np.exp(-per_row.astype(np.float64)) + epsilon).sum())
    return float(np.add.reduce(per_row))


class CrossEntropy(Loss):
    """-log p[target] with p = softmax(outputs), outputs (N, V); targets (N,) tokens.

    `epsilon` is added inside the logarithm of the loss that is reported, as some programs do to
    keep it finite; the gradient is that of the loss without it. `in_order` sums and divides as
    plain programs do, which rounds differently.
    """

    def __init__(
        self, rows: int, vocab: int, dtype: str, epsilon: float = 0.0, in_order: bool = False
    ) -> None:
        self.outputs = aligned((rows, vocab), dtype)
        self.per_row = aligned((rows,), dtype)
        self._flat = self.outputs.reshape(-1)
        self._starts = np.arange(rows) * vocab
        self._true = np.zeros(rows, np.intp)  # where the true tokens stand in _flat
        self._picked, self._total = aligned((rows,), dtype), aligned((rows,), dtype)
        self._ones = np.ones(vocab, dtype)
        self._epsilon, self._in_order = epsilon, in_order

    def forward(self, targets: Array) -> float:
        logits, total = self.outputs, self._total
        if self._in_order or logits.max() > SAFE_LOGIT or logits.min() < -SAFE_LOGIT:
            np.subtract(logits, logits.max(axis=1, keepdims=True), logits)
        np.add(self._starts, targets, self._true)
        self._flat.take(self._true, None, self._picked, "clip")
        np.exp(logits, logits)
        if self._in_order:
            np.add.reduce(logits, axis=1, out=total)
        else:
            dot(logits, self._ones, total)
        np.log(total, self.per_row)
        np.subtract(self.per_row, self._picked, self.per_row)  # log Σ exp - logit[true]
        return reported(self.per_row, self._epsilon)

    def gradient(self, weight: float) -> Array:
        """weight * (p - one_hot(target))."""
        logits, total = self.outputs, self._total
        if self._in_order:
            np.divide(logits, total[:, None], logits)
            np.multiply(logits, weight, logits)
        else:
            np.divide(weight, total, total)
            np.multiply(logits, total[:, None], logits)
        self._flat[self._true] -= weight
        return logits

    def predictions(self, rows: slice, weight: float) -> Array:
        """The most likely tokens."""
        p = self.outputs[rows].copy()
        true = self._true[rows] - self._starts[rows]
        p[np.arange(len(p)), true] = self.probability(rows) * weight
        most_probable: Array = p.argmax(axis=1)
        return most_probable

    def probability(self, rows: slice) -> Array:
        return np.exp(-self.per_row[rows])


class SquaredError(Loss):
    """½ Σ_d (outputs - targets)², outputs and targets (N, D)."""

    def __init__(self, rows: int, features: int, dtype: str) -> None:
        self.outputs = aligned((rows, features), dtype)
        self.per_row = aligned((rows,), dtype)
        self._difference = aligned((rows, features), dtype)

    def forward(self, targets: Array) -> float:
        difference = self._difference
        np.subtract(self.outputs, targets, difference)
        np.einsum("nd,nd->n", difference, difference, out=self.per_row)
        np.multiply(self.per_row, 0.5, self.per_row)
        return float(np.add.reduce(self.per_row))

    def gradient(self, weight: float) -> Array:
        """weight * (outputs - targets)."""
        np.multiply(self._difference, weight, self._difference)
        return self._difference

    def predictions(self, rows: slice, weight: float) -> Array:
        """The outputs themselves, (rows, D)."""
        return self.outputs[rows].copy()

    def probability(self, rows: slice) -> None:
        return None
