"""The LSTM with slopes that the forward pass computes, while the gates are in cache.

The gates themselves are not kept, so there is less to write, and the backward pass only multiplies.
"""

from __future__ import annotations

import numpy as np

from rnntui.nn.cells.cell import AHEAD
from rnntui.nn.cells.lstm import LstmCell
from rnntui.nn.kernels.layout import Array, aligned


@AHEAD.register("lstm")
class LstmAhead(LstmCell):
    """Z holds the input's part, then slopes of o, i, f, g, then their gradients.

    c goes from step to step in c[0]; the slopes of c stand in the rest, f where tanh(c) stood.
    """

    def _list_steps(self) -> None:
        B, H, dtype = self.dims.batch, self.dims.hidden, self.dims.dtype
        Z, h, dh, kept_f, to_c = self.Z, self.h, self.dh, self._tanh_c, self._c[1:]
        self._terms = aligned((2, B, H), dtype)
        ahead, back = self._forward.rows_of, self._backward.rows_of
        self._ahead_steps, self._back_steps = [], []
        for t in range(self.dims.steps):
            z, o = Z[:, t], Z[0, t]
            self._ahead_steps.append(
                (ahead(h[t]), z, o, z[1:3], z[3], kept_f[t], to_c[t], h[t + 1])
            )
            self._back_steps.append((dh[t], to_c[t], o, z[1:], kept_f[t], back(z), dh[t - 1]))
        self._back_steps.reverse()

    def end(self, state: Array) -> None:
        super().end(state)
        np.copyto(state[1], self._c[0])

    def forward(self) -> None:
        multiply, Wh, out = self._forward.inner, self._forward.weights, self._forward_out
        gates, spare, activate, tanh = self._product, self._spare, self._gates.mixed, self._tanh
        add, times, subtract = np.add, np.multiply, np.subtract
        (o, i, f, g), sigmoids, i_f = gates, gates[:3], gates[1:3]
        c, terms = self._c[0], self._terms
        ig, fc = terms
        for h_rows, slopes, to_o, to_if, to_g, kept_f, to_c, h in self._ahead_steps:
            multiply(h_rows, Wh, out)
            add(slopes, gates, gates)
            activate(gates, sigmoids, g)
            times(i, g, ig)
            times(f, c, fc)
            add(ig, fc, c)  # c_t = f_t c_{t-1} + i_t g_t
            tanh(c, spare)
            times(o, spare, h)  # h_t = o_t tanh(c_t)
            times(h, spare, to_c)
            subtract(o, to_c, to_c)  # o (1 - tanh² c)
            times(o, h, to_o)
            subtract(h, to_o, to_o)  # o (1 - o) tanh(c)
            times(i_f, terms, to_if)
            subtract(terms, to_if, to_if)  # i (1 - i) g, f (1 - f) c_{t-1}
            times(ig, g, to_g)
            subtract(i, to_g, to_g)  # i (1 - g²)
            np.copyto(kept_f, f)

    def through_time(self) -> None:
        multiply, Wh_T, out = self._backward.inner, self._backward.weights, self._backward_out
        sums, others = self._product[:2], self._product[2:]
        (first, second), apart = sums, self._backward.apart
        dc, spare, add, times = self._dc, self._spare, np.add, np.multiply
        dc.fill(0)
        last = len(self._back_steps) - 1
        for n, (dh, to_c, to_o, to_ifg, f, rows, dh_before) in enumerate(self._back_steps):
            times(dh, to_c, spare)
            add(dc, spare, dc)  # dc_t = f_{t+1} dc_{t+1} + o_t (1 - tanh² c_t) dh_t
            times(dh, to_o, to_o)  # do_t
            times(dc, to_ifg, to_ifg)  # di_t, df_t, dg_t
            if n == last:
                break
            times(dc, f, dc)
            multiply(rows, Wh_T, out)
            if apart:
                add(sums, others, sums)
                add(first, second, first)
            add(dh_before, first, dh_before)  # dh_{t-1} += Σ W_hᵀ of the gates' gradients
