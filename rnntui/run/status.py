"""`status.json`: how a run stands, replaced as a whole at most once a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from rnntui.run.files import FILES, Files, Report, reason, replace
from rnntui.run.record import read_record, to_bytes

STATUS = "status.json"
INTERVAL = 1.0  # seconds

Ended = Literal["finished", "stopped", "diverged", "failed"]
State = Literal["loading", "training", "paused", Ended]
ENDED: tuple[Ended, ...] = get_args(Ended)


@dataclass(frozen=True)
class Status:
    """A run as it stood at `updated`. Losses are per token; None where there is none (yet)."""

    state: State
    step: int
    total: int | None  # updates that the recipe asks for
    epoch: float
    loss: float | None  # smoothed
    validation: float | None
    best: float | None  # validation
    tokens_per_second: float
    pid: int
    since: float  # seconds since 1970: when this process began
    updated: float  # seconds since 1970
    checkpoint: int | None = None  # the update of the newest one
    reason: str | None = None  # of an end or a pause, one line, safe to show
    exit_code: int | None = None
    trouble: str | None = None  # what cannot be written just now, one line, safe to show

    @property
    def unsaved(self) -> str:
        """Of a run that has ended, what is not on the disk and why: one safe line, or empty."""
        if not self.trouble or self.checkpoint == self.step:
            return ""
        if self.checkpoint is None:
            return f"nothing of this run is saved: {self.trouble}"
        return f"of {self.step} updates {self.checkpoint} are saved: {self.trouble}"


class StatusWriter:
    """Keeps the newest status and writes it when it may. A failing disk is reported, no more."""

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
        """What to write next; costs nothing."""
        self._newest = status

    def drain(self, now: bool = False) -> bool:
        """Write the newest status unless that is too soon; `now`: in any case, and to the disk."""
        status, clock = self._newest, self._clock()
        if status is None or (status is self._written and not now):
            return True
        if not now and clock - self._tried < INTERVAL:
            return True
        self._tried = clock
        try:
            replace(self._files, self._path, to_bytes(status), sync=now)
        except OSError as error:
            self._failing = True
            self._report("status", reason(error))
            return False
        self._written = status
        if self._failing:
            self._failing = False
            self._report("status", None)
        return True


def read_status(directory: Path) -> Status | None:
    """A run's status; None where there is none yet. Raises OSError or DataError."""
    try:
        return read_record(Status, directory / STATUS)
    except FileNotFoundError:
        return None
