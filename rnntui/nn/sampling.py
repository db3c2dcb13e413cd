"""Writing: one step of one stream at a time, and the choice of the next token."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnntui.nn.arena import Array, aligned
from rnntui.nn.cells import CELLS, STEPS
from rnntui.nn.model import Parameters


class Stepper:
    """A network that takes one input after another, with a hidden state of its own.

    It reads the live parameters, so what it gives changes as they do. Its arrays are allocated
    once: a step is a handful of calls.
    """

    def __init__(self, parameters: Parameters) -> None:
        shape = parameters.shape
        self._tokens = shape.task == "tokens"
        self.hidden = aligned((shape.layers, shape.parts, shape.hidden), shape.dtype)
        self.outputs = aligned((shape.width,), shape.dtype)
        self._a = aligned((CELLS[shape.cell].gates, shape.hidden), shape.dtype)
        step, a = STEPS[shape.cell], self._a
        self._layers = [
            (layer["Wx"], layer["b"], step(layer, shape.activation, a, state), state[0])
            for layer, state in zip(
                map(parameters.layer, range(shape.layers)), self.hidden, strict=True
            )
        ]
        # One gate's product costs a call less.
        self._multiply: Any = np.matmul if len(a) > 1 else np.dot
        self._product: Array = a if len(a) > 1 else a[0]
        self._rows = parameters.tensors["Wx0"].swapaxes(0, 1)  # (V, G, H): a token's is one index
        self._top = self.hidden[-1, 0]
        self._Wy, self._by = parameters.tensors["Wy"], parameters.tensors["by"]

    def advance(self, x: int | Array) -> None:
        """Take one input, a token or values (D,), without computing the outputs."""
        a = self._a
        if not self._tokens:
            x = np.asarray(x, a.dtype)
        layers = self._layers
        if self._tokens:
            _, b, step, h = layers[0]
            np.add(self._rows[x], b, a)
            step()
            x, layers = h, layers[1:]
        for Wx, b, step, h in layers:
            self._multiply(x, Wx if len(a) > 1 else Wx[0], self._product)
            np.add(a, b, a)
            step()
            x = h

    def predict(self) -> Array:
        """The outputs (width,) after the last input: logits or values, valid until the next."""
        np.dot(self._top, self._Wy, self.outputs)
        np.add(self.outputs, self._by, self.outputs)
        return self.outputs


class Chooser:
    """Chooses tokens from logits (V,) with the random numbers of `random`."""

    def __init__(self, vocab: int, random: np.random.RandomState) -> None:
        self._random_sample: Any = random.random_sample
        self._p = aligned((vocab,), np.float64)

    def choose(
        self,
        logits: Array,
        temperature: float,
        greedy: bool = False,
        top_k: int = 0,
        top_p: float = 1.0,
    ) -> int:
        """A token drawn from softmax(logits / temperature), or the most probable one.

        Only from the `top_k` most probable (0: all), and of these only from the fewest that have
        the share `top_p` of their probability (Holtzman et al. 2020).
        One random number per token, used as NumPy's `RandomState.choice(p=…)` does; none if greedy.
        """
        if greedy:
            return int(logits.argmax())
        p = self._p
        np.copyto(p, logits)
        np.subtract(p, logits[logits.argmax()], p)
        if temperature != 1.0:
            np.divide(p, temperature, p)
        np.exp(p, p)
        if 0 < top_k < len(p):
            p[np.argpartition(p, len(p) - top_k)[: len(p) - top_k]] = 0.0
        if top_p < 1.0:
            _keep_share(p, top_p)
        np.add.accumulate(p, 0, None, p)
        np.divide(p, p[-1], p)
        token = int(p.searchsorted(self._random_sample(), "right"))
        return min(token, len(p) - 1)  # past the end only where the logits are not finite


def _keep_share(p: Array, share: float) -> None:
    """Zero all but the fewest of p, the largest, whose sum reaches that share of all."""
    order = np.argsort(-p, kind="stable")
    sums = np.add.accumulate(p[order])
    p[order[sums.searchsorted(share * sums[-1]) + 1 :]] = 0.0
