"""The long short-term memory cell (Hochreiter & Schmidhuber 1997, forget gate: Gers et al. 2000).

o_t, i_t, f_t = σ(W_x x_t + W_h h_{t-1} + b)  with weights of their own,  g_t = tanh(likewise)
c_t = f_t ∘ c_{t-1} + i_t ∘ g_t
h_t = o_t ∘ tanh(c_t)
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
)
from rnntui.nn.kernels.activations import GATES, tanh_by
from rnntui.nn.kernels.choice import Kernels
from rnntui.nn.kernels.gate_sum import back_product
from rnntui.nn.kernels.layout import Array, GateProduct, aligned


@CELLS.register("lstm")
class LstmCell(Cell):
    """Z holds o, i, f, g, then their gradients; the state is h and c.

    The sigmoid gates are neighbours, so that one call covers them. What the gates get is scaled by
    the weights, as their activations want it.
    """

    gates, slots, parts, kept = 4, 4, 2, 8
    input_scale = (0.5, 0.5, 0.5, 1.0)
    input_order = recurrent_order = (1, 2, 3, 0)
    forget_gate = 2
    readings = (
        Reading(
            "i", "σ(W_xi x + W_hi h before + b_i)", lambda cell: cell.Z[1], "writes the new value"
        ),
        Reading(
            "f", "σ(W_xf x + W_hf h before + b_f)", lambda cell: cell.Z[2], "keeps the old value"
        ),
        Reading("o", "σ(W_xo x + W_ho h before + b_o)", lambda cell: cell.Z[0], "shows the value"),
        Reading(
            "g", "tanh(W_xg x + W_hg h before + b_g)", lambda cell: cell.Z[3], "the new value", -1.0
        ),
        Reading("c", "f ∘ c before + i ∘ g", lambda cell: cell._c[1:]),
        Reading("h", "o ∘ tanh(c)", lambda cell: cell.h[1:]),
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
        self._product = aligned((4, B, H), dtype)
        self._spare = aligned((B, H), dtype)
        self._c = aligned((T + 1, B, H), dtype)
        self._tanh_c = aligned((T, B, H), dtype)
        kernels, Wh = dims.kernels, weights["Wh"]
        self._gates, self._tanh = GATES[kernels.gates](dtype), tanh_by(kernels.output, dtype)
        scale = self.scale_with(kernels, activation)
        self._forward = GateProduct(Wh, B, scale=scale, layout=kernels.forward)
        self._forward_out = self._forward.out_of(self._product)
        if gradients is not None:
            self._backward = back_product(Wh, B, kernels.backward)
            self._backward_out = self._backward.out_of(self._product)
            self._dc = aligned((B, H), dtype)
        self._list_steps()

    def _list_steps(self) -> None:
        """Prepare the views of each step."""
        T, B, H, dtype = self.dims.steps, self.dims.batch, self.dims.hidden, self.dims.dtype
        Z, h, dh, c, rows = self.Z, self.h, self.dh, self._c, self._forward.rows_of
        self._forward_steps = [
            (rows(h[t]), Z[:, t], Z[:3, t], *Z[:, t], c[t], c[t + 1], self._tanh_c[t], h[t + 1])
            for t in range(T)
        ]
        if self.gradients is None:
            return
        self._at_once = at_once = steps_at_once(self.dims, self.slots)
        self._slopes = slopes = aligned((4, at_once, B, H), dtype)
        self._to_c = to_c = aligned((at_once, B, H), dtype)
        back = self._backward.rows_of
        self._backward_steps = [
            (dh[t], to_c[j], slopes[0, j], slopes[1:, j], *gates, back(Z[:, t]), dh[t - 1])
            for t, j, gates in ((t, t % at_once, (*Z[0:4:2, t], Z[1:, t])) for t in range(T))
        ]

    @classmethod
    def scale_with(cls, kernels: Kernels, activation: str) -> tuple[float, ...]:
        gates = GATES[kernels.gates]
        return (*[gates.sigmoid_scale] * 3, gates.tanh_scale)

    @classmethod
    def shapes(cls, hidden: int) -> dict[str, tuple[int, ...]]:
        return {"Wh": (4, hidden, hidden)}

    def begin(self, state: Array) -> None:
        super().begin(state)
        np.copyto(self._c[0], state[1])

    def end(self, state: Array) -> None:
        super().end(state)
        np.copyto(state[1], self._c[-1])

    def refresh(self) -> None:
        self._forward.refresh()
        if self.gradients is not None:
            self._backward.refresh()

    def forward(self) -> None:
        multiply, Wh, out = self._forward.inner, self._forward.weights, self._forward_out
        product, spare, activate, tanh = self._product, self._spare, self._gates.mixed, self._tanh
        add, times = np.add, np.multiply
        for h_rows, z, sigmoids, o, i, f, g, c_before, c, tanh_c, h in self._forward_steps:
            multiply(h_rows, Wh, out)
            add(z, product, z)
            activate(z, sigmoids, g)
            times(f, c_before, c)
            times(i, g, spare)
            add(c, spare, c)  # c_t = f_t c_{t-1} + i_t g_t
            tanh(c, tanh_c)
            times(o, tanh_c, h)  # h_t = o_t tanh(c_t)

    def through_time(self) -> None:
        multiply, Wh_T, out = self._backward.inner, self._backward.weights, self._backward_out
        sums, others = self._product[:2], self._product[2:]
        (first, second), apart = sums, self._backward.apart
        dc, spare, add, times = self._dc, self._spare, np.add, np.multiply
        dc.fill(0)
        for begin in reversed(range(0, self.dims.steps, self._at_once)):
            end = min(begin + self._at_once, self.dims.steps)
            self._prepare(begin, end)
            for t in range(end - 1, begin - 1, -1):
                dh, to_c, to_o, to_ifg, o, f, ifg, rows, dh_before = self._backward_steps[t]
                times(dh, to_c, spare)
                add(dc, spare, dc)  # dc_t = f_{t+1} dc_{t+1} + o_t (1 - tanh² c_t) dh_t
                times(dh, to_o, o)  # do_t
                times(dc, f, spare)
                times(dc, to_ifg, ifg)  # di_t, df_t, dg_t
                dc, spare = spare, dc
                if not t:
                    break
                multiply(rows, Wh_T, out)
                if apart:
                    add(sums, others, sums)
                    add(first, second, first)
                add(dh_before, first, dh_before)  # dh_{t-1} += Σ W_hᵀ of the gates' gradients

    def sum_gradients(self) -> None:
        assert self.gradients is not None
        h_before = self.h[:-1].reshape(self.dims.rows, self.dims.hidden)
        for gate, dWh in zip(self.inputs, self.gradients["Wh"], strict=True):
            self.sums.outer(h_before, gate, dWh)

    def _prepare(self, begin: int, end: int) -> None:
        """Factors of steps [begin, end): of dh for o and c, of dc for i, f and g.

        With h = o tanh(c), and likewise with i g and f c_{t-1}, a slope σ (1 - σ) x is y - σ y.
        """
        o, i, f, g = self.Z[:, begin:end]
        tanh_c, h = self._tanh_c[begin:end], self.h[begin + 1 : end + 1]
        slopes, spare = self._slopes[:, : end - begin], self._to_c[: end - begin]
        to_o, to_i, to_f, to_g = slopes
        multiply, subtract = np.multiply, np.subtract
        multiply(o, h, to_o)
        subtract(h, to_o, to_o)  # o (1 - o) tanh(c)
        multiply(i, g, to_i)
        multiply(to_i, g, to_g)
        subtract(i, to_g, to_g)  # i (1 - g²)
        multiply(i, to_i, spare)
        subtract(to_i, spare, to_i)  # i (1 - i) g
        multiply(f, self._c[begin:end], to_f)
        multiply(f, to_f, spare)
        subtract(to_f, spare, to_f)  # f (1 - f) c_{t-1}
        to_c = spare
        multiply(h, tanh_c, to_c)
        subtract(o, to_c, to_c)  # o (1 - tanh² c)


@STEPS.register("lstm")
class LstmStep(SingleStep):
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
        multiply, Wh, out = step_product(weights["Wh"], product, fixed, LstmCell.input_scale)
        half, self._halved = np.array(0.5, a.dtype), fixed
        self._parts = (multiply, Wh, out, product, half, a, a[:3], *a, *state)

    def __call__(self, x: Array) -> None:
        multiply, Wh, out, product, half, a, sigmoids, o, i, f, g, h, c = self._parts
        add, times, tanh = np.add, np.multiply, np.tanh
        multiply(h, Wh, out)
        add(x, product, a)
        if not self._halved:
            times(sigmoids, half, sigmoids)
        tanh(a, a)
        times(sigmoids, half, sigmoids)
        add(sigmoids, half, sigmoids)
        times(f, c, c)
        times(i, g, i)
        add(c, i, c)
        tanh(c, h)
        times(h, o, h)
