"""Keeps a run on disk while it trains. Training neither waits for the disk nor ends with it."""

from __future__ import annotations

import errno
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from rnntui.run.checkpoint import Checkpoint, save, save_and_prune
from rnntui.run.directory import RunDirectory
from rnntui.run.files import FILES, Files
from rnntui.run.journal import EVENTS, METRICS, Journal
from rnntui.run.lock import RunLock
from rnntui.run.metrics import Metrics
from rnntui.run.saver import Saver
from rnntui.run.status import Status, StatusWriter
from rnntui.trainer import Chunk

FIRST_SAVE, SAVE_EVERY = 5.0, 30.0  # seconds, where the recipe does not count updates
SOON = 1.0  # seconds until a change by the user is in a checkpoint
_WRITE_EVERY = 0.2  # seconds between two turns of the writing thread


class Recorder:
    """Journals, status and checkpoints of one run that this process holds.

    `see`, `event` and `stand` only remember. A thread writes, so that a slow disk slows nobody.
    """

    def __init__(
        self,
        run: RunDirectory,
        lock: RunLock,
        every: int = 0,
        files: Files = FILES,
        saved: int | None = None,
    ) -> None:
        """`every`: updates between checkpoints; 0: as time goes by. `saved`: update of the last."""
        self.run, self._lock, self._every, self._files = run, lock, every, files
        self._troubles: dict[str, str] = {}
        self._metrics_journal = Journal(run.path, METRICS, self._report, files)
        self._metrics = Metrics(self._metrics_journal)
        self._events = Journal(run.path, EVENTS, self._report, files)
        self._status = StatusWriter(run.path, self._report, files)
        self._saver = Saver(self._to_disk, self._report, self._on_disk)
        self._saved = saved
        self._due = monotonic() + FIRST_SAVE
        self._best: Checkpoint | None = None  # better than those on disk, and not there yet
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="recorder", daemon=True)
        self._thread.start()
        lock.keep(self._report)

    # ---- how it stands ----------------------------------------------------------------------

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
        """What cannot be written just now, and why: one safe line, empty where all is well."""
        troubles = dict(self._troubles)
        if self.taken or "lock" in troubles:
            return self.taken or f"cannot keep the lock: {troubles['lock']}"
        if not troubles:
            return ""
        what = "checkpoints" if "checkpoint" in troubles else "the journal"
        return f"cannot write {what}: {next(iter(troubles.values()))}"

    @property
    def taken(self) -> str:
        """Why this process must not write to the run any more; empty: it may."""
        return self._lock.lost or ""

    def _report(self, what: str, why: str | None) -> None:
        if why is None:
            self._troubles.pop(what, None)
        else:
            self._troubles[what] = why

    # ---- what happens -----------------------------------------------------------------------

    def see(self, chunk: Chunk, epoch: float, seconds: float) -> None:
        """One more update."""
        self._metrics.add(
            chunk.step,
            chunk.loss_per_token,
            chunk.lr,
            chunk.gradient_norm,
            epoch,
            seconds,
            chunk.validation,
        )

    def event(self, line: Mapping[str, Any]) -> None:
        """Something happened: a line for the journal, with its `step`."""
        self._events.append(line)

    def stand(self, status: Status) -> None:
        """How the run stands."""
        self._status.set(status)

    def go_on_from(self, step: int) -> None:
        """Void what was written after that update: it will be made again."""
        self._metrics.flush()
        self._metrics_journal.roll_back(step)

    # ---- checkpoints ------------------------------------------------------------------------

    def is_due(self, step: int) -> bool:
        """Whether a checkpoint is to be taken after this update."""
        if self._every and step % self._every == 0:
            return True
        return monotonic() >= self._due

    def soon(self) -> None:
        """A checkpoint is wanted before long: something was changed by hand."""
        self._due = min(self._due, monotonic() + SOON)

    def offer(self, checkpoint: Checkpoint, best: bool = False) -> None:
        """Hand over a checkpoint to write; it must be a copy. `best`: only to be kept for now."""
        if best:
            self._best = checkpoint
            return
        self._due = monotonic() + SAVE_EVERY
        self._metrics.flush()
        self._saver.offer(checkpoint)

    def _to_disk(self, checkpoint: Checkpoint) -> Path:
        """In the saver's thread: the best one so far too, and no more than are to be kept."""
        directory, (best, self._best) = self.run.checkpoints, (self._best, None)
        try:
            if best is not None and best.step < checkpoint.step:
                save(directory, best, self._fence, self._files)
                self._saved = max(best.step, self._saved or 0)
            return save_and_prune(directory, checkpoint, self._fence, self._files)
        except OSError:
            self._best = self._best or best
            raise

    def _fence(self) -> None:
        """The run is still ours, and what a checkpoint counts on is on the disk before it.

        It knows how many events there were: one of those missing would be taken for a later one.
        """
        self._lock.check()
        if not (self._events.sync() and self._metrics_journal.sync()):
            raise OSError(errno.EIO, "the journal cannot be written")

    def _on_disk(self, step: int, _path: Path) -> None:
        self._saved = step

    # ---- the thread -------------------------------------------------------------------------

    def _write_on(self) -> None:
        while not self._ended.wait(_WRITE_EVERY):
            self._write()

    def _write(self) -> None:
        if not self.taken:
            self._metrics_journal.drain()
            self._events.drain()
            self._status.drain()

    def close(self, status: Status, patience: float = 60.0) -> str:
        """Write all there is to write, with the last status, and let go of the run.

        Returns what could not be saved and why, one safe line; empty where all is on the disk. A
        disk that does not answer is waited for twice as long as `patience` says, no longer.
        """
        if self._ended.is_set():
            return ""
        self._metrics.flush()
        saved = self._saver.close(patience)
        self._ended.set()
        trouble = self.trouble or (None if saved else "the disk does not answer")
        last_status = replace(status, checkpoint=self._saved, trouble=trouble)
        self._status.set(last_status)
        last = threading.Thread(target=self._let_go, name="last words", daemon=True)
        last.start()
        last.join(patience)
        return "" if saved else self.taken or last_status.unsaved

    def _let_go(self) -> None:
        self._thread.join()
        if not self.taken:
            self._metrics_journal.close()
            self._events.close()
            self._status.drain(now=True)
        self._lock.release()
