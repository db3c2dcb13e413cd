"""The training state: how it starts, and copies of the weights to restore."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnntui.data import Dataset, Stream, TokenData, ValueData, sequences
from rnntui.data.stream import check_length
from rnntui.dataclass import dataclass
from rnntui.errors import EngineError, UsageError
from rnntui.generation.generate import SamplingState
from rnntui.nn.evaluate import Evaluator
from rnntui.nn.kernels.choice import Kernels
from rnntui.nn.kernels.layout import Array
from rnntui.nn.model import Parameters, initialise
from rnntui.nn.optim import AVERAGE, Optimizer
from rnntui.recipe import Recipe, SamplingSettings
from rnntui.recipe.defaults import fit_to_size
from rnntui.recipe.sizing import Size, choose
from rnntui.training.free_memory import free_memory
from rnntui.training.health.laps import Laps, lap_size
from rnntui.training.health.losses import Losses
from rnntui.training.health.places import Places
from rnntui.training.health.reference_losses import ReferenceLosses, reference_losses
from rnntui.training.memory import check_memory, fits, memory_needed, too_large
from rnntui.training.planning import Choice, KernelTrial, Recall
from rnntui.training.schedule import Schedule, check_schedule
from rnntui.training.selection import Selector
from rnntui.training.shape import shape_of
from rnntui.training.stability import GoodWeights, Stability
from rnntui.training.waiting import Waiting
from rnntui.training.workers.autotune import Trial
from rnntui.training.workers.plan import Plan
from rnntui.training.workers.pool import WorkerPool
from rnntui.training.workers.prestart import check_workers, most_workers
from rnntui.training.workers.updater import Updater


@dataclass(frozen=True, eq=False)
class Saved:
    """Weights, moments and hidden state at some update."""

    step: int
    parameters: Array
    moments: dict[str, Array]
    updates: int
    hidden: Array


@dataclass(eq=False)
class TrainState(SamplingState):
    """Everything that training changes. `lr` and `sampling` may be set between updates.

    `trained` are the weights that updates change; `parameters` are these or, if the recipe averages
    weights, their average.

    An update's learning rate is `lr` times the schedule's factor; its `Chunk` has the product.
    `observer` is called in each update between the gradient and the change of the weights. It must
    change nothing.
    """

    trained: Parameters
    updater: Updater
    gradients: Parameters
    optimizer: Optimizer
    evaluator: Evaluator | None
    selector: Selector | None
    lr: float  # before the schedule's factor
    schedule: Schedule
    references: ReferenceLosses
    stability: Stability
    weights: GoodWeights[Saved]
    waiting: Waiting
    factor: float = 1.0  # of the last update
    epoch: int = 0  # of the last update
    seconds: float = 0.0  # spent training
    observer: Callable[[], None] | None = None
    trial: Trial | None = None  # of the number of workers, still to come
    kernel_trial: KernelTrial | None = None  # likewise of the kernels, after that one
    recalled: bool = False  # what an earlier trial found was used instead

    @property
    def workers(self) -> int:
        """How many processes train, this one included."""
        return self.updater.workers

    @property
    def moments(self) -> dict[str, Array]:
        """What the optimizer remembers, and the update of a suffix table, by name."""
        return self.updater.arrays.moments

    @property
    def rate(self) -> float:
        """The learning rate as the last update had it, or would have with `lr` as it is now."""
        return self.lr * self.factor

    def set_rate(self, rate: float) -> None:
        """Set `lr` so that the schedule's current factor gives `rate`."""
        self.lr = rate / self.factor if self.factor else rate

    def close(self) -> None:
        """End the workers, if any: no more updates, but the weights stay usable."""
        self.updater.close()


def fit_to_data(recipe: Recipe, data: Dataset) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe with settings that suit the size of the data, and notes if that changed it.

    What the user chose stays.
    """
    return fit_to_size(recipe, _size(data))


def sized(recipe: Recipe, data: Dataset) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe with what it leaves to the size of the data, and a note if that changed it."""
    return choose(recipe, _size(data))


def _size(data: Dataset) -> Size:
    different = data.tokenizer.vocab_size if isinstance(data, TokenData) else 0
    return Size(len(_parts(data)[0]), different, data.unit)


def start(
    recipe: Recipe,
    data: Dataset,
    pool: WorkerPool | None = None,
    workers: int = 0,
    later: int = 0,
    recall: Recall | None = None,
) -> TrainState:
    """Return the state before the first update.

    `pool` holds workers that may have been started already; the state's `close` ends them. Where
    the recipe leaves the number of workers open, `workers` processes share the updates, and
    `use_workers` may later be called with up to `later`; 0 for both: one process makes the first
    updates and a trial decides. A trial also decides about the kernels, unless `recall` returns
    what trials of such a plan found before, in which `workers` are the recipe's. Raises DataError,
    UsageError or EngineError, in one line.
    """
    check_workers(recipe)
    source, validation = _parts(data)
    keys = recipe.train
    check_length(len(source), keys.batch, keys.seq_len, data.unit, keys.turns)
    if recipe.model.dropout and recipe.model.layers == 1:
        raise UsageError("dropout acts between layers: add --layers 2 (or more), or --dropout 0")
    check_schedule(recipe.train, bool(len(validation) > 1 and recipe.train.eval_every))
    shape, steps = shape_of(recipe, data), chunk_steps(recipe, data)
    check_memory(recipe, shape, steps)
    try:
        stream = Stream(source, keys.batch, keys.seq_len, keys.turns)
        plan = Plan.of(recipe, shape, steps)
        pool = WorkerPool() if pool is None else pool
        open_workers = replace(plan, workers=recipe.train.workers)
        kernel_trial = KernelTrial.of(recipe, plan)
        known = recall(open_workers) if recall and kernel_trial else None
        trial = None if workers or later else _trial(recipe, plan, known)
        plan = replace(plan, workers=recipe.train.workers or workers or 1)
        if known:
            plan, kernel_trial = replace(plan, kernels=known.kernels), None
        most = trial.most if trial else later
        try:
            updater = Updater(plan, pool, most)
        except (EngineError, MemoryError):
            if trial is None:
                raise
            trial, updater = None, Updater(plan, pool)
        references = reference_losses(data, stream)
        state = _allocate(recipe, stream, data, updater, references)
        state.trial, state.kernel_trial = trial, kernel_trial
        state.recalled = known is not None
        return state
    except MemoryError:
        raise too_large(memory_needed(recipe, shape, steps), free_memory()) from None


def _trial(recipe: Recipe, plan: Plan, known: Choice | None) -> Trial | None:
    """Return the trial that decides how many processes train; None where nothing is open.

    Where its result is `known`, nothing is timed when it is due.
    """
    if recipe.train.workers or recipe.train.plan == "reference":
        return None
    most = most_workers(recipe)
    if not fits(recipe, plan.shape, plan.steps, most):
        return None
    trial = Trial.of(plan, most)
    if trial is None or known is None or known.workers > most:
        return trial
    return replace(trial, known=known.workers) if known.workers > 1 else None


def use_workers(state: TrainState, workers: int) -> None:
    """Let as many processes share the updates from the next one on; no trial will be held.

    The result depends on the update after which this happens. Raises EngineError.
    """
    saved, state.trial = copy_weights(state), None
    state.updater.share(workers)
    shard = state.updater.shard
    state.trained, state.gradients = shard.parameters, shard.gradients
    state.parameters = _to_use(shard.parameters, shard.optimizer)
    state.network, state.optimizer = shard.network, shard.optimizer
    state.hidden = state.updater.arrays.hidden
    restore(state, saved)


def use_kernels(state: TrainState, kernels: Kernels) -> None:
    """Compute with these kernels from the next update on; no trial of them will be held.

    The result depends on the update after which this happens. Raises EngineError.
    """
    state.kernel_trial = None
    state.updater.use(kernels)


def _allocate(
    recipe: Recipe,
    stream: Stream,
    data: Dataset,
    updater: Updater,
    known: ReferenceLosses,
) -> TrainState:
    train, model, shard = recipe.train, recipe.model, updater.shard
    weights = shard.parameters
    random = np.random.RandomState(train.seed)
    initialise(weights, model.init, model.init_scale, random, model.forget_bias)
    used = _to_use(weights, shard.optimizer)
    np.copyto(used.flat, weights.flat)
    source, validation = sequences(data)
    evaluator = selector = None
    if isinstance(data, ValueData) and held(data) and train.eval_every:
        selector = Selector(used, data)
    if len(validation) > 1 and train.eval_every:
        reset = stream.steps if train.state == "reset" else 0
        evaluator = Evaluator(used, validation, reset, before=source)
    shared = recipe.sample.sample_random == "shared"
    first = _copy(0, weights.flat, updater)
    return TrainState(
        parameters=used,
        trained=weights,
        network=shard.network,
        loss_weight=updater.plan.loss_weight,
        hidden=updater.arrays.hidden,
        stream=stream,
        weights_random=random,
        sample_random=random if shared else np.random.RandomState([train.seed, 1]),
        prompt_random=np.random.RandomState([train.seed, 2]),
        sampling=SamplingSettings.of(recipe.sample),
        last_loss=math.nan,
        updater=updater,
        gradients=shard.gradients,
        optimizer=shard.optimizer,
        evaluator=evaluator,
        selector=selector,
        lr=train.lr,
        schedule=Schedule(train),
        references=known,
        stability=_stability(recipe, stream, known),
        weights=GoodWeights(first, first),
        waiting=Waiting(train.turns, updater.arrays.hidden),
    )


def _to_use(weights: Parameters, optimizer: Optimizer) -> Parameters:
    """The weights to predict with: their average, if one is kept."""
    average = optimizer.moments.get(AVERAGE)
    return weights if average is None else Parameters(weights.shape, average)


def _stability(recipe: Recipe, stream: Stream, known: ReferenceLosses) -> Stability:
    train, task = recipe.train, recipe.data.task
    laps = Laps(lap_size(stream.chunks_per_epoch))
    losses = Losses(task, laps, known.frequencies, known.constant, train.warmup)
    clip = train.clip if train.clip_mode == "norm" else 0.0
    places = Places(stream.chunks_per_epoch)
    return Stability(train.skip_spikes, clip, losses, places)


def total_steps(recipe: Recipe, data: Dataset) -> int | None:
    """Updates until the recipe's bounds are reached; None where steps and epochs set none.

    The data must fill at least one chunk, as `load` and `start` check.
    """
    train = recipe.train
    bounds = [train.steps] if train.steps else []
    if train.epochs:
        size = (len(_parts(data)[0]) - 1) // train.streams
        bounds.append(train.epochs * (size // chunk_steps(recipe, data) * train.turns))
    return min(bounds, default=None)


def copy_weights(state: TrainState) -> Saved:
    """Weights, moments and hidden state as they are now."""
    return _copy(state.step, state.trained.flat, state.updater)


def _copy(step: int, parameters: Array, updater: Updater) -> Saved:
    arrays, updates = updater.arrays, updater.shard.optimizer.updates
    moments = {name: moment.copy() for name, moment in arrays.moments.items()}
    return Saved(step, parameters.copy(), moments, updates, arrays.hidden.copy())


def restore(state: TrainState, saved: Saved) -> None:
    """Restore saved weights, moments and hidden state; the update count and position stay."""
    np.copyto(state.trained.flat, saved.parameters)
    for name, moment in saved.moments.items():
        np.copyto(state.moments[name], moment)
    state.optimizer.updates = saved.updates
    np.copyto(state.hidden, saved.hidden)


def go_back(state: TrainState) -> int:
    """Restore the good weights, halve the learning rate, and return the update they are from.

    Streams that wait for their turn continue from the zero state: theirs may be from bad weights.
    """
    restore(state, state.weights.good)
    state.waiting.clear()
    state.weights.went_back(state.step)
    state.lr /= 2
    return state.weights.good.step


def _parts(data: Dataset) -> tuple[Array, Array]:
    """The sequence to train on and that to validate on.

    Rows at the end of the first that only choose the weights are left out.
    """
    source, validation = sequences(data)
    return source[: len(source) - held(data)], validation


def held(data: Dataset) -> int:
    """How many rows at the end of the part trained on are left out of training."""
    return data.outlook.held if isinstance(data, ValueData) and data.outlook else 0


def chunk_steps(recipe: Recipe, data: Dataset) -> int:
    """T: the time steps of a chunk."""
    if isinstance(recipe.train.seq_len, int):
        return recipe.train.seq_len
    return (len(_parts(data)[0]) - 1) // recipe.train.streams
