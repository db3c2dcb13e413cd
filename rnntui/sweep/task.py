"""The contract between a sweep and whatever trains its trials.

`Workers` is where another way to train plugs in: child processes on this machine (`local`), or
processes on several. It takes tasks while it has a place free, and reports what they print and how
they end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from rnntui.dataclass import dataclass
from rnntui.runs.job import Job, job_from_dict, job_to_dict

End = Literal["finished", "rung", "stopped", "failed", "busy", "exists", "disk", "lost"]


@dataclass(frozen=True)
class Task:
    """Train a trial to update `until`, or to its end. `every`: updates between reported ones."""

    trial: int
    job: Job
    until: int | None = None


@dataclass(frozen=True)
class Said:
    """An object that a trial printed, as `rnntui train --json` does."""

    trial: int
    event: Mapping[str, Any]


@dataclass(frozen=True)
class TaskEnded:
    """How a task ended.

    `busy`: another process trains that run; `exists`: it was to be new, but is there; `disk`: it
    could not be saved; `lost`: its process was killed or is gone, so that it may be tried again.
    `text`: why, one safe line.
    """

    trial: int
    end: End
    text: str = ""


Report = Said | TaskEnded


class Workers(Protocol):
    """Trains tasks, several at a time."""

    @property
    def free(self) -> int:
        """Return how many more tasks it takes now."""

    def start(self, task: Task) -> None:
        """Start a task, which ends in a report. Raises EngineError if none can be started."""

    def cut(self, trial: int) -> None:
        """Ask a trial to save and end: it reports that it was stopped. Unknown ones are ignored."""

    def next(self, seconds: float) -> Report | None:
        """Return the next report, after waiting at most `seconds` for one."""

    def stop(self) -> None:
        """Stop all tasks, saving what they have; return when they have ended."""

    def close(self) -> None:
        """Release what was started for the tasks, all of which have ended."""


def task_to_json(task: Task) -> str:
    """Encode a task for another process."""
    return json.dumps({"job": job_to_dict(task.job), "trial": task.trial, "until": task.until})


def task_from_json(text: str | bytes) -> Task:
    """Decode a task. Raises UsageError for invalid recipe values."""
    table = json.loads(text)
    return Task(table["trial"], job_from_dict(table["job"]), table["until"])
