"""What a rule is, and the signs that it is a function of.

A rule is registered once, with its id and title, where it is defined. It looks at the signs alone
and says what it found, or nothing. Durations are updates without a break: a sign becomes a finding
only where the loss agrees, for long enough, since healthy runs cross every usual threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Literal

from rnntui.dataclass import dataclass
from rnntui.insight.history import Facts, History, Sample
from rnntui.recipe.rules import Value

Key = Literal["", "m", "[", "]"]


@dataclass(frozen=True)
class Found:
    """The evidence of a finding, in numbers and as a sentence, and what to do about it.

    `fix`: recipe keys of a new run; `key`: what applies a fix to this run.
    """

    evidence: Mapping[str, float]
    short: str
    advice: str
    fix: Mapping[str, Value] = field(default_factory=dict)
    key: Key = ""


@dataclass(frozen=True)
class Signs:
    """The signs of a run; `now` is the newest sample."""

    facts: Facts
    history: History

    @property
    def now(self) -> Sample:
        """The newest sample; only asked for once there is one."""
        return self.history.samples[-1]

    @property
    def step(self) -> int:
        """The newest update."""
        return self.history.step

    @property
    def learned(self) -> bool:
        """Whether the loss has been clearly below that of a model that knows frequencies only.

        For values: below that of always predicting zero.
        """
        return self.history.best < self.facts.learned_below

    @property
    def well(self) -> bool:
        """Whether the loss has been better than counting, near the floor, or far below chance."""
        facts, best = self.facts, self.history.best
        return (
            (facts.ngram is not None and best < facts.ngram)
            or (facts.floor is not None and best < 1.1 * facts.floor)
            or best < 0.25 * facts.chance
        )

    def stalled(self, factor: float, updates: int, samples: int = 1) -> bool:
        """Whether the best loss is more than `factor` times that of so many updates ago."""
        then = self.history.before(updates, samples)
        return then is not None and self.history.best > factor * then.best


Check = Callable[[Signs], Found | None]


@dataclass(frozen=True)
class Rule:
    """A problem that a run may have.

    `needs_simple`: whether the losses of simple models can refute it. `at_once`: whether it can be
    told before the first update.
    """

    id: str
    title: str
    check: Check
    needs_simple: bool = False
    at_once: bool = False


RULES: dict[str, Rule] = {}


def rule(
    name: str, title: str, needs_simple: bool = False, at_once: bool = False
) -> Callable[[Check], Check]:
    """Register a check as a rule. Raises ValueError if the id is taken."""

    def enter(check: Check) -> Check:
        if name in RULES:
            raise ValueError(f"rule {name!r} is registered twice")
        RULES[name] = Rule(name, title, check, needs_simple, at_once)
        return check

    return enter


def figure(value: float) -> str:
    """A number for a sentence, with three digits."""
    return f"{value:.3g}" if math.isfinite(value) else "not finite"


def percent(share: float) -> str:
    """A share for a sentence."""
    return f"{100 * share:.3g} %"


def rate(value: float) -> float:
    """A learning rate as one would type it."""
    return float(f"{value:.2g}")
