"""The gradient that flows back through the gates of a step: the sum of dz[g] W[g]ᵀ over them."""

from __future__ import annotations

import numpy as np

from rnntui.nn.kernels.layout import Array, GateProduct, aligned, dot


class StackedGates:
    """out[0] (B, H) = Σ_g dz[g] W[g]ᵀ as one product, with the gates of dz side by side.

    Some processors are faster with it than with a product for each gate and the additions after
    them. It is used as a `GateProduct` is.
    """

    apart = False

    def __init__(self, weights: Array, batch: int) -> None:
        """`weights` (G, H, H) as the cell has them; call `refresh` whenever they have changed."""
        gates, inputs, outputs = weights.shape
        self._source = weights.transpose(0, 2, 1)
        self._store = aligned((gates, outputs, inputs), weights.dtype)
        self.weights = self._store.reshape(gates * outputs, inputs)
        rows = aligned((batch, gates, outputs), weights.dtype)
        self._by_gate, self._rows = rows.swapaxes(0, 1), rows.reshape(batch, gates * outputs)

    def refresh(self) -> None:
        """Copy the weights (once per update)."""
        np.copyto(self._store, self._source)

    def rows_of(self, dz: Array) -> Array:
        """View of dz (G, B, H) as the left operand of `inner`."""
        return dz

    def out_of(self, out: Array) -> Array:
        """View of out (G, B, H) as the output of `inner`, which uses the first part only."""
        first: Array = out[0]
        return first

    def inner(self, dz: Array, weights: Array, out: Array) -> None:
        """The sum to out (B, H)."""
        np.copyto(self._by_gate, dz)
        dot(self._rows, weights, out)


def back_product(weights: Array, batch: int, layout: str) -> GateProduct | StackedGates:
    """What multiplies dz by the transposed weights (G, H, H): all gates at once, or each apart."""
    if layout == "stacked" and len(weights) > 1:
        return StackedGates(weights, batch)
    return GateProduct(weights.transpose(0, 2, 1), batch, layout=layout)
