"""How many workers a recipe may have, and which of them start before anything is loaded.

This module needs no NumPy.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from rnntui.errors import EngineError, UsageError
from rnntui.parallel.crew import POSSIBLE, Crew

if TYPE_CHECKING:
    from rnntui.recipe import Recipe

FULL_SHARE = 8  # streams that a process needs to be as fast, per stream, as with more
PROMISING = 2.5e7  # products per gate in an update: several processes most likely pay


def check_workers(recipe: Recipe) -> None:
    """Raise UsageError where a recipe wants more workers than can be had."""
    workers, batch = recipe.train.workers, recipe.train.batch
    if workers > batch:
        raise UsageError(
            f"workers = {workers}: each needs a stream of its own, and batch is {batch}: "
            f"set workers = {batch} or less, or batch = {workers} or more"
        )
    if workers > 1 and not POSSIBLE:
        raise UsageError("workers: on this system one process trains: set workers = 1")


def most_workers(recipe: Recipe) -> int:
    """How many may train: as the recipe says, or no more than there are cores and full shares."""
    if recipe.train.workers:
        return recipe.train.workers
    if not POSSIBLE or recipe.train.batch == 1:
        return 1
    return min(usable_cores(), max(2, recipe.train.batch // FULL_SHARE))


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def recruit(recipe: Recipe, crew: Crew) -> None:
    """Start the workers that a run about to load will need, or try. Raises UsageError, EngineError.

    Importing takes them as long as loading takes the trainer.
    """
    check_workers(recipe)
    model, train = recipe.model, recipe.train
    rows = train.batch * (train.seq_len if isinstance(train.seq_len, int) else 1)
    if train.workers:
        crew.call(train.workers - 1)
    elif rows * model.hidden**2 * (2 * model.layers - 1) >= PROMISING:
        with contextlib.suppress(EngineError):
            crew.call(most_workers(recipe) - 1)
