"""Which checkpoint of a run is meant: the last, the best, or that of an update."""

from __future__ import annotations

import contextlib
from pathlib import Path

from rnntui.errors import DataError, UsageError
from rnntui.run.checkpoint import Checkpoint, load, newest, paths
from rnntui.run.files import failed
from rnntui.run.manifest import read_manifest


def pick(directory: Path, which: str) -> Checkpoint:
    """The checkpoint that is meant: `last` or `best` among the sound ones, or an update's number.

    Raises UsageError, DataError or RunError.
    """
    if which == "last":
        return _last(directory)
    if which == "best":
        return _best(directory)
    if not which.isdecimal():
        raise UsageError(f"--checkpoint {which[:40]}: takes last, best or the number of an update")
    wanted = int(which)
    there = {int(path.name.split("-")[1]): path for path in _paths(directory)}
    if wanted not in there:
        listed = ", ".join(map(str, sorted(there)[-8:])) or "none"
        raise UsageError(f"no checkpoint of update {wanted}: there is {listed}")
    return load(there[wanted])


def _last(directory: Path) -> Checkpoint:
    found = newest(directory)
    if found.checkpoint is None:
        why = f" that can be used: {found.rejected[0].reason}" if found.rejected else " yet"
        raise DataError(f"there is no checkpoint{why}")
    return found.checkpoint


def _best(directory: Path) -> Checkpoint:
    """The one with the lowest validation loss; the last one where nothing was validated."""
    scored = []
    for path in _paths(directory):
        with contextlib.suppress(DataError):
            manifest = read_manifest(path)
            if manifest.loss is not None:
                scored.append((manifest.loss, path))
    for _, path in sorted(scored):
        with contextlib.suppress(DataError):
            return load(path)
    return _last(directory)


def _paths(directory: Path) -> list[Path]:
    try:
        return paths(directory)
    except OSError as error:
        raise failed("read", directory, error) from None
