"""Log what the health checks of a run find, and pause it after training has given up."""

from __future__ import annotations

from rnntui.session.findings import FINDING, Change, RunFindings
from rnntui.session.monitor import Monitor
from rnntui.session.notes import Notes
from rnntui.session.run_control import RunControl
from rnntui.training.loop import Chunk, TrainState


class HealthLog:
    """Logs skips, rollbacks, alerts and findings."""

    def __init__(
        self,
        state: TrainState,
        monitor: Monitor,
        findings: RunFindings,
        control: RunControl,
        notes: Notes,
    ) -> None:
        self._state, self._monitor, self._findings = state, monitor, findings
        self._control, self._note = control, notes.add
        self.troubled_since = 0  # first update of the current skips and rollbacks; 0: none

    def see(self, chunk: Chunk) -> None:
        """Log what went wrong in an update and what was done about it."""
        if chunk.fault or chunk.response:
            self.troubled_since = self.troubled_since or chunk.step
        elif self.troubled_since and not self._state.stability.rollbacks:
            self.troubled_since = 0
        self._findings.see(chunk)
        if self._monitor.see(chunk, self._findings.ids):
            self._control.halt()
        self._note_events()
        self.note_findings(self._findings.changes)

    def give_up(self) -> None:
        """Raise an alert: the run ended while updates were being skipped."""
        self._monitor.give_up()
        self._note_events()

    def see_end(self, step: int, validation: float | None) -> None:
        """Log what the end of a run at its bounds shows; `validation`: of its last weights."""
        self._findings.see_end(step, validation)
        self.note_findings(self._findings.changes)

    def note_findings(self, changes: tuple[Change, ...]) -> None:
        """Log findings that were found or withdrawn."""
        for change in changes:
            self._note(FINDING, change.text, more=change.line)

    def _note_events(self) -> None:
        for kind, text in self._monitor.events:
            self._note(kind, text)
