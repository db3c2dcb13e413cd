"""What a trial's run gave, read from its files to the last digit."""

from __future__ import annotations

import contextlib
from pathlib import Path

from rnntui.errors import DataError
from rnntui.runs.store.directory import CHECKPOINTS
from rnntui.runs.store.journal import METRICS, Line, number, read_journal, whole
from rnntui.runs.store.status import read_status
from rnntui.sweep.progress import Result


def result_of(run: Path, until: int | None = None) -> Result:
    """Return the best validation of a run, up to update `until`; empty if it cannot be read."""
    with contextlib.suppress(OSError, DataError):
        lines = read_journal(run, METRICS)[0]
        return best_of(
            [one for one in lines if until is None or (whole(one, "step") or 0) <= until]
        )
    return Result()


def has_finished(run: Path) -> bool:
    """Return whether a run has reached its bounds and is saved."""
    with contextlib.suppress(OSError, DataError):
        status = read_status(run)
        return status is not None and status.state == "finished" and not status.unsaved
    return False


def why_stopped(run: Path) -> str:
    """Return why a run ended, as its status says; empty if unknown."""
    with contextlib.suppress(OSError, DataError):
        status = read_status(run)
        return (status.reason or "") if status else ""
    return ""


def saved_update(run: Path) -> int:
    """Return the update of the newest checkpoint; -1 without one."""
    steps = [path.name.removeprefix("step-") for path in (run / CHECKPOINTS).glob("step-*")]
    return max((int(step) for step in steps if step.isdecimal()), default=-1)


def best_of(lines: list[Line]) -> Result:
    """Return the best validation in a run's metrics, the earliest of equal ones.

    A validation made only because the run ended is void once it continued.
    """
    step = max((whole(line, "step") or 0 for line in lines), default=0)
    best, best_step = None, None
    for line in lines:
        loss, at = number(line, "validation"), whole(line, "step")
        if loss is None or at is None or (line.get("final") and at != step):
            continue
        if best is None or loss < best:
            best, best_step = loss, at
    return Result(best, best_step, step)
