"""Record a run on disk while it trains. Training never waits for the disk."""

from __future__ import annotations

import errno
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from rnntui.errors import DataError, RunError
from rnntui.runs.sidecar import Sidecar
from rnntui.runs.store.checkpoint import OLDER, Checkpoint, save, save_and_prune
from rnntui.runs.store.directory import RunDirectory
from rnntui.runs.store.files import FILES, Files
from rnntui.runs.store.journal import EVENTS, METRICS, SIGNS, Journal, segment
from rnntui.runs.store.lock import RunLock
from rnntui.runs.store.manifest import MANIFEST
from rnntui.runs.store.metrics import Metrics
from rnntui.runs.store.metrics_index import MetricsIndex
from rnntui.runs.store.saver import Saver
from rnntui.runs.store.select_checkpoint import select_checkpoint
from rnntui.runs.store.status import Status, StatusWriter
from rnntui.runs.store.stop_request import take_requester
from rnntui.training.loop import Chunk

FIRST_SAVE, SAVE_EVERY = 5.0, 30.0  # seconds, unless the recipe sets a number of updates
SOON = 1.0  # seconds until a user's change is saved in a checkpoint
BEST_WITHIN = 10.0  # seconds that are waited for the best checkpoint
VIEW = "view.json"
_WRITE_EVERY = 0.2  # seconds between two passes of the writing thread


class Recorder:
    """Journals, status and checkpoints of a run that this process owns.

    `see`, `event` and `publish_status` only queue. A thread does the writing, so that a slow disk
    delays nothing.
    """

    def __init__(
        self,
        run: RunDirectory,
        lock: RunLock,
        every: int = 0,
        files: Files = FILES,
        saved: int | None = None,
        older: int = OLDER,
    ) -> None:
        """`every`: updates between checkpoints; 0: by time. `saved`: update of the last one.

        `older`: how many to keep besides the last three and the best.
        """
        self._older = older
        self.run, self._lock, self._every, self._files = run, lock, every, files
        self._troubles: dict[str, str] = {}
        self._metrics_journal = Journal(run.path, METRICS, self._report, files)
        self._metrics = Metrics(self._metrics_journal)
        self._events = Journal(run.path, EVENTS, self._report, files)
        self._signs = Journal(run.path, SIGNS, self._report, files)
        self._status = StatusWriter(run.path, self._report, files)
        self._sidecar = Sidecar(run.path, VIEW, files)
        self._saver = Saver(self._save, self._report, self._on_saved)
        self._saved = saved
        self._due = monotonic() + FIRST_SAVE
        self._best: Checkpoint | None = None  # better than those on disk, not saved yet
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._write_until_closed, name="recorder", daemon=True
        )
        self._thread.start()
        take_requester(run.path)  # discard an earlier process's request
        lock.keep(self._report)

    # ---- status -----------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The run's name."""
        return self.run.name

    @property
    def saved(self) -> int | None:
        """The update of the newest checkpoint on disk."""
        return self._saved

    @property
    def trouble(self) -> str:
        """Why writing currently fails: one safe line, or empty."""
        troubles = dict(self._troubles)
        if self.taken or "lock" in troubles:
            return self.taken or f"cannot hold the lock: {troubles['lock']}"
        if not troubles:
            return ""
        what = "checkpoints" if "checkpoint" in troubles else "the journal"
        return f"cannot write {what}: {next(iter(troubles.values()))}"

    @property
    def taken(self) -> str:
        """Why this process must no longer write to the run; empty if it may."""
        return self._lock.lost or ""

    def _report(self, what: str, why: str | None) -> None:
        if why is None:
            self._troubles.pop(what, None)
        else:
            self._troubles[what] = why

    # ---- events -----------------------------------------------------------------------------

    def see(self, chunk: Chunk, epoch: float, seconds: float, final: bool = False) -> None:
        """Record an update; `final`: it was validated only because the run ended."""
        self._metrics.add(chunk.numbers, epoch, seconds, chunk.validation, final)

    def validated(self, validation: float) -> None:
        """Record a validation that was made only because the run ended."""
        self._metrics.validated(validation)

    def event(self, line: Mapping[str, Any]) -> None:
        """Queue a line for the event journal, with its `step`."""
        self._events.append(line)

    def signs(self, line: Mapping[str, Any]) -> None:
        """Queue a line for the journal of signs, with its `step`."""
        self._signs.append(line)

    @property
    def index(self) -> MetricsIndex:
        """A nearly current index of the metrics on disk."""
        return self._sidecar.index

    def show(self, view: bytes) -> None:
        """Queue the content of `view.json`."""
        self._sidecar.show(view)

    def publish_status(self, status: Status) -> None:
        """Queue a new status."""
        self._status.set(status)

    def roll_back_to(self, step: int) -> None:
        """Mark metrics and signs after update `step` as void: those updates will be repeated."""
        self._metrics.flush()
        self._metrics_journal.roll_back(step)
        if segment(self.run.path, SIGNS, 0).exists():
            self._signs.roll_back(step)

    # ---- checkpoints ------------------------------------------------------------------------

    def is_due(self, step: int) -> bool:
        """Return whether a checkpoint is due after this update."""
        if self._every and step % self._every == 0:
            return True
        return monotonic() >= self._due

    def soon(self) -> None:
        """Schedule a checkpoint soon, after a change by the user."""
        self._due = min(self._due, monotonic() + SOON)

    def offer(self, checkpoint: Checkpoint, best: bool = False) -> None:
        """Queue a checkpoint, which must be a copy. `best`: write it with the next one."""
        if best:
            self._best = checkpoint
            return
        self._due = monotonic() + SAVE_EVERY
        self._metrics.flush()
        self._saver.offer(checkpoint)

    def best(self, patience: float = BEST_WITHIN) -> Checkpoint:
        """Return the checkpoint of the best validation, after what is being saved.

        Raises DataError if there is none, or none that can be read.
        """
        saved = self._best is not None or self._saver.finish(patience)
        if (waiting := self._best) is not None:
            return waiting
        if not saved:
            raise DataError("the best checkpoint is not saved yet")
        return select_checkpoint(self.run.checkpoints, "best")

    def keep(self, step: int) -> None:
        """Let no later checkpoint replace the one of that update while it waits for the disk."""
        self._saver.keep(step)

    def holds(self, step: int) -> bool:
        """Return whether a complete checkpoint of that update is on disk."""
        name, folder = f"step-{step:08d}", self.run.checkpoints
        return any(path for one in (name, f"{name}-*") for path in folder.glob(f"{one}/{MANIFEST}"))

    def _save(self, checkpoint: Checkpoint) -> Path:
        """Write a checkpoint and any new best one, and prune (in the saver's thread)."""
        directory, (best, self._best) = self.run.checkpoints, (self._best, None)
        try:
            if best is not None and best.step > checkpoint.step:  # this one had to wait
                self._best = self._best or best
            elif best is not None and best.step < checkpoint.step:
                save(directory, best, self._fence, self._files)
                self._saved = max(best.step, self._saved or 0)
            return save_and_prune(directory, checkpoint, self._fence, self._files, self._older)
        except OSError:
            self._best = self._best or best
            raise

    def _fence(self) -> None:
        """Check that this process owns the run, and sync what a checkpoint depends on.

        A checkpoint stores the number of events: if one of them were missing from the journal, a
        later one would be mistaken for it.
        """
        self._lock.check()
        if not (self._events.sync() and self._metrics_journal.sync()):
            why = self._troubles.get(EVENTS) or self._troubles.get(METRICS)
            raise OSError(errno.EIO, why or "the journal cannot be written")

    def _on_saved(self, step: int, _path: Path) -> None:
        self._saved = step

    # ---- the thread -------------------------------------------------------------------------

    def _write_until_closed(self) -> None:
        while not self._ended.wait(_WRITE_EVERY):
            self._write()

    def _write(self) -> None:
        if not self.taken:
            self._metrics_journal.drain()
            self._events.drain()
            self._signs.drain()
            self._status.drain()
            self._sidecar.drain()

    def close(self, status: Status, patience: float = 60.0) -> str:
        """Write everything with the final status, and release the run.

        Returns what could not be saved and why, as one safe line, or an empty string. Waits for an
        unresponsive disk at most twice `patience` seconds.
        """
        if self._ended.is_set():
            return ""
        self._metrics.flush()
        how = take_requester(self.run.path)
        if how and status.state == "stopped":
            status = replace(status, reason=f"stopped {how}")
        saved = self._saver.close(patience)
        self._ended.set()
        if saved and self._saved is not None and not self.holds(self._saved):
            self._report("checkpoint", "the last one was deleted")
            self._saved = None
        trouble = self.trouble or status.trouble or (None if saved else "the disk does not respond")
        last_status = replace(status, checkpoint=self._saved, trouble=trouble)
        if last_status.unsaved and status.state != "failed":
            last_status = replace(last_status, exit_code=RunError.exit_code)
        self._status.set(last_status)
        last = threading.Thread(target=self._finish, name="recorder close", daemon=True)
        last.start()
        last.join(patience)
        return self.taken or last_status.unsaved

    def _finish(self) -> None:
        self._thread.join()
        if not self.taken:
            self._metrics_journal.close()
            self._events.close()
            self._signs.close()
            self._status.drain(now=True)
            self._sidecar.close()
        self._lock.release()
