"""Trials on the workers of a Dask cluster."""

from __future__ import annotations

import contextlib
import queue
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Protocol

from rnntui.dataclass import dataclass
from rnntui.errors import EngineError, RunError
from rnntui.numbers import size_in_words
from rnntui.processes import digit_settings
from rnntui.sweep.process import SAVES
from rnntui.sweep.remote.check import Check
from rnntui.sweep.remote.copies import MOST_BYTES, Copy, read_copy, write_copy
from rnntui.sweep.remote.train import SAVED, copy_of, end_trials, train
from rnntui.sweep.task import Report, Said, Task, TaskEnded, task_to_json
from rnntui.text import fit, safe_text

TOPIC = "rnntui"
RESUME = "rnntui sweep resume continues the trials"
_LONGEST = 160  # characters of an error
_PAUSE = 0.05  # seconds between looks whether all tasks have ended
LOOK_EVERY, PATIENCE = 5.0, 120.0  # seconds between looks for workers, and without any of them


class Cluster(Protocol):
    """A started Dask cluster on hosts of these `names`.

    `address`: of its scheduler; `places`: trials at a time; `check`: of each worker, if its host
    has not been checked; `patient`: it may take any time until there is a worker; `shares`: the
    hosts have this machine's directory of runs.
    """

    names: str
    address: str
    security: Any
    places: int
    patient: bool
    check: Check | None
    shares: bool

    def close(self) -> None:
        """End all processes of the cluster, and remove what was made for it."""


@dataclass(frozen=True)
class _Saved:
    """A trial has saved a checkpoint of so many bytes, on the worker at an address."""

    trial: int
    bytes: int
    address: str


class DaskWorkers:
    """Trains up to `jobs` tasks at a time, each in a child process of a Dask worker."""

    def __init__(self, cluster: Cluster, jobs: int) -> None:
        """Connect to a cluster, which `close` ends. Raises EngineError."""
        from distributed import Client

        self._cluster, self._places = cluster, min(jobs, cluster.places)
        self._reports: queue.SimpleQueue[Report | _Saved] = queue.SimpleQueue()
        self._runs: dict[int, Path] = {}  # of tasks that have not ended, on this machine
        self._writing = threading.Lock()
        self._large: set[int] = set()  # trials whose checkpoints are not copied
        self._futures: dict[int, Any] = {}
        self._submitted = 0
        self._seen = self._looked = monotonic()
        try:
            self._client = Client(cluster.address, security=cluster.security, set_as_default=False)
            self._client.subscribe_topic(TOPIC, self._hear)
        except BaseException as error:
            cluster.close()
            if isinstance(error, OSError):
                raise EngineError(f"cannot reach Dask at {cluster.address}") from None
            raise

    def _hear(self, event: tuple[float, Any]) -> None:
        """Take over what a trial has printed."""
        trial, printed = event[1]
        saved = printed["event"] == SAVED
        report = _Saved(trial, printed["bytes"], printed["address"]) if saved else None
        self._reports.put(report or Said(trial, printed))

    @property
    def free(self) -> int:
        """Return how many more tasks it takes now."""
        return self._places - len(self._futures)

    def start(self, task: Task) -> None:
        """Send a task to a worker. If the worker dies, the sweep decides how it continues."""
        self._submitted += 1
        key = f"trial-{task.trial}-{self._submitted}"
        check = self._cluster.check
        order: dict[str, Any] = {
            "task": task_to_json(task),
            "topic": TOPIC,
            "key": key,
            "settings": digit_settings(),
            "check": None if check is None else check.as_table(),
            "copy": None,
        }
        job = task.job
        self._runs[task.trial] = Path(job.run or Path(job.runs, job.name))
        if not self._cluster.shares:
            order["copy"] = read_copy(Path(job.run)) if job.run else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that a copy is large is known
            future = self._client.submit(train, order, key=key, pure=False, retries=0)
        self._futures[task.trial] = future
        future.add_done_callback(self._ended(task.trial))

    def _ended(self, trial: int) -> Callable[[Any], None]:
        """Return what reports the end of a trial, from a thread of Dask's."""

        def report(future: Any) -> None:
            with self._writing:
                ended = self._take_over(trial, future)
                self._runs.pop(trial, None)
            self._reports.put(ended)

        return report

    def _take_over(self, trial: int, future: Any) -> TaskEnded:
        """Return how a task ended, once its run is on this machine."""
        try:
            end, text, copied = future.result()
            if copied:
                write_copy(copied, self._runs[trial])
        except RunError as error:
            return TaskEnded(trial, "disk", str(error))
        except CancelledError:
            return TaskEnded(trial, "lost", "its worker was lost")
        except Exception as error:  # of any kind: whatever came up on the worker, or its death
            killed = type(error).__name__ == "KilledWorker"
            why = "was lost" if killed else f"failed: {fit(safe_text(str(error)), _LONGEST)}"
            return TaskEnded(trial, "lost", f"its worker {why}")
        return TaskEnded(trial, end, text)

    def _fetch(self, saved: _Saved) -> Report | None:
        """Copy a run whose host has saved a checkpoint; return a note if it is too large."""
        if saved.trial not in self._runs or saved.trial in self._large:
            return None
        if saved.bytes > MOST_BYTES:
            self._large.add(saved.trial)
            text = (
                f"checkpoints of {size_in_words(saved.bytes)} are copied only at the end: "
                "if the worker is lost before, the trial begins again"
            )
            return Said(saved.trial, {"event": "note", "text": text})
        copied: Copy = {}
        with contextlib.suppress(OSError, ValueError, CancelledError, RunError):  # or the next one
            copied = self._client.run(copy_of, saved.trial, workers=[saved.address])[saved.address]
        with self._writing:  # not after the last copy
            if copied and saved.trial in self._runs:
                write_copy(copied, self._runs[saved.trial])
        return None

    def cut(self, trial: int) -> None:
        """Ask the child that trains a trial to save and end, on whatever host it is."""
        if trial in self._futures:
            self._end([trial])

    def _end(self, trials: list[int]) -> None:
        """Ask the children of these trials to end, as far as the workers can be reached."""
        with contextlib.suppress(OSError, ValueError, CancelledError):  # as Dask raises them
            self._client.run(end_trials, trials, on_error="ignore")

    def next(self, seconds: float) -> Report | None:
        """Return the next report. Raises EngineError if the scheduler or all workers are gone."""
        self._look()
        try:
            report = self._reports.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(report, _Saved):
            return self._fetch(report)
        if isinstance(report, TaskEnded):
            self._futures.pop(report.trial, None)
        return report

    def _look(self) -> None:
        """Raise EngineError once no task can end."""
        if self._client.status != "running":  # Dask has given up all tasks
            raise EngineError(f"the connection to {self._cluster.names} is lost: {RESUME}")
        now = monotonic()
        if self._cluster.patient or now < self._looked + LOOK_EVERY:
            return
        self._looked, count = now, 0
        with contextlib.suppress(OSError, ValueError):
            count = len(self._client.scheduler_info()["workers"])
        if count:
            self._seen = now
        elif now > self._seen + PATIENCE:
            raise EngineError(f"no worker is left on {self._cluster.names}: {RESUME}")

    def stop(self) -> None:
        """Stop all tasks, and wait until they have saved."""
        if not self._futures or self._client.status != "running":
            return
        self._end(list(self._futures))
        end = monotonic() + SAVES
        while self._runs and monotonic() < end:
            sleep(_PAUSE)

    def close(self) -> None:
        """End the cluster."""
        with contextlib.suppress(OSError):
            self._client.close()
        self._cluster.close()
