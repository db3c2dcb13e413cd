"""What a Dask worker does: it trains a task in a child process, and sends what that prints.

These functions are imported by name on every host, whose package was compared with the client's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from rnntui.sweep.process import TrialProcess
from rnntui.sweep.remote.check import check_here
from rnntui.sweep.task import task_from_json

_PROCESSES: dict[int, TrialProcess] = {}  # of this worker, by trial


def train(order: Mapping[str, Any]) -> tuple[str, str]:
    """Train a task; return how it ended, and why.

    `order` has the `task` as JSON, the `topic` to which its events go, the `key` of this Dask task,
    `settings` for the child's environment, and perhaps a `check` of this host. The child saves and
    ends if the client is gone, or this worker, which reads its lines.
    """
    from distributed import get_worker

    worker, task = get_worker(), task_from_json(order["task"])

    def say(event: Mapping[str, Any]) -> None:
        worker.log_event(order["topic"], [task.trial, dict(event)])
        if not _is_wanted(worker, order["key"]):
            end_trials([task.trial])

    def note(text: str) -> None:
        say({"event": "note", "text": text})

    if order["check"] and (why := check_here(order["check"], note)):
        return "lost", why
    process = _PROCESSES[task.trial] = TrialProcess(task, order["settings"])
    try:
        ended = process.follow(say)
    finally:
        _PROCESSES.pop(task.trial, None)
    return ended.end, ended.text


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
