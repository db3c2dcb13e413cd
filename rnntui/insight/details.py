"""A single time step of a small network in numbers, from the input to the loss and back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rnntui.data import TokenData
from rnntui.insight.passage import shown_token
from rnntui.insight.reader import Reader
from rnntui.insight.rounding import all_rounded
from rnntui.nn.kernels.layout import Array
from rnntui.nn.probe import Probe, log_softmax
from rnntui.protocol.insight import Details, Quantity

MOST_HIDDEN = 64  # units; the numbers of a larger layer tell nothing
MOST_VALUES = 16  # of a quantity, in a message


def details(reader: Reader, at: int, layer: int = -1) -> Details | None:
    """The step whose outputs predict position `at`, of one layer; None if the network is too large.

    `at` as in `Excerpt.position`; `layer` -1: the top one. One slice of work.
    """
    if reader.parameters.shape.hidden > MOST_HIDDEN:
        return None
    at = reader.excerpt.position(at)
    layers = reader.parameters.shape.layers
    layer = layer if 0 <= layer < layers else layers - 1
    with np.errstate(all="ignore"):
        return Details(at=at, quantities=tuple(_quantities(reader, at, layer)))


def _quantities(reader: Reader, at: int, layer: int) -> Iterator[Quantity]:
    sequence = reader.excerpt.inputs[: len(reader.excerpt.context) + at + 1]
    inputs, targets = sequence[:-1, None], sequence[1:, None]
    probe = Probe(reader.parameters, len(inputs), backward=True)
    probe.forward(inputs)
    outputs = probe.outputs(len(inputs) - 1)[0, 0].copy()
    yield _input(reader, probe, inputs[-1, 0], layer)
    hidden = probe.hidden(layer)[:, 0]
    before = hidden[-2] if len(hidden) > 1 else np.zeros_like(hidden[0])
    yield _quantity("h before", "the hidden values after the step before", before)
    for reading, values in probe.readings(layer):
        yield _quantity(reading.name, reading.formula, values[-1, 0])
    loss = probe.losses(targets)[-1]
    yield from _outputs(reader, outputs, targets[-1, 0], loss)
    dy, gradients = probe.error_gradients()
    tokens = isinstance(reader.data, TokenData)
    yield _quantity("dL/dy", "p - 1 at the true token" if tokens else "y - target", dy[0])
    top = layer == probe.layers - 1
    through = "W_y transposed · dL/dy" if top else "dL/dh of the layer above, back through it"
    if top and reader.parameters.shape.clusters is not None:
        through = "dL/dy, back through the clusters"
    dh = gradients[layer][:, 0]
    yield _quantity("dL/dh", through, dh[-1])
    if len(dh) > 1:
        yield _quantity("dL/dh before", "back through this step to the one before", dh[-2])


def _input(reader: Reader, probe: Probe, x: Array, layer: int) -> Quantity:
    """What enters the layer."""
    data = reader.data
    if layer:
        return _quantity("x", f"h of layer {layer}", probe.hidden(layer - 1)[-1, 0])
    if isinstance(data, TokenData):
        shown, size = shown_token(data, int(x)), data.tokenizer.vocab_size
        return Quantity("x", f"token {int(x)} of 0 to {size - 1}: {shown}", 1, (float(x),))
    return _quantity("x", "the row before, as the network reads it", x)


def _outputs(reader: Reader, y: Array, target: Array, loss: Array) -> Iterator[Quantity]:
    """From the outputs y (width,) to the loss (1,)."""
    data, adaptive = reader.data, reader.parameters.shape.clusters is not None
    formula = "log p, from the clusters" if adaptive else "W_y h + b_y"
    if reader.parameters.shape.suffixes is not None:
        formula += " + the row of the suffix read"
    yield _quantity("y", formula, y)
    if isinstance(data, TokenData):
        yield _quantity("p", "softmax(y)", np.exp(log_softmax(y)))
        shown = shown_token(data, int(target))
        yield _quantity("L", f"-log p of the true token, {shown}", loss)
    else:
        yield _quantity("target", "the row that comes, as the network reads it", target[: len(y)])
        yield _quantity("L", "half the squared length of y - target", loss)


def _quantity(name: str, formula: str, values: Array) -> Quantity:
    return Quantity(name, formula, len(values), all_rounded(values[:MOST_VALUES], 4))
