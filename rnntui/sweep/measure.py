"""Before the first trial: the kernels of each network, and the time and disk that trials will take.

Nothing else trains meanwhile, and what is found is stored with the sweep: so a trial that is
interrupted, repeated or moved to another process computes the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from rnntui.data import Dataset
from rnntui.dataclass import dataclass
from rnntui.nn.kernels.blas import OneThread
from rnntui.nn.kernels.choice import REFERENCE_TEXT
from rnntui.numbers import duration, size_in_words
from rnntui.recipe import Recipe, to_dict
from rnntui.runs.capture import capture
from rnntui.runs.plan_cache import recall, remember
from rnntui.runs.store.directory import vocabulary_bytes
from rnntui.runs.vocabulary import describe
from rnntui.sweep.disk import Length, bytes_on_disk
from rnntui.sweep.halving import FACTOR
from rnntui.sweep.space import Settings
from rnntui.sweep.trials import Trial, recipe_for
from rnntui.training.loop import (
    TrainState,
    fit_to_data,
    start,
    total_steps,
    train,
    use_kernels,
    validate,
)
from rnntui.training.planning import trial_of
from rnntui.training.workers.pool import WorkerPool

BUDGET = 10.0  # seconds for all networks; those beyond it use the reference kernels
TIMED, MOST_UPDATES = 0.3, 20  # seconds and updates that are timed of each network
STARTUP = 1.0  # seconds until a trial makes its first update, about
# Keys that change neither the kernels nor the time of an update.
_NEUTRAL = (
    "lr", "momentum", "weight_decay", "beta1", "beta2", "rms_decay", "warmup", "decay", "seed",
    "decay_every", "cooldown", "patience", "lr_least", "init", "init_scale", "forget_bias",
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """What a network takes: seconds of an update and of a validation, and bytes of a checkpoint."""

    kernels: str
    update: float
    validation: float
    checkpoint: int


@dataclass(frozen=True)
class Expected:
    """What a sweep will take, about."""

    kernels: tuple[str, ...]  # of each trial
    seconds: float
    disk: int  # bytes, at most

    @property
    def text(self) -> str:
        """Both in words."""
        return f"about {duration(self.seconds)}, up to {size_in_words(self.disk)} on disk"


def expect(
    recipes: Sequence[Recipe],
    data: Dataset,
    rungs: Sequence[int],
    jobs: int,
    budget: float = BUDGET,
) -> Expected:
    """Measure the networks of the trials. Raises UsageError or DataError for one that can't be.

    At least one network is measured, the others while the budget lasts.
    """
    known: dict[str, Measured] = {}
    began = perf_counter()
    for recipe in recipes:
        key = _network(recipe)
        if key not in known:
            if known and perf_counter() - began > budget:
                known[key] = _unmeasured(list(known.values()))
            else:
                known[key] = measure(recipe, data)
    found = [known[_network(recipe)] for recipe in recipes]
    lengths = [_length(one, recipe, data) for one, recipe in zip(found, recipes, strict=True)]
    stored = len(vocabulary_bytes(describe(data)))
    disk = sum(
        bytes_on_disk(recipe, one.checkpoint, stored, length)
        for one, recipe, length in zip(found, recipes, lengths, strict=True)
    )
    share = _share(recipes[0], data, rungs, len(recipes))
    seconds = sum(STARTUP + length.seconds for length in lengths) * share / min(jobs, len(recipes))
    return Expected(tuple(one.kernels for one in found), seconds, disk)


class KnownKernels:
    """Chooses the kernels of a trial: those of earlier trials of such a network, or new ones."""

    def __init__(self, base: Recipe, trials: Sequence[Trial], data: Callable[[], Dataset]) -> None:
        self._base, self._data = base, data
        self._known = {
            _network(recipe_for(base, trial.settings)): trial.kernels for trial in trials
        }

    def __call__(self, settings: Settings) -> str:
        """Return the kernels for a trial. Raises UsageError for settings that contradict."""
        recipe = recipe_for(self._base, settings)
        key = _network(recipe)
        if key not in self._known:
            self._known[key] = measure(recipe, self._data()).kernels
        return self._known[key]


def _network(recipe: Recipe) -> str:
    """Return a text that is the same for recipes whose updates cost the same."""
    table: dict[str, Any] = to_dict(recipe)
    return str(
        [{k: v for k, v in table[s].items() if k not in _NEUTRAL} for s in ("model", "train")]
    )


def _unmeasured(known: Sequence[Measured]) -> Measured:
    """Return a guess for a network that there was no time for: the mean of the others."""
    count = len(known)
    return Measured(
        REFERENCE_TEXT,
        sum(one.update for one in known) / count,
        sum(one.validation for one in known) / count,
        max(one.checkpoint for one in known),
    )


def measure(recipe: Recipe, data: Dataset) -> Measured:
    """Choose a network's kernels, and time a few updates. Raises UsageError or DataError."""
    recipe, _ = fit_to_data(recipe, data)
    pool = WorkerPool()
    one_thread = OneThread()
    with one_thread(), pool:
        state = start(recipe, data, pool, recall=recall)
        try:
            _choose_kernels(recipe, state)
            update = _time_updates(recipe, data, state)
            began = perf_counter()
            validate(state)
            validation = perf_counter() - began
            saved = capture(state, {})
        finally:
            state.close()
    tensors = [*saved.model.values(), *saved.optimizer.values()]
    size = sum(tensor.nbytes for tensor in tensors)
    return Measured(str(state.updater.kernels), update, validation, size)


def _choose_kernels(recipe: Recipe, state: TrainState) -> None:
    """Hold the trial of kernels now, if the network is due one."""
    if state.kernel_trial is None:
        return
    trial = trial_of(state.updater.plan)
    while trial.advance():
        pass
    use_kernels(state, trial.kernels)
    remember(recipe, state)


def _time_updates(recipe: Recipe, data: Dataset, state: TrainState) -> float:
    """Return the seconds of the fastest of some updates."""
    plain = recipe.replace(steps=MOST_UPDATES, epochs=0, seconds=0.0, sample_every=0)
    evaluator, state.evaluator = state.evaluator, None
    times: list[float] = []
    updates = train(plain, data, state)
    began = before = perf_counter()
    for _ in updates:
        now = perf_counter()
        times.append(now - before)
        before = now
        if now - began > TIMED:
            break
    state.evaluator = evaluator
    return min(times)


def _length(found: Measured, recipe: Recipe, data: Dataset) -> Length:
    """Return how long a trial is that is trained to its end."""
    each = found.update + found.validation / recipe.train.eval_every
    bound, updates = recipe.train.seconds, total_steps(recipe, data)
    lengths = [Length(bound / each, bound)] if bound else []
    if updates is not None:
        lengths.append(Length(updates, updates * each))
    return min(lengths, key=lambda length: length.seconds)


def _share(recipe: Recipe, data: Dataset, rungs: Sequence[int], trials: int) -> float:
    """Return which part of all updates halving leaves, if half of the trials pass each rung.

    1 without halving, and if only a time ends the trials.
    """
    updates = total_steps(recipe, data)
    if updates is None or not rungs:
        return 1.0
    ends = [*(rung for rung in rungs if rung < updates), updates]
    left, before, made = float(trials), 0, 0.0
    for end in ends:
        made += left * (end - before)
        left, before = max(1.0, left / FACTOR), end
    return made / (trials * updates)
