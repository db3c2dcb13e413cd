"""How many workers a recipe may have, and which of them start before anything is loaded.

This module needs no NumPy.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rnntui.errors import UsageError
from rnntui.training.workers.pool import POSSIBLE, WorkerPool

if TYPE_CHECKING:
    from rnntui.recipe import Recipe

FULL_SHARE = 8  # streams that a process needs to be as fast, per stream, as with more


def check_workers(recipe: Recipe) -> None:
    """Raise UsageError if a recipe asks for more workers than are possible."""
    workers, batch = recipe.train.workers, recipe.train.batch
    if workers > batch:
        raise UsageError(
            f"workers = {workers}: each needs a stream of its own, and batch is {batch}: "
            f"set workers = {batch} or less, or batch = {workers} or more"
        )
    if workers > 1 and not POSSIBLE:
        raise UsageError("workers: this system supports only one training process: set workers = 1")


def most_workers(recipe: Recipe) -> int:
    """Return the recipe's number of workers, or the most that cores and full shards allow."""
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


def prestart(recipe: Recipe, pool: WorkerPool) -> None:
    """Start the workers of a run whose recipe has them, before it is loaded.

    Their imports take about as long as the trainer's. Raises UsageError or EngineError.
    """
    check_workers(recipe)
    if recipe.train.workers:
        pool.start(recipe.train.workers - 1)
