"""Remove a sweep: what is stored of it, and the runs of its trials if that is wanted.

Only what is provably a sweep's is removed, as with runs. Needs no NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rnntui.errors import DataError, RunError
from rnntui.runs.store.create import (
    check_removable,
    check_writable,
    is_there,
    not_removed,
    remove_directory,
    remove_runs,
)
from rnntui.runs.store.directory import open_run
from rnntui.runs.store.files import check_directory, reason, shown
from rnntui.runs.store.lock import claim
from rnntui.sweep.contents import foreign_name
from rnntui.sweep.store import INFO, RECIPE, SWEEPS, Sweep, open_sweep
from rnntui.text import fit, safe_text


def removable_sweep(root: Path, name: str) -> Sweep:
    """Open a sweep that may be removed.

    Raises UsageError if there is none of that exact name, DataError with its path unless it is
    intact and without files that rnntui did not create, RunError if it may not be written.
    """
    try:
        sweep = open_sweep(root, name)
    except (DataError, RunError) as error:
        raise _refusal(root / SWEEPS / name, error) from None
    path = sweep.directory
    try:
        check_directory(path)
        foreign = foreign_name(path)
    except DataError as error:
        raise _refusal(path, error) from None
    except OSError as error:
        raise not_removed(path, f"cannot read all of it: {reason(error)}") from None
    if foreign is not None:
        inner = fit(safe_text(foreign), 40)
        raise not_removed(path, f"it contains '{inner}', which rnntui did not create")
    check_writable(path)
    return sweep


def _refusal(path: Path, error: Exception) -> DataError:
    why = str(error).partition(": rnntui ")[0]  # without its own advice
    for name in (INFO, RECIPE):
        why = why.replace(shown(path / name), name)
    return not_removed(path, why.replace(f"{shown(path)}: ", ""))


def runs_of_trials(sweep: Sweep) -> list[Path]:
    """Return the runs of a sweep's trials, all of which may be removed. Raises DataError."""
    found = [path for trial in sweep.trials if is_there(path := sweep.run_path(trial.number))]
    for path in found:
        check_removable(path)
        info = open_run(path).info
        # A trial's run has the command line of its sweep, wherever it is trained.
        if (info.argv, info.source_sha256) != (sweep.info.argv, sweep.info.source_sha256):
            raise not_removed(path, f"it is not a trial of sweep {sweep.name}")
    return found


def check_idle(sweep: Sweep, runs: Sequence[Path] = ()) -> None:
    """Raise RunTakenError while a sweep is run, or one of the runs is trained."""
    with sweep.claim():
        for path in runs:
            with claim(path):
                pass


def remove_sweep(sweep: Sweep, runs: Sequence[Path] = ()) -> None:
    """Remove a sweep, and runs of its trials before it.

    Raises RunTakenError, with nothing removed, while the sweep is run or one of the runs is
    trained; DataError or RunError as `remove_runs`.
    """
    with sweep.claim():
        remove_runs(runs)
        remove_directory(sweep.directory)
