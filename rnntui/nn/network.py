"""The network over a chunk of T steps of B parallel streams: forward, loss, backward."""

from __future__ import annotations

import numpy as np

from rnntui.nn.arena import Array, aligned
from rnntui.nn.cells import CELLS, Cell, Extent
from rnntui.nn.dropout import Dropout
from rnntui.nn.inputs import DenseProjection, Projection, TokenProjection
from rnntui.nn.losses import CrossEntropy, Loss, SquaredError
from rnntui.nn.model import Parameters


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
    ) -> None:
        """`dropout` is that of what goes from layer to layer; `random` draws its masks.

        `in_order` False: sums are taken the fastest way, also where the cell would keep an order.
        """
        shape = parameters.shape
        kind = CELLS[shape.cell]
        self.extent = Extent(steps, batch, shape.hidden, shape.dtype, kind.keeps_order and in_order)
        self.parameters, self.gradients = parameters, gradients
        rows, tokens = self.extent.rows, shape.task == "tokens"
        self.inputs = (
            np.zeros(rows, np.intp) if tokens else aligned((rows, shape.width), shape.dtype)
        )
        self.loss: Loss
        if tokens:
            self.loss = CrossEntropy(rows, shape.width, shape.dtype, epsilon, self.extent.in_order)
        else:
            self.loss = SquaredError(rows, shape.width, shape.dtype)
        Wy = parameters.tensors["Wy"][None]
        self._sums, self._head = self.extent.sums(), self.extent.linear(Wy, gradients is not None)
        self._projections: list[Projection] = []
        self._cells: list[Cell] = []
        for n in range(shape.layers):
            weights = parameters.layer(n)
            slopes = gradients.layer(n) if gradients else None
            project = TokenProjection if tokens and n == 0 else DenseProjection
            self._projections.append(project(self.extent, weights, slopes, kind.input_scale))
            self._cells.append(kind(self.extent, weights, slopes, shape.activation))

        self._dropouts: list[Dropout] = []
        if dropout and random is not None:
            sizes = (rows, shape.hidden, shape.dtype)
            self._dropouts = [Dropout(*sizes, dropout, random) for _ in self._cells[1:]]

    def refresh(self) -> None:
        """Bring working copies of the parameters up to date: after each change of them."""
        self._head.refresh()
        for projection, cell in zip(self._projections, self._cells, strict=True):
            projection.refresh()
            cell.refresh()

    def forward(self, inputs: Array, hidden: Array) -> None:
        """From inputs (T, B) or (T, B, D) and hidden (layers, parts, B, H) to the outputs."""
        np.copyto(self.inputs, inputs.reshape(self.inputs.shape), casting="unsafe")
        x, layers = self.inputs, zip(self._projections, self._cells, hidden, strict=True)
        for n, (projection, cell, state) in enumerate(layers):
            if n and self._dropouts:
                x = self._dropouts[n - 1].forward(x)
            projection.forward(x, cell.inputs)
            cell.begin(state)
            cell.forward()
            x = cell.output
        outputs = self.loss.outputs
        self._head.forward(x, outputs[None])
        np.add(outputs, self.parameters.tensors["by"], outputs)  # y_t = W_y h_t + b_y

    def total_loss(self, targets: Array) -> float:
        """The loss of the last `forward`, summed over steps and streams."""
        return self.loss.forward(targets.reshape(self.inputs.shape))

    def backward(self, weight: float) -> None:
        """After `total_loss`: the gradients of weight * the summed loss."""
        assert self.gradients is not None
        gradients, top = self.gradients.tensors, self._cells[-1]
        dy = self.loss.gradient(weight)  # (N, width)
        self._sums.outer(top.output, dy, gradients["Wy"])
        self._sums.total(dy, gradients["by"])
        self._head.backward(dy[None], top.dh.reshape(top.output.shape))
        for n in range(len(self._cells) - 1, -1, -1):
            cell, projection = self._cells[n], self._projections[n]
            cell.backward()
            if n == 0:
                projection.backward(self.inputs, cell.inputs, None)
            else:
                below = self._cells[n - 1]
                x, dx = below.output, below.dh.reshape(below.output.shape)
                dropout = self._dropouts[n - 1] if self._dropouts else None
                projection.backward(dropout.output if dropout else x, cell.inputs, dx)
                if dropout:
                    dropout.backward(dx)

    def final_state(self, hidden: Array) -> None:
        """Write the hidden state after the chunk to hidden (layers, parts, B, H)."""
        for cell, state in zip(self._cells, hidden, strict=True):
            cell.end(state)
