"""Select a checkpoint of a run: the last, the best, or that of an update."""

from __future__ import annotations

import contextlib
from pathlib import Path

from rnntui.errors import DataError, UsageError
from rnntui.runs.store.checkpoint import Checkpoint, load, newest, paths
from rnntui.runs.store.files import failed
from rnntui.runs.store.manifest import read_manifest

_MOST_DIGITS = 15  # of an update's number in a checkpoint's name


def select_checkpoint(directory: Path, which: str) -> Checkpoint:
    """Load the selected checkpoint: `last` or `best` of the valid ones, or an update's number.

    It is for generation or evaluation, so its optimizer state is not needed. Raises UsageError,
    DataError or RunError.
    """
    if which == "last":
        return _last(directory)
    if which == "best":
        return _best(directory)
    if not (which.isdecimal() and len(which) <= _MOST_DIGITS):
        raise UsageError(f"--checkpoint {which[:40]}: use last, best or the number of an update")
    wanted = int(which)
    there = {int(path.name.split("-")[1]): path for path in _paths(directory)}
    if wanted not in there:
        listed = ", ".join(map(str, sorted(there)[-8:])) or "none"
        raise UsageError(f"no checkpoint at update {wanted} (available: {listed})")
    return load(there[wanted], resumable=False)


def _last(directory: Path) -> Checkpoint:
    found = newest(directory, resumable=False)
    if found.checkpoint is None:
        if found.rejected:
            raise DataError(f"there is no usable checkpoint: {found.rejected[0].reason}")
        raise DataError("there is no checkpoint yet")
    return found.checkpoint


def _best(directory: Path) -> Checkpoint:
    """Load the checkpoint with the lowest validation loss, or the last one without validations.

    A run that selects by its forecasts has their errors instead. A validation made only because the
    run ended counts while its checkpoint is the last.
    """
    scored = []
    for path in _paths(directory):
        with contextlib.suppress(DataError):
            manifest = read_manifest(path)
            if manifest.loss is not None:
                scored.append((manifest.loss, path))
    last = _last(directory)
    _, final = last.state.get("final_validation") or (0, None)
    final = None if "forecast_error" in last.state else final
    for loss, path in sorted(scored):
        if final is not None and final < loss:
            break
        with contextlib.suppress(DataError):
            return load(path, resumable=False)
    return last


def _paths(directory: Path) -> list[Path]:
    try:
        return paths(directory)
    except OSError as error:
        raise failed("read", directory, error) from None
