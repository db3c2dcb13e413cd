"""A training process that was started elsewhere.

Neither this module nor anything it imports needs NumPy: the dashboard's process uses it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from dataclasses import replace
from pathlib import Path

from rnntui.dataclass import dataclass
from rnntui.engine.ending import Ending, ending_of
from rnntui.errors import DataError
from rnntui.runs.store.directory import CHECKPOINTS
from rnntui.runs.store.files import shown
from rnntui.runs.store.lock_owner import (
    LockOwner,
    live_lock_owner,
    process_started,
    read_lock_owner,
    shares_pids,
    suspended,
    this_host,
)
from rnntui.runs.store.manifest import MANIFEST
from rnntui.runs.store.socket_address import read_address
from rnntui.runs.store.status import ENDED, Status, read_status
from rnntui.runs.store.stop_request import record_requester

_LOOK_EVERY = 0.02  # seconds
_STEP = re.compile(r"step-(\d+)")


@dataclass(frozen=True)
class RunningEngine:
    """This user's training process that owns the lock of the run in `run`."""

    owner: LockOwner
    run: Path
    address: Path | None = None  # where it listened when it was found: the run may be moved

    @property
    def pid(self) -> int:
        """Its process id, which may be meaningless in this container."""
        return self.owner.pid

    @property
    def socket(self) -> Path:
        """Where it listens now."""
        return read_address(self.run) or self.address or self.run / "door.missing"

    def exited(self) -> int | None:
        """Return 0 once it has ended (the run's files say how), else None."""
        if shares_pids(self.owner, this_host()):
            return None if process_started(self.pid) == self.owner.pid_started else 0
        with contextlib.suppress(OSError, DataError):
            found = live_lock_owner(self.run)
            return None if found is not None and found[0].uuid == self.owner.uuid else 0
        return 0

    def wait(self, seconds: float) -> int | None:
        """Return `exited`, after waiting at most `seconds` for the end."""
        end = time.monotonic() + seconds
        while self.exited() is None and time.monotonic() < end:
            time.sleep(_LOOK_EVERY)
        return self.exited()

    def suspended(self) -> bool:
        """Return whether a signal has suspended it, so that it cannot answer."""
        return shares_pids(self.owner, this_host()) and suspended(self.pid)

    def ending(self) -> Ending | None:
        """Describe how it ended from the run's files; None while it runs."""
        if self.exited() is None:
            return None
        status = self.last_status()
        if status is None or status.state not in ENDED:
            if self._released_lock():
                return Ending("failed", self.unsaved())
            return Ending(
                "crashed", f"the training process was killed or crashed; {_last(self.run)}"
            )
        reason = status.reason or ""
        saved = saved_update(self.run)
        ending = ending_of(status.state, reason, status.step, saved, status.unsaved)
        return replace(ending, status=status)

    def unsaved(self) -> str:
        """Describe in one safe line what an ended run could not save, or return an empty string."""
        if self.exited() is None:
            return ""
        status = self.last_status()
        if status is not None and status.state in ENDED:
            return status.unsaved
        if self.moved():
            return f"what is saved is unknown: {shown(self.run)} has been removed or moved"
        if self._released_lock():
            return f"its last status could not be written; {_last(self.run)}"
        return ""

    def moved(self) -> bool:
        """Whether the run's directory has been moved or removed."""
        with contextlib.suppress(OSError):
            return not self.run.exists()
        return False

    def _released_lock(self) -> bool:
        """Whether it gave the run back, as a process that is killed cannot."""
        with contextlib.suppress(OSError, DataError):
            return read_lock_owner(self.run) is None
        return False

    def last_status(self) -> Status | None:
        """Return the last status, unless another process wrote it."""
        with contextlib.suppress(OSError, DataError):
            status = read_status(self.run)
            return status if status is not None and status.pid == self.pid else None
        return None

    def terminate(self, how: str = "") -> None:
        """Ask it to save and end; a process of another container gets no signal.

        `how` completes "stopped" in the run's status.
        """
        if shares_pids(self.owner, this_host()) and self.exited() is None:
            if how:
                record_requester(self.run, how)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Do nothing: a process that was started elsewhere ends by itself."""


def _last(run: Path) -> str:
    saved = saved_update(run)
    return "nothing is saved" if saved is None else f"update {saved:,} is saved"


def saved_update(run: Path) -> int | None:
    """Return the update of the newest complete checkpoint, by its name; None if there is none."""
    with contextlib.suppress(OSError):
        found = (run / CHECKPOINTS).glob(f"step-*/{MANIFEST}")
        steps = [int(match[1]) for path in found if (match := _STEP.match(path.parent.name))]
        return max(steps, default=None)
    return None
