"""The validation loss: every token of the part kept for it, forward only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnntui.nn.arena import Array
from rnntui.nn.model import Parameters
from rnntui.nn.network import Network

_MOST_ROWS, _LEAST_LENGTH, _CHUNK = 32, 256, 1024


class Evaluator:
    """Reads a sequence in up to 32 parallel rows and averages the loss over all its steps.

    It has buffers and a hidden state of its own: training does not notice it. Each row starts from
    the zero state, hence rows of at least 256 steps. `reset` is the number of steps after which
    the hidden state is zeroed again, as it is in training; 0: never.
    """

    def __init__(self, parameters: Parameters, sequence: Array, reset: int = 0) -> None:
        """`sequence` (M,) tokens or (M, D) values, M >= 2."""
        self._steps = len(sequence) - 1
        rows = max(1, min(_MOST_ROWS, self._steps // _LEAST_LENGTH))
        length = -(-self._steps // rows)
        chunk = min(length, reset or max(1, _CHUNK // rows))
        if reset:
            rows = max(1, min(rows, _CHUNK // chunk))
            length = -(-self._steps // rows)
        self._chunks = -(-length // chunk)
        # Rows are padded at their ends to whole chunks; `_counts` is 0 on the padding.
        at = np.arange(rows)[:, None] * length + np.arange(self._chunks * chunk)
        inside = (np.arange(self._chunks * chunk) < length) & (at < self._steps)
        at = np.minimum(at, self._steps - 1)
        split = (self._chunks, chunk, rows)
        self._inputs = np.ascontiguousarray(sequence[at.T]).reshape(*split, *sequence.shape[1:])
        self._targets = np.ascontiguousarray(sequence[at.T + 1]).reshape(self._inputs.shape)
        self._counts = inside.T.astype(parameters.shape.dtype).reshape(self._chunks, chunk * rows)
        self._network = Network(parameters, chunk, rows)
        self._hidden = parameters.shape.hidden_state(rows)
        self._reset = bool(reset)

    def loss(self, between: Callable[[], None] | None = None) -> float:
        """Mean loss per step with the parameters as they are; `between` is called now and then."""
        network, hidden, total = self._network, self._hidden, 0.0
        hidden.fill(0)
        with np.errstate(all="ignore"):
            network.refresh()
        for n in range(self._chunks):
            with np.errstate(all="ignore"):
                network.forward(self._inputs[n], hidden)
                network.total_loss(self._targets[n])
                total += float(np.dot(network.loss.per_row, self._counts[n]))
            if self._reset:
                hidden.fill(0)
            else:
                network.final_state(hidden)
            if between:
                between()
        return total / self._steps
