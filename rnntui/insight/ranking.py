"""Which hidden unit follows which feature: chosen on one half of a text, scored on the other.

Random weights have units that correlate with something too. So the same is done with the network
before training, and a unit counts as found only if it is clearly better than that.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from rnntui.data import Dataset
from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.insight.features import features
from rnntui.insight.passage import held_out
from rnntui.nn.kernels.layout import Array
from rnntui.nn.model import ModelShape, Parameters, initialise
from rnntui.nn.probe import Probe, frozen
from rnntui.protocol.insight import Follows
from rnntui.recipe import Recipe

MOST, LEAST = 4096, 32  # entries read
ENOUGH = 512  # held-out entries; with fewer, correlations of training data say more
MOST_VALUES = 1 << 22  # hidden values that are kept
STREAMS, STEPS = 8, 32  # of a slice
MOST_ROWS = 16  # features in a message
GAIN = 0.2  # of r² over the untrained network
RIDGE = 1e-4  # of the number of entries
MOST_TOGETHER = 1024  # units of the read-out; of more, as many, evenly spaced
_BLOCK = 256  # entries of a slice of the read-out


@dataclass(frozen=True, eq=False)
class Ranked:
    """A complete ranking, measured with the weights of update `step` on `measured` entries."""

    step: int = 0
    measured: int = 0
    follows: tuple[Follows, ...] = ()


@dataclass(frozen=True)
class _Best:
    """The unit that is best on the first half, and its correlation on the second."""

    layer: int
    unit: int
    r: float


class Ranking:
    """Ranks the units again and again; `ranked` is the last complete result."""

    def __init__(self, parameters: Parameters, data: Dataset, recipe: Recipe) -> None:
        """`recipe` says how the weights were initialised. Raises UsageError for data too short."""
        self.ranked = Ranked()
        self._parameters = parameters
        shape = parameters.shape
        most = MOST_VALUES // (shape.hidden * shape.layers)
        rows, at = held_out(data, max(LEAST, min(MOST, most)), ENOUGH)
        if len(rows) < LEAST:
            raise UsageError(f"too few {data.unit}s to rank units: {len(rows)}, need {LEAST}")
        streams = max(1, min(STREAMS, len(rows) // (4 * STEPS)))
        length = len(rows) // streams
        self._rows = rows[: streams * length]
        table = features(data, self._rows, at)
        self._names = tuple(table)
        self._features = (
            np.stack([*table.values()], axis=1) if table else np.empty((len(self._rows), 0))
        )
        self._streams, self._length = streams, length
        self._half = len(self._rows) // 2
        self._recipe = recipe
        self._control: list[_Best] | None = None
        self._job: Generator[None, None, None] | None = None

    def work(self, step: int) -> bool:
        """Do one slice of work; return whether that completed a ranking.

        `step`: the update whose weights are the live ones now. A ranking begins with a copy.
        """
        if self._job is None:
            self._job = self._rank(step)
        for _ in self._job:
            return False
        self._job = None
        return True

    def _rank(self, step: int) -> Generator[None, None, None]:
        weights = frozen(self._parameters)
        if self._control is None:
            start = untrained(weights.shape, self._recipe)
            self._control = yield from self._best((yield from self._states(start)))
        hidden = yield from self._states(weights)
        best = yield from self._best(hidden)
        together: dict[int, Array] = {}
        for layer in {unit.layer for unit in best}:
            together[layer] = yield from self._read_out(hidden[layer])
        rows = [
            _follows(name, unit, control, float(together[unit.layer][k]))
            for k, (name, unit, control) in enumerate(
                zip(self._names, best, self._control, strict=True)
            )
        ]
        rows.sort(key=lambda row: (not row.found, -abs(row.r)))
        self.ranked = Ranked(step, len(self._rows), tuple(rows[:MOST_ROWS]))

    def _states(self, parameters: Parameters) -> Generator[None, None, Array]:
        """Read the text in parallel streams; return the hidden values (layers, N, H)."""
        shape, streams, length = parameters.shape, self._streams, self._length
        steps = min(STEPS, length)
        probe, hidden = Probe(parameters, steps, streams), shape.hidden_state(streams)
        found = np.empty((shape.layers, streams, length, shape.hidden), shape.dtype)
        text = self._rows.reshape(streams, length, *self._rows.shape[1:]).swapaxes(0, 1)
        for first in range(0, length, steps):
            count = min(steps, length - first)
            inputs = text[first : first + count]
            if count < steps:
                inputs = np.concatenate([inputs, np.repeat(inputs[-1:], steps - count, axis=0)])
            probe.forward(inputs, hidden)
            probe.final_state(hidden)
            for layer in range(shape.layers):
                values = probe.hidden(layer)[:count]
                found[layer, :, first : first + count] = values.swapaxes(0, 1)
            yield
        return found.reshape(shape.layers, -1, shape.hidden)

    def _best(self, hidden: Array) -> Generator[None, None, list[_Best]]:
        """For each feature, the best unit of all layers."""
        chosen, scored = [], []
        for layer in hidden:
            chosen.append(correlations(layer[: self._half], self._features[: self._half]))
            yield
            scored.append(correlations(layer[self._half :], self._features[self._half :]))
            yield
        found = []
        for k in range(len(self._names)):
            size = np.abs(np.stack([r[:, k] for r in chosen]))  # (layers, H)
            layer, unit = (int(n) for n in np.unravel_index(size.argmax(), size.shape))
            found.append(_Best(layer, unit, float(scored[layer][unit, k])))
        return found

    def _read_out(self, layer: Array) -> Generator[None, None, Array]:
        """Correlations (K,), on the second half, of a ridge regression on all units (N, H)."""
        half, units = self._half, layer.shape[1]
        if units > MOST_TOGETHER:
            layer = layer[:, np.linspace(0, units - 1, MOST_TOGETHER).astype(np.intp)]
        mean, middle = layer[:half].mean(axis=0, dtype=np.float64), self._features[:half].mean(0)
        width = layer.shape[1]
        gram, product = RIDGE * half * np.eye(width), np.zeros((width, len(self._names)))
        for first in range(0, half, _BLOCK):
            block = slice(first, min(first + _BLOCK, half))
            centred = layer[block] - mean
            gram += centred.T @ centred
            product += centred.T @ (self._features[block] - middle)
            yield
        weights = _solve(gram, product)
        yield
        fitted = (layer[half:] - mean) @ weights
        return _columns(fitted, self._features[half:])


def untrained(shape: ModelShape, recipe: Recipe) -> Parameters:
    """The network as this recipe initialises it, with random numbers of its own."""
    model, parameters = recipe.model, Parameters(shape)
    random = np.random.RandomState(recipe.train.seed)
    initialise(parameters, model.init, model.init_scale, random, model.forget_bias)
    return parameters


def correlations(hidden: Array, table: Array) -> Array:
    """Pearson's r of every unit with every feature: (N, H) and (N, K) to (H, K); 0 if constant."""
    hidden, table = _centred(hidden), _centred(table)
    with np.errstate(all="ignore"):
        r: Array = (hidden.T @ table) / np.sqrt(
            np.outer(np.square(hidden).sum(axis=0), np.square(table).sum(axis=0))
        )
    return np.nan_to_num(r, nan=0.0, posinf=0.0, neginf=0.0)


def _columns(left: Array, right: Array) -> Array:
    """Pearson's r of each column of one with the same column of the other, both (N, K)."""
    left, right = _centred(left), _centred(right)
    with np.errstate(all="ignore"):
        sizes = np.square(left).sum(axis=0) * np.square(right).sum(axis=0)
        r: Array = (left * right).sum(axis=0) / np.sqrt(sizes)
    return np.nan_to_num(r, nan=0.0, posinf=0.0, neginf=0.0)


def _centred(columns: Array) -> Array:
    columns = columns.astype(np.float64)
    with np.errstate(all="ignore"):
        columns -= columns.mean(axis=0)
    return columns


def _solve(gram: Array, product: Array) -> Array:
    """Weights (H, K) of the read-out; zeros where hidden values are not numbers."""
    try:
        weights: Array = np.linalg.solve(gram, product)
        return weights
    except np.linalg.LinAlgError:
        return np.zeros_like(product)


def _follows(name: str, best: _Best, control: _Best, together: float) -> Follows:
    return Follows(
        feature=name,
        layer=best.layer,
        unit=best.unit,
        r=round(best.r, 3),
        untrained=round(abs(control.r), 3),
        all_units=round(together, 3),
        found=best.r**2 - control.r**2 >= GAIN,
    )
