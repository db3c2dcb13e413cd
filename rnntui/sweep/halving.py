"""Which trial to train next: every trial gets to the first rung, then the better half continues.

Asynchronous successive halving (Li et al., "A System for Massively Parallel Hyperparameter Tuning",
2020): a trial pauses at each rung and continues once it is among the better half of all that have
arrived there, so no place stays empty while a slower trial trains. A failed trial counts as the
worst. New trials come first: their number is known, and the first ones may be the worst of a grid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rnntui.sweep.progress import Progress

FACTOR = 2  # one of so many continues

Choice = tuple[int, int | None]  # a trial, and the update to train it to (None: its end)


def waiting_trial(progress: Mapping[int, Progress], rungs: Sequence[int]) -> Choice | None:
    """Return a trial that was interrupted, or else a new one; None: there is none."""
    waiting = [number for number, trial in progress.items() if trial.state == "waiting"]
    for number in sorted(waiting, key=lambda number: not progress[number].started):
        if progress[number].through:
            return number, None
        return number, rung_after(max(progress[number].reached, default=0), rungs)
    return None


def better_half(progress: Mapping[int, Progress], rungs: Sequence[int]) -> Choice | None:
    """Return a trial at a rung that may continue, at the highest rung first; None: none may yet."""
    for rung in reversed(rungs):
        if ready := promotable(progress, rung, arrived(progress, rung) // FACTOR):
            return ready[0], rung_after(rung, rungs)
    return None


def last_trial(progress: Mapping[int, Progress], rungs: Sequence[int]) -> Choice | None:
    """Of too few trials to halve, return the best, so that one is trained to the end."""
    if any(trial.state in ("training", "finished") for trial in progress.values()):
        return None
    for rung in reversed(rungs):
        if ready := promotable(progress, rung, 1):
            return ready[0], rung_after(rung, rungs)
    return None


def is_over(progress: Mapping[int, Progress], rungs: Sequence[int]) -> bool:
    """Return whether all trials have ended, those at a rung for good."""
    if any(trial.state in ("waiting", "training") for trial in progress.values()):
        return False
    return not (better_half(progress, rungs) or last_trial(progress, rungs))


def arrived(progress: Mapping[int, Progress], rung: int) -> int:
    """Return how many trials have reached a rung, or failed on the way to it."""
    return sum(rung in trial.reached for trial in progress.values())


def promotable(progress: Mapping[int, Progress], rung: int, most: int) -> list[int]:
    """Return the trials that wait at a rung and are among the best `most` there, best first."""
    there = {
        number: trial.reached[rung] for number, trial in progress.items() if rung in trial.reached
    }
    best = sorted(there, key=lambda number: (there[number], number))[:most]
    return [
        number
        for number in best
        if math.isfinite(there[number])
        and (progress[number].state, progress[number].until) == ("paused", rung)
    ]


def rung_after(step: int, rungs: Sequence[int]) -> int | None:
    """Return the first rung after an update; None: there is none."""
    return next((rung for rung in rungs if rung > step), None)
