"""Hold the trial of a run's number of workers, once its first updates have been made."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from time import perf_counter

import numpy as np

from rnntui.errors import EngineError
from rnntui.nn.kernels.blas import OneThread
from rnntui.recipe import Recipe
from rnntui.training.state import TrainState, use_workers
from rnntui.training.workers.autotune import autotune
from rnntui.training.workers.plan import Plan
from rnntui.training.workers.updater import Updater


def hold_trial(
    recipe: Recipe, state: TrainState, between: Callable[[], None] | None = None
) -> int | None:
    """Choose the number of processes for all further updates, if that is due now.

    Returns the number chosen, or None if nothing was due. Training is not affected but for the
    number, so a run that is given the number and the update repeats it bit by bit. `between` is
    called between the gradients that are timed.
    """
    trial = state.trial
    if trial is None:
        return None
    if state.step < trial.after:
        if trial.starts_workers(state.step):
            with contextlib.suppress(EngineError):  # then the trial finds none
                state.updater.pool.start(trial.most - 1)
        return None
    position = state.stream.position
    batch = state.stream.next()
    state.stream.restore(position)

    def clock(updater: Updater) -> float:
        if between is not None:
            between()
        steps, began = updater.plan.steps, perf_counter()
        with np.errstate(all="ignore"):
            updater.gradient(batch.inputs[:steps], batch.targets[:steps], between)
        return perf_counter() - began

    plan = Plan.of(recipe, state.parameters.shape, state.stream.steps)
    with OneThread()():
        chosen = trial.known or autotune(plan, trial.most, state.updater.pool, clock)
        use_workers(state, chosen)
    return chosen
