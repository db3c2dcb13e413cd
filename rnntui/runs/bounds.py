"""The bounds of a run, and the effect of new bounds on a resumed run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from rnntui.data import Dataset
from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.recipe import Recipe
from rnntui.training.loop import TrainState, total_steps


@dataclass(frozen=True)
class Bounds:
    """`last`: the last update, or None; `seconds` of training, 0 for unlimited.

    `times`: how often a finished run was extended by its recipe's bounds.
    """

    last: int | None
    seconds: float
    times: int = field(default=0, compare=False)

    @classmethod
    def of(cls, recipe: Recipe, data: Dataset) -> Bounds:
        """Return the bounds that a recipe sets."""
        return cls(total_steps(recipe, data), recipe.train.seconds)

    @classmethod
    def continued(cls, recipe: Recipe, data: Dataset, captured: Mapping[str, Any]) -> Bounds:
        """Return the bounds of a resumed run, which may have been extended beyond its recipe."""
        bounds = cls.of(recipe, data)
        last, seconds, times = captured.get("extended", (None, 0.0, 0))
        if (last, seconds) == (bounds.last, bounds.seconds):
            for _ in range(times):
                bounds = bounds.extended(recipe, data)
        return bounds

    def extended(self, recipe: Recipe, data: Dataset) -> Bounds:
        """Return the bounds extended by the recipe's."""
        more = self.of(recipe, data)
        last = None if self.last is None or more.last is None else self.last + more.last
        return Bounds(last, self.seconds + more.seconds, self.times + 1)

    def check(self, step: int, elapsed: float) -> None:
        """Raise UsageError if a run of `step` updates in `elapsed` seconds has reached them."""
        if self.last is not None and self.last <= step:
            raise UsageError(f"already at update {step}; give a larger bound")
        if self.seconds and self.seconds <= elapsed:
            raise UsageError(f"already trained for {elapsed:.1f} s; give a larger bound")

    def rate(self, recipe: Recipe, state: TrainState) -> float:
        """Return the learning rate of the next update within these bounds."""
        train = replace(recipe.train, seconds=self.seconds)
        schedule = replace(state.schedule, train=train)
        return state.lr * schedule.factor(state.step + 1, self.last, state.seconds)


def rate_change(recipe: Recipe, step: int, old: float, new: float) -> str:
    """Describe in one line how new bounds change the next learning rate; empty if they don't."""
    if abs(new - old) <= 1e-6 * max(abs(new), abs(old)):
        return ""
    return (
        f"the new bound changes the {recipe.train.schedule} schedule: "
        f"learning rate of update {step + 1}: {old:.4g} → {new:.4g}"
    )
