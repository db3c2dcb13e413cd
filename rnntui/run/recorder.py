"""Everything that is written about a run while it is trained, by threads of their own.

Training hands over and goes on. One thread writes lines and the status five times a second, one
saves checkpoints, one keeps the lock; what the disk refuses is told, kept and tried again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rnntui.run.checkpoint import Checkpoint, save_and_prune
from rnntui.run.directory import RunDirectory
from rnntui.run.files import FILES, Files, Report
from rnntui.run.journal import EVENTS, METRICS, SAMPLES, Journal
from rnntui.run.lock import RunLock
from rnntui.run.metrics import Metrics
from rnntui.run.saver import Saver
from rnntui.run.status import Status, StatusWriter

_PAUSE = 0.2  # seconds


class Recorder:
    """The writing end of a run that this process holds.

    `report` is called from other threads whenever something cannot be written, with None for why
    when it can again. `metrics.add` takes every update.
    """

    def __init__(
        self,
        run: RunDirectory,
        lock: RunLock,
        report: Report = lambda what, why: None,
        *,
        files: Files = FILES,
        clock: Callable[[], float] = time.monotonic,
        metrics_interval: float | None = None,
    ) -> None:
        self.run, self.lock, self._files = run, lock, files
        self._tell, self._troubles = report, dict[str, str]()
        self._journals = {
            stem: Journal(run.path, stem, self._report, files)
            for stem in (METRICS, EVENTS, SAMPLES)
        }
        self.metrics = Metrics(self._journals[METRICS], clock, metrics_interval)
        self.saved: int | None = None  # the update of the newest checkpoint of this process
        self._status = StatusWriter(run.path, self._report, files)
        self._saver = Saver(self._save, self._report, self._note_saved)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="recorder", daemon=True)
        self._thread.start()
        lock.keep(self._report)

    @property
    def trouble(self) -> str | None:
        """What cannot be written just now and why, in one safe line."""
        troubles = dict(self._troubles)
        if not troubles:
            return None
        why = next(iter(troubles.values()))
        return why if "lock" in troubles else f"cannot write {', '.join(troubles)}: {why}"

    @property
    def lost(self) -> str | None:
        """Why this process must stop training here: another one has taken over."""
        return self.lock.lost

    def event(self, event: Mapping[str, Any]) -> None:
        """Something that happened; `step` says when. Raises ValueError for what JSON lacks."""
        self._journals[EVENTS].append(event)

    def sample(self, sample: Mapping[str, Any]) -> None:
        """A text the network wrote; `step` says when. Raises ValueError for what JSON lacks."""
        self._journals[SAMPLES].append(sample)

    def status(self, status: Status) -> None:
        """How the run stands; written when a second has passed since the last time."""
        self._status.set(status)

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Save it soon; its arrays must not change any more."""
        self.metrics.flush()  # so that a line ends where a resumed run would go on
        self._saver.offer(checkpoint)

    def roll_back(self, step: int) -> None:
        """Void what was written after update `step`: the run goes on from there."""
        self.metrics.flush()
        for journal in self._journals.values():
            journal.roll_back(step)

    def finish(self, seconds: float) -> bool:
        """Wait until all is on the disk, at most about so long: whether it is."""
        saved = self._saver.finish(seconds)
        self.metrics.flush()
        return _within(seconds, self._sync) and saved

    def close(self, status: Status, seconds: float) -> bool:
        """Write the last status and let go of the run, in about so long: whether all is written."""
        if self._ended.is_set():
            return False
        saved = self._saver.close(seconds)
        self.metrics.flush()
        self._status.set(status)
        self._ended.set()
        return _within(seconds, self._let_go) and saved

    def _sync(self) -> bool:
        written = [journal.sync() for journal in self._journals.values()]
        return all(written)

    def _let_go(self) -> bool:
        self._thread.join()
        written = [journal.close() for journal in self._journals.values()]
        written.append(self._status.drain(now=True))
        self.lock.release()
        return all(written)

    def _report(self, what: str, why: str | None) -> None:
        if why is None:
            self._troubles.pop(what, None)
        else:
            self._troubles[what] = why
        self._tell(what, why)

    def _save(self, checkpoint: Checkpoint) -> Path:
        return save_and_prune(self.run.checkpoints, checkpoint, self._fence, self._files)

    def _fence(self) -> None:
        """What a checkpoint relies on is on the disk before it, and the run is still ours."""
        self._sync()
        self.lock.check()

    def _note_saved(self, step: int, path: Path) -> None:
        self.saved = step

    def _write_on(self) -> None:
        while not self._ended.wait(_PAUSE):
            for journal in self._journals.values():
                journal.drain()
            self._status.drain()


def _within(seconds: float, action: Callable[[], bool]) -> bool:
    """Whether it succeeds so soon; a disk that hangs keeps nobody."""
    outcome: list[bool] = []
    thread = threading.Thread(target=lambda: outcome.append(action()), daemon=True)
    thread.start()
    thread.join(seconds)
    return outcome == [True]
