"""What training changes: as it is before the first update, and copies to go back to."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from rnntui.data import Dataset, Stream, TokenData
from rnntui.data.stream import check_length
from rnntui.errors import UsageError
from rnntui.memory import check_memory, fits, free_memory, memory_needed, too_large
from rnntui.nn.arena import Array
from rnntui.nn.evaluate import Evaluator
from rnntui.nn.model import ModelShape, Parameters, initialise
from rnntui.nn.optim import Optimizer
from rnntui.parallel.choice import choose
from rnntui.parallel.crew import Crew
from rnntui.parallel.plan import Plan
from rnntui.parallel.recruiting import check_workers, most_workers
from rnntui.parallel.updater import Updater
from rnntui.recipe import Recipe
from rnntui.schedule import Schedule, check_schedule
from rnntui.stability import GoodWeights, Stability
from rnntui.writing import WritingState


@dataclass(frozen=True, eq=False)
class Saved:
    """Weights, moments and hidden state at some update."""

    step: int
    parameters: Array
    moments: dict[str, Array]
    updates: int
    hidden: Array


@dataclass(eq=False)
class TrainState(WritingState):
    """Everything that training changes. `lr` and `temperature` may be set between updates.

    An update's learning rate is `lr` times the schedule's factor; its `Chunk` has the product.
    """

    updater: Updater
    gradients: Parameters
    optimizer: Optimizer
    evaluator: Evaluator | None
    lr: float  # before the schedule's factor
    schedule: Schedule
    stability: Stability
    weights: GoodWeights[Saved]
    factor: float = 1.0  # of the last update
    epoch: int = 0  # of the last update
    seconds: float = 0.0  # spent training

    @property
    def workers(self) -> int:
        """How many processes train, this one included."""
        return self.updater.workers

    @property
    def rate(self) -> float:
        """The learning rate as the last update had it, or would have with `lr` as it is now."""
        return self.lr * self.factor

    def set_rate(self, rate: float) -> None:
        """Set `lr` so that `rate` comes out where the schedule stands now."""
        self.lr = rate / self.factor if self.factor else rate

    def close(self) -> None:
        """End the workers, if there are any: no more updates, but all that was learned stays."""
        self.updater.close()


def start(recipe: Recipe, data: Dataset, crew: Crew | None = None) -> TrainState:
    """The state before the first update. Raises DataError, UsageError or EngineError, in one line.

    `crew` are processes that may be at work already; the state's `close` ends them.
    """
    check_workers(recipe)
    source, validation = _parts(data)
    check_length(len(source), recipe.train.batch, recipe.train.seq_len, data.unit)
    if recipe.model.dropout and recipe.model.layers == 1:
        raise UsageError("dropout is between layers: set layers = 2 or more, or dropout = 0")
    check_schedule(recipe.train, bool(len(validation) > 1 and recipe.train.eval_every))
    width = data.tokenizer.vocab_size if isinstance(data, TokenData) else source.shape[1]
    steps = _steps(recipe, data)
    check_memory(recipe, width, steps)
    try:
        stream = Stream(source, recipe.train.batch, recipe.train.seq_len)
        plan = Plan.of(recipe, ModelShape.of(recipe, width), steps)
        crew = Crew() if crew is None else crew
        plan = replace(plan, workers=_workers(recipe, plan, stream, crew))
        return _allocate(recipe, stream, source, validation, Updater(plan, crew))
    except MemoryError:
        raise too_large(memory_needed(recipe, width, steps), free_memory()) from None


def _workers(recipe: Recipe, plan: Plan, stream: Stream, crew: Crew) -> int:
    """How many processes train: as the recipe says, or as a trial with the first chunk suggests."""
    if recipe.train.workers:
        return recipe.train.workers
    most = most_workers(recipe)
    if not fits(recipe, plan.shape.width, plan.steps, most):
        most = 1
    first = stream.next()
    stream.restore((0, 0))

    def clock(updater: Updater) -> float:
        steps, began = updater.plan.steps, perf_counter()
        with np.errstate(all="ignore"):
            updater.gradient(first.inputs[:steps], first.targets[:steps])
        return perf_counter() - began

    return choose(plan, most, crew, clock)


def _allocate(
    recipe: Recipe, stream: Stream, source: Array, validation: Array, updater: Updater
) -> TrainState:
    train, model, share = recipe.train, recipe.model, updater.share
    weights = share.parameters
    random = np.random.RandomState(train.seed)
    initialise(weights, model.init, model.init_scale, random, model.forget_bias)
    evaluator = None
    if len(validation) > 1 and train.eval_every:
        reset = stream.steps if train.state == "reset" else 0
        evaluator = Evaluator(weights, validation, reset, before=source)
    shared = recipe.sample.sample_random == "shared"
    first = _copy(0, weights.flat, share.optimizer, updater.board.hidden)
    return TrainState(
        parameters=weights,
        network=share.network,
        loss_weight=updater.plan.loss_weight,
        hidden=updater.board.hidden,
        stream=stream,
        weights_random=random,
        sample_random=random if shared else np.random.RandomState([train.seed, 1]),
        prompt_random=np.random.RandomState([train.seed, 2]),
        temperature=recipe.sample.temperature,
        top_k=recipe.sample.top_k,
        top_p=recipe.sample.top_p,
        greedy=recipe.sample.greedy,
        samples=recipe.sample.samples,
        last_loss=math.nan,
        updater=updater,
        gradients=share.gradients,
        optimizer=share.optimizer,
        evaluator=evaluator,
        lr=train.lr,
        schedule=Schedule(train),
        stability=_stability(recipe, stream),
        weights=GoodWeights(first, first),
    )


def _stability(recipe: Recipe, stream: Stream) -> Stability:
    """Series have loud stretches: only a loss that stays up for a whole pass says something."""
    train, patience = recipe.train, Stability.patience
    if recipe.data.task != "tokens":
        patience = max(patience, stream.chunks_per_epoch)
    return Stability(train.skip_spikes, patience, train.clip if train.clip_mode == "norm" else 0.0)


def total_steps(recipe: Recipe, data: Dataset) -> int | None:
    """Updates until the recipe's bounds are reached; None where steps and epochs set none.

    The data must fill at least one chunk, as `load` and `start` check.
    """
    train = recipe.train
    bounds = [train.steps] if train.steps else []
    if train.epochs:
        size = (len(_parts(data)[0]) - 1) // train.batch
        bounds.append(train.epochs * (size // _steps(recipe, data)))
    return min(bounds, default=None)


def copy_weights(state: TrainState) -> Saved:
    """Weights, moments and hidden state as they are now."""
    return _copy(state.step, state.parameters.flat, state.optimizer, state.hidden)


def _copy(step: int, parameters: Array, optimizer: Optimizer, hidden: Array) -> Saved:
    moments = {name: moment.copy() for name, moment in optimizer.moments.items()}
    return Saved(step, parameters.copy(), moments, optimizer.updates, hidden.copy())


def restore(state: TrainState, saved: Saved) -> None:
    """Go back to saved weights, moments and hidden state; step and cursor stay."""
    np.copyto(state.parameters.flat, saved.parameters)
    for name, moment in saved.moments.items():
        np.copyto(state.optimizer.moments[name], moment)
    state.optimizer.updates = saved.updates
    np.copyto(state.hidden, saved.hidden)


def go_back(state: TrainState) -> int:
    """Put the good weights back and halve the learning rate; the update they are from."""
    restore(state, state.weights.good)
    state.weights.went_back(state.step)
    state.lr /= 2
    return state.weights.good.step


def _parts(data: Dataset) -> tuple[Array, Array]:
    """The sequence to train on and that to validate on."""
    source: Any = data.tokens if isinstance(data, TokenData) else data.values
    return source, data.validation


def _steps(recipe: Recipe, data: Dataset) -> int:
    """T: the steps of a chunk."""
    if isinstance(recipe.train.seq_len, int):
        return recipe.train.seq_len
    return (len(_parts(data)[0]) - 1) // recipe.train.batch
