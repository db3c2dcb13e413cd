"""Copies of a run, for hosts that do not share a disk: its checkpoints first, then its journals.

So the journals of a copy reach at least to its checkpoints, as those of a run that was killed.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping
from pathlib import Path

from rnntui.errors import RunError
from rnntui.runs.store.directory import CHECKPOINTS
from rnntui.runs.store.files import FILES, failed, remove_tree, replace, write_new
from rnntui.runs.store.lock_owner import LOCK, OWNER_FILE
from rnntui.runs.store.manifest import MANIFEST

MOST_BYTES = 64 << 20  # of a checkpoint that is copied while a trial trains

Copy = Mapping[str, bytes]  # by the path within the run, with slashes


def newest_checkpoint(run: Path) -> tuple[str, int]:
    """Return the name of the newest complete checkpoint and its bytes; empty and 0 without one."""
    with contextlib.suppress(OSError):
        found = sorted(path for path in (run / CHECKPOINTS).iterdir() if _is_complete(path))
        if found:
            return found[-1].name, sum(file.stat().st_size for file in found[-1].iterdir())
    return "", 0


def _is_complete(checkpoint: Path) -> bool:
    return checkpoint.name.startswith("step-") and (checkpoint / MANIFEST).exists()


def read_copy(run: Path, most: int | None = None) -> Copy:
    """Read a run that may be training. Empty if it has no checkpoint, or one of over `most` bytes.

    Raises RunError.
    """
    name, size = newest_checkpoint(run)
    if not name or (most is not None and size > most):
        return {}
    found: dict[str, bytes] = {}
    try:
        for checkpoint in sorted((run / CHECKPOINTS).iterdir()):
            if _is_complete(checkpoint):
                with contextlib.suppress(FileNotFoundError):  # it was just removed
                    found |= {
                        f"{CHECKPOINTS}/{checkpoint.name}/{file.name}": file.read_bytes()
                        for file in sorted(checkpoint.iterdir())
                        if not _is_half(file)
                    }
        for file in sorted(run.iterdir()):
            if file.is_file() and not _is_half(file) and file.name not in (LOCK, OWNER_FILE):
                found[file.name] = file.read_bytes()
    except OSError as error:
        raise failed("read", run, error) from None
    return found


def _is_half(file: Path) -> bool:
    """Whether it is being written, to replace another."""
    return file.name.startswith(".")


def write_copy(copy: Copy, run: Path) -> None:
    """Bring a run up to a copy; a new one appears whole or not at all. Raises RunError."""
    for name in copy:
        parts = name.split("/")
        in_its_place = len(parts) == 1 or (len(parts) == 3 and parts[0] == CHECKPOINTS)
        if not in_its_place or any(part[:1] in ("", ".") for part in parts):
            raise RunError(f"a copy of {run.name} has a file that is not a run's")
    try:
        if run.exists():
            _write(copy, run)
            return
        beside = run.with_name(f".new-{uuid.uuid4()}")
        FILES.mkdir(beside)
        _write(copy, beside)
        FILES.rename(beside, run)
    except OSError as error:
        raise failed("copy a trial to", run, error) from None


def _write(copy: Copy, run: Path) -> None:
    checkpoints = run / CHECKPOINTS
    if not checkpoints.exists():
        FILES.mkdir(checkpoints)
    names = dict.fromkeys(name.split("/")[1] for name in copy if "/" in name)
    for checkpoint in names:
        if not (checkpoints / checkpoint).exists():  # they never change
            _write_checkpoint(copy, checkpoints, checkpoint)
    for name, data in copy.items():
        if "/" not in name:
            replace(FILES, run / name, data)
    for path in list(checkpoints.iterdir()):
        if path.name not in names:
            remove_tree(FILES, path)


def _write_checkpoint(copy: Copy, checkpoints: Path, name: str) -> None:
    beside = checkpoints / f".new-{uuid.uuid4()}"
    FILES.mkdir(beside)
    start = f"{CHECKPOINTS}/{name}/"
    for path, data in copy.items():
        if path.startswith(start):
            write_new(FILES, beside / path.removeprefix(start), data)
    FILES.rename(beside, checkpoints / name)
