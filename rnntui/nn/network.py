"""The network over a chunk of T steps of B parallel streams: forward, loss, backward."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnntui.nn.adaptive import AdaptiveSoftmax
from rnntui.nn.cells import CELLS, Cell, Dims, cell_with
from rnntui.nn.dropout import Dropout
from rnntui.nn.inputs import DenseProjection, Projection, TokenProjection
from rnntui.nn.kernels.choice import REFERENCE, Kernels
from rnntui.nn.kernels.layout import Array, aligned
from rnntui.nn.losses import CrossEntropy, SquaredError
from rnntui.nn.model import SUFFIX_TABLE, Parameters
from rnntui.nn.output import ChunkedSoftmax, OutputLayer, WholeOutput, fits_whole
from rnntui.nn.suffix import SuffixRows


class Network:
    """Buffers and passes for one size of chunk. Several may share the same parameters.

    Without `gradients` it only goes forward, and keeps only what that needs.
    """

    def __init__(
        self,
        parameters: Parameters,
        steps: int,
        batch: int,
        gradients: Parameters | None = None,
        epsilon: float = 0.0,
        dropout: float = 0.0,
        random: np.random.RandomState | None = None,
        in_order: bool = True,
        kernels: Kernels = REFERENCE,
    ) -> None:
        """`dropout` is that of what goes from layer to layer; `random` draws its masks.

        `in_order` False: sums are taken the fastest way, also where the cell would keep an order.
        """
        shape = parameters.shape
        in_order = in_order and CELLS[shape.cell].keeps_order
        self.dims = Dims(steps, batch, shape.hidden, shape.dtype, in_order)
        self.parameters, self.gradients = parameters, gradients
        rows, tokens = self.dims.rows, shape.task == "tokens"
        self.inputs = (
            np.zeros(rows, np.intp) if tokens else aligned((rows, shape.inputs), shape.dtype)
        )
        beside = self.inputs[:, -shape.width :] if shape.skip else None
        self.suffix: SuffixRows | None = None
        if shape.suffixes is not None:
            table = parameters.tensors[SUFFIX_TABLE]
            self.suffix = SuffixRows(shape.suffixes, table, steps, batch)
            beside = self.suffix.logits
        self.output = _output_layer(self.dims, parameters, gradients, epsilon, beside)
        self._dropouts: list[Dropout] = []
        if dropout and random is not None:
            sizes = (rows, shape.hidden, shape.dtype)
            self._dropouts = [Dropout(*sizes, dropout, random) for _ in range(1, shape.layers)]
        self.use(kernels)

    def use(self, kernels: Kernels) -> None:
        """Change the kernels between two updates: the next `refresh` takes everything over.

        The results of the loss stay readable.
        """
        self.dims = replace(self.dims, kernels=kernels)
        parameters, gradients = self.parameters, self.gradients
        shape, trains = parameters.shape, gradients is not None
        kind = cell_with(shape.cell, kernels, trains)
        self.output.use(self.dims)
        self._projections: list[Projection] = []
        self.cells: list[Cell] = []  # from the first layer to the top one
        for n in range(shape.layers):
            weights = parameters.layer(n)
            slopes = gradients.layer(n) if gradients else None
            of_tokens = shape.task == "tokens" and n == 0
            project = TokenProjection if of_tokens else DenseProjection
            scale = kind.scale_with(kernels, shape.activation)
            self._projections.append(project(self.dims, weights, slopes, scale))
            self.cells.append(kind(self.dims, weights, slopes, shape.activation))

    def refresh(self) -> None:
        """Bring working copies of the parameters up to date: after each change of them."""
        self.output.refresh()
        for projection, cell in zip(self._projections, self.cells, strict=True):
            projection.refresh()
            cell.refresh()

    def forward(self, inputs: Array, hidden: Array) -> None:
        """From tokens (T, B) or rows (T, B, I) and hidden (layers, parts, B, H) to the outputs."""
        np.copyto(self.inputs, inputs.reshape(self.inputs.shape), casting="unsafe")
        if self.suffix is not None:
            self.suffix.read(self.inputs, hidden[-1, 0, :, 0])
        states = hidden[: len(self.cells)]
        x, layers = self.inputs, zip(self._projections, self.cells, states, strict=True)
        for n, (projection, cell, state) in enumerate(layers):
            if n and self._dropouts:
                x = self._dropouts[n - 1].forward(x)
            projection.forward(x, cell.inputs)
            cell.begin(state)
            cell.forward()
            x = cell.output
        self.output.forward(x)

    def total_loss(self, targets: Array, trains: bool = True) -> float:
        """The loss of the last `forward`, summed over steps and streams.

        Without `trains`, no `backward` follows. Of values, what is known in advance is no target.
        """
        wanted = targets.reshape(self.inputs.shape)
        if wanted.ndim > 1:
            wanted = wanted[:, : self.parameters.shape.width]
        return self.output.total(wanted, trains)

    def backward(self, weight: float) -> None:
        """After `total_loss`: the gradients of weight * the summed loss."""
        assert self.gradients is not None
        top = self.cells[-1]
        dy = self.output.backward(weight, top.dh.reshape(top.output.shape))
        if self.suffix is not None and dy is not None:
            self.suffix.gradient = dy
        for n in range(len(self.cells) - 1, -1, -1):
            cell, projection = self.cells[n], self._projections[n]
            cell.backward()
            if n == 0:
                projection.backward(self.inputs, cell.inputs, None)
            else:
                below = self.cells[n - 1]
                x, dx = below.output, below.dh.reshape(below.output.shape)
                dropout = self._dropouts[n - 1] if self._dropouts else None
                projection.backward(dropout.output if dropout else x, cell.inputs, dx)
                if dropout:
                    dropout.backward(dx)

    def one_error(self, step: int) -> Array:
        """After `total_loss`: the gradient of the loss of one step to the `dh` of every cell.

        Returns that of its outputs, (B, width). The weights' gradients are not touched.
        """
        top, batch = self.cells[-1], self.dims.batch
        rows = slice(step * batch, (step + 1) * batch)
        own = self.output.one_error(rows, top.dh.reshape(top.output.shape))
        for n in range(len(self.cells) - 1, -1, -1):
            cell = self.cells[n]
            cell.through_time()
            if n:
                below, projection = self.cells[n - 1], self._projections[n]
                assert isinstance(projection, DenseProjection)
                projection.input_gradient(cell.inputs, below.dh.reshape(below.output.shape))
        return own

    def final_state(self, hidden: Array) -> None:
        """Write the hidden state after the chunk to hidden (layers, parts, B, H)."""
        for cell, state in zip(self.cells, hidden[: len(self.cells)], strict=True):
            cell.end(state)
        if self.suffix is not None:
            hidden[-1, 0, :, 0] = self.suffix.numbers[-1]


def _output_layer(
    dims: Dims,
    parameters: Parameters,
    gradients: Parameters | None,
    epsilon: float,
    beside: Array | None,
) -> OutputLayer:
    """The output layer of a network: what its shape says, and in chunks if it is large."""
    shape, weights = parameters.shape, parameters.tensors
    to = None if gradients is None else gradients.tensors
    if shape.clusters is not None:
        return AdaptiveSoftmax(dims, shape.clusters, weights, to, epsilon)
    if shape.task != "tokens":
        squared = SquaredError(dims.rows, shape.width, shape.dtype)
        return WholeOutput(dims, weights, to, squared, beside)
    if beside is None and not fits_whole(dims, shape.width):
        return ChunkedSoftmax(dims, weights, to, epsilon)
    loss = CrossEntropy(dims.rows, shape.width, shape.dtype, epsilon, dims.in_order)
    return WholeOutput(dims, weights, to, loss, beside)
