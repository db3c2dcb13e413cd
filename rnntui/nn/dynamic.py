"""Dynamic evaluation: the network continues to learn from the text that it is judged by.

Source: T. Mikolov et al., "Recurrent neural network based language model", 2010; with plain SGD.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from rnntui.nn.kernels.layout import Array
from rnntui.nn.model import Parameters
from rnntui.nn.network import Network

CHUNK = 32  # tokens that are counted before they are learned from
_LARGEST_NORM = 1.0  # of the gradient of the mean loss of a chunk; a larger one is scaled down


def dynamic_pass(
    parameters: Parameters,
    sequence: Array,
    rate: float,
    reset: int = 0,
    progress: Callable[[int], None] | None = None,
) -> float:
    """Mean loss of one pass in which SGD learns from each chunk once it is counted.

    `sequence` (M,) tokens or (M, D) values, M >= 2. Weights are copies: `parameters` stay as they
    are. With `reset` the hidden state is zeroed before every so many steps; 0: never. `progress` is
    given the steps read so far.
    """
    learner = _Learner(parameters)
    total, steps = 0.0, len(sequence) - 1
    for first, last in _chunks(steps, reset):
        if reset and first % reset == 0:
            learner.hidden.fill(0)
        total += learner.count(sequence[first : last + 1])
        learner.learn(rate)
        if progress:
            progress(last)
    return total / steps


def _chunks(steps: int, reset: int) -> Iterator[tuple[int, int]]:
    """First steps and ends of chunks, of which none reaches over a reset."""
    for begin in range(0, steps, reset or steps):
        end = min(begin + (reset or steps), steps)
        for first in range(begin, end, CHUNK):
            yield first, min(first + CHUNK, end)


class _Learner:
    """A copy of a network, which reads a single stream."""

    def __init__(self, parameters: Parameters) -> None:
        shape = parameters.shape
        self._parameters = Parameters(shape)
        self._gradients = Parameters(shape, dense=True)
        np.copyto(self._parameters.flat, parameters.flat)
        self.hidden = shape.hidden_state(1)
        self._networks: dict[int, Network] = {}

    def count(self, rows: Array) -> float:
        """The summed loss of predicting each but the first of `rows`; the state is carried on."""
        self._steps = len(rows) - 1
        if self._steps not in self._networks:
            self._networks[self._steps] = Network(self._parameters, self._steps, 1, self._gradients)
        self._network = self._networks[self._steps]
        with np.errstate(all="ignore"):
            self._network.refresh()
            self._network.forward(rows[:-1, None], self.hidden)
            return self._network.total_loss(rows[1:, None])

    def learn(self, rate: float) -> None:
        """Make a step of SGD on the rows counted last, unless their gradient is not finite."""
        with np.errstate(all="ignore"):
            self._network.backward(1 / self._steps)
            self._network.final_state(self.hidden)
            gradient = self._gradients.flat
            norm = math.sqrt(float(np.dot(gradient, gradient)))
        if math.isfinite(norm):
            self._parameters.dense[...] -= (
                rate * min(1.0, _LARGEST_NORM / max(norm, 1e-30)) * gradient
            )
