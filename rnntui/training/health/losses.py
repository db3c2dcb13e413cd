"""Whether the losses of the updates say that training has gone wrong.

Three comparisons, each with something that does not depend on the run's luck: with chance level on
the same data, with the same positions of the best pass, and with a constant prediction.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal

from rnntui.dataclass import dataclass
from rnntui.training.health.laps import Laps

Trouble = Literal[
    "", "not finite", "spike", "diverges", "above chance", "above constant", "stays up", "forgets"
]

SMOOTH = 20  # updates in a running mean
FIRST = 5  # updates in it before it says anything
FALLING = 0.95  # of the loss: while it falls by that much, it is left alone
RISEN, LOST = 2.0, 0.25  # times the loss of the best pass, and the share of what was learned
PATIENCE = 200  # updates that a loss has to stay up for
SOON = 30  # the same where the loss is far above chance although it had been below
AT_ONCE = 100  # and where it never was below
LOW_DRIFT = 1e-3  # of the way to the mean, per update
WARM = 1.1  # times chance: about what a fresh network scores
LEARNED, FORGOTTEN = 0.75, 0.95  # of the loss of a model that knows frequencies only
STUCK, STUCK_UPDATES = 3.0, 1000  # times the loss of a constant prediction


@dataclass(frozen=True)
class Limits:
    """Multiples of chance level that a loss may not stay above: clearly, by far, even falling."""

    clearly: float
    far: float
    falling: float


_GIVEN = ("task", "laps", "frequencies", "constant", "warmup")
LIMITS = {"tokens": Limits(1.3, 3.0, 25.0), "values": Limits(3.0, 10.0, 1e4)}


@dataclass(eq=False)
class Losses:
    """Running means, and how long they have been where they should not be.

    All fields from `seen` on are kept. `warmup`: updates over which the rate rises from 0, which
    say nothing about a network that has not learned yet.
    """

    task: str
    laps: Laps
    frequencies: float = math.inf
    constant: float = math.inf
    warmup: int = 0
    made: int = 0  # updates seen in all
    seen: int = 0  # losses in the running means
    mean: float = math.nan
    chance: float = math.nan  # running mean of chance level on the same data
    usual: float = math.nan  # and of the best lap's loss at the same positions
    low: float = math.inf  # follows the mean down at once and up slowly
    learned: bool = False  # the mean has been below chance
    high: int = 0  # updates that it has been above chance for without falling
    high_from: float = math.inf  # the mean when that count began
    huge: int = 0  # updates in a row that it has been so high for that falling is no excuse
    above: int = 0  # updates in a row that it was far above `usual` for
    flat: int = 0  # updates in a row that it was at the level of frequencies
    stuck: int = 0  # updates whose laps are above a constant prediction without falling
    stuck_from: float = math.inf
    validated: float = math.nan  # last validation loss
    best_validated: float = math.inf
    trouble: Trouble = ""  # until the loss is back

    def skip(self) -> None:
        """An update without a loss that counts: only the position moves."""
        self.made += 1
        self.laps.add(None)

    def see(self, loss: float, chance: float) -> Trouble:
        """Record the loss of an update and chance level on its data; what is wrong, if anything."""
        self.made += 1
        expected, ended = self.laps.expected, self.laps.add(loss)
        self.seen = seen = self.seen + 1
        if seen == 1:
            self.mean, self.chance, self.usual = loss, chance, expected
        else:
            weight = 1 / (seen if seen < SMOOTH else SMOOTH)
            self.mean += (loss - self.mean) * weight
            self.chance += (chance - self.chance) * weight if chance < math.inf else 0.0
            if self.usual == self.usual:
                self.usual += (expected - self.usual) * weight
            else:
                self.usual = expected
        if seen < FIRST:
            return ""
        self._count()
        if ended:
            self._lap()
        found = self._judge()
        if found:
            self.trouble = self.trouble or found
        elif self.trouble and self.healthy:
            self.trouble = ""
        return found

    def _count(self) -> None:
        """How long the mean has been above what it should be below."""
        mean, chance = self.mean, self.chance
        self.low = mean if mean < self.low else self.low + (mean - self.low) * LOW_DRIFT
        if mean <= chance * WARM:
            self.learned = self.learned or (mean < chance and self.seen >= SMOOTH // 2)
            self.high, self.huge, self.high_from = 0, 0, math.inf
        else:
            warming = self.made <= self.warmup and not self.learned
            if mean < FALLING * self.high_from or warming:
                self.high, self.high_from = 0, mean
            else:
                self.high += 1
            too_high = mean > LIMITS[self.task].falling * chance
            self.huge = self.huge + 1 if too_high and not warming else 0
        if self.usual != self.usual:  # there is no best pass yet
            self.above = 0
        elif self._risen:
            self.above += 1
        elif not self.risen_from > chance:  # else the data are too hard to tell
            self.above = 0
        self.flat = self.flat + 1 if mean > FORGOTTEN * self.frequencies else 0

    def _lap(self) -> None:
        """A lap is over."""
        last = self.laps.last
        if last <= STUCK * self.constant or self.made <= self.warmup:
            self.stuck, self.stuck_from = 0, math.inf
        elif last < FALLING * self.stuck_from:
            self.stuck, self.stuck_from = 0, last
        else:
            self.stuck += self.laps.size

    def _judge(self) -> Trouble:
        if (self.high and self.high >= self._patience) or self.huge >= AT_ONCE:
            return "diverges" if self.learned else "above chance"
        if self.above >= PATIENCE:
            return "stays up"
        if self.flat >= PATIENCE and self._forgotten:
            return "forgets"
        return "above constant" if self.stuck >= STUCK_UPDATES else ""

    @property
    def _patience(self) -> int:
        """Updates for which the mean may be as far above chance as it is."""
        limits, times = LIMITS[self.task], self.mean / self.chance
        if times > limits.far:
            return SOON if self.learned else AT_ONCE
        return PATIENCE if times > limits.clearly else max(2 * PATIENCE, self.laps.size)

    @property
    def _risen(self) -> bool:
        """Whether the mean has lost much of what the best pass scored at the same positions."""
        if self.usual < LEARNED * self.frequencies and self.mean > FORGOTTEN * self.frequencies:
            return True
        return self.mean > self.risen_from

    @property
    def risen_from(self) -> float:
        """The loss above which it has risen from that of the best pass; NaN in the first pass."""
        return max(RISEN * self.usual, self.bound) if self.usual == self.usual else math.nan

    @property
    def _forgotten(self) -> bool:
        """Whether validation is back at the level of frequencies, as training is.

        That is all there is to go by during the first pass.
        """
        first_pass = self.usual != self.usual
        known = self.best_validated < LEARNED * self.frequencies
        return first_pass and known and self.validated > FORGOTTEN * self.frequencies

    @property
    def serious(self) -> bool:
        """Whether the trouble has lasted long enough to go back to earlier weights."""
        return self.learned and (self.high >= PATIENCE or self.above >= PATIENCE)

    @property
    def bound(self) -> float:
        """The loss at which a good part of what was learned is lost."""
        best = self.usual if self.usual == self.usual else self.low
        return best + LOST * max(0.0, self.chance - best)

    @property
    def healthy(self) -> bool:
        """Whether the weights are worth keeping: below chance, and near the best pass so far.

        During the first pass, near the lowest running mean, which is slowly forgotten.
        """
        return self.seen >= FIRST and self.mean <= self.chance * WARM and self.mean <= self.bound

    def validate(self, loss: float) -> None:
        """Record a validation loss."""
        self.validated = loss
        self.best_validated = min(self.best_validated, loss)

    def reset(self) -> None:
        """Start the running means again: the weights have been replaced. Laps stay comparable."""
        self.seen = self.above = self.high = self.huge = self.flat = self.stuck = 0
        self.mean = self.chance = self.usual = math.nan
        self.high_from = self.stuck_from = math.inf
        self.laps.comparable = False
        self.trouble = ""

    def capture(self) -> dict[str, Any]:
        """Everything that was recorded, as plain values."""
        names = [f.name for f in dataclasses.fields(self) if f.name not in _GIVEN]
        return {**{name: getattr(self, name) for name in names}, "laps": self.laps.capture()}

    def restore(self, captured: dict[str, Any]) -> None:
        """Return to a captured state; what is missing keeps its default."""
        for name in self.capture():
            if name != "laps":
                setattr(self, name, captured.get(name, getattr(self, name)))
        self.laps.restore(captured.get("laps", {}))
