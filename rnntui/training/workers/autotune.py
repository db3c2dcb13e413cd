"""Choose the number of processes by a short trial, if the recipe leaves it open.

The trial takes a few tenths of a second, so it waits until the first updates have been made and
shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnntui.dataclass import dataclass
from rnntui.errors import EngineError
from rnntui.training.workers.plan import Plan
from rnntui.training.workers.pool import WorkerPool
from rnntui.training.workers.updater import Updater

SMALL, LARGE = 2e6, 1e8  # products per gate in an update: below, no trial; above, of fewer steps
FEWEST = 6  # steps of a trial: with fewer, what an update costs but once would weigh too much
WORTH = 1e-3  # seconds: a gradient that takes less is not made faster by sharing it
LEAST_GAIN = 1.1  # with less, several processes would only keep cores busy
TRIAL = 0.2  # seconds of gradients for each number of processes that is tried, or less …
UNANIMOUS, MOST_ROUNDS = 5, 15  # … where so many rounds agree, or so many have been made
CLEAR, CLEAR_GAIN = 3, 1.4  # … or so few of them leave no doubt

FIRST = 3e9  # products per gate in the updates before the trial: about a second …
MOST_FIRST = 500  # … and of small updates as many as that

Clock = Callable[[Updater], float]  # seconds that a gradient takes


def first_updates(plan: Plan) -> int:
    """The updates before a trial: those that fill the first frames of the screen."""
    return max(2, min(MOST_FIRST, int(FIRST / plan.products)))


@dataclass(frozen=True)
class Trial:
    """A trial of up to `most` processes, due after update `after`.

    That update depends on the recipe only, not on the speed of the machine, so that two runs of a
    recipe are equal as long as their trials agree.
    """

    most: int
    after: int
    known: int = 0  # the result, if it has been held before

    @classmethod
    def of(cls, plan: Plan, most: int) -> Trial | None:
        """Return the trial of a plan; None where one process is certainly the best."""
        if most == 1 or plan.products < SMALL:
            return None
        return cls(most, first_updates(plan))

    def starts_workers(self, step: int) -> bool:
        """Return whether workers are to start after this update, to be ready in time."""
        return step == self.after // 2


def autotune(plan: Plan, most: int, pool: WorkerPool, clock: Clock) -> int:
    """Return the fastest number of processes among `most`, half of that, and so on down to 1.

    The trial has its own networks, so it does not affect the training that follows. Without
    workers the result is 1.
    """
    best = 1
    if most > 1 and plan.products >= SMALL:
        steps = max(FEWEST, int(plan.steps * LARGE / plan.products))
        alone = Updater(replace(plan, workers=1, steps=min(plan.steps, steps)), WorkerPool())
        # The first gradient touches all the memory, which takes its time too, but not a lot of it.
        if clock(alone) >= 100 * WORTH or clock(alone) >= WORTH:
            try:
                best = _fastest(alone, most, pool, clock)
            except (EngineError, MemoryError):
                pool.close()
    pool.keep(best - 1)
    return best


def _fastest(alone: Updater, most: int, pool: WorkerPool, clock: Clock) -> int:
    best, gain, workers = 1, LEAST_GAIN, most
    while workers > 1:
        found = _gain(alone, Updater(replace(alone.plan, workers=workers), pool), clock)
        if found >= gain:
            best, gain = workers, found
        elif best > 1:
            break
        workers //= 2
    return best


def _gain(alone: Updater, team: Updater, clock: Clock) -> float:
    """How many times as fast the team is: both in turns, so that they meet the same machine."""
    clock(team)
    ratios: list[float] = []
    spent = 0.0
    while spent < TRIAL and len(ratios) < MOST_ROUNDS:
        one, many = clock(alone), clock(team)
        ratios.append(one / many)
        spent += one + many
        agree = min(ratios) >= LEAST_GAIN or max(ratios) < LEAST_GAIN
        if agree and len(ratios) >= (CLEAR if min(ratios) >= CLEAR_GAIN else UNANIMOUS):
            break
    return float(np.median(ratios))
