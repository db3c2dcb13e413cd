"""A passage read with the weights as they are: what the network expects, and what its units do."""

from __future__ import annotations

import numpy as np

from rnntui.data import Dataset
from rnntui.dataclass import dataclass
from rnntui.insight.passage import Excerpt
from rnntui.nn.kernels.layout import Array
from rnntui.nn.model import Parameters
from rnntui.nn.probe import Probe


@dataclass(frozen=True, eq=False)
class ReadPassage:
    """What a network made of a passage at update `step`.

    `outputs` (P, width): for each position, before it is read; `losses` (P,) belong to them.
    `hidden` (layers, P, H): after each position has been read.
    """

    step: int
    excerpt: Excerpt
    outputs: Array
    losses: Array
    hidden: Array


class Reader:
    """Reads one passage again and again, with buffers of its own."""

    def __init__(self, parameters: Parameters, data: Dataset, excerpt: Excerpt) -> None:
        self.parameters, self.data, self.excerpt = parameters, data, excerpt
        self._inputs = excerpt.inputs
        self._before = len(excerpt.context)
        self._probe = Probe(parameters, len(self._inputs))
        # The last position has no successor here: any target will do.
        self._targets = np.concatenate([self._inputs[1:], self._inputs[:1]])

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest hidden value."""
        return self._probe.limits

    def read(self, step: int) -> ReadPassage:
        """Read the passage with the weights of update `step`, those of now: one slice of work."""
        first, shown = self._before, slice(self._before - 1, len(self._inputs) - 1)
        self._probe.forward(self._inputs[:, None])
        outputs = self._probe.outputs(shown.start, shown.stop)[:, 0].copy()
        losses = self._probe.losses(self._targets[:, None])[shown, 0]
        layers = range(self._probe.layers)
        hidden = np.stack([self._probe.hidden(n)[first:, 0] for n in layers])
        return ReadPassage(step, self.excerpt, outputs, losses, hidden)
