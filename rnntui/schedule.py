"""Learning rate schedules: a factor on the learning rate, update by update.

The learning rate itself stays free to be changed while a run goes on: the factor applies to
whatever it is then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rnntui.errors import UsageError
from rnntui.recipe import Train

_BETTER = 1e-4  # what counts as an improvement, relative to the best validation loss


@dataclass(eq=False)
class Schedule:
    """The factor of each update, and what it depends on.

    step: times `decay` every `decay_every` updates. exponential: the same, smoothly. cosine: half a
    wave from 1 down to `lr_least` at the end of the run. plateau: times `decay` when `patience`
    validations in a row brought nothing better. None falls below `lr_least`. Over the first
    `warmup` updates it rises from 0 in a straight line instead.
    """

    train: Train
    best: float = math.inf  # validation loss
    waited: int = 0  # validations since then
    reduced: int = 0  # times that the plateau was reached

    def factor(self, step: int, last: int | None, seconds: float) -> float:
        """Of update `step`, from 1, where `last` is known to be the last one.

        `seconds` have been spent training: they count where only a time bounds the run.
        """
        train = self.train
        if step <= train.warmup:
            return step / train.warmup
        return max(self._decayed(step - 1 - train.warmup, last, seconds), train.lr_least)

    def _decayed(self, since: int, last: int | None, seconds: float) -> float:
        """`since` updates after the warm-up."""
        train = self.train
        if train.schedule == "constant":
            return 1.0
        if train.schedule == "step":
            return math.pow(train.decay, since // train.decay_every)
        if train.schedule == "exponential":
            return math.pow(train.decay, since / train.decay_every)
        if train.schedule == "plateau":
            return math.pow(train.decay, self.reduced)
        done = seconds / train.seconds if train.seconds else 0.0
        if last is not None:
            done = since / max(1, last - train.warmup)
        wave = (1 + math.cos(math.pi * min(1.0, done))) / 2
        return train.lr_least + (1 - train.lr_least) * wave

    def observe(self, validation: float) -> None:
        """Take note of a validation loss."""
        if validation < self.best * (1 - _BETTER):
            self.best, self.waited = validation, 0
            return
        self.waited += 1
        if self.waited >= self.train.patience:
            self.waited = 0
            self.reduced += 1


def check_schedule(train: Train, validated: bool) -> None:
    """Raise UsageError where a schedule lacks what it goes by."""
    if train.schedule == "plateau" and not validated:
        raise UsageError("schedule = plateau goes by the validation loss: set split and eval_every")
    if train.schedule == "cosine" and not (train.steps or train.epochs or train.seconds):
        raise UsageError("schedule = cosine needs an end of the run: set steps, epochs or seconds")
