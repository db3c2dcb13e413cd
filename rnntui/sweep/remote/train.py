"""What a Dask worker does: it trains a task in a child process, and sends what that prints.

These functions are imported by name on every host, whose package was compared with the client's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from rnntui.sweep.process import TrialProcess
from rnntui.sweep.task import task_from_json

_PROCESSES: dict[int, TrialProcess] = {}  # of this worker, by trial


def train(task: str, topic: str, key: str, settings: dict[str, str]) -> tuple[str, str]:
    """Train a task, which is JSON; return how it ended, and why. Events go to the topic.

    `key`: of this Dask task; `settings`: of the child's environment. The child saves and ends if
    the client is gone, or this worker, which reads its lines.
    """
    from distributed import get_worker

    worker = get_worker()
    process = TrialProcess(what := task_from_json(task), settings)
    _PROCESSES[what.trial] = process

    def say(event: Mapping[str, Any]) -> None:
        worker.log_event(topic, [what.trial, dict(event)])
        if not _is_wanted(worker, key):
            process.child.terminate()

    try:
        ended = process.follow(say)
    finally:
        _PROCESSES.pop(what.trial, None)
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
