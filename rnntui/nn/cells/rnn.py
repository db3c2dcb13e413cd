"""The vanilla recurrent cell (Elman 1990):  h_t = f(W_x x_t + W_h h_{t-1} + b)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf

import numpy as np

from rnntui.dataclass import dataclass
from rnntui.nn.cells.cell import CELLS, STEPS, Cell, Dims, Reading, SingleStep
from rnntui.nn.kernels.activations import GatesByExp, tanh_by
from rnntui.nn.kernels.choice import Kernels
from rnntui.nn.kernels.layout import Array, GateProduct, aligned, dot


def _tanh_slope(h: Array, out: Array) -> None:
    np.multiply(h, h, out)
    np.subtract(1.0, out, out)  # 1 - h²


def _relu(a: Array, out: Array) -> None:
    np.maximum(a, 0.0, out=out)  # positional is deprecated for this one


def _relu_slope(h: Array, out: Array) -> None:
    np.sign(h, out)  # 1 where h > 0, else 0


def _sigmoid(a: Array, out: Array) -> None:
    np.multiply(a, 0.5, out)  # 1 / (1 + exp(-a)) = ½ + ½ tanh(a / 2), which cannot overflow
    np.tanh(out, out)
    np.multiply(out, 0.5, out)
    np.add(out, 0.5, out)


def _sigmoid_slope(h: Array, out: Array) -> None:
    np.multiply(h, h, out)
    np.subtract(h, out, out)  # h (1 - h)


@dataclass(frozen=True)
class Activation:
    """f with its slope; the slope f'(a) is computed from h = f(a)."""

    apply: Callable[[Array, Array], object]  # (a, out)
    slope: Callable[[Array, Array], object]  # (h, out)
    limits: tuple[float, float]  # of h


ACTIVATIONS = {
    "tanh": Activation(np.tanh, _tanh_slope, (-1.0, 1.0)),
    "relu": Activation(_relu, _relu_slope, (0.0, inf)),
    "sigmoid": Activation(_sigmoid, _sigmoid_slope, (0.0, 1.0)),
}


@CELLS.register("rnn")
class RnnCell(Cell):
    """One gate: Z holds a_t, then the slope f'(a_t), then the gradient da_t."""

    gates, slots, parts, kept = 1, 1, 1, 3
    input_order = recurrent_order = (0,)
    keeps_order = True
    readings = (
        Reading("a", "W_x x + W_h h before + b", lambda cell: cell.Z[0]),
        Reading("h", "{f}(a)", lambda cell: cell.h[1:]),
    )

    def __init__(
        self,
        dims: Dims,
        weights: Mapping[str, Array],
        gradients: Mapping[str, Array] | None,
        activation: str,
    ) -> None:
        super().__init__(dims, weights, gradients, activation)
        T, B, H = dims.steps, dims.batch, dims.hidden
        self._activation, kernels = ACTIVATIONS[activation], dims.kernels
        if activation == "tanh":
            tanh = tanh_by(kernels.output, dims.dtype, scaled=True)
            self._activation = replace(self._activation, apply=tanh)
        product = aligned((1, B, H), dims.dtype)
        self._product = product[0]
        Wh, Z, h, dh = weights["Wh"], self.Z, self.h, self.dh

        scale = self.scale_with(kernels, activation)
        self._forward = GateProduct(Wh, B, dims.in_order, scale, kernels.forward)
        self._late_bias = weights["b"] if dims.in_order else None
        self._forward_out = self._forward.out_of(product)
        rows = self._forward.rows_of
        self._forward_steps = [(rows(h[t]), Z[0, t], h[t + 1]) for t in range(T)]
        if gradients is None:
            return
        transposed = Wh.transpose(0, 2, 1)
        self._backward = GateProduct(transposed, B, dims.in_order, layout=kernels.backward)
        self._backward_out = self._backward.out_of(product)
        rows = self._backward.rows_of
        self._backward_steps = [
            (Z[0, t], dh[t], rows(Z[:, t]), dh[t - 1]) for t in range(T - 1, 0, -1)
        ]

    @classmethod
    def shapes(cls, hidden: int) -> dict[str, tuple[int, ...]]:
        return {"Wh": (1, hidden, hidden)}

    @classmethod
    def scale_with(cls, kernels: Kernels, activation: str) -> tuple[float, ...] | None:
        by_exp = activation == "tanh" and kernels.output == "exp"
        return (GatesByExp.tanh_scale,) if by_exp else None

    @classmethod
    def limits(cls, activation: str) -> tuple[float, float]:
        return ACTIVATIONS[activation].limits

    def refresh(self) -> None:
        self._forward.refresh()
        if self.gradients is not None:
            self._backward.refresh()

    def forward(self) -> None:
        multiply, Wh = self._forward.inner, self._forward.weights
        out, product, add, f = self._forward_out, self._product, np.add, self._activation.apply
        b = self._late_bias
        for h_before, a, h in self._forward_steps:
            multiply(h_before, Wh, out)
            add(a, product, a)  # a_t = W_x x_t + b + W_h h_{t-1}
            if b is not None:
                add(a, b, a)
            f(a, h)  # h_t = f(a_t)

    def through_time(self) -> None:
        multiply, Wh_T = self._backward.inner, self._backward.weights
        out, product, add, times = self._backward_out, self._product, np.add, np.multiply
        self._activation.slope(self.h[1:], self.Z[0])
        for da, dh, da_rows, dh_before in self._backward_steps:
            times(da, dh, da)  # da_t = f'(a_t) dh_t
            multiply(da_rows, Wh_T, out)
            add(dh_before, product, dh_before)  # dh_{t-1} += W_hᵀ da_t
        times(self.Z[0, 0], self.dh[0], self.Z[0, 0])

    def sum_gradients(self) -> None:
        assert self.gradients is not None
        h_before = self.h[:-1].reshape(self.dims.rows, self.dims.hidden)
        dWh = self.gradients["Wh"][0]
        self.sums.outer(h_before, self.inputs[0], dWh)  # dW_h = Σ h_{t-1}ᵀ da_t


@STEPS.register("rnn")
class RnnStep(SingleStep):
    """h = f(x + W_h h) in place: with one gate, the live weights multiply as fast as any copy."""

    def __init__(
        self,
        weights: Mapping[str, Array],
        activation: str,
        a: Array,
        state: Array,
        fixed: bool = False,
    ) -> None:
        self._h, self._a = state[0], a[0]
        self._Wh = weights["Wh"][0]
        self._activation = ACTIVATIONS[activation].apply
        self._product = aligned(self._h.shape, self._h.dtype)

    def __call__(self, x: Array) -> None:
        dot(self._h, self._Wh, self._product)
        np.add(x[0], self._product, self._a)
        self._activation(self._a, self._h)
