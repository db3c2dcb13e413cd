"""The hidden states of streams that take turns, while it is not their turn."""

from __future__ import annotations

import numpy as np

from rnntui.data import Batch
from rnntui.nn.kernels.layout import Array, aligned


class Waiting:
    """One hidden state for each of `turns` sets of streams; none where there is a single set.

    `states` (turns, layers, parts, B, H). All begin a pass with the zero state.
    """

    def __init__(self, turns: int, hidden: Array) -> None:
        """`hidden` (layers, parts, B, H) is the state of one set."""
        self.states = aligned((turns if turns > 1 else 0, *hidden.shape), hidden.dtype)

    def take(self, batch: Batch, hidden: Array) -> None:
        """Copy the state of the streams of `batch` to `hidden`, before they are read."""
        if batch.starts_epoch:
            self.clear()
        if len(self.states):
            np.copyto(hidden, self.states[batch.turn])

    def put(self, batch: Batch, hidden: Array) -> None:
        """Keep `hidden` for the next turn of the streams of `batch`."""
        if len(self.states):
            np.copyto(self.states[batch.turn], hidden)

    def clear(self) -> None:
        """Let every set of streams continue from the zero state."""
        self.states.fill(0)
