"""Hold the trial of a run's kernels, once its first updates have been made."""

from __future__ import annotations

from collections.abc import Callable

from rnntui.nn.kernels.blas import OneThread
from rnntui.nn.kernels.choice import Kernels
from rnntui.training.planning import trial_of
from rnntui.training.state import TrainState, use_kernels


def hold_kernel_trial(
    state: TrainState, between: Callable[[], None] | None = None
) -> Kernels | None:
    """Choose the kernels for all further updates, if that is due now.

    Returns those chosen, or None if nothing was due. A run that is given them and the update
    repeats it bit by bit. `between` is called between the measurements.
    """
    due = state.kernel_trial
    if due is None or state.trial is not None or state.step < due.after:
        return None
    trial = trial_of(state.updater.plan)
    with OneThread()():
        while trial.advance():
            if between is not None:
                between()
    use_kernels(state, trial.kernels)
    return trial.kernels
