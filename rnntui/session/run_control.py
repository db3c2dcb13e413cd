"""Whether a run trains, is paused or has finished; its pace; experiments while it is paused."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic

from rnntui.errors import UsageError
from rnntui.protocol.messages import State
from rnntui.runs.opening import Opened
from rnntui.runs.store.status import State as RunState
from rnntui.session.experiments import ExperimentRunner
from rnntui.session.meter import Meter
from rnntui.session.notes import Notes
from rnntui.session.pacer import Pacer
from rnntui.session.updates import Updates


class RunControl:
    """Starts, paces and pauses training."""

    def __init__(self, opened: Opened, meter: Meter, updates: Updates, notes: Notes) -> None:
        self.status: State = "training"
        self._state = opened.state
        self._meter, self._updates, self._note = meter, updates, notes.add
        self._pacer = Pacer()
        self.experiments = ExperimentRunner(
            opened.recipe, opened.data, opened.state, self._experiment_ended
        )
        self._resumes = False  # training resumes when the experiment has ended

    @property
    def pace(self) -> float | None:
        """Updates per second; None: full speed."""
        return self._pacer.pace

    @property
    def run_state(self) -> RunState:
        """The status as the run's directory stores it."""
        if self.status == "finished":
            return "finished"
        return "training" if self.status == "training" else "paused"

    @property
    def elapsed(self) -> float:
        """Seconds of training, including earlier processes."""
        return self._meter.elapsed(monotonic())

    def delay(self, now: float) -> float:
        """Return the seconds until the next update is due; infinite while not training."""
        if self.status != "training":
            return math.inf
        return self._pacer.delay(now)

    def count(self) -> None:
        """Count an update, and pause if it was the last of those asked for."""
        if self._pacer.is_needed and self._pacer.count(monotonic()):
            self.halt()

    def only_unfinished(self) -> None:
        """Raise UsageError if the run has finished."""
        if self.status == "finished":
            raise UsageError("the run has finished")

    def pause(self) -> None:
        """Stop after the current update, even if training was to resume after an experiment."""
        self.only_unfinished()
        self._resumes = False
        if self.status == "training":
            self.halt()
            self._note("pause", "paused")

    def halt(self) -> None:
        """Pause without logging it."""
        self._meter.pause(monotonic())
        self.status = "paused"
        self._pacer.limit(None)

    def finish(self) -> None:
        """Mark the run as finished; it must be paused."""
        self.status = "finished"

    def resume(self) -> None:
        """Continue, even after training gave up; it pauses again if the problem persists."""
        self.only_unfinished()
        if self.status != "training":
            self._note("resume", "resumed")
        self.go()

    def make_steps(self, count: int) -> None:
        """Make exactly `count` more updates, then pause."""
        self.only_unfinished()
        # An update in progress doesn't count.
        self.go(count + self._updates.inside)

    def go(self, count: int | None = None) -> None:
        """Train without logging it, even a finished run; `count`: updates until a pause."""
        now = monotonic()
        self.experiments.stop()
        self._resumes = False
        if self.status != "training":
            self._pacer.restart(now)
        self.status = "training"
        self._pacer.limit(count)
        self._meter.run(now, self._state.step)

    def set_pace(self, updates_per_second: float | None) -> None:
        """Limit the updates per second; None: full speed. Logged as an edit."""
        self._pacer.set_pace(updates_per_second, monotonic())
        pace = updates_per_second
        rate = "full speed" if pace is None else f"{pace:g} updates per second"
        self._note("pace", f"pace: {rate}", pace, "pace")

    def experiment(self, begin: Callable[[], None]) -> None:
        """Pause and begin an experiment. Raises UsageError.

        Training resumes when it has ended, unless it was to pause after a number of updates.
        """
        if not self._updates.inside:
            self._experiment(begin)
            return

        def later() -> None:
            try:
                self._experiment(begin)
            except UsageError as error:
                self._note("note", str(error))

        self._updates.between(later)

    def _experiment(self, begin: Callable[[], None]) -> None:
        begin()
        if self.status == "training":
            self._resumes = not self._pacer.is_limited
            self.halt()
            self._note("pause", f"paused: {self.experiments.activity}")

    def _experiment_ended(self, text: str) -> None:
        self._note("note", text)
        if self._resumes:
            self.resume()

    def stop_experiment(self) -> None:
        """Stop the experiment in progress; training resumes if it was interrupted."""
        if self.experiments.busy:
            activity = self.experiments.activity
            self.experiments.stop()
            self._experiment_ended(f"{activity} stopped")
