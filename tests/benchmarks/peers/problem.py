"""What every implementation starts from: weights, text, and a first result to agree on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Sizes:
    """The network and its chunk, and how it is trained: by Adam, clipped by norm."""

    cell: str
    batch: int
    hidden: int
    steps: int
    layers: int
    vocab: int
    lr: float
    clip: float


@dataclass(frozen=True)
class Problem:
    """`rows` (S + 1, B): the streams, each row predicting the next. Weights are PyTorch's by name.

    `loss` and `gradients` are those of the first chunk: the mean cross-entropy, not clipped. For
    writing, `logits` (n, V) are what follows each of the first n tokens of stream 0.
    """

    sizes: Sizes
    rows: Array
    weights: dict[str, Array]
    loss: float
    gradients: dict[str, Array]
    logits: Array

    def save(self, path: Path) -> None:
        """Write it to a file."""
        arrays = {f"weight {name}": array for name, array in self.weights.items()}
        arrays |= {f"gradient {name}": array for name, array in self.gradients.items()}
        sizes = np.array(json.dumps(asdict(self.sizes)))
        loss = np.array(self.loss)
        np.savez(path, sizes=sizes, rows=self.rows, loss=loss, logits=self.logits, **arrays)

    @classmethod
    def load(cls, path: Path) -> Problem:
        """Read it from a file."""
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        weights, gradients = (
            {name.removeprefix(kind): a for name, a in arrays.items() if name.startswith(kind)}
            for kind in ("weight ", "gradient ")
        )
        sizes = Sizes(**json.loads(str(arrays["sizes"])))
        loss = float(arrays["loss"])
        return cls(sizes, arrays["rows"], weights, loss, gradients, arrays["logits"])

    def chunks(self) -> Iterator[tuple[Array, Array, bool]]:
        """Inputs and targets (T, B), and whether the streams start again, without end."""
        T, at = self.sizes.steps, 0
        while True:
            if at + T + 1 > len(self.rows):
                at = 0
            yield self.rows[at : at + T], self.rows[at + 1 : at + T + 1], at == 0
            at += T


def disagreement(problem: Problem, loss: float, gradients: dict[str, Array]) -> float:
    """The largest difference from the problem's first result, relative to each tensor's largest."""
    worst = abs(loss - problem.loss) / problem.loss
    for name, theirs in gradients.items():
        ours = problem.gradients[name]
        worst = max(worst, float(np.abs(theirs - ours).max() / np.abs(ours).max()))
    return worst
