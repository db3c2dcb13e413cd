"""A training process that was started elsewhere, as the dashboard needs it.

Neither this module nor anything it imports needs NumPy: the dashboard's process uses it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from rnntui.engine.ending import Ending
from rnntui.errors import DataError
from rnntui.run.status import ENDED, Status, read_status

_LOOK_EVERY = 0.02  # seconds


@dataclass(frozen=True)
class RunningEngine:
    """A training process of this user that has a run's lock: its id cannot be another's yet."""

    pid: int
    socket: Path
    run: Path

    def exited(self) -> int | None:
        """0 once it is gone: how it ended stands in its run's files. None before that."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        except PermissionError:  # its number has been given to somebody else's
            return 0
        return None

    def wait(self, seconds: float) -> int | None:
        """As `exited`, waiting for its end at most so long."""
        end = time.monotonic() + seconds
        while self.exited() is None and time.monotonic() < end:
            time.sleep(_LOOK_EVERY)
        return self.exited()

    def ending(self) -> Ending | None:
        """How it ended, as its run's files tell it; None while it runs."""
        if self.exited() is None:
            return None
        status = self._status()
        if status is None or status.state not in ENDED:
            return Ending("crashed", "the training process was killed, or crashed")
        reason = status.reason or status.state
        if status.state == "stopped":
            return Ending("stopped", f"the training process was {reason}")
        return Ending(status.state, f"the training process has ended: {reason}")

    def unsaved(self) -> str:
        """In one safe line, what of a run that has ended is not on the disk."""
        status = None if self.exited() is None else self._status()
        return status.unsaved if status else ""

    def _status(self) -> Status | None:
        with contextlib.suppress(OSError, DataError):
            return read_status(self.run)
        return None

    def terminate(self) -> None:
        """Ask it to save and end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """It is not ours to kill: it ends by itself."""
