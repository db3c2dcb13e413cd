"""The GRU with slopes that the forward pass computes, while the gates are in cache.

The gates themselves are not kept, so the backward pass only multiplies.
"""

from __future__ import annotations

import numpy as np

from rnntui.nn.cells.cell import AHEAD
from rnntui.nn.cells.gru import GruCell
from rnntui.nn.kernels.layout import aligned


@AHEAD.register("gru")
class GruAhead(GruCell):
    """Z holds the input's part, then slopes of n, z, r, m, then their gradients.

    z is kept where h_{t-1} - n_t stood.
    """

    def _list_steps(self) -> None:
        B, H, dtype = self.dims.batch, self.dims.hidden, self.dims.dtype
        Z, h, dh, kept_z = self.Z, self.h, self.dh, self._change
        self._n, self._apart = aligned((2, B, H), dtype)
        ahead, back = self._forward.rows_of, self._backward.rows_of
        self._ahead_steps, self._back_steps = [], []
        for t in range(self.dims.steps):
            z = Z[:, t]
            self._ahead_steps.append((ahead(h[t]), z[1:3], *z, kept_z[t], h[t], h[t + 1]))
            self._back_steps.append((dh[t], z[:2], z[0], z[2:], kept_z[t], back(z[1:]), dh[t - 1]))
        self._back_steps.reverse()

    def forward(self) -> None:
        multiply, Wh, bm = self._forward.inner, self._forward.weights, self._bm
        out, zr, m = self._forward_out, self._product[:2], self._product[2]
        spare, sigmoid, tanh, one = self._spare, self._sigmoid, self._tanh, self._one
        add, times, subtract = np.add, np.multiply, np.subtract
        (z, r), n, apart = zr, self._n, self._apart
        for h_rows, x_zr, to_n, to_z, to_r, to_m, kept_z, h_before, h in self._ahead_steps:
            multiply(h_rows, Wh, out)
            add(x_zr, zr, zr)
            sigmoid(zr)
            add(m, bm, m)
            times(r, m, m)
            add(to_n, m, n)  # the input's part stands where the slope will
            tanh(n, n)  # n_t = tanh(W_xn x_t + b_n + r_t m_t)
            subtract(h_before, n, apart)
            times(apart, z, spare)
            add(n, spare, h)  # h_t = n_t + z_t (h_{t-1} - n_t)
            times(spare, z, to_z)
            subtract(spare, to_z, to_z)  # z (1 - z) (h_{t-1} - n)
            times(r, m, to_r)
            subtract(m, to_r, to_r)  # r (1 - r) m
            np.copyto(to_m, r)
            np.copyto(kept_z, z)
            times(n, n, n)
            subtract(one, n, n)
            times(n, z, to_n)
            subtract(n, to_n, to_n)  # (1 - n²) (1 - z)

    def through_time(self) -> None:
        multiply, Wh_T, out = self._backward.inner, self._backward.weights, self._backward_out
        through_z, through_r, through_m = self._product
        kept, add, times, apart = self._spare, np.add, np.multiply, self._backward.apart
        last = len(self._back_steps) - 1
        for step, (dh, nz, n, rm, z, rows, dh_before) in enumerate(self._back_steps):
            times(dh, nz, nz)  # dn_t, dz_t
            times(n, rm, rm)  # dr_t, dm_t, from dn_t
            if step == last:
                break
            times(dh, z, kept)  # z_t dh_t: what passes by the gates
            multiply(rows, Wh_T, out)
            if apart:
                add(through_z, through_r, through_z)
                add(through_m, kept, kept)
            add(through_z, kept, through_z)
            add(dh_before, through_z, dh_before)
