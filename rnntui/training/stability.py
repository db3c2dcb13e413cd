"""Decide when an update is skipped, when weights are restored, and when training gives up.

A pure state machine: its decisions depend only on the numbers of the updates, never on a clock, so
a resumed run decides exactly as an uninterrupted one. The responses, from mild to severe:

1. A loss or gradient that is not finite: the update is skipped.
2. A spike, i.e. a gradient norm far above its running mean: the update is skipped.
3. Three non-finite updates in a row, too many over a longer time, or a loss that does not recover:
   good weights are restored and the learning rate is halved.
4. Three such restores without new good weights: training gives up.

Losses are judged in `rnntui.training.health`. A run that has never been better than chance has no
good weights to restore: that is reported, and training continues.

Spikes are rare by definition. Three in a row, or more than about one in a hundred updates (each
pass over a small text may have its difficult place), are a property of the data: gradients of that
size count as usual from then on. If the norm is clipped, a norm below the bound is never a spike.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import field
from typing import Any, Generic, Literal, TypeVar

from rnntui.dataclass import dataclass
from rnntui.training.health.laps import Laps, lap_size
from rnntui.training.health.losses import Losses, Trouble
from rnntui.training.health.places import Places

Fault = Literal["", "not finite", "spike"]
Response = Literal["", "rollback", "give up"]

WINDOW = 128  # norms of applied updates that a spike is compared with
WARMUP = 100  # of them, before anything counts as a spike
DEVIATIONS = 6.0  # above their mean
SPIKE_RATIO = 10.0  # times their mean: early in training, norms rise up to sevenfold
KNOWN = 3.0  # times the norm that the same place of the data had in the last pass
IN_A_ROW = 3  # updates left out
BROKEN, RECOVERS = 30.0, 0.5  # one that is not finite counts 1, each other takes back so much
MOST_SPIKES = 24  # this many more than one per WINDOW updates
ROLLBACKS = 3
COPIES_APART, COPIES_SHARE = 50, 50  # at least so many updates, and a fiftieth of those made

_GIVEN = ("spikes", "clip", "losses", "places")
_STORED = {"recent_spikes": "leaps"}  # names in checkpoints that differ from the attribute's


@dataclass(eq=False)
class Stability:
    """Judge every update, in a few microseconds. Checkpoints keep all but the settings.

    `spikes`: skip spikes, and restore weights when the loss does not recover. `clip`: a norm up to
    this is no spike.
    """

    spikes: bool
    clip: float = 0.0
    losses: Losses = field(default_factory=lambda: Losses("tokens", Laps(lap_size(1))))
    places: Places | None = None
    norms: list[float] = field(default_factory=list)  # a ring
    at: int = 0  # where the next one goes
    total: float = 0.0  # of the norms
    squares: float = 0.0
    usual: float = 0.0  # median of the first ones: late in a run they may be next to nothing
    recent_spikes: float = 0.0  # a leaky count: each spike adds 1, each other update takes a little
    skipped: int = 0  # updates in a row
    finite: bool = True  # all of those
    broken: float = 0.0  # rises with each one, also where they do not follow each other
    rollbacks: int = 0  # since there were new good weights
    reason: Trouble = ""  # of the last fault, or rollback
    gave_up: Trouble = ""  # until the loss is back

    def judge(self, loss: float, norm: float) -> Fault:
        """Return why an update with this loss and gradient norm is skipped, or ""."""
        if loss - loss != 0.0 or norm - norm != 0.0:
            return "not finite"
        count = len(self.norms)
        if (
            count < WARMUP
            or norm <= self.clip
            or norm <= SPIKE_RATIO * self.usual
            or norm * count <= SPIKE_RATIO * self.total
        ):
            return ""
        if self.places is not None and norm <= KNOWN * self.places.known:
            return ""
        return "spike" if norm > self.bound() else ""

    def bound(self) -> float:
        """The norm above which a gradient counts as a spike."""
        count = len(self.norms)
        if count < WARMUP:
            return math.inf
        mean = self.total / count
        variance = max(0.0, self.squares / count - mean * mean)
        least = SPIKE_RATIO * max(mean, self.usual)
        return max(least, self.clip, mean + DEVIATIONS * math.sqrt(variance))

    def see(self, loss: float, norm: float, fault: Fault, chance: float = math.inf) -> Response:
        """Record an update with that fault, or none, and return the response.

        `chance` is the loss of an untrained model on the data of this update.
        """
        if self.places is not None:
            self.places.add(norm)
        if fault:
            return self._see_fault(norm, fault)
        self.skipped = 0
        if self.recent_spikes:
            self.recent_spikes = max(0.0, self.recent_spikes - 1 / WINDOW)
        if self.broken:
            self.broken = max(0.0, self.broken - RECOVERS)
        found = self.losses.see(loss, chance)
        if self.gave_up and self.losses.healthy:
            self.gave_up = ""
        if not self.spikes:
            return ""
        self._add(norm)
        if not found or not self.losses.serious:
            return ""
        self.reason = found
        return self._respond()

    def _see_fault(self, norm: float, fault: Fault) -> Response:
        """Record a skipped update and return the response."""
        self.losses.skip()
        self.finite = fault == "spike" and (self.finite or not self.skipped)
        self.skipped += 1
        self.reason = fault
        if fault == "spike":
            self._leap(norm)
        else:
            self.broken += 1
        if self.skipped < IN_A_ROW and self.broken < BROKEN:
            return ""
        if not self.finite:
            return self._respond()
        self._forget_norms()
        self.skipped = 0
        return ""

    def validate(self, loss: float) -> None:
        """Record a validation loss."""
        self.losses.validate(loss)

    @property
    def trouble(self) -> Trouble:
        """The current anomaly, or ""."""
        return self.gave_up or self.losses.trouble

    def _leap(self, norm: float) -> None:
        """Count a spike; after too many, norms of that size count as usual."""
        self.recent_spikes += 1
        if self.recent_spikes > MOST_SPIKES:
            self.recent_spikes, self.usual = 0.0, norm / SPIKE_RATIO

    def _respond(self) -> Response:
        if self.rollbacks >= ROLLBACKS:
            self.gave_up = self.reason
            return "give up"
        if self.rollbacks:  # larger gradients may have come to stay
            self._forget_norms()
        self.rollbacks += 1
        self._forget_losses()
        return "rollback"

    def restart(self) -> None:
        """Reset after the user restored weights, whose losses and norms are not known yet."""
        self.rollbacks, self.gave_up = 0, ""
        self._forget_norms()
        self._forget_losses()

    def _forget_norms(self) -> None:
        self.norms, self.at, self.total, self.squares = [], 0, 0.0, 0.0

    def _forget_losses(self) -> None:
        self.skipped, self.broken = 0, 0.0
        self.losses.reset()

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
    def healthy(self) -> bool:
        """Whether the weights are worth keeping."""
        return not self.skipped and self.losses.healthy

    @property
    def troubled(self) -> bool:
        """Whether the last update was skipped, with nothing learned before or since a restore."""
        return self.skipped > 0 and (self.rollbacks > 0 or self.losses.seen == 0)

    def capture(self) -> dict[str, Any]:
        """The state as plain values, for a checkpoint."""
        fields = (f.name for f in dataclasses.fields(self))
        kept = {
            _STORED.get(name, name): getattr(self, name) for name in fields if name not in _GIVEN
        }
        parts = {"losses": self.losses.capture()}
        if self.places is not None:
            parts["places"] = self.places.capture()
        return {**kept, "norms": list(self.norms), **parts}

    def restore(self, captured: dict[str, Any]) -> None:
        """Set the state from `capture`; fields unknown to an earlier version keep their values."""
        for name in (f.name for f in dataclasses.fields(self)):
            if name not in _GIVEN:
                stored = _STORED.get(name, name)
                setattr(self, name, captured.get(stored, getattr(self, name)))
        self.norms = list(self.norms)
        self.losses.restore(captured.get("losses", {}))
        if self.places is not None:
            self.places.restore(captured.get("places", {}))


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
