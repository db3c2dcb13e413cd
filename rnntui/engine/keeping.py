"""Hands a run to its recorder as it goes: updates, events, checkpoints, how it stands."""

from __future__ import annotations

import dataclasses
import math
import os
import time
from collections.abc import Callable
from typing import Any

from rnntui.engine.chronicle import Chronicle
from rnntui.engine.disk import DiskWatch
from rnntui.engine.protocol import Event, EventKind
from rnntui.recording.capture import capture
from rnntui.recording.edits import EditKind, Pending
from rnntui.recording.opening import Opened
from rnntui.run.status import State, Status
from rnntui.trainer import Chunk, total_steps

STAND_EVERY = 0.5  # seconds between two statuses
_COMES_AGAIN = ("skip", "rollback", "alert", "sample")  # where the same updates are made again


class Keeper:
    """Without a recorder nothing is kept, and everything here costs next to nothing."""

    def __init__(
        self, opened: Opened, chronicle: Chronicle, more: Callable[[], dict[str, Any]]
    ) -> None:
        """`more` is what is kept beside the training state, besides the chronicle."""
        self._recorder, self._state = opened.recorder, opened.state
        self._chronicle, self._more = chronicle, more
        self._total = total_steps(opened.recipe, opened.data)
        self._tokens = self._state.stream.steps * self._state.stream.batch
        self._since = time.time()
        self._stand_due = 0.0
        self._disk = DiskWatch()
        self._kept: int | None = None  # the update whose state was handed over last
        self._loss: float | None = None  # of the validation after the last update, if it had one
        self.pending = Pending(opened.edits, journaled=bool(opened.events))
        if opened.captured:
            chronicle.restore(opened.captured)
        for line in opened.events:
            chronicle.events.keep_line(line)
        self._journaled = {
            (line.get("step"), line.get("kind"), line.get("text"))
            for line in opened.events
            if line.get("kind") in _COMES_AGAIN
        }

    @property
    def name(self) -> str:
        """The run's name; empty where nothing is kept."""
        return self._recorder.name if self._recorder else ""

    @property
    def saved(self) -> int | None:
        """The update of the newest checkpoint."""
        return self._recorder.saved if self._recorder else None

    @property
    def trouble(self) -> str:
        """Why nothing can be written just now: one safe line, as of the last `disk_news`."""
        return self._disk.trouble

    def disk_news(self, now: float) -> str:
        """In one safe line, that writing fails or works again, when that has changed."""
        if self._recorder is None or self._recorder.taken:
            return ""
        return self._disk.see(self._recorder.trouble, now)

    @property
    def taken(self) -> str:
        """Why another process has this run now; empty: it has not."""
        return self._recorder.taken if self._recorder else ""

    def see(self, chunk: Chunk, seconds: float) -> None:
        """One more update, `seconds` after the start of training."""
        before, self._loss = self._chronicle.validations.best, chunk.validation
        self._chronicle.see(chunk)
        if self._recorder is None:
            return
        self._recorder.see(chunk, chunk.step / self._state.stream.chunks_per_epoch, seconds)
        validation = chunk.validation
        if validation is not None and (before is None or validation < before):
            self._save(best=True)
        if self._recorder.is_due(chunk.step):
            self._save()

    def knows(self, step: int, kind: EventKind, text: str) -> bool:
        """Whether that stands in the journal already, from before the run went on."""
        return (step, kind, text) in self._journaled

    def note(self, event: Event, kind: EditKind | None = None, value: float | None = None) -> None:
        """Something happened; `kind` and `value`: it was a change that can be made again."""
        if self._recorder is None:
            return
        line = {**vars(event)}
        if kind is not None:
            line |= {"edit": kind, "value": value}
            self._kept = None
            self._recorder.soon()
        self._recorder.event(line)

    def save(self) -> bool:
        """Write a checkpoint; False where nothing is kept."""
        if self._recorder is None:
            return False
        self._save()
        return True

    def _save(self, best: bool = False) -> None:
        if self._recorder is not None and self._kept != self._state.step:
            self._kept = None if best else self._state.step
            more = {
                "events": self._chronicle.events.count,
                **self._chronicle.capture(),
                **self._more(),
            }
            self._recorder.offer(capture(self._state, more, self._loss), best)

    def stand(self, now: float, state: State, rate: float, reason: str = "") -> None:
        """How the run stands `now`, in seconds of a monotonic clock; `rate` in updates a second."""
        if self._recorder is not None and now >= self._stand_due:
            self._stand_due = now + STAND_EVERY
            self._recorder.stand(self._status(state, rate, reason))

    def close(
        self, state: State, reason: str, exit_code: int | None = None, whole: bool = True
    ) -> str:
        """Write the last status and let go of the run; what could not be saved, one safe line.

        `whole`: the last update was finished, so that the state is worth a checkpoint.
        """
        if self._recorder is None:
            return ""
        if whole and self._state.step:
            self._save()
        status = dataclasses.replace(self._status(state, 0.0, reason), exit_code=exit_code)
        return self._recorder.close(status)

    def _status(self, state: State, rate: float, reason: str) -> Status:
        chronicle, step = self._chronicle, self._state.step
        smooth = chronicle.losses.smooth
        return Status(
            state=state,
            step=step,
            total=self._total,
            epoch=step / self._state.stream.chunks_per_epoch,
            loss=smooth if math.isfinite(smooth) else None,
            validation=chronicle.validations.latest,
            best=chronicle.validations.best,
            tokens_per_second=rate * self._tokens,
            pid=os.getpid(),
            since=self._since,
            updated=time.time(),
            checkpoint=self.saved,
            reason=reason or None,
            trouble=(self._recorder.trouble if self._recorder else "") or None,
        )
