"""The parameters of a network: their shapes, their initial values, their names when saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from rnntui.clusters import Clusters
from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.nn.adaptive import output_shapes
from rnntui.nn.cells import CELLS
from rnntui.nn.initialise import INITIALISATIONS
from rnntui.nn.kernels.layout import Array, Layout, aligned
from rnntui.suffixes import Suffixes

if TYPE_CHECKING:
    from rnntui.recipe import Recipe
from rnntui.text import fit, safe_text

SUFFIX_TABLE = "S"
SUFFIX_NAME = "suffix.weight"  # as PyTorch's `Embedding` has it, (suffixes, width)


@dataclass(frozen=True)
class ModelShape:
    """What a network is made of. `width` is the vocabulary's size, or the number of features.

    With `clusters` the output layer is an adaptive softmax. `known` inputs besides the features are
    not predicted: they are known in advance. With `skip`, what a linear method predicts is read,
    too, (width,), and added to the outputs as it is (LSTNet, Lai et al. 2018). With `suffixes`,
    rows of a table are added to the outputs of tokens (`nn.suffix`).
    """

    task: str
    width: int
    cell: str
    activation: str
    hidden: int
    layers: int
    dtype: str
    clusters: Clusters | None = None
    known: int = 0
    skip: bool = False
    suffixes: Suffixes | None = None

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        width: int,
        clusters: Clusters | None = None,
        known: int = 0,
        suffixes: Suffixes | None = None,
    ) -> ModelShape:
        """The shape a recipe asks for; `clusters` are used if it asks for an adaptive output.

        Likewise `suffixes`, if it asks for a suffix table.
        """
        m, task = recipe.model, recipe.data.task
        used = clusters if m.output == "adaptive" and task == "tokens" else None
        skip = m.skip != "none" and task == "values"
        sizes = m.hidden, m.layers, m.dtype
        rows = suffixes if m.suffix and task == "tokens" else None
        return cls(task, width, m.cell, m.activation, *sizes, used, known, skip, rows)

    @property
    def inputs(self) -> int:
        """Numbers, or tokens to choose from, that the first layer takes."""
        return self.width + self.known + (self.width if self.skip else 0)

    @property
    def parts(self) -> int:
        """Arrays of hidden state of one layer."""
        return CELLS[self.cell].parts

    def layout(self) -> Layout:
        """Every parameter by name; matrices multiply from the right, gates (G) come first.

        For layer n: `Wx{n}` (G, inputs, H), `b{n}` (G, H), and the cell's own, such as `Wh{n}`;
        for the output: `Wy` (H, width), `by` (width,), or those of `adaptive.output_shapes`; last,
        the suffix table: `S` (suffixes, width).
        """
        table = {SUFFIX_TABLE: (self.suffixes.count, self.width)} if self.suffixes else {}
        return Layout(dict(self.dense_layout().shapes) | table)

    def dense_layout(self) -> Layout:
        """The parameters that every update changes, which come first: all but a suffix table."""
        cell, H = CELLS[self.cell], self.hidden
        shapes: dict[str, tuple[int, ...]] = {}
        for n in range(self.layers):
            inputs = self.inputs if n == 0 else H
            shapes[f"Wx{n}"] = (cell.gates, inputs, H)
            shapes |= {f"{name}{n}": shape for name, shape in cell.shapes(H).items()}
            shapes[f"b{n}"] = (cell.gates, H)
        return Layout(shapes | self.output_shapes())

    def output_shapes(self) -> dict[str, tuple[int, ...]]:
        """The parameters of the output layer by name."""
        if self.clusters is not None:
            return output_shapes(self.clusters, self.hidden)
        return {"Wy": (self.hidden, self.width), "by": (self.width,)}

    def hidden_shape(self, batch: int) -> tuple[int, int, int, int]:
        """Of the hidden state: (layers, parts, batch, H).

        With a suffix table there is one layer more: its first numbers, [-1, 0, :, 0], are those of
        the suffixes that the streams have read.
        """
        layers = self.layers + (self.suffixes is not None)
        return (layers, self.parts, batch, self.hidden)

    def hidden_state(self, batch: int) -> Array:
        """A zero hidden state (layers, parts, batch, H): nothing has been read."""
        return aligned(self.hidden_shape(batch), self.dtype)


class Parameters:
    """One flat vector (n,) and the named tensors in it: weights, or their gradients."""

    def __init__(self, shape: ModelShape, flat: Array | None = None, dense: bool = False) -> None:
        """`flat`, if given, is where they stand; otherwise they are zeros of their own.

        `dense`: without the suffix table, as gradients are.
        """
        self.shape = shape
        self.layout = shape.dense_layout() if dense else shape.layout()
        self.flat = aligned((self.layout.size,), shape.dtype) if flat is None else flat
        self.tensors = self.layout.views(self.flat)

    @property
    def dense(self) -> Array:
        """The part of `flat` without the suffix table."""
        return self.flat[: self.shape.dense_layout().size]

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
    """Draw W_x and W_h of each layer, then W_y, row by output unit, as `distribution` does.

    Those of the tails of an adaptive softmax come last. `scale` 0 means the usual one. Biases
    become zero, that of a forget gate `forget_bias`, so that the cell remembers at first. Beside a
    skip connection W_y becomes zero, too: the network starts as the linear method alone.
    """
    tensors, hidden = parameters.tensors, parameters.shape.hidden
    chosen = INITIALISATIONS[distribution]
    parameters.flat.fill(0)
    names = [f"{name}{n}" for n in range(parameters.shape.layers) for name in ("Wx", "Wh")]
    names += [name for name in parameters.shape.output_shapes() if name.startswith("W")]
    for name in names:
        rows = tensors[name].swapaxes(-1, -2)  # (…, outputs, inputs), as documents write them
        inputs = rows.shape[-1] if name.startswith("Wt") else hidden
        chosen.draw(rows, name.startswith("Wh"), scale or chosen.usual_scale(inputs), random)
    if parameters.shape.skip:
        tensors["Wy"].fill(0)
    forget_gate = CELLS[parameters.shape.cell].forget_gate
    if forget_gate is not None:
        for n in range(parameters.shape.layers):
            tensors[f"b{n}"][forget_gate] = forget_bias


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
    for name in parameters.shape.output_shapes():
        named[output_name(parameters.shape, name)] = np.array(tensors[name].T, order="C")
    if parameters.shape.suffixes is not None:
        named[SUFFIX_NAME] = tensors[SUFFIX_TABLE].copy()
    return named


def output_name(shape: ModelShape, name: str) -> str:
    """What PyTorch calls a parameter of the output layer: of `Linear`, or an adaptive softmax."""
    kind = "weight" if name.startswith("W") else "bias"
    if shape.clusters is None:
        return f"head.{kind}"
    if name in ("Wy", "by"):
        return f"head.head.{kind}"
    return f"head.tail.{int(name[2:]) - 1}.{0 if name.startswith('Wp') else 1}.weight"


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
    for name in shape.output_shapes():
        parameters.tensors[name][...] = named[output_name(shape, name)].T
    if shape.suffixes is not None:
        parameters.tensors[SUFFIX_TABLE][...] = named[SUFFIX_NAME]


def _by_gate(rows: Array, hidden: int) -> Array:
    """(G * H, inputs) to (G, inputs, H)."""
    return rows.reshape(-1, hidden, rows.shape[1]).transpose(0, 2, 1)


def _check_names(wanted: Mapping[str, Array], named: Mapping[str, Array]) -> None:
    for name in [*wanted, *named]:
        if name not in named or name not in wanted:
            lack = "lacks" if name in wanted else "has an unknown"
            raise DataError(
                f"the model {lack} {fit(safe_text(name), 60)}: it is a different kind of model"
            )
        if wanted[name].shape != named[name].shape:
            there, expected = named[name].shape, wanted[name].shape
            raise DataError(f"the model's {name} is {_size(there)}, not {_size(expected)}")


def _size(shape: tuple[int, ...]) -> str:
    return fit(" × ".join(map(str, shape)) or "one number", 40)
