"""`status.json`: a run's status, replaced atomically at most once a second."""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.runs.store.files import FILES, Files, Report, overwrite, read_file, reason, replace
from rnntui.runs.store.json_record import MOST_BYTES, read_record, salvage, to_bytes

STATUS = "status.json"
INTERVAL = 1.0  # seconds
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_ROOM = 2048  # bytes of the file, so that it can be overwritten without growing

Ended = Literal["finished", "stopped", "diverged", "failed"]
State = Literal["loading", "training", "paused", Ended]
ENDED: tuple[Ended, ...] = get_args(Ended)


@dataclass(frozen=True)
class Status:
    """The status of a run at time `updated`. Losses are per token; None if unknown (yet)."""

    state: State
    step: int
    total: int | None  # updates to make
    epoch: float
    loss: float | None  # the mean of the last `averaged` updates
    validation: float | None
    best: float | None  # validation
    tokens_per_second: float
    pid: int
    since: float  # seconds since 1970: when this process began
    updated: float  # seconds since 1970
    checkpoint: int | None = None  # update of the newest one
    reason: str | None = None  # for an end or a pause, one safe line
    exit_code: int | None = None
    trouble: str | None = None  # why writing fails, one safe line
    averaged: int | None = None  # updates
    last: float | None = None  # loss of the last update
    lowest: float | None = None  # `loss` so far
    elapsed: float | None = None  # seconds of training
    findings: str | None = None  # ids of those that hold, the most important first
    best_step: int | None = None  # update of `best`
    baseline: float | None = None  # the lowest validation loss of a simple method
    baseline_name: str | None = None  # that method

    @property
    def unsaved(self) -> str:
        """What an ended run could not save, and why: one safe line, or empty."""
        if not self.trouble or not self.step or self.checkpoint == self.step:
            return ""
        if self.checkpoint is None:
            return f"nothing was saved: {self.trouble}"
        return f"only {self.checkpoint} of {self.step} updates are saved: {self.trouble}"


class StatusWriter:
    """Holds the newest status and writes it when due. Failures are only reported."""

    def __init__(
        self,
        directory: Path,
        report: Report,
        files: Files = FILES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._report = directory / STATUS, report
        self._files, self._clock = files, clock
        self._newest: Status | None = None
        self._written: Status | None = None
        self._tried = -INTERVAL
        self._failing = False

    def set(self, status: Status) -> None:
        """Set the status to write next."""
        self._newest = status

    def drain(self, now: bool = False) -> bool:
        """Write the newest status if due; `now`: immediately, and sync it to disk."""
        status, clock = self._newest, self._clock()
        if status is None or (status is self._written and not now):
            return True
        if not now and clock - self._tried < INTERVAL:
            return True
        self._tried = clock
        data = to_bytes(status).ljust(_ROOM)
        try:
            replace(self._files, self._path, data, sync=now)
        except OSError as error:
            self._failing, self._written = True, None
            self._report("status", reason(error))
            if error.errno in _NO_ROOM:
                self._overwrite(data)
            return False
        self._written = status
        if self._failing:
            self._failing = False
            self._report("status", None)
        return True

    def _overwrite(self, data: bytes) -> None:
        """Overwrite the last status in place, to report the failure on a full disk."""
        with contextlib.suppress(OSError, DataError):  # already reported
            overwrite(self._files, self._path, data)


def salvage_status(directory: Path) -> tuple[Status | None, tuple[str, ...]]:
    """Read a run's status as far as possible; return it, if any, and the unreadable fields.

    Raises OSError or DataError.
    """
    path = directory / STATUS
    try:
        return salvage(Status, read_file(path, MOST_BYTES), path)
    except FileNotFoundError:
        return None, ()


def read_status(directory: Path) -> Status | None:
    """Read a run's status; None if there is none yet. Raises OSError or DataError."""
    try:
        return read_record(Status, directory / STATUS)
    except FileNotFoundError:
        return None
