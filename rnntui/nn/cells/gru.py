"""The gated recurrent unit (Cho et al. 2014), reset after the recurrent product, as in PyTorch.

z_t = σ(W_xz x_t + W_hz h_{t-1} + b_z)
r_t = σ(W_xr x_t + W_hr h_{t-1} + b_r)
n_t = tanh(W_xn x_t + b_n + r_t ∘ m_t)    with  m_t = W_hn h_{t-1} + b_m
h_t = (1 - z_t) ∘ n_t + z_t ∘ h_{t-1}
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnntui.nn.cells.cell import (
    CELLS,
    STEPS,
    Cell,
    Dims,
    Reading,
    SingleStep,
    step_product,
    steps_at_once,
    sum_of_biases,
)
from rnntui.nn.kernels.activations import GATES, tanh_by
from rnntui.nn.kernels.choice import Kernels
from rnntui.nn.kernels.gate_sum import back_product
from rnntui.nn.kernels.layout import Array, GateProduct, aligned

RECURRENT_SCALE = (0.5, 0.5, 1.0)  # of z, r, m in W_h, for sigmoids by tanh


@CELLS.register("gru")
class GruCell(Cell):
    """Z holds n, z, r, m, then their gradients.

    The input feeds n, z, r and h_{t-1} feeds z, r, m: each is a run of neighbours. What the
    sigmoid gates get is scaled by the weights, as their activation wants it.
    """

    gates, slots, parts, kept = 3, 4, 1, 7
    input_scale = (1.0, 0.5, 0.5)
    input_order = (2, 1, 0)
    recurrent_order = (1, 0, 2)
    readings = (
        Reading(
            "z", "σ(W_xz x + W_hz h before + b_z)", lambda cell: cell.Z[1], "keeps the old value"
        ),
        Reading(
            "r", "σ(W_xr x + W_hr h before + b_r)", lambda cell: cell.Z[2], "reads the old value"
        ),
        Reading("m", "W_hn h before + b_m", lambda cell: cell.Z[3]),
        Reading("n", "tanh(W_xn x + b_n + r ∘ m)", lambda cell: cell.Z[0], "the new value", -1.0),
        Reading("h", "(1 - z) ∘ n + z ∘ h before", lambda cell: cell.h[1:]),
    )

    def __init__(
        self,
        dims: Dims,
        weights: Mapping[str, Array],
        gradients: Mapping[str, Array] | None,
        activation: str,
    ) -> None:
        super().__init__(dims, weights, gradients, activation)
        T, B, H, dtype = dims.steps, dims.batch, dims.hidden, dims.dtype
        self._product = aligned((3, B, H), dtype)
        self._spare = aligned((B, H), dtype)
        self._one = np.array(1.0, dtype)
        self._change = aligned((T, B, H), dtype)  # h_{t-1} - n_t
        kernels, Wh = dims.kernels, weights["Wh"]
        self._sigmoid = GATES[kernels.gates](dtype).sigmoid
        self._tanh = tanh_by(kernels.output, dtype)
        _, *sigmoids = self.scale_with(kernels, activation)
        self._forward = GateProduct(Wh, B, scale=(*sigmoids, 1.0), layout=kernels.forward)
        self._forward_out = self._forward.out_of(self._product)
        if gradients is not None:
            self._backward = back_product(Wh, B, kernels.backward)
            self._backward_out = self._backward.out_of(self._product)
        self._bm = aligned((B, H), dtype)  # b_m in every row, which adds faster than one row does
        self._list_steps()

    def _list_steps(self) -> None:
        """Prepare the views of each step."""
        T, B, H, dtype = self.dims.steps, self.dims.batch, self.dims.hidden, self.dims.dtype
        Z, h, dh, rows = self.Z, self.h, self.dh, self._forward.rows_of
        self._forward_steps = [
            (rows(h[t]), Z[1:3, t], *Z[:, t], self._change[t], h[t], h[t + 1]) for t in range(T)
        ]
        if self.gradients is None:
            return
        self._at_once = at_once = steps_at_once(self.dims, self.slots)
        self._slopes = slopes = aligned((4, at_once, B, H), dtype)
        self._spares = aligned((at_once, B, H), dtype)
        back = self._backward.rows_of
        self._backward_steps = [
            (dh[t], slopes[:2, j], slopes[2:, j], *gates, back(Z[1:, t]), dh[t - 1])
            for t, j, gates in ((t, t % at_once, (*Z[:2, t], Z[:2, t], Z[2:, t])) for t in range(T))
        ]

    @classmethod
    def scale_with(cls, kernels: Kernels, activation: str) -> tuple[float, ...]:
        sigmoid = GATES[kernels.gates].sigmoid_scale
        return 1.0, sigmoid, sigmoid

    @classmethod
    def shapes(cls, hidden: int) -> dict[str, tuple[int, ...]]:
        return {"Wh": (3, hidden, hidden), "bm": (hidden,)}

    @classmethod
    def recurrent_bias(cls, weights: Mapping[str, Array]) -> Array:
        bias = np.zeros_like(weights["b"])
        bias[2] = weights["bm"]  # r and z have their bias in b
        return bias

    @classmethod
    def load_biases(cls, weights: Mapping[str, Array], first: Array, second: Array) -> None:
        weights["b"][0], weights["bm"][:] = first[2], second[2]
        weights["b"][[2, 1]] = sum_of_biases(first[:2], second[:2])  # r, z

    def refresh(self) -> None:
        self._forward.refresh()
        np.copyto(self._bm, self.weights["bm"])
        if self.gradients is not None:
            self._backward.refresh()

    def forward(self) -> None:
        multiply, Wh, bm = self._forward.inner, self._forward.weights, self._bm
        out, gates, hidden = self._forward_out, self._product[:2], self._product[2]
        spare, sigmoid, tanh = self._spare, self._sigmoid, self._tanh
        add, times, subtract = np.add, np.multiply, np.subtract
        for h_rows, zr, n, z, r, m, change, h_before, h in self._forward_steps:
            multiply(h_rows, Wh, out)
            add(zr, gates, zr)
            sigmoid(zr)  # z, r = σ(…)
            add(hidden, bm, m)  # m_t = W_hn h_{t-1} + b_m
            times(r, m, spare)
            add(n, spare, n)
            tanh(n, n)  # n_t = tanh(W_xn x_t + b_n + r_t m_t)
            subtract(h_before, n, change)
            times(change, z, spare)
            add(n, spare, h)  # h_t = n_t + z_t (h_{t-1} - n_t)

    def through_time(self) -> None:
        multiply, Wh_T, out = self._backward.inner, self._backward.weights, self._backward_out
        through_z, through_r, through_m = self._product
        kept, add, times, apart = self._spare, np.add, np.multiply, self._backward.apart
        for begin in reversed(range(0, self.dims.steps, self._at_once)):
            end = min(begin + self._at_once, self.dims.steps)
            self._prepare(begin, end)
            for t in range(end - 1, begin - 1, -1):
                dh, to_nz, to_rm, n, z, nz, rm, rows, dh_before = self._backward_steps[t]
                times(dh, z, kept)  # z_t dh_t: what passes by the gates
                times(dh, to_nz, nz)  # dn_t, dz_t
                times(n, to_rm, rm)  # dr_t, dm_t, from dn_t
                if not t:
                    break
                multiply(rows, Wh_T, out)
                if apart:
                    add(through_z, through_r, through_z)
                    add(through_z, through_m, through_z)
                add(through_z, kept, through_z)
                add(dh_before, through_z, dh_before)

    def sum_gradients(self) -> None:
        assert self.gradients is not None
        h_before = self.h[:-1].reshape(self.dims.rows, self.dims.hidden)
        recurrent = self.Z[1:].reshape(3, *h_before.shape)
        for gate, dWh in zip(recurrent, self.gradients["Wh"], strict=True):
            self.sums.outer(h_before, gate, dWh)
        self.sums.total(recurrent[2], self.gradients["bm"])

    def _prepare(self, begin: int, end: int) -> None:
        """Factors of steps [begin, end): of dh for n and z, of dn for r and m."""
        n, z, r, m = self.Z[:, begin:end]
        to_n, to_z, to_r, to_m = self._slopes[:, : end - begin]
        spare, multiply, subtract = self._spares[: end - begin], np.multiply, np.subtract
        multiply(n, n, to_n)
        subtract(self._one, to_n, to_n)
        multiply(to_n, z, spare)
        subtract(to_n, spare, to_n)  # (1 - n²) (1 - z)
        multiply(z, z, to_z)
        subtract(z, to_z, to_z)
        multiply(to_z, self._change[begin:end], to_z)  # z (1 - z) (h_{t-1} - n)
        multiply(r, r, to_r)
        subtract(r, to_r, to_r)
        multiply(to_r, m, to_r)  # r (1 - r) m
        np.copyto(to_m, r)


@STEPS.register("gru")
class GruStep(SingleStep):
    """One step in place."""

    def __init__(
        self,
        weights: Mapping[str, Array],
        activation: str,
        a: Array,
        state: Array,
        fixed: bool = False,
    ) -> None:
        product = aligned(a.shape, a.dtype)
        multiply, Wh, out = step_product(weights["Wh"], product, fixed, RECURRENT_SCALE)
        half, self._halved = np.array(0.5, a.dtype), fixed
        views = (*a, a[1:], product[:2], product[2], state[0])
        self._parts = (multiply, Wh, out, weights["bm"], half, *views)

    def __call__(self, x: Array) -> None:
        multiply, Wh, out, bm, half, n, z, r, zr, gates, m, h = self._parts
        add, times, tanh = np.add, np.multiply, np.tanh
        multiply(h, Wh, out)
        add(x[1:], gates, zr)
        if not self._halved:
            times(zr, half, zr)
        tanh(zr, zr)
        times(zr, half, zr)
        add(zr, half, zr)
        add(m, bm, m)
        times(m, r, m)
        add(x[0], m, n)
        tanh(n, n)
        np.subtract(h, n, h)
        times(h, z, h)
        add(h, n, h)
