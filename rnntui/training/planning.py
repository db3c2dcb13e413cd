"""The choice of a run's kernels: by a trial once its first updates have been made."""

from __future__ import annotations

from collections.abc import Callable

from rnntui.dataclass import dataclass
from rnntui.nn.kernels.choice import Kernels
from rnntui.nn.trial import Trial
from rnntui.recipe import Recipe
from rnntui.training.workers.autotune import first_updates
from rnntui.training.workers.plan import Plan

SMALL = 1e6  # products per gate in an update: below, it consists of calls rather than of numbers


@dataclass(frozen=True)
class Choice:
    """What trials found: the number of processes, and the kernels of each."""

    workers: int
    kernels: Kernels


Recall = Callable[[Plan], Choice | None]


@dataclass(frozen=True)
class KernelTrial:
    """A trial of kernels, due after update `after`, which depends on the recipe only."""

    after: int

    @classmethod
    def of(cls, recipe: Recipe, plan: Plan) -> KernelTrial | None:
        """Return the trial of a plan; None where there is nothing to gain or to be chosen.

        Networks in double precision keep their order of summation.
        """
        is_open = recipe.train.plan == "auto" and plan.shape.dtype == "float32"
        return cls(first_updates(plan)) if is_open and plan.products >= SMALL else None


def trial_of(plan: Plan) -> Trial:
    """A trial for the streams that a process of the plan has."""
    streams = plan.streams(0)
    return Trial(plan.shape, plan.steps, streams.stop - streams.start)
