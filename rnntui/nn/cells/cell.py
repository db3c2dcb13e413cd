"""The base of recurrent cells: buffers for a chunk, forward and backward through time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from rnntui.dataclass import dataclass
from rnntui.nn.kernels.choice import REFERENCE, Kernels
from rnntui.nn.kernels.layout import Array, aligned, dot, in_blocks, side_by_side
from rnntui.nn.kernels.products import (
    Linear,
    LinearAtOnce,
    LinearInOrder,
    Sums,
    SumsAtOnce,
    SumsInOrder,
)
from rnntui.recipe.registry import Registry


@dataclass(frozen=True)
class Dims:
    """Sizes of a chunk: T steps, B parallel streams, H hidden units."""

    steps: int
    batch: int
    hidden: int
    dtype: str
    keeps_order: bool = False  # what the cell asks for, see `Cell`
    kernels: Kernels = REFERENCE

    @property
    def rows(self) -> int:
        """N = T * B: the rows of a product over all steps at once."""
        return self.steps * self.batch

    @property
    def in_order(self) -> bool:
        """Whether sums are taken in the order of a program that loops over time.

        This holds in double precision for a single stream, as in small teaching programs, whose
        results are then reproduced to the last bit.
        """
        return self.keeps_order and self.dtype == "float64" and self.batch == 1

    def sums(self) -> Sums:
        """The sums over all rows, in the order that `in_order` gives."""
        if self.in_order:
            return SumsInOrder(self.dtype)
        return SumsAtOnce(self.rows, self.dtype, self.kernels.sums == "blocked")

    def linear(
        self, weights: Array, trains: bool, scale: tuple[float, ...] | None = None
    ) -> Linear:
        """The product of all rows with weights (G, K, M), in that order."""
        if self.in_order:
            return LinearInOrder(weights)
        return LinearAtOnce(weights, self.rows, scale, trains, self.kernels.linear)


@dataclass(frozen=True)
class Reading:
    """An array that `forward` leaves in a cell: its name, its formula, and where it is.

    Readings are listed in the order in which they are computed; `{f}` in a formula stands for the
    activation. For a gate, `meaning` says what it
    does where it is open, and `least` is the value of a closed one: -1 where it has a sign.
    """

    name: str
    formula: str
    values: Callable[[Any], Array]  # from the cell to (T, B, H), valid until `backward`
    meaning: str = ""  # empty: not a gate
    least: float = 0.0


_IN_CACHE = 65_536  # numbers of working arrays that a second-level cache holds with what they need


def steps_at_once(dims: Dims, arrays: int) -> int:
    """Steps that are prepared together, in `arrays` arrays of (steps, B, H) that stay in cache."""
    fitting = int(dims.kernels.steps) * _IN_CACHE // (dims.batch * dims.hidden * arrays)
    return max(1, min(dims.steps, fitting))


def sum_of_biases(first: Array, second: Array) -> Array:
    """Their sum, and where the second is zero the first to the last bit, be it -0.0."""
    return np.where(second == 0, first, first + second)


class Cell(ABC):
    """The recurrent part of one layer over a chunk.

    The input's part of the pre-activations is in `inputs` before `forward`, and its gradient
    after `backward`; the bias is in it, except `in_order`, where the cell adds it last. Gates come
    first in every array, so that each gate of a step is one contiguous block. Weights and gradients
    are views by name: `Wh` (G, H, H), `b` (G, H) and what else `shapes` names; h_{t-1} multiplies
    from the left.
    """

    gates: ClassVar[int]  # G: gates that the input feeds
    slots: ClassVar[int]  # S >= G: arrays of Z
    parts: ClassVar[int]  # arrays that are carried from step to step: h, for the LSTM also c
    kept: ClassVar[int]  # arrays (T, B, H) that training keeps
    input_scale: ClassVar[tuple[float, ...] | None] = None  # of `inputs`, by reference kernels
    input_order: ClassVar[tuple[int, ...]]  # where PyTorch's gates stand in Wx and b …
    recurrent_order: ClassVar[tuple[int, ...]]  # … and in Wh
    forget_gate: ClassVar[int | None] = None  # its index in b
    keeps_order: ClassVar[bool] = False  # whether there are programs to repeat to the last bit
    readings: ClassVar[tuple[Reading, ...]]  # what can be shown of a step, h last

    def __init__(
        self,
        dims: Dims,
        weights: Mapping[str, Array],
        gradients: Mapping[str, Array] | None,
        activation: str,
    ) -> None:
        """Allocate the buffers; those of `backward` only where there are gradients to fill."""
        T, B, H = dims.steps, dims.batch, dims.hidden
        self.dims, self.weights, self.gradients = dims, weights, gradients
        self.activation = activation  # of the cells that leave it open
        self.sums = dims.sums()
        self.Z = aligned((self.slots, T, B, H), dims.dtype)
        self.h = aligned((T + 1, B, H), dims.dtype)  # h[0] before the chunk, h[t+1] after step t
        self.dh = aligned((T if gradients is not None else 0, B, H), dims.dtype)
        self.inputs = self.Z[: self.gates].reshape(self.gates, dims.rows, H)
        self.output = self.h[1:].reshape(dims.rows, H)

    @classmethod
    def scale_with(cls, kernels: Kernels, activation: str) -> tuple[float, ...] | None:
        """What `inputs` is multiplied by, gate by gate, for the activations of those kernels."""
        return cls.input_scale

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

    def backward(self) -> None:
        """From `dh`, the gradient of h[1:] by what is above, to `inputs` and the weights'."""
        self.through_time()
        self.sum_gradients()

    @abstractmethod
    def through_time(self) -> None:
        """The part of `backward` that goes from step to step: to the whole `dh` and to `inputs`."""

    @abstractmethod
    def sum_gradients(self) -> None:
        """After `through_time`: the gradients of the cell's own parameters."""

    @classmethod
    def limits(cls, activation: str) -> tuple[float, float]:
        """The least and the greatest value that h can have."""
        return -1.0, 1.0

    def begin(self, state: Array) -> None:
        """Start the chunk from `state` (parts, B, H)."""
        np.copyto(self.h[0], state[0])

    def end(self, state: Array) -> None:
        """Write the state after the chunk to `state` (parts, B, H)."""
        np.copyto(state[0], self.h[-1])


class SingleStep(ABC):
    """One time step of one stream or of K at once, for generation.

    It uses the live weights or, if they are `fixed`, copies that multiply faster; the input's part
    is then already multiplied by the cell's `input_scale`.
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


CELLS: Registry[type[Cell]] = Registry("cell")
AHEAD: Registry[type[Cell]] = Registry("cell")  # those whose slopes the forward pass computes
STEPS: Registry[type[SingleStep]] = Registry("cell")


def cell_with(name: str, kernels: Kernels, trains: bool) -> type[Cell]:
    """The cell with those kernels; its `readings` hold only where it does not train."""
    if trains and kernels.slopes == "forward":
        return AHEAD.get(name, CELLS[name])
    return CELLS[name]


def step_product(
    weights: Array, out: Array, fixed: bool, scale: tuple[float, ...]
) -> tuple[Callable[[Array, Array, Array], object], Array, Array]:
    """What multiplies h by weights (G, H, H) for a single step, its right operand and its output.

    `out` (G, H) or (G, K, H) receives the product, multiplied by `scale` if `fixed`.
    """
    if fixed:
        return dot, side_by_side(weights, scale), out.reshape(-1)
    return np.matmul, *in_blocks(weights, out)
