"""What every process of a run must know: its streams and its part of the parameters."""

from __future__ import annotations

import dataclasses
import json
from math import prod
from typing import TYPE_CHECKING

from rnntui.clusters import Clusters
from rnntui.dataclass import dataclass
from rnntui.nn.cells import CELLS
from rnntui.nn.kernels.choice import REFERENCE, Kernels
from rnntui.nn.model import ModelShape
from rnntui.nn.optim import Coefficients
from rnntui.nn.suffix import RATE
from rnntui.suffixes import Suffixes

if TYPE_CHECKING:
    from rnntui.recipe import Recipe

_BLOCK = 16  # parameters: a cache line of float32, so that no two processes write to the same one


@dataclass(frozen=True)
class Plan:
    """One update of `batch` streams, divided among `workers` processes numbered from 0."""

    shape: ModelShape
    workers: int
    steps: int
    batch: int
    loss_weight: float  # of each row in the loss: 1, or 1 / rows of the whole batch for a mean
    epsilon: float
    dropout: float
    seed: int
    optimizer: str
    coefficients: Coefficients
    clip: float
    clip_mode: str
    row_rate: float = 0.0  # of a suffix table: its learning rate, in multiples of the network's
    kernels: Kernels = REFERENCE

    @classmethod
    def of(cls, recipe: Recipe, shape: ModelShape, steps: int, workers: int = 1) -> Plan:
        """The plan of a recipe for chunks of `steps`."""
        train = recipe.train
        return cls(
            shape=shape,
            workers=workers,
            steps=steps,
            batch=train.batch,
            loss_weight=1.0 if train.reduction == "sum" else 1.0 / (steps * train.batch),
            epsilon=train.loss_epsilon,
            dropout=recipe.model.dropout,
            seed=train.seed,
            optimizer=train.optimizer,
            coefficients=Coefficients.of(train),
            clip=train.clip,
            clip_mode=train.clip_mode,
            row_rate=RATE / train.lr if shape.suffixes is not None else 0.0,
        )

    @property
    def products(self) -> int:
        """Products of weights and activations in an update, per gate and in one direction.

        Those of the output layer count as well; of an adaptive one, the head's.
        """
        shape = self.shape
        recurrent = shape.hidden**2 * (2 * shape.layers - 1)
        output = prod(shape.output_shapes()["Wy"]) // CELLS[shape.cell].gates
        return self.steps * self.batch * (recurrent + output)

    def streams(self, worker: int) -> slice:
        """The streams of a process: as many as the others have, or one more."""
        return slice(
            -(-self.batch * worker // self.workers), -(-self.batch * (worker + 1) // self.workers)
        )

    def part(self, worker: int) -> slice:
        """The parameters that a process sums the gradients of, and updates.

        Of a suffix table it updates every `workers`-th row.
        """
        size = self.shape.dense_layout().size
        begin, end = (size // _BLOCK * n // self.workers * _BLOCK for n in (worker, worker + 1))
        return slice(begin, end if worker + 1 < self.workers else size)

    def dropout_seed(self, worker: int) -> list[int]:
        """Each process draws masks of its own."""
        return [self.seed, 3, worker] if worker else [self.seed, 3]

    def to_json(self) -> bytes:
        """For another process."""
        return json.dumps(dataclasses.asdict(self)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Plan:
        """The inverse of `to_json`."""
        fields = json.loads(text)
        shape = fields["shape"]
        if shape["clusters"] is not None:
            lists = shape["clusters"]
            shape["clusters"] = Clusters(tuple(lists["order"]), tuple(lists["cutoffs"]))
        if shape["suffixes"] is not None:
            lists = shape["suffixes"]
            shape["suffixes"] = Suffixes(tuple(lists["parents"]), tuple(lists["tokens"]))
        parts = {"shape": ModelShape, "coefficients": Coefficients, "kernels": Kernels}
        return cls(**{**fields, **{name: kind(**fields[name]) for name, kind in parts.items()}})
