"""The end of a run: at its bounds, and when its process closes it."""

from __future__ import annotations

import math
from collections.abc import Callable

from rnntui.protocol.messages import Ended, Snapshot
from rnntui.runs.store.status import Ended as EndState
from rnntui.session.findings import RunFindings
from rnntui.session.health_log import HealthLog
from rnntui.session.monitor import Monitor
from rnntui.session.notes import Notes
from rnntui.session.prompt_session import PromptSession
from rnntui.session.run_control import RunControl
from rnntui.session.run_history import RunHistory
from rnntui.session.run_log import RunLog
from rnntui.session.updates import Updates
from rnntui.session.views import Views, last_of
from rnntui.text import safe_text
from rnntui.training.loop import TrainState


class Ending:
    """Finishes a run that has reached its bounds, and closes it."""

    def __init__(
        self,
        state: TrainState,
        updates: Updates,
        control: RunControl,
        monitor: Monitor,
        findings: RunFindings,
        health_log: HealthLog,
        prompt_session: PromptSession,
        run_history: RunHistory,
        notes: Notes,
        run_log: RunLog,
        views: Views,
    ) -> None:
        self._state, self._updates, self._control = state, updates, control
        self._monitor, self._findings, self._health_log = monitor, findings, health_log
        self._prompt_session, self._run_history = prompt_session, run_history
        self._note, self._run_log, self._views = notes.add, run_log, views
        self.ended: Ended | None = None  # set by `close`

    def reach_bound(self) -> None:
        """Finish the run; the prompt stays usable.

        Nothing done here may change the result of continuing with a larger bound.
        """
        if self._control.status == "finished":
            return
        self._control.halt()
        if self._state.stability.troubled:  # the last updates were skipped
            self._health_log.give_up()
            return
        self._control.finish()
        self._health_log.see_end(self._state.step, self._validate_at_end())
        loss = self._run_history.losses.recent
        found = f", loss {loss:.4g}" if math.isfinite(loss) else ""
        self._note("end", f"finished after {self._state.step} updates{found}")
        self._run_log.save()
        self._prompt_session.write_final_sample()

    def _validate_at_end(self) -> float | None:
        """Validate the last weights unless they have been, as after a time limit."""
        step, newest = self._state.step, self._run_history.validations.newest
        if not step or (newest is not None and newest.step == step):
            return None
        loss = self._updates.validate()
        if loss is not None:
            self._run_log.validated(loss)
        return loss

    def close(
        self,
        reason: str,
        exit_code: int,
        failed: bool,
        complete: bool,
        snapshot: Callable[[], Snapshot],
    ) -> str:
        """Save the run with the reason for its end, and release it.

        `complete`: no update was interrupted. `snapshot` returns the run's last numbers.
        Returns what could not be saved, as one safe line.
        """
        self._control.experiments.stop()
        step = self._state.step
        state: EndState = "failed" if failed else "stopped"
        if self._control.status == "finished":
            state, reason = "finished", ""
        elif self._monitor.alert is not None:
            state, reason = "diverged", self._monitor.alert.title
        if state != "finished":
            self._note("end", f"{state} after {step} updates: {reason}")
        if line := self._findings.due_line(self._control.elapsed, last=True):
            self._run_log.signs(line)
        if complete:
            self._views.settle_baselines()
            self._views.show()
        unsaved = self._run_log.close(state, reason, exit_code, complete, self._findings.active)
        made = step if complete else max(0, step - 1)
        last = last_of(snapshot())
        self.ended = Ended(state, safe_text(reason), made, self._run_log.saved, unsaved, last)
        return unsaved
