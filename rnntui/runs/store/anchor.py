"""Paths into a run's directory that stay valid when it is renamed or moved."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace

from rnntui.runs.store.directory import RunDirectory
from rnntui.runs.store.files import DESCRIPTORS
from rnntui.runs.store.lock import RunLock


def anchored(run: RunDirectory, lock: RunLock) -> RunDirectory:
    """Return the run with a path through a descriptor, which the lock keeps open until released.

    Systems without such paths get the run unchanged.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(run.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        path = DESCRIPTORS / str(descriptor)
        if path.is_dir() and path.samefile(run.path):
            lock.anchor(path, descriptor)
            return replace(run, path=path)
        os.close(descriptor)
    return run
