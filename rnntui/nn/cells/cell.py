"""What every recurrent cell has: buffers for a chunk, forward and backward through time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rnntui.nn.arena import Array, aligned, in_blocks, side_by_side
from rnntui.nn.products import (
    Linear,
    LinearAtOnce,
    LinearInOrder,
    Sums,
    SumsAtOnce,
    SumsInOrder,
)


@dataclass(frozen=True)
class Extent:
    """Sizes of a chunk: T steps, B parallel streams, H hidden units."""

    steps: int
    batch: int
    hidden: int
    dtype: str
    keeps_order: bool = False  # what the cell asks for, see `Cell`

    @property
    def rows(self) -> int:
        """N = T * B: the rows of a product over all steps at once."""
        return self.steps * self.batch

    @property
    def in_order(self) -> bool:
        """Whether sums are taken as a program with a loop over time takes them.

        So it is in double precision and for a single stream, as small programs have it: what they
        compute is then repeated to the last bit.
        """
        return self.keeps_order and self.dtype == "float64" and self.batch == 1

    def sums(self) -> Sums:
        """The sums over all rows, in the order that this extent asks for."""
        return SumsInOrder(self.dtype) if self.in_order else SumsAtOnce(self.rows, self.dtype)

    def linear(
        self, weights: Array, trains: bool, scale: tuple[float, ...] | None = None
    ) -> Linear:
        """The product of all rows with weights (G, K, M), in that order."""
        if self.in_order:
            return LinearInOrder(weights)
        return LinearAtOnce(weights, self.rows, scale, trains)


_IN_CACHE = 65_536  # numbers of working arrays that a second-level cache holds with what they need


def steps_at_once(extent: Extent, arrays: int) -> int:
    """Steps that are prepared together, in `arrays` arrays of (steps, B, H) that stay in cache."""
    fitting = _IN_CACHE // (extent.batch * extent.hidden * arrays)
    return max(1, min(extent.steps, fitting))


def sum_of_biases(first: Array, second: Array) -> Array:
    """Their sum, and where the second is zero the first to the last bit, be it -0.0."""
    return np.where(second == 0, first, first + second)


class Cell(ABC):
    """The recurrent part of one layer over a chunk.

    The input's part of the pre-activations stands in `inputs` before `forward`, and its gradient
    after `backward`; the bias is in it, except `in_order`, where the cell adds it last. Gates come
    first in every array, so that each gate of a step is one contiguous block. Weights and gradients
    are views by name: `Wh` (G, H, H), `b` (G, H) and what else `shapes` names; h_{t-1} multiplies
    from the left.
    """

    gates: ClassVar[int]  # G: gates that the input feeds
    slots: ClassVar[int]  # S >= G: arrays of Z
    parts: ClassVar[int]  # arrays that are carried from step to step: h, for the LSTM also c
    kept: ClassVar[int]  # arrays (T, B, H) that training keeps
    input_scale: ClassVar[tuple[float, ...] | None] = None  # what `inputs` is multiplied by
    input_order: ClassVar[tuple[int, ...]]  # where PyTorch's gates stand in Wx and b …
    recurrent_order: ClassVar[tuple[int, ...]]  # … and in Wh
    forget_gate: ClassVar[int | None] = None  # where it stands in b
    keeps_order: ClassVar[bool] = False  # whether there are programs to repeat to the last bit

    def __init__(
        self,
        extent: Extent,
        weights: Mapping[str, Array],
        gradients: Mapping[str, Array] | None,
        activation: str,
    ) -> None:
        """Allocate the buffers; those of `backward` only where there are gradients to fill."""
        T, B, H = extent.steps, extent.batch, extent.hidden
        self.extent, self.weights, self.gradients = extent, weights, gradients
        self.activation = activation  # of the cells that leave it open
        self.sums = extent.sums()
        self.Z = aligned((self.slots, T, B, H), extent.dtype)
        self.h = aligned((T + 1, B, H), extent.dtype)  # h[0] before the chunk, h[t+1] after step t
        self.dh = aligned((T if gradients is not None else 0, B, H), extent.dtype)
        self.inputs = self.Z[: self.gates].reshape(self.gates, extent.rows, H)
        self.output = self.h[1:].reshape(extent.rows, H)

    @classmethod
    @abstractmethod
    def shapes(cls, hidden: int) -> dict[str, tuple[int, ...]]:
        """The recurrent parameters by name, as they stand in memory."""

    @classmethod
    def recurrent_bias(cls, weights: Mapping[str, Array]) -> Array:
        """PyTorch's second bias, (G, H) in its order of gates: zeros where `b` does for both."""
        return np.zeros_like(weights["b"])

    @classmethod
    def load_biases(cls, weights: Mapping[str, Array], first: Array, second: Array) -> None:
        """Set the biases from PyTorch's two, (G, H) each in its order of gates."""
        weights["b"][list(cls.input_order)] = sum_of_biases(first, second)

    @abstractmethod
    def refresh(self) -> None:
        """Bring working copies of the weights up to date."""

    @abstractmethod
    def forward(self) -> None:
        """From `inputs` and h[0] to h[1:]."""

    @abstractmethod
    def backward(self) -> None:
        """From `dh`, the gradient of h[1:] by what is above, to `inputs` and the weights'."""

    def begin(self, state: Array) -> None:
        """Start the chunk from `state` (parts, B, H)."""
        np.copyto(self.h[0], state[0])

    def end(self, state: Array) -> None:
        """Write the state after the chunk to `state` (parts, B, H)."""
        np.copyto(state[0], self.h[-1])


class SingleStep(ABC):
    """One step of one stream or of K at once, for writing.

    Straight from the live weights; or, where they are `fixed`, with copies that multiply faster,
    and the input's part then comes multiplied by the cell's `input_scale`.
    """

    @abstractmethod
    def __init__(
        self,
        weights: Mapping[str, Array],
        activation: str,
        a: Array,
        state: Array,
        fixed: bool = False,
    ) -> None:
        """`weights` as for the cell, views without a copy; `a` (G, H) and `state` (parts, H).

        Of several streams, `a` is (G, K, H) and `state` (parts, K, H); they cannot be `fixed`.
        """

    @abstractmethod
    def __call__(self, x: Array) -> None:
        """One step of `state` from the input's part x, which may be `a`, where it is worked out."""


def step_product(
    weights: Array, out: Array, fixed: bool, scale: tuple[float, ...]
) -> tuple[Callable[[Array, Array, Array], object], Array, Array]:
    """What multiplies h by weights (G, H, H) for a single step, its right operand and its output.

    `out` (G, H) or (G, K, H) is where the product stands then, multiplied by `scale` if `fixed`.
    """
    if fixed:
        return np.dot, side_by_side(weights, scale), out.reshape(-1)
    return np.matmul, *in_blocks(weights, out)
