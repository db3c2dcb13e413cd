"""Training as a generator: one `Chunk` after each update, with the state in the caller's hands.

for chunk in train(load_recipe("hello-world")):
    print(chunk.step, chunk.loss)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from rnntui.data import Batch, Dataset, TokenData, load
from rnntui.memory import memory_needed
from rnntui.nn.arena import Array
from rnntui.recipe import Recipe
from rnntui.stability import Fault, Response
from rnntui.trainstate import (
    Saved,
    TrainState,
    copy_weights,
    go_back,
    restore,
    start,
    total_steps,
)
from rnntui.writing import Result, finish, sample, writer, writers

__all__ = [
    "Chunk",
    "Result",
    "Saved",
    "StaleChunkError",
    "Steps",
    "TrainState",
    "copy_weights",
    "finish",
    "go_back",
    "memory_needed",
    "restore",
    "start",
    "total_steps",
    "train",
    "writer",
    "writers",
]

Between = Callable[[], None]


class StaleChunkError(RuntimeError):
    """The steps of a chunk were asked for after the next update had begun."""


@dataclass(frozen=True, eq=False)
class Steps:
    """Stream 0 of one update, as copies. Values are in the network's units (standardized if so).

    inputs, targets, predictions: (T,) tokens or (T, D) values; predictions are the most probable
    tokens. p_true: (T,) probability of the true token, None for values. `start` is the place of the
    first input in the source.
    """

    inputs: Array
    targets: Array
    predictions: Array
    p_true: Array | None
    start: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """One update: what came in, what it cost, what was done.

    `loss` is summed or averaged as the recipe says, `loss_per_token` always the mean (nats per
    token, or ½ squared error per step). Where there is a `fault` the update was left out: the
    weights are as before, and where the loss was not finite the hidden state too. With `response`
    "rollback", those of update `back_to` have been put back and the learning rate halved; with
    "give up", that did not help often enough. `samples` are what was written after this update.
    """

    step: int  # from 1
    epoch: int  # from 0
    starts_epoch: bool
    ends_epoch: bool
    loss: float
    loss_per_token: float
    lr: float  # of this update, with the schedule's factor
    gradient_norm: float  # before clipping
    tokens: int
    fault: Fault
    response: Response
    back_to: int | None
    validation: float | None
    samples: tuple[str, ...]
    _state: TrainState = field(repr=False)
    _batch: Batch = field(repr=False)

    @property
    def applied(self) -> bool:
        """Whether the update was made."""
        return not self.fault

    @property
    def sample(self) -> str | None:
        """The first of the samples."""
        return self.samples[0] if self.samples else None

    def steps(self) -> Steps:
        """Stream 0 step by step. Raises StaleChunkError once the next update has begun."""
        if self._state.step != self.step:
            raise StaleChunkError(f"update {self.step} is over: ask before the next one begins")
        state, batch = self._state, self._batch
        rows = slice(0, None, state.network.extent.batch)
        loss = state.network.loss
        return Steps(
            inputs=batch.inputs[:, 0].copy(),
            targets=batch.targets[:, 0].copy(),
            predictions=loss.predictions(rows, state.loss_weight),
            p_true=loss.probability(rows),
            start=state.stream.start,
        )


def train(
    recipe: Recipe,
    data: Dataset | None = None,
    state: TrainState | None = None,
    between: Between | None = None,
) -> Iterator[Chunk]:
    """Train, yielding after each update, from `state` on if given, to the recipe's bounds.

    `between` is called now and then while a validation or a sample is under way, or a worker makes
    it wait. A state that was given is left open. Raises DataError or UsageError before the first
    update, EngineError where a worker has ended.
    """
    data = load(recipe) if data is None else data
    ours = state is None
    state = start(recipe, data) if state is None else state
    last, seconds = total_steps(recipe, data), recipe.train.seconds
    try:
        while (last is None or state.step < last) and (not seconds or state.seconds < seconds):
            yield _update(recipe, data, state, last, between)
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
    if batch.starts_epoch or recipe.train.state == "reset":
        state.hidden.fill(0)
    with np.errstate(all="ignore"):
        total, norm = state.updater.gradient(batch.inputs, batch.targets, between)
        fault = state.stability.judge(total, norm)
        if fault:
            state.updater.discard(math.isfinite(total), between)
        else:
            state.updater.apply(lr, norm, between)
    tokens = state.stream.steps * state.stream.batch
    response, back_to = _stabilise(state, total / tokens, norm, fault)
    state.last_loss = total * state.loss_weight
    validation = None
    if state.evaluator and (state.step % recipe.train.eval_every == 0 or state.step == last):
        validation = state.evaluator.loss(between)
        state.schedule.observe(validation)
    every = recipe.sample.sample_every
    texts: tuple[str, ...] = ()
    if every and (state.step == 1 or state.step % every == 0) and isinstance(data, TokenData):
        texts = sample(recipe, data, state, int(batch.inputs[0, 0]), between)
    state.seconds += perf_counter() - began
    return Chunk(
        state.step,
        batch.epoch,
        batch.starts_epoch,
        batch.ends_epoch,
        state.last_loss,
        total / tokens,
        lr,
        norm,
        tokens,
        fault,
        response,
        back_to,
        validation,
        texts,
        state,
        batch,
    )


def _stabilise(
    state: TrainState, loss: float, norm: float, fault: Fault
) -> tuple[Response, int | None]:
    """Go back to good weights if it is time to, or keep those there are if they are healthy."""
    stability, weights = state.stability, state.weights
    response = stability.see(loss, norm, fault)
    if response == "rollback":
        return response, go_back(state)
    due = state.step >= weights.due and stability.healthy
    if due and weights.keep(state.step, copy_weights(state)):
        stability.rollbacks = 0
    return response, None
