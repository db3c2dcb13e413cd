"""Generation: single time steps of one or several streams, and the choice of the next token."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from rnntui.nn.adaptive import LogProbabilities
from rnntui.nn.cells import CELLS, STEPS
from rnntui.nn.kernels.layout import Array, aligned, dot, in_blocks, side_by_side
from rnntui.nn.model import SUFFIX_TABLE, Parameters
from rnntui.nn.suffix import SuffixSteps
from rnntui.recipe import SamplingSettings

SAFE_LOGIT = 300.0  # the largest: exponentials are then far from overflow, their sum from 0


class Stepper:
    """A network that takes one input after another, with a hidden state of its own.

    It reads the live parameters, so its outputs follow their updates; with `fixed` it may use
    copies made at the start, which is faster. Its arrays are allocated once: a time step is a
    handful of calls.

    With `streams` = K it takes K inputs at once, and `hidden` (layers, parts, K, H) is theirs: the
    weights are then read once for all of them.
    """

    def __init__(
        self, parameters: Parameters, streams: int | None = None, fixed: bool = False
    ) -> None:
        shape = parameters.shape
        cell, fixed = CELLS[shape.cell], fixed and streams is None
        self._tokens = shape.task == "tokens"
        many = () if streams is None else (streams,)
        states, parts, _, units = shape.hidden_shape(streams or 1)
        self.hidden = aligned((states, parts, *many, units), shape.dtype)
        self.outputs = aligned((*many, shape.width), shape.dtype)
        self._a = a = aligned((cell.gates, *many, shape.hidden), shape.dtype)
        # One gate's product costs a call less, and all gates side by side are as one.
        self._multiply: Any = dot if fixed or len(a) == 1 else np.matmul
        layers: list[tuple[Any, ...]] = []
        for number, state in enumerate(self.hidden[: shape.layers]):
            layer = parameters.layer(number)
            b = layer["b"] if streams is None else layer["b"][:, None]
            if fixed:
                Wx, out = side_by_side(layer["Wx"], cell.input_scale), a.reshape(-1)
                b = side_by_side(b[:, None], cell.input_scale).reshape(a.shape)
            else:
                Wx, out = in_blocks(layer["Wx"], a) if len(a) > 1 else (layer["Wx"][0], a[0])
            step = STEPS[shape.cell](layer, shape.activation, a, state, fixed)
            layers.append((Wx, out, b, step, state[0]))
        # Of tokens, the first layer's part of the input is looked up.
        self._multiplied = layers[1:] if self._tokens else layers
        table, _, first_b, self._first_step, self._first_h = layers[0]
        Wx0, self._first_b = parameters.tensors["Wx0"], None if fixed else first_b
        # A token's rows of (V, G, H) are one index away; those of K tokens are wanted as (G, K, H).
        self._rows_of: Any = Wx0.swapaxes(0, 1).__getitem__
        if streams is not None:
            self._rows_of = partial(Wx0.take, axis=1)
        elif fixed and self._tokens:
            self._rows_of = np.add(table.reshape(-1, *a.shape), first_b).__getitem__
        self._top = self.hidden[shape.layers - 1, 0]
        self._Wy, self._by = parameters.tensors["Wy"], parameters.tensors["by"]
        self._width = shape.width
        self._beside = np.zeros(self.outputs.shape, shape.dtype) if shape.skip else None
        self._suffix: SuffixSteps | None = None
        if shape.suffixes is not None:
            rows = parameters.tensors[SUFFIX_TABLE]
            self._suffix = SuffixSteps(shape.suffixes, rows, self.hidden[-1, 0, ..., 0])
        self._log_probabilities: LogProbabilities | None = None
        if shape.clusters is not None:
            self._log_probabilities = LogProbabilities(shape.clusters, parameters.tensors)

    def advance(self, x: int | Array) -> None:
        """Take one input, a token or values (D,), without computing the outputs.

        Of several streams: tokens (K,) or values (K, D). With a skip connection, the last of the
        values are what the linear method predicts.
        """
        a = self._a
        if self._tokens:
            if self._suffix is not None:
                self._suffix.advance(x)
            row = self._rows_of(x)
            self._first_step(row if self._first_b is None else np.add(row, self._first_b, a))
            x = self._first_h
        else:
            x = np.asarray(x, a.dtype)
            if self._beside is not None:
                np.copyto(self._beside, x[..., -self._width :])
        for Wx, out, b, step, h in self._multiplied:
            self._multiply(x, Wx, out)
            step(np.add(a, b, a))
            x = h

    def predict(self) -> Array:
        """The outputs (width,) or (K, width) after the last input: valid until the next.

        Of tokens they are logits or, with an adaptive softmax, log-probabilities.
        """
        if self._log_probabilities is not None:
            rows = self._top.reshape(-1, self._top.shape[-1])
            np.copyto(self.outputs, self._log_probabilities(rows).reshape(self.outputs.shape))
            return self.outputs
        outputs = self.outputs
        dot(self._top, self._Wy, outputs)
        np.add(outputs, self._by, outputs)
        if self._beside is not None:
            np.add(outputs, self._beside, outputs)
        if self._suffix is not None:
            self._suffix.add_to(outputs)
        return outputs


class Chooser:
    """Chooses tokens from logits (V,) with the random numbers of `random`."""

    def __init__(self, vocab: int, random: np.random.RandomState) -> None:
        self._random_sample: Any = random.random_sample
        self._p = aligned((vocab,), np.float64)

    def choose(self, logits: Array, settings: SamplingSettings) -> int:
        """Draw a token from softmax(logits / temperature), or take the most likely one.

        `top_p` is nucleus sampling (Holtzman et al. 2020). Uses one random number per token as
        NumPy's `RandomState.choice(p=…)` does; none if greedy.
        """
        if settings.greedy:
            return int(logits.argmax())
        p = self._p
        _weigh(logits, settings, p)
        np.add.accumulate(p, 0, None, p)
        token = int(p.searchsorted(self._random_sample() * p.item(-1), "right"))
        # Past the end only where the logits are not finite.
        return token if token < len(p) else len(p) - 1


def _weigh(logits: Array, settings: SamplingSettings, p: Array) -> None:
    """Write the probabilities of tokens with logits (V,), times a constant, to p (V,) in float64.

    That is exp(logits / temperature), and 0 for tokens that top-k and top-p leave out.
    """
    temperature, top_k, top_p = settings.temperature, settings.top_k, settings.top_p
    largest = logits.item(logits.argmax())  # a Python number: comparisons cost less
    p[:] = logits
    if not abs(largest) < SAFE_LOGIT * temperature:  # seldom, or it is not a number
        np.subtract(p, largest, p)
    if temperature != 1.0:
        np.divide(p, temperature, p)
    np.exp(p, p)
    if 0 < top_k < len(p):
        p[np.argpartition(p, len(p) - top_k)[: len(p) - top_k]] = 0.0
    if top_p < 1.0:
        _keep_share(p, top_p)


def probabilities(logits: Array, settings: SamplingSettings) -> Array:
    """The probability (V,) with which `Chooser` chooses each token."""
    p = np.zeros(len(logits))
    if settings.greedy:
        p[logits.argmax()] = 1.0
        return p
    with np.errstate(all="ignore"):
        _weigh(logits, settings, p)
        p /= p.sum()
    return p


class EachChooser:
    """Chooses a token for each of K streams from logits (K, V), as `Chooser` does for one.

    K random numbers a time, the first for the first stream.
    """

    def __init__(self, streams: int, vocab: int, random: np.random.RandomState) -> None:
        self._random_sample: Any = random.random_sample
        self._p = aligned((streams, vocab), np.float64)

    def choose(self, logits: Array, settings: SamplingSettings) -> Array:
        """Draw a token for each stream, (K,)."""
        if settings.greedy:
            most_likely: Array = logits.argmax(axis=1)
            return most_likely
        top_k, top_p = settings.top_k, settings.top_p
        p = self._p
        np.copyto(p, logits)
        np.subtract(p, p.max(axis=1, keepdims=True), p)
        np.divide(p, settings.temperature, p)
        np.exp(p, p)
        streams, vocab = p.shape
        if 0 < top_k < vocab:
            unlikely = np.argpartition(p, vocab - top_k, axis=1)[:, : vocab - top_k]
            np.put_along_axis(p, unlikely, 0.0, axis=1)
        if top_p < 1.0:
            for row in p:
                _keep_share(row, top_p)
        np.add.accumulate(p, 1, None, p)
        np.divide(p, p[:, -1:], p)
        passed = p <= self._random_sample(streams)[:, None]
        tokens: Array = np.minimum(passed.sum(axis=1), vocab - 1)
        return tokens


def _keep_share(p: Array, share: float) -> None:
    """Zero all but the fewest of p, the largest, whose sum reaches that share of all."""
    order = np.argsort(-p, kind="stable")
    sums = np.add.accumulate(p[order])
    p[order[sums.searchsorted(share * sums[-1]) + 1 :]] = 0.0
