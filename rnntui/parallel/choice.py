"""How many processes train where the recipe leaves it open: what a short trial finds fastest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import median

from rnntui.errors import EngineError
from rnntui.parallel.crew import Crew
from rnntui.parallel.plan import Plan
from rnntui.parallel.updater import Updater

SMALL, LARGE = 2e6, 1e8  # products per gate in an update: below, no trial; above, of fewer steps
FEWEST = 6  # steps of a trial: with fewer, what an update costs but once would weigh too much
WORTH = 1e-3  # seconds: a gradient that takes less is not made faster by sharing it
LEAST_GAIN = 1.1  # with less, several processes would only keep cores busy
TRIAL = 0.2  # seconds of gradients for each number of processes that is tried, or less …
UNANIMOUS, MOST_ROUNDS = 5, 15  # … where so many rounds agree, or so many have been made
CLEAR, CLEAR_GAIN = 3, 1.4  # … or so few of them leave no doubt

Clock = Callable[[Updater], float]  # seconds that a gradient takes


def choose(plan: Plan, most: int, crew: Crew, clock: Clock) -> int:
    """The fastest number of processes: 1, or `most`, or half of that, or …

    The trial has networks of its own, so that what is trained afterwards knows nothing of it.
    Where workers cannot be had, it is 1.
    """
    best = 1
    if most > 1 and plan.products >= SMALL:
        steps = max(FEWEST, int(plan.steps * LARGE / plan.products))
        alone = Updater(replace(plan, workers=1, steps=min(plan.steps, steps)), Crew())
        # The first gradient touches all the memory, which takes its time too, but not a lot of it.
        if clock(alone) >= 100 * WORTH or clock(alone) >= WORTH:
            try:
                best = _fastest(alone, most, crew, clock)
            except (EngineError, MemoryError):
                crew.close()
    crew.keep(best - 1)
    return best


def _fastest(alone: Updater, most: int, crew: Crew, clock: Clock) -> int:
    best, gain, workers = 1, LEAST_GAIN, most
    while workers > 1:
        found = _gain(alone, Updater(replace(alone.plan, workers=workers), crew), clock)
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
    return median(ratios)
