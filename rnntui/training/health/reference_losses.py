"""The losses of models that have learned nothing: what a run is measured against."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data import Dataset, Stream, ValueData
from rnntui.data.spread import spread
from rnntui.dataclass import dataclass

MOST_COUNTED = 1_000_000  # tokens


@dataclass(frozen=True, eq=False)
class ReferenceLosses:
    """Losses in nats per token or ½ squared error per time step.

    `chance`: every token equally likely, or zero predicted for every value. `chunks` (C,): the same
    for each chunk of a pass, where the chunks differ, as those of a series do. `frequencies`:
    each token as likely as it is frequent. `constant`: the mean predicted for every value. Infinite
    where it does not apply.
    """

    chance: float
    frequencies: float = math.inf
    constant: float = math.inf
    chunks: NDArray[np.float64] | None = None

    def at(self, chunk: int) -> float:
        """Chance level on a chunk of the pass: in a loud stretch of a series it is higher."""
        if self.chunks is None:
            return self.chance
        return max(self.chance, float(self.chunks[chunk]))


def reference_losses(data: Dataset, stream: Stream) -> ReferenceLosses:
    """The reference losses of a data set that is read in the chunks of `stream`."""
    if isinstance(data, ValueData):
        held = data.outlook.held if data.outlook else 0
        return _values(data.values[: len(data.values) - held], stream)
    counts = np.bincount(spread(data.tokens, MOST_COUNTED))
    p = counts[counts > 0] / counts.sum()
    size = data.tokenizer.vocab_size
    return ReferenceLosses(math.log(size) if size > 1 else math.inf, float(-(p * np.log(p)).sum()))


def _values(values: NDArray[Any], stream: Stream) -> ReferenceLosses:
    squares = 0.5 * np.square(values).sum(axis=1)
    chance = float(squares.mean())
    constant = float(0.5 * values.var(axis=0).sum())
    return ReferenceLosses(
        chance or 0.5 * values.shape[1],  # all zero: the scale of a network's outputs
        constant=constant or math.inf,
        chunks=_by_chunk(squares, stream),
    )


def _by_chunk(squares: NDArray[np.float64], stream: Stream) -> NDArray[np.float64]:
    """The mean over the targets of each chunk of a pass."""
    batch, turns, steps = stream.batch, stream.turns, stream.steps
    size, used = (len(squares) - 1) // (batch * turns), stream.chunks_per_epoch // turns * steps
    streams = squares[1 : 1 + size * batch * turns].reshape(batch * turns, size)[:, :used]
    means = streams.reshape(batch, turns, -1, steps).mean(axis=(0, 3))  # (turns, chunks)
    in_order: NDArray[np.float64] = means.T.reshape(-1)
    return in_order
