"""Learning rate schedules: a factor on the learning rate, update by update.

The learning rate itself can be changed during a run: the factor applies to its current value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.recipe import Train, find
from rnntui.recipe.registry import Registry
from rnntui.recipe.sections.train import VALIDATION_LOSS

_BETTER = 1e-4  # what counts as an improvement, relative to the best validation loss


class Progress(NamedTuple):
    """How far a run has come after its warm-up."""

    updates: int  # made since the warm-up
    done: float  # fraction of the run, by updates if their number is known, else by time
    plateaus: int  # times that `patience` validations in a row brought no improvement


SCHEDULES: Registry[Callable[[Train, Progress], float]] = Registry("schedule")


@SCHEDULES.register("constant")
def _constant(_train: Train, _progress: Progress) -> float:
    return 1.0


@SCHEDULES.register("step")
def _step(train: Train, progress: Progress) -> float:
    """Multiply by `decay` every `decay_every` updates."""
    return math.pow(train.decay, progress.updates // train.decay_every)


@SCHEDULES.register("exponential")
def _exponential(train: Train, progress: Progress) -> float:
    """Multiply by `decay` over `decay_every` updates, smoothly."""
    return math.pow(train.decay, progress.updates / train.decay_every)


@SCHEDULES.register("linear")
def _linear(train: Train, progress: Progress) -> float:
    """1, then a straight line to `lr_least` over the last `cooldown` of the run.

    As Hägele et al. 2024 (constant rate with cooldown); with a cooldown of 1 it falls throughout.
    """
    left = min(1.0, max(0.0, 1 - progress.done) / train.cooldown)
    return train.lr_least + (1 - train.lr_least) * left


@SCHEDULES.register("cosine")
def _cosine(train: Train, progress: Progress) -> float:
    """Half a cosine wave from 1 down to `lr_least` at the end (Loshchilov & Hutter 2017)."""
    wave = (1 + math.cos(math.pi * min(1.0, progress.done))) / 2
    return train.lr_least + (1 - train.lr_least) * wave


@SCHEDULES.register("plateau")
def _plateau(train: Train, progress: Progress) -> float:
    """Multiply by `decay` after `patience` validations in a row without improvement."""
    return math.pow(train.decay, progress.plateaus)


@dataclass(eq=False)
class Schedule:
    """The factor of each update, and what it depends on.

    It never falls below `lr_least`; over the first `warmup` updates it rises from 0 linearly.
    """

    train: Train
    best: float = math.inf  # validation loss
    waited: int = 0  # validations since then
    reduced: int = 0  # times that the plateau was reached

    def factor(self, step: int, last: int | None, seconds: float) -> float:
        """Return the factor of update `step` (from 1); `last` is the final update, if known.

        `seconds` is the training time so far, used if only a time bounds the run.
        """
        train = self.train
        if step <= train.warmup:
            return step / train.warmup
        since = step - 1 - train.warmup
        done = seconds / train.seconds if train.seconds else 0.0
        if last is not None:
            done = since / max(1, last - train.warmup)
        progress = Progress(since, done, self.reduced)
        return max(SCHEDULES[train.schedule](train, progress), train.lr_least)

    def observe(self, validation: float) -> None:
        """Record a validation loss."""
        if validation < self.best * (1 - _BETTER):
            self.best, self.waited = validation, 0
            return
        self.waited += 1
        if self.waited >= self.train.patience:
            self.waited = 0
            self.reduced += 1


def check_schedule(train: Train, validated: bool) -> None:
    """Raise UsageError if the run lacks what its schedule needs."""
    need = find("schedule").rule.needs.get(train.schedule)
    if need is None:
        return
    met = validated if need is VALIDATION_LOSS else need.met(lambda key: getattr(train, key))
    if not met:
        raise UsageError(f"schedule = {train.schedule} needs {need.what}: {need.advice}")
