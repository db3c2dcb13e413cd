"""The process that trains in a run directory: find it, and ask it to end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from rnntui.errors import DataError, RunError, UsageError
from rnntui.run.door import read_door
from rnntui.run.files import failed
from rnntui.run.holder import Holder, is_here, living_holder, this_host, where
from rnntui.run.summary import summarize

PATIENCE = 60.0  # seconds that saving may take
_LOOK_EVERY = 0.02


def living_socket(path: Path) -> tuple[int, Path] | None:
    """Process and socket of who trains there, if it is on this machine and can be talked to."""
    holder = _holder(path)
    door = read_door(path)
    if holder is None or door is None or not door.exists():
        return None
    return holder.pid, door


def stop_run(path: Path) -> str:
    """End the training of a run; a line that says how far it came.

    Raises UsageError where nobody trains it, RunError where it does not end.
    """
    holder = _holder(path)
    if holder is None:
        raise UsageError(f"run {path.name} is not being trained: rnntui runs shows how it stands")
    try:
        os.kill(holder.pid, signal.SIGTERM)
    except ProcessLookupError:
        holder = None
    except PermissionError:
        raise RunError(f"run {path.name} belongs to another user's {where(holder)}") from None
    end = time.monotonic() + PATIENCE
    while holder and _holder(path) is not None:
        if time.monotonic() > end:
            raise RunError(f"run {path.name} has not ended within {PATIENCE:.0f} s: it may be busy")
        time.sleep(_LOOK_EVERY)
    return f"{path.name} stopped after update {summarize(path).step:,}"


def _holder(path: Path) -> Holder | None:
    """Who trains there on this machine. Raises RunError where it is on another one."""
    found = None
    try:
        with contextlib.suppress(DataError):
            found = living_holder(path)
    except OSError as error:
        raise failed("read the lock of", path, error) from None
    if found is None:
        return None
    holder, _ = found
    if not is_here(holder, this_host()):
        raise RunError(f"run {path.name} is being trained by {where(holder)}: do it there")
    return holder
