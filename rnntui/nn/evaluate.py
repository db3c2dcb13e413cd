"""Losses, forward only: validation in parallel rows, one exact pass, and windows read cold."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator

import numpy as np

from rnntui.dataclass import dataclass
from rnntui.nn.kernels.layout import Array
from rnntui.nn.model import Parameters
from rnntui.nn.network import Network

WARM_UP = 64  # steps that a row reads before those that count
_MOST_ROWS, _LEAST_LENGTH, _CHUNK = 32, 256, 1024
_MOST_OUTPUTS = 1 << 22  # numbers in one block of outputs of the exact pass
WINDOW = 256  # tokens that are read cold
_MOST_WINDOWS, _OVERLAP = 2000, 4  # windows; and how many of them, on average, have a token
_WINDOWS_AT_ONCE = 32


class Evaluator:
    """Read a sequence in up to 32 parallel rows and average the loss over all its time steps.

    Its buffers and hidden state are its own, so training is unaffected. Each row starts from the
    zero state but first reads up to 64 preceding time steps, which comes close to a single row that
    continues from the end of the training part. `reset` is the number of time steps after which the
    hidden state is zeroed again, as in training; 0: never.
    """

    def __init__(
        self, parameters: Parameters, sequence: Array, reset: int = 0, before: Array | None = None
    ) -> None:
        """`sequence` (M,) tokens or (M, D) values, M >= 2; `before` precedes it."""
        self._sequence, self._steps, self._reset = sequence, len(sequence) - 1, bool(reset)
        self._before = sequence[:0] if before is None or reset else before[-WARM_UP:]
        self._warm = len(self._before)
        rows = max(1, min(_MOST_ROWS, self._steps // _LEAST_LENGTH))
        self._length = -(-self._steps // rows)
        self._chunk = min(self._length + self._warm, reset or max(1, _CHUNK // rows))
        if reset:
            rows = max(1, min(rows, _CHUNK // self._chunk))
            self._length = -(-self._steps // rows)
        self._starts = np.arange(rows) * self._length
        self._network = Network(parameters, self._chunk, rows)
        self._hidden = parameters.shape.hidden_state(rows)

    def loss(self, between: Callable[[], None] | None = None) -> float:
        """Mean loss per step with the parameters as they are; `between` is called now and then."""
        network, hidden, total = self._network, self._hidden, 0.0
        hidden.fill(0)
        with np.errstate(all="ignore"):
            network.refresh()
        for first in range(-self._warm, self._length, self._chunk):
            step = np.arange(first, first + self._chunk)[:, None]
            at = self._starts + step  # (T, B)
            # Rows are padded at their ends to whole chunks.
            counts = (step >= 0) & (step < self._length) & (at < self._steps)
            at = np.minimum(at, self._steps - 1)
            with np.errstate(all="ignore"):
                network.forward(self._rows(at), hidden)
                network.total_loss(self._rows(at + 1), trains=False)
                per_row = network.output.per_row
                total += float(np.dot(per_row, counts.reshape(-1).astype(per_row.dtype)))
            if self._reset:
                hidden.fill(0)
            else:
                network.final_state(hidden)
            if between:
                between()
        return total / self._steps

    def _rows(self, at: Array) -> Array:
        """The entries at places (T, B) of the sequence; those below 0 precede its start."""
        rows = self._sequence[np.maximum(at, 0)]
        earlier = at < 0
        if earlier.any():
            rows[earlier] = self._before[at[earlier]]
        return rows


@dataclass(frozen=True, eq=False)
class PassResult:
    """Mean loss per step; for values also the root mean square and the mean absolute error (D,)."""

    loss: float
    steps: int
    rmse: Array | None = None
    mae: Array | None = None


def exact_pass(
    parameters: Parameters,
    sequence: Array,
    reset: int = 0,
    progress: Callable[[int], None] | None = None,
    predicted: Array | None = None,
    first: int = 0,
) -> PassResult:
    """Read `sequence` once from the zero state, first to last, in float64.

    `sequence` (M,) tokens or (M, D) values, M >= 2. With `reset` the hidden state is zeroed before
    every so many steps; 0: never. Segments between two resets do not depend on each other, so
    several are read at a time; nothing else is. `progress` is given the steps read so far. What
    the network predicts of values is written to `predicted` (M - 1, D). The `first` steps are read,
    but do not count.
    """
    reader = _Reader(parameters)
    losses: list[float] = []
    squares: list[Array] = []
    sizes: list[Array] = []
    done, steps = 0, len(sequence) - 1
    counted = steps - first
    for starts, length in _groups(steps, reset, reader.most_rows):
        for at, inputs, targets in reader.blocks(sequence, starts, length):
            per_row, errors = reader.read(inputs, targets)
            places = at.reshape(-1)
            if first:
                per_row = per_row[places >= first]
            losses.append(_sum(per_row.tolist()))
            if errors is not None:
                if predicted is not None:
                    predicted[places] = reader.outputs
                if first:
                    errors = errors[places >= first]
                with np.errstate(all="ignore"):
                    squares.append(np.square(errors).sum(axis=0))
                    sizes.append(np.abs(errors).sum(axis=0))
            done += inputs.shape[0] * inputs.shape[1]
            if progress:
                progress(done)
    loss = _sum(losses) / counted
    if not squares:
        return PassResult(loss, counted)
    with np.errstate(all="ignore"):
        rmse, mae = (np.sum(parts, axis=0) / counted for parts in (squares, sizes))
    return PassResult(loss, counted, np.sqrt(rmse), mae)


@dataclass(frozen=True)
class ColdResult:
    """Mean loss per token over `windows` windows of `length` tokens.

    `error` is its standard error, as another draw of windows would change it; None of one window.
    """

    loss: float
    error: float | None
    windows: int
    length: int


def cold_windows(steps: int) -> tuple[int, int]:
    """How many windows of how many tokens `cold_pass` reads of so many steps."""
    length = min(WINDOW, steps)
    return min(_MOST_WINDOWS, max(1, _OVERLAP * (steps // length - 1))), length


def cold_pass(
    parameters: Parameters,
    sequence: Array,
    progress: Callable[[int], None] | None = None,
    seed: int = 0,
) -> ColdResult:
    """Read windows at random places of `sequence`, each from the zero state, in float64.

    `sequence` (M,) tokens, M >= 2. All tokens of a window count, also the first ones, for which the
    network knows next to nothing of what precedes them. That is how transformers are usually
    judged, with windows of the same length. `progress` is given the tokens read so far.
    """
    reader = _Reader(parameters)
    windows, length = cold_windows(len(sequence) - 1)
    starts = np.random.RandomState(seed).randint(0, len(sequence) - length, windows)
    losses: list[Array] = []
    for first in range(0, windows, _WINDOWS_AT_ONCE):
        group = starts[first : first + _WINDOWS_AT_ONCE]
        total = np.zeros(len(group))
        for _, inputs, targets in reader.blocks(sequence, group, length):
            total += reader.read(inputs, targets)[0].reshape(inputs.shape).sum(axis=0)
        losses.append(total / length)
        if progress:
            progress((first + len(group)) * length)
    found = np.concatenate(losses)
    error = float(found.std(ddof=1)) / math.sqrt(windows) if windows > 1 else None
    return ColdResult(_sum(found.tolist()) / windows, error, windows, length)


def _sum(numbers: list[float]) -> float:
    """The rounded exact sum; as floats add up where one of them is not finite."""
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):
        return sum(numbers)


def _groups(steps: int, reset: int, most_rows: int) -> Iterator[tuple[Array, int]]:
    """First steps and common length of segments that are read together, in order."""
    reset = min(reset or steps, steps)
    rows = max(1, most_rows // reset)
    whole = steps // reset
    for first in range(0, whole, rows):
        yield np.arange(first, min(first + rows, whole)) * reset, reset
    if steps % reset:
        yield np.array([whole * reset]), steps % reset


class _Reader:
    """A network in float64 that carries its state from block to block."""

    def __init__(self, parameters: Parameters) -> None:
        shape = dataclasses.replace(parameters.shape, dtype="float64")
        self._parameters = Parameters(shape)
        np.copyto(self._parameters.flat, parameters.flat)
        self.most_rows = max(1, min(_CHUNK, _MOST_OUTPUTS // shape.width))
        self._networks: dict[tuple[int, int], Network] = {}

    def blocks(
        self, sequence: Array, starts: Array, length: int
    ) -> Iterator[tuple[Array, Array, Array]]:
        """Places (T, B), inputs and targets (T, B[, D]) of segments, block by block.

        The first block of a segment starts from the zero state.
        """
        self._hidden = self._parameters.shape.hidden_state(len(starts))
        most = max(1, self.most_rows // len(starts))
        for first in range(0, length, most):
            at = starts + np.arange(first, min(first + most, length))[:, None]
            yield at, sequence[at], sequence[at + 1]

    def read(self, inputs: Array, targets: Array) -> tuple[Array, Array | None]:
        """The loss of each row, and for values the errors (rows, D)."""
        network = self._network(inputs.shape[0], inputs.shape[1])
        with np.errstate(all="ignore"):
            network.forward(inputs, self._hidden)
            network.final_state(self._hidden)
            network.total_loss(targets, trains=False)
            if self._parameters.shape.task == "tokens":
                return network.output.per_row, None
            self.outputs = outputs = network.output.outputs(slice(None))
            errors = outputs - targets.reshape(len(outputs), -1)[:, : outputs.shape[1]]
        return network.output.per_row, errors

    def _network(self, steps: int, rows: int) -> Network:
        found = self._networks.get((steps, rows))
        if found is None:
            found = self._networks[steps, rows] = Network(self._parameters, steps, rows)
            with np.errstate(all="ignore"):
                found.refresh()
        return found
