"""Pass a run's updates, events, checkpoints and status to its recorder."""

from __future__ import annotations

import dataclasses
import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rnntui.data import ValueData
from rnntui.errors import DataError
from rnntui.protocol.insight import Finding
from rnntui.protocol.messages import Event, EventKind
from rnntui.runs.capture import capture
from rnntui.runs.edits import Pending, journaled
from rnntui.runs.opening import Opened
from rnntui.runs.recorder import BEST_WITHIN
from rnntui.runs.store.checkpoint import Checkpoint
from rnntui.runs.store.metrics_index import MetricsIndex
from rnntui.runs.store.status import State, Status
from rnntui.session.disk import DiskWatch
from rnntui.session.run_history import RunHistory
from rnntui.training.loop import Chunk, TrainState

STATUS_EVERY = 0.5  # seconds between two statuses


class RunLog:
    """What a session writes to disk; without a recorder every method does almost nothing."""

    def __init__(
        self,
        opened: Opened,
        run_history: RunHistory,
        more: Callable[[], dict[str, Any]],
        elapsed: Callable[[], float],
    ) -> None:
        """`more` returns what checkpoints store besides the training state and the history.

        `elapsed` returns the seconds of training so far.
        """
        self._recorder, self._state = opened.recorder, opened.state
        self._run_history, self._more, self._elapsed = run_history, more, elapsed
        self._tokens = self._state.stream.steps * self._state.stream.batch
        self._since = time.time()
        self._status_due = 0.0
        self._disk = DiskWatch()
        self._kept: int | None = None  # the update of the last checkpoint offered
        self._loss: float | None = None  # of the last update, by which checkpoints are compared
        self._by_forecast = opened.recipe.train.select == "horizon" and isinstance(
            opened.data, ValueData
        )
        self._least: float | None = None  # of these errors so far, if it is forecasts that count
        self.total: int | None = None  # updates to make; None: unlimited
        self.baseline: tuple[str, float] | None = None  # the best simple method, once known
        self.pending = Pending(opened.edits)
        if opened.captured:
            run_history.restore(opened.captured)
            self._least = opened.captured.get("forecast_error")
        for line in opened.events:
            run_history.events.keep_line(line)
        run_history.events.count = opened.event_count
        self._journaled = journaled(opened.again)

    @property
    def name(self) -> str:
        """The run's name; empty if it isn't saved."""
        return self._recorder.name if self._recorder else ""

    @property
    def index(self) -> MetricsIndex | None:
        """The index of the run's metrics; None if it isn't saved."""
        return self._recorder.index if self._recorder else None

    @property
    def path(self) -> Path | None:
        """The run's directory; None if it isn't saved."""
        return self._recorder.run.path if self._recorder else None

    def show(self, view: bytes) -> None:
        """Store what viewers see after the run has ended."""
        if self._recorder is not None:
            self._recorder.show(view)

    @property
    def saved(self) -> int | None:
        """The update of the newest checkpoint."""
        return self._recorder.saved if self._recorder else None

    def best(self, patience: float = BEST_WITHIN) -> Checkpoint:
        """Return the checkpoint of the best validation, within `patience` seconds.

        Raises DataError if there is none.
        """
        if self._recorder is None:
            raise DataError("the run is not stored")
        return self._recorder.best(patience)

    @property
    def trouble(self) -> str:
        """Why writing fails, as of the last `disk_news`: one safe line, or empty."""
        return self._disk.trouble

    def disk_news(self, now: float) -> str:
        """Report in one safe line that writing has started to fail or works again, else empty."""
        if self._recorder is None or self._recorder.taken:
            return ""
        return self._disk.see(self._recorder.trouble, now)

    @property
    def taken(self) -> str:
        """Why another process owns the run now; empty if none does."""
        return self._recorder.taken if self._recorder else ""

    def see(self, chunk: Chunk, seconds: float, validated_at_end: bool) -> None:
        """Record an update, `seconds` after the start of training.

        `validated_at_end`: it was validated only because the run ended.
        """
        validation = None if validated_at_end else chunk.validation
        self._run_history.validations.forget_final()
        before, self._loss = self._run_history.validations.best, validation
        if self._by_forecast:
            before, self._loss = self._least, chunk.forecast_error
        self._run_history.see(chunk, validated_at_end)
        if self._recorder is None:
            return
        epoch = chunk.step / self._state.stream.chunks_per_epoch
        self._recorder.see(chunk, epoch, seconds, validated_at_end)
        if self._loss is not None and (before is None or self._loss < before):
            self._least = self._loss if self._by_forecast else None
            self._save(best=True)
        if self._recorder.is_due(chunk.step):
            self._save()

    def validated(self, loss: float) -> None:
        """Record a validation that was made only because the run ended."""
        self._run_history.validations.add_final(self._state.step, loss)
        self._kept = None
        if self._recorder is not None:
            self._recorder.validated(loss)

    def knows(self, step: int, kind: EventKind, text: str) -> bool:
        """Return whether the journal has this event from before the run was resumed."""
        return (step, kind, text) in self._journaled

    def note(
        self,
        event: Event,
        kind: str | None = None,
        value: float | str | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Write an event; with `kind` and `value` it is an edit that can be repeated."""
        if self._recorder is None:
            return
        line = {**vars(event), **(more or {})}
        if kind is not None:
            line |= {"edit": kind, "value": value}
            self._kept = None
            self._recorder.soon()
        self._recorder.event(line)

    def signs(self, line: Mapping[str, Any]) -> None:
        """Write the newest signs."""
        if self._recorder is not None:
            self._recorder.signs(line)

    def save(self) -> bool:
        """Save a checkpoint, even if the next one is due before the disk takes it.

        Returns False if the run isn't saved.
        """
        if self._recorder is None:
            return False
        self._save()
        self._recorder.keep(self._state.step)
        return True

    def _save(self, best: bool = False) -> None:
        if self._recorder is not None and self._kept != self._state.step:
            self._kept = None if best else self._state.step
            more = {
                "events": self._run_history.events.count,
                **self._run_history.capture(),
                **self._more(),
            }
            if self._by_forecast:
                more["forecast_error"] = self._least
            self._recorder.offer(capture(self._state, more, self._loss), best)

    def publish_status(
        self,
        now: float,
        state: State,
        rate: float,
        reason: str = "",
        findings: tuple[Finding, ...] = (),
    ) -> None:
        """Publish the status; `now` is a monotonic time, `rate` in updates per second."""
        if self._recorder is not None and now >= self._status_due:
            self._status_due = now + STATUS_EVERY
            self._recorder.publish_status(self._status(state, rate, reason, findings))

    def close(
        self,
        state: State,
        reason: str,
        exit_code: int | None = None,
        complete: bool = True,
        findings: tuple[Finding, ...] = (),
    ) -> str:
        """Write the final status, release the run, and return what could not be saved.

        `complete`: the last update was completed, so that the state can be saved.
        """
        if self._recorder is None:
            return ""
        step = self._state.step
        if complete and step:
            if self._kept == step and not self._recorder.holds(step):
                self._kept = None
            self._save()
        status = self._status(state, 0.0, reason, findings)
        status = dataclasses.replace(status, exit_code=exit_code)
        if not complete and step:
            lost = f"update {step} was not finished"
            status = dataclasses.replace(status, step=step - 1, trouble=status.trouble or lost)
        return self._recorder.close(status)

    def _status(
        self, state: State, rate: float, reason: str, findings: tuple[Finding, ...]
    ) -> Status:
        run_history, step = self._run_history, self._state.step
        losses = run_history.losses
        return Status(
            state=state,
            step=step,
            total=self.total,
            epoch=step / self._state.stream.chunks_per_epoch,
            loss=_finite(losses.recent),
            validation=run_history.validations.latest,
            best=run_history.validations.best,
            tokens_per_second=rate * self._tokens,
            pid=os.getpid(),
            since=self._since,
            updated=time.time(),
            checkpoint=self.saved,
            reason=reason or None,
            trouble=(self._recorder.trouble if self._recorder else "") or None,
            averaged=losses.averaged,
            last=_finite(last_loss(self._state)),
            lowest=run_history.best,
            elapsed=self._elapsed(),
            findings=" ".join(finding.id for finding in findings) or None,
            best_step=run_history.validations.best_step,
            baseline=self.baseline[1] if self.baseline else None,
            baseline_name=self.baseline[0] if self.baseline else None,
        )


def last_loss(state: TrainState) -> float | None:
    """Return the loss of the last update per token; None before the first one."""
    tokens = state.stream.steps * state.stream.batch
    return state.last_loss / (state.loss_weight * tokens) if state.step else None


def _finite(loss: float | None) -> float | None:
    return loss if loss is not None and math.isfinite(loss) else None
