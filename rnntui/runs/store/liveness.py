"""Find the process that trains in a run directory, and whether it can be reached."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.processes import has_terminal
from rnntui.runs.store.files import failed
from rnntui.runs.store.lock_owner import (
    LockOwner,
    is_here,
    live_lock_owner,
    shares_pids,
    this_host,
    where,
)
from rnntui.runs.store.socket_address import listens, read_address
from rnntui.text import fit, safe_text

REAPPEARS = 3.0  # seconds in which a process recreates a removed socket
_LOOK_EVERY = 0.05


@dataclass(frozen=True)
class Trainer:
    """A live process that trains a run. Without a socket, `why` gives the reason as a safe line."""

    owner: LockOwner
    socket: Path | None = None
    why: str = ""


def find_trainer(path: Path, patience: float = REAPPEARS) -> Trainer | None:
    """Find the process that trains a run, if any. Raises RunError.

    If its socket has just been removed, it gets `patience` seconds to create a new one.
    """
    end = time.monotonic() + patience
    while (owner := _live_owner(path)) is not None:
        if not is_here(owner, this_host()):
            return Trainer(owner, None, f"{where(owner)} is training it: control it there")
        socket = read_address(path)
        if socket is not None and listens(socket):
            return Trainer(owner, socket)
        if not _listens_somewhere(owner) or time.monotonic() > end:
            return Trainer(owner, None, _why_not(owner, socket))
        time.sleep(_LOOK_EVERY)
    return None


def _live_owner(path: Path) -> LockOwner | None:
    found = None
    try:
        with contextlib.suppress(DataError):
            found = live_lock_owner(path)
    except OSError as error:
        raise failed("read the lock of", path, error) from None
    return found[0] if found else None


def _listens_somewhere(owner: LockOwner) -> bool:
    """Return whether it may be a background process: a session leader without a terminal."""
    if not shares_pids(owner, this_host()):
        return True
    with contextlib.suppress(OSError):
        return os.getsid(owner.pid) == owner.pid and not has_terminal(owner.pid)
    return True


def _why_not(owner: LockOwner, socket: Path | None) -> str:
    who = where(owner)
    if not _listens_somewhere(owner):
        return f"{who} is training it in the foreground; only its own terminal controls it"
    if socket is None:
        return f"{who} is training it without a socket: in the foreground, or in a long update"
    address = fit(safe_text(str(socket)), 60)
    if not shares_pids(owner, this_host()):
        return f"{who} is training it in another container; {address} cannot be reached from here"
    return f"{who} is training it, but cannot be reached at {address}"
