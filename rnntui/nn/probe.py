"""A look into a network while it learns: hidden values, gates, and the gradient of one error.

A probe has buffers of its own over the live parameters. It reads them and nothing else of the
training, draws no random numbers, and has no dropout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rnntui.nn.cells import Reading
from rnntui.nn.kernels.layout import Array
from rnntui.nn.model import Parameters
from rnntui.nn.network import Network
from rnntui.nn.sampling import Stepper

LEFT = 0.01  # of its peak: a gradient below it teaches next to nothing


class Probe:
    """The passes of T steps of B streams that show what a network does.

    The order is `forward`, then `losses`, then `one_error`; what `hidden` and `readings` return is
    a view that holds until the next pass, and gates only until `one_error`.
    """

    def __init__(
        self, parameters: Parameters, steps: int, batch: int = 1, backward: bool = False
    ) -> None:
        """`backward`: also allocate what `one_error` needs."""
        shape = parameters.shape
        self.steps, self.batch, self.shape = steps, batch, shape
        self._parameters = parameters
        # Only the sizes of these gradients matter: no pass of a probe writes them.
        scratch = Parameters(shape, dense=True) if backward else None
        self._network = Network(parameters, steps, batch, scratch, in_order=False)
        self._zeros = shape.hidden_state(batch)

    @property
    def layers(self) -> int:
        """Number of layers."""
        return self.shape.layers

    def forward(self, inputs: Array, hidden: Array | None = None) -> None:
        """Read inputs (T, B) or (T, B, D) with the weights as they are.

        `hidden` (layers, parts, B, H) is the state before; None: zeros.
        """
        with np.errstate(all="ignore"):
            self._network.refresh()
            self._network.forward(inputs, self._zeros if hidden is None else hidden)

    def outputs(self, first: int = 0, last: int | None = None) -> Array:
        """After `forward`: the outputs of steps [first, last), (t, B, width).

        Perhaps a view that `losses` overwrites.
        """
        last = self.steps if last is None else last
        rows = slice(first * self.batch, last * self.batch)
        with np.errstate(all="ignore"):
            return self._network.output.outputs(rows).reshape(last - first, self.batch, -1)

    def losses(self, targets: Array) -> Array:
        """After `forward`: the loss at each step, (T, B) in float64."""
        with np.errstate(all="ignore"):
            self._network.total_loss(targets, trains=False)
        return self._network.output.per_row.reshape(self.steps, self.batch).astype(np.float64)

    def final_state(self, hidden: Array) -> None:
        """Write the state after the last step to `hidden` (layers, parts, B, H)."""
        self._network.final_state(hidden)

    def hidden(self, layer: int) -> Array:
        """After `forward`: the hidden values of a layer, (T, B, H)."""
        values: Array = self._network.cells[layer].h[1:]
        return values

    def readings(self, layer: int) -> Iterator[tuple[Reading, Array]]:
        """After `forward`: what a layer computed, each (T, B, H), as its cell declares it."""
        cell = self._network.cells[layer]
        for reading in cell.readings:
            formula = reading.formula.format(f=cell.activation)
            yield replace(reading, formula=formula), reading.values(cell)

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest hidden value; infinite where there is none."""
        cell = self._network.cells[-1]
        return cell.limits(cell.activation)

    def error_gradients(self, at: int = -1) -> tuple[Array, list[Array]]:
        """After `losses`: the gradients of the loss of step `at` alone.

        Returns that of the outputs of this step (B, width), and those of the hidden values of each
        layer, (T, B, H) views: for another step they tell how far this error is felt.
        """
        with np.errstate(all="ignore"):
            own = self._network.one_error(at % self.steps)
        return own, [cell.dh for cell in self._network.cells]

    def one_error(self, at: int = -1) -> list[Array]:
        """After `losses`: how far back the error of step `at` alone is felt, for each layer.

        A curve (at + 1,) in float64: the norm of dL/dh by lag, averaged over the streams; lag 0 is
        the step itself. The gradient of the whole loss would be flat: each step has an error.
        """
        last = at % self.steps
        _, gradients = self.error_gradients(last)
        return [_norms(dh[last::-1]) for dh in gradients]


def _norms(dh: Array) -> Array:
    """The mean norm (T,) of the vectors of dh (T, B, H), without squares that vanish."""
    dh = dh.astype(np.float64)
    with np.errstate(all="ignore"):
        norms: Array = np.sqrt(np.einsum("tbh,tbh->tb", dh, dh)).mean(axis=1)
    return norms


def relative(curve: Array) -> Array:
    """A curve as fractions of its peak; what is not finite becomes nan, and zeros stay zeros."""
    curve = np.where(np.isfinite(curve), curve, np.nan)
    peak = np.nanmax(curve, initial=0.0)
    fractions: Array = curve / peak if peak > 0 else curve
    return fractions


def reach(curve: Array) -> int:
    """The lag after the peak at which less than 1 % of it is left.

    The length of the curve if that never happens, also if it overflows; 0 if all of it is zero.
    """
    if not np.isfinite(curve).all():
        return len(curve)
    top = int(curve.argmax())
    if curve[top] == 0.0:
        return 0
    below = np.flatnonzero(curve[top:] < LEFT * curve[top])
    return top + int(below[0]) if len(below) else len(curve)


def variants(sequence: Array, places: Array, replacements: Array) -> Array:
    """A sequence (P,) or (P, D) and its variants, (P, 1 + K) or (P, 1 + K, D).

    Variant k differs from the sequence at places[k], where it is replacements[k].
    """
    streams = np.repeat(sequence[:, None], 1 + len(places), axis=1)
    streams[places, 1 + np.arange(len(places))] = replacements
    return streams


def changed(parameters: Parameters, streams: Array, hidden: Array) -> Array:
    """The outputs (K, width), in float64, after the last step of streams (P, K) or (P, K, D).

    All are read at once, from the same state `hidden` (layers, parts, 1, H). Only the last outputs
    are computed, so that a large vocabulary costs little.
    """
    stepper = Stepper(parameters, streams.shape[1])
    np.copyto(stepper.hidden, hidden)
    with np.errstate(all="ignore"):
        for x in streams:
            stepper.advance(x)
        return stepper.predict().astype(np.float64)


def frozen(parameters: Parameters) -> Parameters:
    """A copy of the weights, for a measurement that takes longer than an update."""
    copy = Parameters(parameters.shape)
    np.copyto(copy.flat, parameters.flat)
    return copy


def log_softmax(outputs: Array) -> Array:
    """Log-probabilities of outputs (…, V), in float64."""
    outputs = outputs.astype(np.float64)
    with np.errstate(all="ignore"):
        outputs -= outputs.max(axis=-1, keepdims=True)
        logs: Array = outputs - np.log(np.exp(outputs).sum(axis=-1, keepdims=True))
    return logs
