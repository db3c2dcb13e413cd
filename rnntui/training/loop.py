"""Training as a generator: one `Chunk` after each update, with the state in the caller's hands.

for chunk in train(load_recipe("hello-world")):
    print(chunk.step, chunk.loss)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import field
from time import perf_counter

import numpy as np

from rnntui.data import Batch, Dataset, TokenData, load
from rnntui.dataclass import dataclass
from rnntui.generation.generate import Result, copy_of, finish, sample, writer, writers
from rnntui.nn.kernels.blas import OneThread
from rnntui.nn.kernels.layout import Array
from rnntui.nn.network import Network
from rnntui.recipe import Recipe
from rnntui.training.kernel_trial import hold_kernel_trial
from rnntui.training.memory import memory_needed
from rnntui.training.stability import Fault, Response
from rnntui.training.state import (
    Saved,
    TrainState,
    copy_weights,
    fit_to_data,
    go_back,
    restore,
    sized,
    start,
    total_steps,
    use_kernels,
    use_workers,
)
from rnntui.training.worker_trial import hold_trial
from rnntui.update_numbers import UpdateNumbers

__all__ = [
    "Chunk",
    "Result",
    "Saved",
    "StaleChunkError",
    "Steps",
    "TrainState",
    "copy_weights",
    "finish",
    "fit_to_data",
    "go_back",
    "hold_kernel_trial",
    "hold_trial",
    "memory_needed",
    "restore",
    "sized",
    "start",
    "total_steps",
    "train",
    "use_kernels",
    "use_workers",
    "validate",
    "validates",
    "writer",
    "writers",
]

Between = Callable[[], None]


class StaleChunkError(RuntimeError):
    """The time steps of a chunk were requested after the next update had begun."""


@dataclass(frozen=True, eq=False)
class Steps:
    """One stream of an update, as copies. Values are in the network's units (standardized if so).

    inputs, targets, predictions: (T,) tokens or (T, D) values; predictions are the most likely
    tokens. An output layer that is adaptive or works in chunks predicts them when asked, with the
    weights of that moment. p_true: (T,) probability of the true token, None for values. `start` is
    the place of the first input in the source.
    """

    inputs: Array
    targets: Array
    predictions: Array
    p_true: Array | None
    start: int = 0


@dataclass(frozen=True, eq=False)
class Chunk:
    """One update: its numbers, and what was done about it.

    Its `loss` is summed or averaged as the recipe says, `loss_per_token` always the mean (nats per
    token, or ½ squared error per step). With a `fault` the update was skipped: the
    weights are as before, and where the loss was not finite the hidden state too. With `response`
    "rollback", those of update `back_to` have been put back and the learning rate halved; with
    "give up", too many restores did not help. `forecast_error`, where the recipe selects by it, is
    that over the horizon, as a share of the last value's. `samples` are the texts generated after
    this update.
    """

    numbers: UpdateNumbers
    starts_epoch: bool
    ends_epoch: bool
    tokens: int
    fault: Fault
    response: Response
    back_to: int | None
    validation: float | None
    forecast_error: float | None
    samples: tuple[str, ...]
    _state: TrainState = field(repr=False)
    _batch: Batch = field(repr=False)
    _network: Network = field(repr=False)  # which computed it

    @property
    def step(self) -> int:
        """The number of this update, from 1."""
        return self.numbers.step

    @property
    def epoch(self) -> int:
        """The pass over the source, from 0."""
        return self.numbers.epoch

    @property
    def loss(self) -> float:
        """The loss as the recipe reduces it."""
        return self.numbers.loss

    @property
    def loss_per_token(self) -> float:
        """The mean loss."""
        return self.numbers.loss_per_token

    @property
    def lr(self) -> float:
        """The learning rate of this update, with the schedule's factor."""
        return self.numbers.lr

    @property
    def gradient_norm(self) -> float:
        """The norm of the gradient before clipping."""
        return self.numbers.gradient_norm

    @property
    def applied(self) -> bool:
        """Whether the update was applied."""
        return not self.fault

    @property
    def sample(self) -> str | None:
        """The first of the samples."""
        return self.samples[0] if self.samples else None

    def sample_aside(self, recipe: Recipe, data: TokenData) -> tuple[str, ...]:
        """Return samples as the recipe makes them, without advancing any random numbers.

        Raises StaleChunkError once the next update has begun.
        """
        self._check_current()
        random = copy_of(self._state.sample_random)
        first = int(self._batch.inputs[0, 0])
        return sample(recipe, data, self._state, first, random=random)

    def _check_current(self) -> None:
        if self._state.step != self.step:
            raise StaleChunkError(f"update {self.step} is over: ask before the next one begins")

    @property
    def streams(self) -> int:
        """Number of streams whose time steps this process has."""
        return self._state.network.dims.batch

    def steps(self, stream: int = 0) -> Steps:
        """The time steps of a stream. Raises StaleChunkError once the next update has begun.

        It also does once other processes share the updates: their network has computed nothing.
        """
        self._check_current()
        state, batch = self._state, self._batch
        if state.network is not self._network:
            raise StaleChunkError(f"the outputs of update {self.step} are gone")
        rows = slice(stream, None, self.streams)
        output = state.network.output
        return Steps(
            inputs=self._own(batch.inputs[:, stream]),
            targets=self._own(batch.targets[:, stream]),
            predictions=output.predictions(rows, state.loss_weight),
            p_true=output.probability(rows),
            start=state.stream.start,
        )

    def _own(self, rows: Array) -> Array:
        """A copy of tokens (T,) or of the values of rows, without what is known in advance."""
        width = self._state.parameters.shape.width
        return rows.copy() if rows.ndim == 1 else rows[:, :width].copy()


def train(
    recipe: Recipe,
    data: Dataset | None = None,
    state: TrainState | None = None,
    between: Between | None = None,
) -> Iterator[Chunk]:
    """Train, yielding after each update, from `state` on if given, to the recipe's bounds.

    `between` is called now and then while a validation or a sample is under way, or a worker makes
    it wait. A state that was given is left open. NumPy's BLAS has one thread during an update, and
    between two of them as many as the caller set. Raises DataError or UsageError before the first
    update, EngineError where a worker has ended.
    """
    data = load(recipe) if data is None else data
    ours, one_thread = state is None, OneThread()
    if state is None:
        recipe, _ = fit_to_data(recipe, data)
        with one_thread():
            state = start(recipe, data)
    last, seconds = total_steps(recipe, data), recipe.train.seconds
    try:
        while (last is None or state.step < last) and (not seconds or state.seconds < seconds):
            hold_trial(recipe, state, between)
            hold_kernel_trial(state, between)
            with one_thread():
                chunk = _update(recipe, data, state, last, between)
            yield chunk
    finally:
        if ours:
            state.close()


def _update(
    recipe: Recipe, data: Dataset, state: TrainState, last: int | None, between: Between | None
) -> Chunk:
    began = perf_counter()
    batch = state.stream.next()
    state.step += 1
    state.epoch = batch.epoch
    state.factor = state.schedule.factor(state.step, last, state.seconds)
    lr = state.rate
    state.waiting.take(batch, state.hidden)
    if batch.starts_epoch or recipe.train.state == "reset":
        state.hidden.fill(0)
    with np.errstate(all="ignore"):
        total, norm = state.updater.gradient(batch.inputs, batch.targets, between)
        fault = state.stability.judge(total, norm)
        if fault:
            state.updater.discard(math.isfinite(total), between)
        else:
            if state.observer is not None:
                state.observer()
            state.updater.apply(lr, norm, between)
    state.waiting.put(batch, state.hidden)
    tokens = state.stream.steps * state.stream.batch
    response, back_to = _stabilise(state, total / tokens, norm, fault)
    state.last_loss = total * state.loss_weight
    validation = None
    if validates(recipe, state):
        validation = validate(state, between)
        assert validation is not None
        state.schedule.observe(validation)
        state.stability.validate(validation)
    forecast_error = None
    if state.selector is not None and state.step % recipe.train.eval_every == 0:
        forecast_error = state.selector.error()
    every = recipe.sample.sample_every
    texts: tuple[str, ...] = ()
    if every and (state.step == 1 or state.step % every == 0) and isinstance(data, TokenData):
        texts = sample(recipe, data, state, int(batch.inputs[0, 0]), between)
    if validation is None and _ends(recipe, state, last, perf_counter() - began):
        validation = validate(state, between)  # the schedule of a longer run does not know of it
    state.seconds += perf_counter() - began
    numbers = UpdateNumbers(state.step, batch.epoch, state.last_loss, total / tokens, lr, norm)
    return Chunk(
        numbers,
        batch.starts_epoch,
        batch.ends_epoch,
        tokens,
        fault,
        response,
        back_to,
        validation,
        forecast_error,
        texts,
        state,
        batch,
        state.network,
    )


def validates(recipe: Recipe, state: TrainState) -> bool:
    """Whether a validation belongs to the last update, wherever the run ends."""
    return state.evaluator is not None and state.step % recipe.train.eval_every == 0


def validate(state: TrainState, between: Between | None = None) -> float | None:
    """The validation loss of the weights as they are; None where no part is held out.

    Nothing is changed by it.
    """
    return state.evaluator.loss(between) if state.evaluator else None


def _ends(recipe: Recipe, state: TrainState, last: int | None, took: float) -> bool:
    """Whether the update that took so many seconds is the last one within the recipe's bounds."""
    seconds = recipe.train.seconds
    return state.step == last or bool(seconds and state.seconds + took >= seconds)


def _stabilise(
    state: TrainState, loss: float, norm: float, fault: Fault
) -> tuple[Response, int | None]:
    """Go back to good weights if it is time to, or keep those there are if they are healthy."""
    stability, weights = state.stability, state.weights
    chance = state.references.at(state.stream.chunk)
    response = stability.see(loss, norm, fault, chance)
    if response == "rollback":
        return response, go_back(state)
    due = state.step >= weights.due and stability.healthy
    if due and weights.keep(state.step, copy_weights(state)):
        stability.rollbacks = 0
    return response, None
