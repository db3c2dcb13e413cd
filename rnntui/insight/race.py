"""A race: the same network, trained with gradients that are cut after different numbers of steps.

Every lane starts from the same weights and reads the same tokens in the same order; only `seq_len`
differs, so that a short window makes more updates of the same text. The loss alone can favour the
short window; what a lane remembers shows in the share of correct answers by distance.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import field
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data import Dataset, TokenData, sequences
from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.insight.recall import Recall, recall_of
from rnntui.nn.kernels.layout import Array
from rnntui.nn.network import Network
from rnntui.nn.output import OutputLayer
from rnntui.protocol import insight as messages
from rnntui.recipe import Recipe
from rnntui.training.loop import Chunk, TrainState, start, train

SECONDS = 8.0  # of CPU time, for all lanes together
POINTS = 20  # of each curve
MOST_LANES = 3
_SLICE = 0.02  # seconds of CPU time between two yields
_TRIED = 0.1  # seconds of CPU time to find out how long a lane's tokens take
_MEASURED, _ROWS, _WARM_UP = 6000, 8, 100  # tokens that measure a lane; a row's first don't count
_MOST_TOKENS = 4_000_000
_SHORT = (1, 8, 32)  # windows to compare if the run's own is too short to be divided


def windows(recipe: Recipe, data: Dataset) -> tuple[int, ...]:
    """Return the windows to compare: one step, a quarter of the run's window, the window.

    Raises UsageError if the data is too short to compare two.
    """
    longest = (len(_training(data)) - 1) // recipe.train.streams
    window = longest if isinstance(recipe.train.seq_len, str) else recipe.train.seq_len
    wanted = (1, window // 4, window) if window >= 8 else _SHORT
    found = tuple(sorted({steps for steps in wanted if 1 <= steps <= longest}))
    if len(found) < 2:
        raise UsageError("the data is too short for a race: no two windows fit")
    return found


def _training(data: Dataset) -> NDArray[Any]:
    return sequences(data)[0]


@dataclass(eq=False)
class _Lane:
    """One network of the race, with its results so far."""

    steps: int
    state: TrainState
    updates: Iterator[Chunk]
    tokens: int = 0
    seconds: float = 0.0
    points: list[tuple[int, float]] = field(default_factory=list)  # tokens, loss
    correct: tuple[float | None, ...] = ()

    def advance(self, tokens: int) -> Iterator[None]:
        """Train until so many tokens have been read; yields every few milliseconds."""
        while self.tokens < tokens:
            began = process_time()
            while self.tokens < tokens and process_time() - began < _SLICE:
                self.tokens += next(self.updates).tokens
            self.seconds += process_time() - began
            yield

    def message(self) -> messages.Lane:
        """Return the results so far."""
        return messages.Lane(
            name=str(self.steps),
            tokens=tuple(float(tokens) for tokens, _ in self.points),
            loss=tuple(loss for _, loss in self.points),
            updates=self.state.step,
            seconds=self.seconds,
            correct=self.correct,
        )


class Race:
    """Trains the lanes in small slices; nothing of the run that started it is changed."""

    def __init__(
        self, recipe: Recipe, data: Dataset, seq_lens: Sequence[int] = (), tokens: int = 0
    ) -> None:
        """`tokens` each lane reads; 0: as many as all lanes manage in a few seconds.

        Raises UsageError, and DataError for a window that is longer than the data.
        """
        self._data = data
        base = recipe.replace(
            workers=1, sample_every=0, eval_every=0, schedule="constant", warmup=0, steps=0,
            epochs=0, seconds=0.0,
        )  # fmt: skip
        self._lanes: list[_Lane] = []
        chosen = tuple(sorted(set(seq_lens))) or windows(recipe, data)
        if len(chosen) > MOST_LANES:
            raise UsageError(f"a race has at most {MOST_LANES} lanes")
        for steps in chosen:
            lane = base.replace(seq_len=steps)
            state = start(lane, data)
            self._lanes.append(_Lane(steps, state, train(lane, data, state)))
        self._chunk = max(chosen) * recipe.train.batch
        self._total = self._in_chunks(tokens)
        self._probe = _Probe(recipe, data)
        self._running = False

    def _in_chunks(self, tokens: float) -> int:
        """Round to what every lane can read in complete chunks."""
        return max(1, round(tokens / self._chunk)) * self._chunk if tokens else 0

    def run(self) -> Iterator[None]:
        """Train all lanes side by side, in slices of some milliseconds."""
        self._running = True
        try:
            self._total = self._total or (yield from self._affordable())
            for lane in self._lanes:
                if not lane.points:
                    self._probe.measure(lane)
                    yield
            for point in range(1, POINTS + 1):
                for lane in self._lanes:
                    yield from lane.advance(self._total * point // POINTS)
                    self._probe.measure(lane)
                    yield
        finally:
            self._running = False
            for lane in self._lanes:
                lane.state.close()

    def _affordable(self) -> Generator[None, None, int]:
        """Return, after a short trial, how many tokens all lanes read in the time there is."""
        cost = 0.0  # seconds of all lanes, a token
        for lane in self._lanes:
            self._probe.measure(lane)
            while lane.seconds < _TRIED and lane.tokens < _MOST_TOKENS:
                yield from lane.advance(lane.tokens + lane.steps)
            cost += lane.seconds / lane.tokens
        most = max(lane.tokens for lane in self._lanes)
        return self._in_chunks(min(_MOST_TOKENS, max(most, SECONDS / cost)))

    def message(self) -> messages.Race:
        """Return the results so far."""
        recall = self._probe.recall
        return messages.Race(
            key="seq_len",
            total=self._total,
            lanes=tuple(lane.message() for lane in self._lanes),
            distances=recall.labels if recall else (),
            chance=recall.chance if recall else None,
            floor=self._data.floor if isinstance(self._data, TokenData) else None,
            running=self._running,
        )


class _Probe:
    """Measures a lane on held-out data (on training data if nothing is held out)."""

    def __init__(self, recipe: Recipe, data: Dataset) -> None:
        held_out = sequences(data)[1][:_MEASURED]
        enough = len(held_out) > 2 * _ROWS * _WARM_UP
        sequence = held_out if enough else _training(data)[-_MEASURED:]
        self._rows = _ROWS if len(sequence) > 2 * _ROWS * _WARM_UP else 1
        self._length = (len(sequence) - 1) // self._rows
        self._warm = min(_WARM_UP, self._length // 4)
        at = np.arange(self._rows) * self._length + np.arange(self._length)[:, None]  # (T, B)
        self._inputs, self._targets = sequence[at], sequence[at + 1]
        self.recall = recall_of(recipe, data, sequence, self._counts)

    def _counts(self, at: int) -> bool:
        """Whether position `at` is predicted after a row's warm-up."""
        row, step = divmod(at - 1, self._length)
        return 0 <= row < self._rows and step >= self._warm

    def measure(self, lane: _Lane) -> None:
        """Add a point to a lane's curve."""
        parameters, (steps, rows) = lane.state.parameters, self._inputs.shape[:2]
        network = Network(parameters, steps, rows)
        with np.errstate(all="ignore"):
            network.refresh()
            network.forward(self._inputs, parameters.shape.hidden_state(rows))
            if self.recall:
                lane.correct = self.recall.shares(self._answers(self.recall, network.output))
            network.total_loss(self._targets, trains=False)
            loss = float(network.output.per_row[self._warm * rows :].mean())
        lane.points.append((lane.tokens, loss))

    def _answers(self, recall: Recall, output: OutputLayer) -> Array:
        """What the recall needs of all outputs, in the order of the sequence."""
        steps, rows = self._inputs.shape[:2]
        parts = [recall.needed(output.outputs(part)) for part in output.parts()]
        by_step = np.concatenate(parts).reshape(steps, rows, -1)
        return by_step.swapaxes(0, 1).reshape(steps * rows, -1)
