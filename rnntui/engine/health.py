"""Notice when a run goes wrong, and say why most likely."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rnntui.engine.protocol import Alert
from rnntui.recipe import Recipe

Trouble = Literal["", "not finite", "spike", "stays up", "runs away", "forgets"]

WINDOW = 20  # updates in the running mean
FIRST = 5  # updates whose mean is what the loss began at
RUNAWAY = {"tokens": 1.3, "values": 3.0}  # times the loss at the start: series have loud stretches
RUNAWAY_UPDATES = 30
LEARNED, FORGOTTEN = 0.75, 0.95  # of the loss of a model that knows frequencies only
FORGOTTEN_UPDATES = 200


@dataclass(frozen=True)
class Yardstick:
    """Losses of models that have learned nothing, nats per token or ½ squared error per step.

    `ignorance`: all tokens equally likely, or zero as every value. `frequencies`: each token as
    likely as it is frequent; infinite where that says nothing about trouble.
    """

    ignorance: float
    frequencies: float = math.inf


class Watch:
    """Looks at the loss of every update; costs well under a microsecond.

    Trouble is a running mean of the loss that stays far above both what it began at and what
    ignorance costs; or one that stays near the cost of knowing frequencies only although it had
    been well below.
    """

    __slots__ = (
        "_above",
        "_began",
        "_best",
        "_forgot",
        "_forgotten_above",
        "_mean",
        "_runaway_above",
        "_seen",
        "_task",
        "_yardstick",
    )

    def __init__(self, task: str, yardstick: Yardstick) -> None:
        self._task = task
        self._yardstick = yardstick
        self._began = math.nan
        self._best = math.inf
        self._runaway_above = self._forgotten_above = math.inf
        self.anew()

    def anew(self) -> None:
        """Forget the running mean: the weights have been replaced. What the run began at stays."""
        self._seen = self._above = self._forgot = 0
        self._mean = math.nan

    def see(self, loss: float) -> Trouble:
        """What is wrong after this update, which was applied, if anything."""
        self._seen = seen = self._seen + 1
        if seen == 1:
            self._mean = loss
        else:
            self._mean += (loss - self._mean) / (seen if seen < WINDOW else WINDOW)
        mean = self._mean
        if seen >= FIRST and mean < self._best:
            self._learn(mean)
        if mean > self._runaway_above:
            self._above += 1
            if self._above >= RUNAWAY_UPDATES:
                return "runs away"
        else:
            self._above = 0
        if mean > self._forgotten_above:
            self._forgot += 1
            if self._forgot >= FORGOTTEN_UPDATES:
                return "forgets"
        else:
            self._forgot = 0
        return ""

    def _learn(self, mean: float) -> None:
        """A new lowest running mean; the first one is what the loss began at."""
        if self._began != self._began:
            self._began = mean
            self._runaway_above = RUNAWAY[self._task] * self.reference
        self._best = mean
        if mean < LEARNED * self._yardstick.frequencies < math.inf:
            self._forgotten_above = FORGOTTEN * self._yardstick.frequencies

    @property
    def reference(self) -> float:
        """The loss a run that learns stays below."""
        return max(self._began, self._yardstick.ignorance)

    @property
    def mean(self) -> float:
        """The running mean over the last updates."""
        return self._mean

    @property
    def healthy(self) -> bool:
        """Whether the weights are worth keeping: the loss is near the best there has been."""
        bound = self._best + 0.25 * (self.reference - self._best)
        return self._seen >= FIRST and self._mean <= bound


@dataclass(frozen=True)
class Circumstances:
    """What is known at the moment of trouble."""

    step: int
    loss: float
    lr: float
    gradient_norm: float
    predictions: int  # of one update
    largest_value: float  # of the training values; 0 for tokens
    raised: tuple[float, int] | None  # the rate before the user raised it, and the update
    good_step: int


def alert(trouble: Trouble, recipe: Recipe, now: Circumstances, reference: float) -> Alert:
    """The alert for some trouble, in words; all its texts are our own."""
    titles = {
        "not finite": "The loss or its gradient is no longer finite: training is paused",
        "spike": f"The gradient leaps, now to {now.gradient_norm:.3g}: training is paused",
        "stays up": f"The loss stays up at {now.loss:.3g}: training is paused",
        "runs away": f"The loss runs away: {now.loss:.3g}; knowing nothing costs {reference:.3g}",
        "forgets": f"The network has forgotten what it knew: its loss is back at {now.loss:.3g}",
    }
    mend = (
        f"go back to the weights of update {now.good_step} "
        f"and halve the learning rate to {now.lr / 2:.4g}"
    )
    return Alert(now.step, titles[trouble], " ".join(_causes(recipe, now)[:2]), mend)


def _causes(recipe: Recipe, now: Circumstances) -> list[str]:
    """Likely causes, the likeliest first."""
    train, rate = recipe.train, f"{now.lr:.4g}"
    found = []
    if now.raised is not None:
        found.append(f"The learning rate was raised from {now.raised[0]:.4g} to {rate}.")
    if train.reduction == "sum" and train.optimizer != "adam" and now.predictions > 1:
        found.append(
            f"Learning rate {rate} is too high for a loss summed over {now.predictions} "
            f"predictions: on their mean it acts like {now.lr * now.predictions:.3g}."
        )
    if train.clip and train.clip_mode == "value":
        size = f", now {now.gradient_norm:.3g}" if math.isfinite(now.gradient_norm) else ""
        found.append(
            f"Clipping each value at {train.clip:g} does not bound the gradient's norm{size}."
        )
    if not train.clip:
        found.append("Nothing clips the gradient: one steep chunk can throw the weights far.")
    if recipe.data.task == "values" and now.largest_value > 10:
        found.append(
            f"Values as large as {now.largest_value:.3g} ask for standardize = true, "
            "which brings them near 1."
        )
    if recipe.model.cell == "rnn" and recipe.model.activation == "relu":
        found.append("relu has no upper bound: the hidden state can grow from step to step.")
    if not found or (len(found) == 1 and now.raised is None):
        found.append(f"Learning rate {rate} may be too high for this network.")
    return found
