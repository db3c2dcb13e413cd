"""The validation loss: every token of the part kept for it, forward only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnntui.nn.arena import Array
from rnntui.nn.model import Parameters
from rnntui.nn.network import Network

WARM_UP = 64  # steps that a row reads before those that count
_MOST_ROWS, _LEAST_LENGTH, _CHUNK = 32, 256, 1024


class Evaluator:
    """Reads a sequence in up to 32 parallel rows and averages the loss over all its steps.

    It has buffers and a hidden state of its own: training does not notice it. Each row starts from
    the zero state, but reads up to 64 steps of what is before its own first: that comes close to
    one row which goes on from where the part trained on ends. `reset` is the number of steps after
    which the hidden state is zeroed again, as it is in training; 0: never.
    """

    def __init__(
        self, parameters: Parameters, sequence: Array, reset: int = 0, before: Array | None = None
    ) -> None:
        """`sequence` (M,) tokens or (M, D) values, M >= 2; `before` is what it goes on from."""
        self._sequence, self._steps, self._reset = sequence, len(sequence) - 1, bool(reset)
        self._before = sequence[:0] if before is None or reset else before[-WARM_UP:]
        self._warm = len(self._before)
        rows = max(1, min(_MOST_ROWS, self._steps // _LEAST_LENGTH))
        self._length = -(-self._steps // rows)
        self._chunk = min(self._length + self._warm, reset or max(1, _CHUNK // rows))
        if reset:
            rows = max(1, min(rows, _CHUNK // self._chunk))
            self._length = -(-self._steps // rows)
        self._starts = np.arange(rows) * self._length
        self._network = Network(parameters, self._chunk, rows)
        self._hidden = parameters.shape.hidden_state(rows)

    def loss(self, between: Callable[[], None] | None = None) -> float:
        """Mean loss per step with the parameters as they are; `between` is called now and then."""
        network, hidden, total = self._network, self._hidden, 0.0
        hidden.fill(0)
        with np.errstate(all="ignore"):
            network.refresh()
        for first in range(-self._warm, self._length, self._chunk):
            step = np.arange(first, first + self._chunk)[:, None]
            at = self._starts + step  # (T, B)
            # Rows are padded at their ends to whole chunks.
            counts = (step >= 0) & (step < self._length) & (at < self._steps)
            at = np.minimum(at, self._steps - 1)
            with np.errstate(all="ignore"):
                network.forward(self._rows(at), hidden)
                network.total_loss(self._rows(at + 1))
                per_row = network.loss.per_row
                total += float(np.dot(per_row, counts.reshape(-1).astype(per_row.dtype)))
            if self._reset:
                hidden.fill(0)
            else:
                network.final_state(hidden)
            if between:
                between()
        return total / self._steps

    def _rows(self, at: Array) -> Array:
        """What stands at places (T, B) of the sequence, those below 0 counted from its start."""
        rows = self._sequence[np.maximum(at, 0)]
        earlier = at < 0
        if earlier.any():
            rows[earlier] = self._before[at[earlier]]
        return rows
