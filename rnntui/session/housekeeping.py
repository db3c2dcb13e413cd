"""Regular work beside the updates: measure signs and speed, publish the status, watch the disk."""

from __future__ import annotations

from rnntui.errors import RunTakenError
from rnntui.insight.signs import Open
from rnntui.session.findings import RunFindings
from rnntui.session.insight import Insights
from rnntui.session.meter import Meter
from rnntui.session.monitor import Monitor
from rnntui.session.notes import Notes
from rnntui.session.run_control import RunControl
from rnntui.session.run_log import RunLog
from rnntui.session.views import Views
from rnntui.training.loop import TrainState

HOUSEKEEPING_EVERY = 0.02  # seconds


class Housekeeping:
    """Does what a run needs every `HOUSEKEEPING_EVERY` seconds, whether it trains or not."""

    def __init__(
        self,
        state: TrainState,
        control: RunControl,
        meter: Meter,
        monitor: Monitor,
        findings: RunFindings,
        insights: Insights,
        notes: Notes,
        run_log: RunLog,
        views: Views,
    ) -> None:
        self._state, self._control, self._meter = state, control, meter
        self._monitor, self._findings, self._insights = monitor, findings, insights
        self._note, self._run_log, self._views = notes.add, run_log, views
        self._due = 0.0

    def tick(self, now: float) -> bool:
        """Do what is due; return whether it was. Raises RunTakenError."""
        if now < self._due:
            return False
        self._due = now + HOUSEKEEPING_EVERY
        self._findings.share_time(self._open_view(now))
        self._insights.share_time(self._findings.recording_share)
        self._meter.read(now, self._state.step)
        self._state.updater.check()
        self._views.tick(now)
        self._run_log.publish_status(
            now,
            self._control.run_state,
            self._meter.rate(now, self._state.step),
            self._monitor.alert.title if self._monitor.alert else "",
            self._findings.active,
        )
        if line := self._findings.due_line(self._control.elapsed):
            self._run_log.signs(line)
        if news := self._run_log.disk_news(now):
            self._note("disk", news)
        if self._run_log.taken:
            raise RunTakenError(self._run_log.taken)
        return True

    def _open_view(self, now: float) -> Open:
        """Return what kind of view is open."""
        if self._insights.wanted:
            return "measured"
        return "shown" if self._views.shows_signs(now) else ""
