"""How far back a network remembers: one error by lag, gates, and what moves a prediction."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from rnntui.data import Dataset, TokenData, ValueData
from rnntui.dataclass import dataclass
from rnntui.insight.passage import Rows, original, shown_token, windows
from rnntui.insight.reader import Reader
from rnntui.insight.rounding import all_rounded, rounded
from rnntui.nn.kernels.layout import Array
from rnntui.nn.model import Parameters
from rnntui.nn.probe import Probe, changed, frozen, log_softmax, reach, relative, variants
from rnntui.protocol.insight import Details, Gate, LayerMemory, Memory

if TYPE_CHECKING:
    from rnntui.forecast.linear import Linear

MOST_LAGS = 128  # a longer window is measured only so far
MOST_SHOWN = 512  # lags of all layers together, in a message
STREAMS = 8  # whose curves are averaged; fewer of a large network
MOST_VALUES = 1 << 22  # hidden values and outputs of all steps and streams
NEAR = 0.03  # of a limit, as a share of the range on that side of the middle
CLOSED, OPEN = 0.05, 0.95
PLACES = 40  # positions before the selected one that are replaced
REPLACEMENTS = 6  # tokens that replace each
SHIFT = 0.1  # of the standard deviation, by which a value is raised


@dataclass(frozen=True, eq=False)
class LayerReading:
    """One layer, measured: the curve of one error (lags,), its reach, gates, saturated share."""

    curve: Array
    reach: int
    gates: tuple[Gate, ...]
    saturated: float | None


@dataclass(frozen=True, eq=False)
class MemoryReading:
    """All layers at update `step`. Keep the first one of a run to compare with."""

    step: int
    window: int
    layers: tuple[LayerReading, ...]


class MemoryMeter:
    """Measures one error by lag, in windows of the training's length over held-out data."""

    def __init__(self, parameters: Parameters, data: Dataset, seq_len: int) -> None:
        """`seq_len`: time steps of a training chunk. Raises UsageError for data too short."""
        self._window = seq_len
        lags, shape = min(seq_len, MOST_LAGS), parameters.shape
        fitting = MOST_VALUES // (lags * (shape.width + shape.layers * shape.hidden))
        inputs, self._targets = windows(data, lags, max(1, min(STREAMS, fitting)))
        self._inputs = inputs
        steps, streams = inputs.shape[:2]
        self._probe = Probe(parameters, steps, streams, backward=True)

    def measure(self, step: int) -> MemoryReading:
        """Measure with the weights of update `step`, those of now: one slice of work."""
        probe = self._probe
        probe.forward(self._inputs)
        probe.losses(self._targets)
        layers = range(probe.layers)
        gates = [_gates(probe, n) for n in layers]  # the backward pass overwrites them
        shares = [saturated(probe.hidden(n), *probe.limits) for n in layers]
        curves = probe.one_error()
        found = (
            LayerReading(curve, reach(curve), of_layer, share)
            for curve, of_layer, share in zip(curves, gates, shares, strict=True)
        )
        return MemoryReading(step, self._window, tuple(found))


def _gates(probe: Probe, layer: int) -> tuple[Gate, ...]:
    """The gates of a layer after a forward pass."""
    return tuple(
        _gate(reading.name, reading.meaning, values, reading.least)
        for reading, values in probe.readings(layer)
        if reading.meaning
    )


def _gate(name: str, meaning: str, values: Array, least: float) -> Gate:
    closed = float((values < (-OPEN if least < 0 else CLOSED)).mean())
    wide = float((values > OPEN).mean())
    between = max(0.0, 1.0 - closed - wide)
    return Gate(name, meaning, round(closed, 3), round(between, 3), round(wide, 3))


def saturated(hidden: Array, low: float, high: float) -> float | None:
    """The share of hidden values within 3 % of a limit; None where there is no upper limit.

    For tanh that is |h| > 0.97, for a sigmoid h < 0.03 or h > 0.97.
    """
    if not math.isfinite(high):
        return None
    near = NEAR * (high if low < 0 else high - low)
    return round(float(((hidden < low + near) | (hidden > high - near)).mean()), 3)


@dataclass(frozen=True, eq=False)
class Moved:
    """What moves the prediction for position `at` of a passage.

    `target` is the true token there. `predicted` is its probability, or the predicted value; `by`
    holds a number per position of the passage, nan where it was not measured. `feature`: the column
    of values that was raised and predicted.
    """

    passage: int
    at: int
    target: str
    predicted: float | None
    by: Array
    feature: int = 0


def occlusion(
    reader: Reader, at: int, replacements: int = REPLACEMENTS, feature: int = 0
) -> Iterator[Moved]:
    """Replace each of the 40 inputs before position `at` in turn, and read on.

    Yields the result so far after each slice of work: one replacement of all inputs, for tokens;
    of values, one feature is raised once. The weights are those of the start. Only positions
    of the passage are in the result.
    """
    excerpt, data = reader.excerpt, reader.data
    at = excerpt.position(at)
    end = len(excerpt.context) + at  # inputs[:end] predict position `at`
    begin = max(0, end - PLACES)
    sequence = excerpt.inputs
    places = np.arange(end - begin)
    if isinstance(data, ValueData):
        feature = max(0, min(feature, data.values.shape[1] - 1))
    others = _others(data, sequence, replacements, feature)
    total = np.zeros(len(places))
    weights = frozen(reader.parameters)
    hidden = _state(weights, sequence[:begin])
    for number, other in enumerate(others, start=1):
        streams = variants(sequence[begin:end], places, other[begin:end])
        if isinstance(data, ValueData) and data.skip is not None:
            _carry_on(data.skip, streams, places, feature, SHIFT * _spread(data, feature))
        outputs = changed(weights, streams, hidden)
        with np.errstate(all="ignore"):
            if isinstance(data, TokenData):
                answers = log_softmax(outputs)[:, int(excerpt.shown[at])]
                total += np.abs(answers[1:] - answers[0])
            else:
                answers = outputs[:, feature] * data.deviation[feature]
                total += answers[1:] - answers[0]
        yield _moved(reader, at, outputs[0], total / number, begin, feature)


def _others(data: Dataset, sequence: Rows, count: int, feature: int) -> Iterator[Rows]:
    """What each entry of the sequence is replaced by, one replacement after the other.

    The most frequent tokens take turns, the next one for an entry itself; values are raised. Rare
    tokens, such as the end of a line, would move predictions that do not depend on the entry.
    """
    if isinstance(data, ValueData):
        raised = sequence.copy()
        raised[:, feature] += SHIFT * _spread(data, feature)
        yield raised
        return
    vocabulary = data.tokenizer.vocab_size
    counts = np.bincount(sequence, minlength=vocabulary)
    rounds = min(count, vocabulary - 1)
    frequent = np.argsort(-counts, kind="stable")[: max(2, rounds)]
    for k in range(rounds):
        yield np.where(sequence == frequent[k], frequent[(k + 1) % len(frequent)], frequent[k])


def _carry_on(skip: Linear, streams: Rows, places: Rows, feature: int, raised: float) -> None:
    """Add to variants what a linear method beside the network makes of the raised values."""
    beside = streams.shape[2] - skip.weights.shape[1] + feature
    for lag, weight in zip(skip.lags, skip.weights[:, feature], strict=True):
        later = places + lag - 1
        there = later < len(streams)
        streams[later[there], 1 + np.flatnonzero(there), beside] += weight * raised


def _spread(data: ValueData, feature: int) -> float:
    """The standard deviation of a feature, as the network reads it."""
    return float(data.values[:, feature].std()) or 1.0


def _state(parameters: Parameters, sequence: Rows) -> Array:
    """The hidden state after a sequence that may be empty, (layers, parts, 1, H)."""
    hidden = parameters.shape.hidden_state(1)
    if len(sequence):
        probe = Probe(parameters, len(sequence))
        probe.forward(sequence[:, None])
        probe.final_state(hidden)
    return hidden


def _moved(
    reader: Reader, at: int, outputs: Array, change: Array, begin: int, feature: int
) -> Moved:
    """`change` (inputs,) from input `begin` on, as the result for the positions of a passage."""
    excerpt, data = reader.excerpt, reader.data
    by = np.full(excerpt.size, np.nan)
    first = begin - len(excerpt.context)
    kept = change[max(0, -first) :]
    by[max(0, first) : max(0, first) + len(kept)] = kept
    if isinstance(data, TokenData):
        token = int(excerpt.shown[at])
        largest = np.nanmax(by, initial=0.0)
        p = float(np.exp(log_softmax(outputs)[token]))
        by = by / largest if largest > 0 else by
        return Moved(excerpt.id, at, shown_token(data, token), rounded(p), by)
    row = np.zeros((excerpt.size, len(outputs)))
    row[at] = outputs
    predicted = original(data, excerpt, row)[at][feature]
    return Moved(excerpt.id, at, "", predicted, by, feature)


def memory(
    now: MemoryReading,
    first: MemoryReading,
    moved: Moved,
    details: Details | None = None,
) -> Memory:
    """The message of the memory view. `first`: the first measurement of this run, or `now`."""
    lags = MOST_SHOWN // max(1, len(now.layers))
    return Memory(
        step=now.step,
        passage=moved.passage,
        first_step=first.step,
        window=now.window,
        layers=tuple(
            LayerMemory(
                now=all_rounded(relative(layer.curve)[:lags]),
                first=() if first is now else all_rounded(relative(before.curve)[:lags]),
                reach=layer.reach,
                first_reach=before.reach,
                gates=layer.gates,
                saturated=layer.saturated,
            )
            for layer, before in zip(now.layers, first.layers, strict=True)
        ),
        at=moved.at,
        target=moved.target,
        probability=moved.predicted,
        moved=all_rounded(moved.by),
        details=details,
        feature=moved.feature,
    )
