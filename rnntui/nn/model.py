"""The parameters of a network: their shapes, their initial values, their names when saved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnntui.errors import DataError
from rnntui.nn.arena import Array, Layout, aligned
from rnntui.nn.cells import CELLS

if TYPE_CHECKING:
    from rnntui.recipe import Recipe
from rnntui.text import fit, safe_text


@dataclass(frozen=True)
class ModelShape:
    """What a network is made of. `width` is the vocabulary's size, or the number of features."""

    task: str
    width: int
    cell: str
    activation: str
    hidden: int
    layers: int
    dtype: str

    @classmethod
    def of(cls, recipe: Recipe, width: int) -> ModelShape:
        """The shape a recipe asks for."""
        m = recipe.model
        return cls(recipe.data.task, width, m.cell, m.activation, m.hidden, m.layers, m.dtype)

    @property
    def parts(self) -> int:
        """Arrays of hidden state of one layer."""
        return CELLS[self.cell].parts

    def layout(self) -> Layout:
        """Every parameter by name; matrices multiply from the right, gates (G) come first.

        For layer n: `Wx{n}` (G, inputs, H), `b{n}` (G, H), and the cell's own, such as `Wh{n}`;
        for the output: `Wy` (H, width), `by` (width,).
        """
        cell, H = CELLS[self.cell], self.hidden
        shapes: dict[str, tuple[int, ...]] = {}
        for n in range(self.layers):
            inputs = self.width if n == 0 else H
            shapes[f"Wx{n}"] = (cell.gates, inputs, H)
            shapes |= {f"{name}{n}": shape for name, shape in cell.shapes(H).items()}
            shapes[f"b{n}"] = (cell.gates, H)
        return Layout(shapes | {"Wy": (H, self.width), "by": (self.width,)})

    def hidden_shape(self, batch: int) -> tuple[int, int, int, int]:
        """Of the hidden state: (layers, parts, batch, H)."""
        return (self.layers, self.parts, batch, self.hidden)

    def hidden_state(self, batch: int) -> Array:
        """A zero hidden state (layers, parts, batch, H)."""
        return aligned(self.hidden_shape(batch), self.dtype)


class Parameters:
    """One flat vector (n,) and the named tensors in it: weights, or their gradients."""

    def __init__(self, shape: ModelShape, flat: Array | None = None) -> None:
        """`flat`, if given, is where they stand; otherwise they are zeros of their own."""
        self.shape = shape
        self.layout = shape.layout()
        self.flat = aligned((self.layout.size,), shape.dtype) if flat is None else flat
        self.tensors = self.layout.views(self.flat)

    @property
    def count(self) -> int:
        """How many numbers are trained."""
        return self.layout.count

    def layer(self, n: int) -> dict[str, Array]:
        """The tensors of layer n, without its number."""
        names = ["Wx", "b", *CELLS[self.shape.cell].shapes(self.shape.hidden)]
        return {name: self.tensors[f"{name}{n}"] for name in names}


def initialise(
    parameters: Parameters,
    distribution: str,
    scale: float,
    random: np.random.RandomState,
    forget_bias: float = 1.0,
) -> None:
    """Draw W_x and W_h of each layer, then W_y, row by output unit.

    Biases become zero, that of a forget gate `forget_bias`: what a cell holds then lasts at first.
    "normal" has deviation `scale`, "uniform" reaches from -scale to scale; 0 means 1/sqrt(H).
    "glorot" (Glorot & Bengio 2010) is uniform up to scale * sqrt(6 / (inputs + outputs)) for each
    gate; "orthogonal" makes each gate's W_h `scale` times an orthogonal matrix (Saxe et al. 2014)
    and the others glorot; 0 means 1.
    """
    tensors = parameters.tensors
    parameters.flat.fill(0)
    names = [f"{name}{n}" for n in range(parameters.shape.layers) for name in ("Wx", "Wh")]
    for name in [*names, "Wy"]:
        rows = tensors[name].swapaxes(-1, -2)  # (…, outputs, inputs), as documents write them
        if distribution in ("normal", "uniform"):
            reach = scale or 1 / math.sqrt(parameters.shape.hidden)
            normal = distribution == "normal"
        else:
            reach, normal = (scale or 1.0) * math.sqrt(6 / sum(rows.shape[-2:])), False
        if distribution == "orthogonal" and name.startswith("Wh"):
            for gate in rows:
                gate[...] = _orthogonal(len(gate), random) * (scale or 1.0)
        elif normal:
            rows[...] = random.randn(*rows.shape) * reach
        else:
            rows[...] = random.uniform(-reach, reach, rows.shape)
    forget_gate = CELLS[parameters.shape.cell].forget_gate
    if forget_gate is not None:
        for n in range(parameters.shape.layers):
            tensors[f"b{n}"][forget_gate] = forget_bias


def _orthogonal(size: int, random: np.random.RandomState) -> Array:
    """A random rotation or reflection, all equally likely."""
    q, r = np.linalg.qr(random.randn(size, size))
    rotation: Array = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return rotation


def named_parameters(parameters: Parameters) -> dict[str, Array]:
    """Copies under PyTorch's names and in its shapes: `rnn.weight_ih_l0` (G * H, inputs) …

    Gates stand in PyTorch's order: GRU r, z, n; LSTM i, f, g, o. PyTorch's modules have two biases
    per gate. Here one is trained, and the other saved as zeros, where the two only add up.
    """
    tensors, named = parameters.tensors, {}
    cell = CELLS[parameters.shape.cell]
    inputs, recurrent = list(cell.input_order), list(cell.recurrent_order)
    for n in range(parameters.shape.layers):
        named[f"rnn.weight_ih_l{n}"] = _rows_by_gate(tensors[f"Wx{n}"][inputs])
        named[f"rnn.weight_hh_l{n}"] = _rows_by_gate(tensors[f"Wh{n}"][recurrent])
        named[f"rnn.bias_ih_l{n}"] = tensors[f"b{n}"][inputs].reshape(-1)
        named[f"rnn.bias_hh_l{n}"] = cell.recurrent_bias(parameters.layer(n)).reshape(-1)
    named["head.weight"] = np.array(tensors["Wy"].T, order="C")
    named["head.bias"] = tensors["by"].copy()
    return named


def _rows_by_gate(W: Array) -> Array:
    """(G, inputs, H) to (G * H, inputs)."""
    gates, inputs, hidden = W.shape
    return np.array(W.transpose(0, 2, 1), order="C").reshape(gates * hidden, inputs)


def load_named_parameters(parameters: Parameters, named: Mapping[str, Array]) -> None:
    """Set every parameter from PyTorch's names and shapes: the inverse of `named_parameters`.

    PyTorch's two biases per gate become one where they only add up; what `named_parameters` gave
    comes back to the last bit. Raises DataError for other names or shapes, and changes nothing.
    """
    shape = parameters.shape
    _check_names(named_parameters(parameters), named)
    cell, H = CELLS[shape.cell], shape.hidden
    for n in range(shape.layers):
        layer = parameters.layer(n)
        layer["Wx"][list(cell.input_order)] = _by_gate(named[f"rnn.weight_ih_l{n}"], H)
        layer["Wh"][list(cell.recurrent_order)] = _by_gate(named[f"rnn.weight_hh_l{n}"], H)
        biases = (named[f"rnn.bias_{kind}_l{n}"].reshape(-1, H) for kind in ("ih", "hh"))
        cell.load_biases(layer, *biases)
    parameters.tensors["Wy"][...] = named["head.weight"].T
    parameters.tensors["by"][...] = named["head.bias"]


def _by_gate(rows: Array, hidden: int) -> Array:
    """(G * H, inputs) to (G, inputs, H)."""
    return rows.reshape(-1, hidden, rows.shape[1]).transpose(0, 2, 1)


def _check_names(wanted: Mapping[str, Array], named: Mapping[str, Array]) -> None:
    for name in [*wanted, *named]:
        if name not in named or name not in wanted:
            lack = "lacks" if name in wanted else "has an unknown"
            raise DataError(f"the model {lack} {fit(safe_text(name), 60)}: it is of another kind")
        if wanted[name].shape != named[name].shape:
            there, expected = named[name].shape, wanted[name].shape
            raise DataError(f"the model's {name} is {_size(there)}, not {_size(expected)}")


def _size(shape: tuple[int, ...]) -> str:
    return fit(" × ".join(map(str, shape)) or "one number", 40)
