"""The signs of a run over time, as plain numbers: what the rules of findings are functions of.

Losses and gradient norms are averaged over samples: a few updates at first, more and more as the
run gets longer, so that a sample is always a small part of it. Sample lengths depend on the number
of updates alone. What is expensive to measure is measured now and then and has its own lists.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, Protocol, TypeVar

from rnntui.dataclass import dataclass
from rnntui.recipe import Recipe

FIRST, EARLY, LEAST, MOST = 2, 5, 15, 500  # updates in a sample
EARLY_UNTIL = 100  # updates
PARTS = 60  # a sample is about this part of the run so far
LEAST_TOKENS = 256  # in a sample
MOST_KEPT = 240  # entries of a list; beyond it, the older half is thinned out


@dataclass(frozen=True)
class Facts:
    """What does not change during a run. Losses are in nats per token, or ½ squared error.

    `window` and `streams`: T and B of a chunk. `chance` and `frequencies`: the losses of models
    that know nothing, or only how frequent each token is (infinite for values). `largest`:
    magnitude of the values that are trained on. `simple`: the losses of simple models on the
    validation part by name, the best last; None while they are not known.
    """

    recipe: Recipe
    window: int
    streams: int
    parameters: int
    size: int  # tokens, or rows of values, to train on
    chance: float
    frequencies: float = math.inf
    floor: float | None = None
    largest: float = 0.0
    lap: int = 1  # updates in a lap: whole passes, so that their mean losses can be compared
    simple: tuple[tuple[str, float], ...] | None = ()

    @property
    def tokens(self) -> bool:
        """Whether the data are tokens."""
        return self.recipe.data.task == "tokens"

    @property
    def learned_below(self) -> float:
        """A loss below this means that something has been learned."""
        return 0.97 * self.frequencies if self.tokens else 0.8 * self.chance

    @property
    def ngram(self) -> float | None:
        """The lowest loss of a simple model; 0 while it is not known, None if there is none."""
        if self.simple is None:
            return 0.0
        return min((loss for _, loss in self.simple), default=None)


@dataclass(frozen=True)
class Sample:
    """Some updates, the last of them number `step`."""

    step: int
    updates: int
    loss: float  # mean of the finite ones; infinite if most are not
    best: float  # lowest `loss` so far
    norm: float  # median norm of the gradient before clipping
    norm_max: float
    clipped: float  # share of updates whose norm exceeds the clip
    rate: float  # learning rate of the last update
    trouble: str = ""  # as `rnntui.training.stability` sees it


@dataclass(frozen=True)
class Activity:
    """The hidden values and the change of the weights in update `step`.

    `update` is rms(Δw) / rms(w), the largest of the weight matrices. The shares, from 0 to 1, are
    those of the worst layer; `layer` (from 0) is that of `saturated`.
    """

    step: int
    update: float
    saturated: float
    layer: int
    constant: float
    zero: float


@dataclass(frozen=True)
class Reach:
    """How far back one error is felt, in time steps of `window`: the largest over the layers.

    `end`: what is left of it at the start of the window, as a share of its peak, in the top layer.
    """

    step: int
    reach: int
    window: int
    end: float


@dataclass(frozen=True)
class Validated:
    """A validation, with the mean training loss over the last lap; NaN if that is unknown."""

    step: int
    loss: float
    training: float


class _Entry(Protocol):
    @property
    def step(self) -> int: ...


E = TypeVar("E", bound=_Entry)


@dataclass(eq=False)
class History:
    """The signs so far, oldest first. It changes only by its methods."""

    clip: float = 0.0  # of the norm; 0: none
    tokens_per_update: int = 1
    lap: int = 1  # updates in whole passes over the data
    training: float = math.nan  # mean loss of the last lap; NaN if unknown
    first: float = math.nan  # loss of the first sample; NaN if it was not seen
    first_norm: float = math.nan
    best: float = math.inf
    samples: list[Sample] = field(default_factory=list)
    activity: list[Activity] = field(default_factory=list)
    reach: list[Reach] = field(default_factory=list)
    validated: list[Validated] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)  # of the sample in progress
    norms: list[float] = field(default_factory=list)
    length: int = 0  # of the sample in progress; 0: not known yet
    _lap_made: int = 0  # updates of the lap in progress, up to the last sample
    _lap_finite: int = 0  # those of them whose loss is finite
    _lap_sum: float = 0.0  # of those losses

    LISTS: ClassVar[Mapping[str, type]] = {
        "samples": Sample,
        "activity": Activity,
        "reach": Reach,
        "validated": Validated,
    }

    @property
    def step(self) -> int:
        """The last update of the newest sample; 0 before the first."""
        return self.samples[-1].step if self.samples else 0

    def is_full(self, step: int) -> bool:
        """Whether the sample in progress, up to update `step`, is to be completed.

        `length` is known from then on.
        """
        return len(self.losses) >= (self.length or self._set_length(step))

    def complete(self, step: int, rate: float, trouble: str) -> None:
        """Make a sample of the updates since the last one, up to `step`."""
        self.length = 0
        losses, norms = self.losses, self.norms
        self.losses, self.norms = [], []
        self._see_laps(losses)
        finite, total = _finite(losses)
        mean = total / finite if 2 * finite >= len(losses) else math.inf
        known = sorted([norm if norm == norm else math.inf for norm in norms])
        middle = (known[(len(known) - 1) // 2] + known[len(known) // 2]) / 2
        if step == len(losses):
            self.first, self.first_norm = mean, middle
        self.best = min(self.best, mean)
        above = len(known) - bisect_right(known, self.clip)
        clipped = above / len(known) if self.clip else 0.0
        self._add(
            self.samples,
            Sample(step, len(losses), mean, self.best, middle, known[-1], clipped, rate, trouble),
        )

    def _see_laps(self, losses: list[float]) -> None:
        """Add losses to the laps that they belong to; what was skipped counts, if it is finite."""
        ended = (self._lap_made + len(losses)) // self.lap  # laps
        if ended > 1:  # only the last one is of use
            at = (ended - 1) * self.lap - self._lap_made
            losses = losses[at:]
            self._begin_lap()
        if ended:
            room = self.lap - self._lap_made
            self._see_part(losses[:room])
            known = 2 * self._lap_finite >= self.lap
            self.training = self._lap_sum / self._lap_finite if known else math.nan
            self._begin_lap()
            losses = losses[room:]
        self._see_part(losses)

    def _see_part(self, losses: list[float]) -> None:
        """Add losses to the lap in progress."""
        finite, total = _finite(losses)
        self._lap_made += len(losses)
        self._lap_finite += finite
        self._lap_sum += total

    def _begin_lap(self) -> None:
        self._lap_made, self._lap_finite, self._lap_sum = 0, 0, 0.0

    def _set_length(self, step: int) -> int:
        if step <= FIRST and self.first != self.first:
            self.length = FIRST
        else:
            least = max(EARLY if step < EARLY_UNTIL else LEAST, step // PARTS)
            self.length = min(MOST, max(least, -(-LEAST_TOKENS // self.tokens_per_update)))
        return self.length

    def add_activity(self, measured: Activity) -> None:
        """Record a measurement."""
        self._add(self.activity, measured)

    def add_reach(self, measured: Reach) -> None:
        """Record a measurement."""
        self._add(self.reach, measured)

    def add_validation(self, validation: Validated) -> None:
        """Record a validation."""
        entries = self.validated
        entries.append(validation)
        if len(entries) > MOST_KEPT:  # the best one stays
            pairs = zip(entries[: MOST_KEPT // 2 : 2], entries[1 : MOST_KEPT // 2 : 2], strict=True)
            entries[: MOST_KEPT // 2] = [min(pair, key=lambda v: v.loss) for pair in pairs]

    @staticmethod
    def _add(entries: list[E], entry: E) -> None:
        entries.append(entry)
        if len(entries) > MOST_KEPT:
            half = MOST_KEPT // 2
            entries[:half] = entries[1:half:2]

    def restart(self) -> None:
        """Forget what described weights that have been replaced by earlier ones."""
        self.samples, self.activity, self.reach = [], [], []
        self.losses, self.norms, self.length = [], [], 0
        self.training = math.nan
        self._begin_lap()

    # ---- what the rules ask -----------------------------------------------------------------

    def before(self, updates: int, samples: int) -> Sample | None:
        """The newest sample at least so many updates and samples before the last one."""
        last = self.step
        early = self.samples[: -samples or None]
        return next((s for s in reversed(early) if s.step <= last - updates), None)

    def since(self, updates: int, samples: int) -> Sequence[Sample]:
        """The newest samples: at least so many of them, which hold at least so many updates.

        Empty if there are not that many yet.
        """
        seen = 0
        for n, sample in enumerate(reversed(self.samples), 1):
            seen += sample.updates
            if seen >= updates and n >= samples:
                return self.samples[-n:]
        return ()

    def capture(self) -> dict[str, Any]:
        """The history as plain values, for a checkpoint."""
        return {
            "first": [self.first, self.first_norm, self.best],
            "now": [self.losses, self.norms, self.length],
            "lap": [self.training, self._lap_made, self._lap_finite, self._lap_sum],
            **{
                name: [list(vars(entry).values()) for entry in getattr(self, name)]
                for name in self.LISTS
            },
        }

    def restore(self, captured: Mapping[str, Any]) -> None:
        """Return to a captured state. An unknown form leaves the history empty."""
        try:
            first, first_norm, best = map(float, captured["first"])
            losses, norms, length = captured["now"]
            training, made, finite, total = captured.get("lap", (math.nan, 0, 0, 0.0))
            lists = {
                name: [kind(*entry) for entry in captured[name]]
                for name, kind in self.LISTS.items()
            }
        except (KeyError, TypeError, ValueError):
            return
        self.first, self.first_norm, self.best = first, first_norm, best
        self.losses, self.norms, self.length = list(losses), list(norms), int(length)
        self.training, self._lap_made = float(training), int(made)
        self._lap_finite, self._lap_sum = int(finite), float(total)
        for name, entries in lists.items():
            setattr(self, name, entries)


def _finite(losses: list[float]) -> tuple[int, float]:
    """How many losses are finite, and their sum."""
    total = sum(losses)
    if total - total == 0.0:  # the usual case, at a third of the time
        return len(losses), total
    finite = [loss for loss in losses if loss - loss == 0.0]
    return len(finite), sum(finite)


def lasting(entries: Sequence[E], holds: Callable[[E], bool]) -> tuple[int, int]:
    """For how many updates up to the last entry `holds` has been true, and from which one on.

    The entries that break a series end it; (-1, 0) if the last one does.
    """
    first: E | None = None
    for entry in reversed(entries):
        if not holds(entry):
            break
        first = entry
    return (entries[-1].step - first.step, first.step) if first is not None else (-1, 0)
