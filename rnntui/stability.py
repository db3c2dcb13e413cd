"""When an update is left out, when training goes back, and when it gives up.

A pure state machine: what it decides follows from the numbers of the updates alone, never from a
clock, so that a run that is resumed decides as the uninterrupted one does. Its ladder:

1. A loss or gradient that is not finite: the whole update is left out.
2. A gradient whose norm leaps: so too.
3. Three in a row that are not finite, or a loss that stays up: back to good weights at half the
   rate.
4. That three times without new good weights: it gives up.

Leaps are rare, or they are none. Three in a row, or more than one in a hundred updates or so, as
when each pass over a small text has its hard place, are what the data are like: gradients of that
size count as usual from then on. And where the gradient's norm is clipped, one that is below the
clip is of a size that is wanted.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

Fault = Literal["", "not finite", "spike"]
Reason = Literal["", "not finite", "spike", "stays up"]
Response = Literal["", "rollback", "give up"]

WINDOW = 128  # norms of applied updates that a spike is told by
WARMUP = 100  # of them, before anything counts as a spike
DEVIATIONS = 6.0  # above their mean
LEAST_LEAP = 10.0  # times their mean: networks that begin to learn leap up to sevenfold
SMOOTH = 20  # updates in the running mean of the loss
FIRST = 5  # updates whose mean is what the loss began at
STAYS_UP, LOST = 2.0, 0.25  # times the best loss, and the share of what was learned
IN_A_ROW = 3  # updates left out
MOST_LEAPS = 24  # so many more than one in WINDOW updates
ROLLBACKS = 3
COPIES_APART, COPIES_SHARE = 50, 50  # at least so many updates, and a fiftieth of those made

_GIVEN = ("spikes", "patience", "clip")


@dataclass(eq=False)
class Stability:
    """Looks at every update, for about a microsecond. All fields but the first three are kept.

    `spikes`: rung 2, and a loss that stays up, count. `patience`: updates it has to stay up for.
    `clip`: a norm up to that is no leap.
    """

    spikes: bool
    patience: int = 200
    clip: float = 0.0
    norms: list[float] = field(default_factory=list)  # a ring
    at: int = 0  # where the next one goes
    total: float = 0.0  # of the norms
    squares: float = 0.0
    usual: float = 0.0  # median of the first ones: late in a run they may be next to nothing
    leaps: float = 0.0  # each one fills, each other update empties a little
    skipped: int = 0  # updates in a row
    finite: bool = True  # all of those
    above: int = 0  # updates in a row that the loss was up for
    rollbacks: int = 0  # since there were new good weights
    seen: int = 0  # losses in the running mean
    mean: float = math.nan
    began: float = math.nan
    best: float = math.inf
    reason: Reason = ""  # of the last fault, or rollback

    def judge(self, loss: float, norm: float) -> Fault:
        """Why the update of this loss and gradient norm must not be applied; empty: it may be."""
        if loss - loss != 0.0 or norm - norm != 0.0:
            return "not finite"
        count = len(self.norms)
        if (
            count < WARMUP
            or norm <= self.clip
            or norm <= LEAST_LEAP * self.usual
            or norm * count <= LEAST_LEAP * self.total
        ):
            return ""
        return "spike" if norm > self.bound() else ""

    def bound(self) -> float:
        """The norm above which a gradient counts as a spike."""
        count = len(self.norms)
        if count < WARMUP:
            return math.inf
        mean = self.total / count
        variance = max(0.0, self.squares / count - mean * mean)
        leap = LEAST_LEAP * max(mean, self.usual)
        return max(leap, self.clip, mean + DEVIATIONS * math.sqrt(variance))

    def see(self, loss: float, norm: float, fault: Fault) -> Response:
        """What is to be done after an update with that fault, or none."""
        if fault:
            self.finite = fault == "spike" and (self.finite or not self.skipped)
            self.skipped += 1
            self.reason = fault
            if fault == "spike":
                self._leap(norm)
            if self.skipped < IN_A_ROW:
                return ""
            if not self.finite:
                return self._respond()
            self._forget_norms()
            self.skipped = 0
            return ""
        self.skipped = 0
        self.leaps = max(0.0, self.leaps - 1 / WINDOW)
        self._smooth(loss)
        if not self.spikes:
            return ""
        self._add(norm)
        up = self.mean > max(STAYS_UP * self.best, self._lost)
        self.above = self.above + 1 if up else 0
        if self.above < self.patience:
            return ""
        self.reason = "stays up"
        return self._respond()

    def _leap(self, norm: float) -> None:
        """One more; of too many, the size is usual from now on."""
        self.leaps += 1
        if self.leaps > MOST_LEAPS:
            self.leaps, self.usual = 0.0, norm / LEAST_LEAP

    def _respond(self) -> Response:
        if self.rollbacks >= ROLLBACKS:
            return "give up"
        if self.rollbacks:  # larger gradients may have come to stay
            self._forget_norms()
        self.rollbacks += 1
        self._forget_losses()
        return "rollback"

    def anew(self) -> None:
        """The weights have been replaced by hand: their losses and norms are to be known first."""
        self.rollbacks = 0
        self._forget_norms()
        self._forget_losses()

    def _forget_norms(self) -> None:
        self.norms, self.at, self.total, self.squares = [], 0, 0.0, 0.0

    def _forget_losses(self) -> None:
        self.skipped = self.above = self.seen = 0
        self.mean = math.nan

    def _smooth(self, loss: float) -> None:
        self.seen = seen = self.seen + 1
        if seen == 1:
            self.mean = loss
        else:
            self.mean += (loss - self.mean) / (seen if seen < SMOOTH else SMOOTH)
        if seen >= FIRST and self.mean < self.best:
            self.best = self.mean
            if self.began != self.began:
                self.began = self.mean

    def _add(self, norm: float) -> None:
        if len(self.norms) < WINDOW:
            self.norms.append(norm)
            if len(self.norms) == WARMUP and not self.usual:
                self.usual = sorted(self.norms)[WARMUP // 2]
        else:
            old = self.norms[self.at]
            self.norms[self.at] = norm
            self.total -= old
            self.squares -= old * old
        self.total += norm
        self.squares += norm * norm
        self.at = (self.at + 1) % WINDOW
        if not self.at:  # what rounding has left in the sums goes
            self.total = sum(self.norms)
            self.squares = sum(n * n for n in self.norms)

    @property
    def _lost(self) -> float:
        """The loss at which a good part of what was learned is lost."""
        return self.best + LOST * (self.began - self.best)

    @property
    def healthy(self) -> bool:
        """Whether the weights are worth keeping: the loss is near the best there has been."""
        return not self.skipped and self.seen >= FIRST and self.mean <= self._lost

    @property
    def troubled(self) -> bool:
        """Whether the last update was left out, and nothing has been learned before or since."""
        return self.skipped > 0 and (self.rollbacks > 0 or self.seen == 0)

    def capture(self) -> dict[str, Any]:
        """All that it knows, as plain values."""
        fields = (f.name for f in dataclasses.fields(self))
        kept = {name: getattr(self, name) for name in fields if name not in _GIVEN}
        return {**kept, "norms": list(self.norms)}

    def restore(self, captured: dict[str, Any]) -> None:
        """Become what was captured, by an earlier version too: what it did not know stays."""
        for name in self.capture():
            setattr(self, name, captured.get(name, getattr(self, name)))
        self.norms = list(self.norms)


Saved = TypeVar("Saved")


@dataclass(eq=False)
class GoodWeights(Generic[Saved]):
    """Copies of the weights from before the trouble, `good` the older one.

    A copy becomes the good one only when a later copy finds the run still healthy, because weights
    on the brink look like any others.
    """

    good: Saved
    candidate: Saved
    due: int = COPIES_APART  # update after which the next copy may be taken

    def keep(self, step: int, taken: Saved) -> bool:
        """Take the healthy weights of update `step`; whether other ones are the good ones now."""
        changed = self.candidate is not self.good
        self.good, self.candidate = self.candidate, taken
        self.due = step + max(COPIES_APART, step // COPIES_SHARE)
        return changed

    def went_back(self, step: int) -> None:
        """After update `step` the good weights are in use again; those after were not good."""
        self.candidate, self.due = self.good, step + COPIES_APART
