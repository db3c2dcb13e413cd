"""What a Dask worker does: it trains a task in a child process, and sends what that prints.

These functions are imported by name on every host, whose package was compared with the client's.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from rnntui.runs.job import Job
from rnntui.sweep.process import TrialProcess
from rnntui.sweep.remote.check import check_here
from rnntui.sweep.remote.copies import MOST_BYTES, Copy, newest_checkpoint, read_copy, write_copy
from rnntui.sweep.task import task_from_json

SAVED = "saved"  # the event of a checkpoint that may be copied
APART = 2.0  # seconds between those of a trial
_PROCESSES: dict[int, TrialProcess] = {}  # of this worker, by trial
_RUNS: dict[int, Path] = {}  # of this worker, by trial, if they are to be copied


def train(order: Mapping[str, Any]) -> tuple[str, str, Copy]:
    """Train a task; return how it ended, why, and the run, unless the client shares the disk.

    `order` has the `task` as JSON, the `topic` to which its events go, the `key` of this Dask task,
    `settings` for the child's environment, and perhaps a `check` of this host. `copy` is None on a
    shared disk; otherwise the run as the client has it, empty for a new one. The child saves and
    ends if the client is gone, or this worker, which reads its lines.
    """
    from distributed import get_worker

    worker, task, news = get_worker(), task_from_json(order["task"]), _News()

    def say(event: Mapping[str, Any]) -> None:
        worker.log_event(order["topic"], [task.trial, dict(event)])
        if (saved := news.look()) is not None:
            worker.log_event(order["topic"], [task.trial, {**saved, "address": worker.address}])
        if not _is_wanted(worker, order["key"]):
            end_trials([task.trial])

    def note(text: str) -> None:
        say({"event": "note", "text": text})

    if order["check"] and (why := check_here(order["check"], note)):
        return "lost", why, {}
    if order["copy"] is not None:
        folder = Path(worker.local_directory) / order["key"]
        job, news.run = _moved(task.job, folder, order["copy"])
        task = dataclasses.replace(task, job=job)
        _RUNS[task.trial] = news.run
    process = _PROCESSES[task.trial] = TrialProcess(task, order["settings"])
    try:
        ended = process.follow(say)
    finally:
        _PROCESSES.pop(task.trial, None)
        _RUNS.pop(task.trial, None)
    copied = {} if news.run is None or ended.end in ("busy", "exists") else read_copy(news.run)
    return ended.end, ended.text, copied


class _News:
    """Looks for new checkpoints of a run now and then. Without a `run`, there are none."""

    def __init__(self) -> None:
        self.run: Path | None = None
        self._last, self._due = "", 0.0

    def look(self) -> dict[str, Any] | None:
        """Return the event of a new checkpoint."""
        if self.run is None or monotonic() < self._due:
            return None
        self._due = monotonic() + APART
        name, size = newest_checkpoint(self.run)
        if name == self._last:
            return None
        self._last = name
        return {"event": SAVED, "bytes": size}


def _moved(job: Job, folder: Path, copy: Copy) -> tuple[Job, Path]:
    """Return a job for a directory of this host, and the directory of its run there."""
    folder.mkdir(0o700)
    if not copy:
        name = job.name or Path(job.run).name
        return dataclasses.replace(job, runs=str(folder), name=name, run=""), folder / name
    run = folder / Path(job.run).name
    write_copy(copy, run)
    return dataclasses.replace(job, run=str(run)), run


def copy_of(trial: int) -> Copy:
    """Return the run of a trial that this worker trains, unless its checkpoints are too large."""
    return read_copy(_RUNS[trial], MOST_BYTES) if trial in _RUNS else {}


def _is_wanted(worker: Any, key: str) -> bool:
    """Return whether a client still waits for a task."""
    found = worker.state.tasks.get(key)
    return found is not None and found.state != "cancelled"


def end_trials(trials: list[int]) -> None:
    """Ask the children of this worker that train these trials to save and end."""
    for trial in trials:
        if (process := _PROCESSES.get(trial)) is not None:
            with contextlib.suppress(ProcessLookupError):
                process.child.terminate()
