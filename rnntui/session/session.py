"""One training run in this process: its updates, commands, status and views.

This module knows neither sockets nor screens: the training process, foreground runs and replays all
drive a run through `Session`. `update` makes one update. Any other method may be called between two
updates, and also while `train` calls `between` (during a long validation); changes that must not
happen inside an update are then deferred until it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from time import monotonic
from typing import TYPE_CHECKING, Any

from rnntui.data import Dataset, ValueData
from rnntui.errors import UsageError
from rnntui.protocol.messages import (
    Alert,
    Ended,
    Generate,
    Look,
    Request,
    SamplingKey,
    Snapshot,
    Welcome,
)
from rnntui.recipe import Recipe, check, find
from rnntui.runs.bounds import Bounds
from rnntui.runs.opening import Opened
from rnntui.runs.store.checkpoint import Checkpoint
from rnntui.session.alerts import advice
from rnntui.session.changes import Changes
from rnntui.session.commands import execute
from rnntui.session.ending import Ending
from rnntui.session.findings import RunFindings
from rnntui.session.forecaster import Forecaster
from rnntui.session.health_log import HealthLog
from rnntui.session.housekeeping import Housekeeping
from rnntui.session.insight import Insights
from rnntui.session.meter import Meter
from rnntui.session.monitor import Monitor
from rnntui.session.notes import Notes
from rnntui.session.prompt_session import PromptSession
from rnntui.session.recent_steps import RecentSteps
from rnntui.session.run_control import RunControl
from rnntui.session.run_history import RunHistory
from rnntui.session.run_log import RunLog
from rnntui.session.updates import Updates
from rnntui.session.views import Views
from rnntui.text import safe_text
from rnntui.training.loop import Chunk, validates

if TYPE_CHECKING:
    from rnntui.runs.backtest import Backtester

CHOSEN_WITHIN = 0.2  # seconds that a forecast waits for the checkpoint that is being written


class Session:
    """A run from its first update to its last; the prompt stays usable afterwards."""

    def __init__(
        self,
        opened: Opened,
        between: Callable[[], None] | None = None,
        viewers: bool = False,
    ) -> None:
        """`close` closes the recorder; the caller that opened the state closes the state.

        `viewers`: viewers may come, so early samples and recent time steps are kept for them.
        """
        recipe, data, state = opened.recipe, opened.data, opened.state
        self._recipe, self._data, self._state = recipe, data, state
        self._ticked = monotonic()
        self._meter = meter = Meter(opened.captured.get("elapsed", 0.0))
        meter.run(self._ticked, self.step)
        steps, per_pass = state.stream.steps, state.stream.chunks_per_epoch
        self.run_history = history = RunHistory(per_pass)
        self.findings = findings = RunFindings(opened)
        self._monitor = monitor = Monitor(recipe, data, state, findings.ids)
        if isinstance(monitor_state := opened.captured.get("guard"), dict):
            monitor.restore(monitor_state)
        backtester = _backtester_of(recipe, data)
        forecaster = Forecaster(
            recipe, data, state, lambda: self.finished, lambda: self._run_log.best(CHOSEN_WITHIN)
        )
        self._prompt_session = prompt = PromptSession(
            recipe.sample, data, state, backtester, forecaster
        )
        self._run_log = log = RunLog(opened, history, self._session_state, lambda: self.elapsed)
        notes = Notes(state, history, log, lambda: self.elapsed)
        self._note = notes.add
        self._updates = updates = Updates(opened, between, lambda: self.elapsed, notes, log)
        self._control = control = RunControl(opened, meter, updates, notes)
        self.experiments = experiments = control.experiments
        self._health_log = health = HealthLog(state, monitor, findings, control, notes)
        self.insights = insights = Insights(recipe, data, state, steps, backtester, forecaster)
        self._measuring = False  # a view is being measured while the run does not train
        self._viewers = viewers
        turns, total = state.stream.turns, self.total
        self._recent_steps = recent = (
            RecentSteps(steps, per_pass, total, turns) if viewers else None
        )
        self._views = views = Views(
            opened, meter, monitor, prompt, history, log, findings, insights, experiments, recent
        )
        self._changes = Changes(
            state, updates, control, monitor, findings, health, prompt, history, notes, log, views
        )
        self._ending = Ending(
            state, updates, control, monitor, findings, health, prompt, history, notes, log, views
        )
        self._housekeeping = Housekeeping(
            state, control, meter, monitor, findings, insights, notes, log, views
        )
        if opened.resumed:
            self._views.restore()
            self._note("resume", f"resumed from update {self.step}")
        if opened.changed_rate:
            self._note("lr", opened.changed_rate)
        if opened.replayed and opened.edits:
            notes.plan(opened)
        self._changes.repeat()
        if opened.recalled:
            self._updates.note_kernels()

    def _session_state(self) -> dict[str, Any]:
        """Return what a checkpoint stores about this session."""
        self._views.show()
        recipe_bounds = Bounds.of(self._recipe, self._data)
        return {
            "elapsed": self.elapsed,
            **self._views.kept(),
            "extended": [recipe_bounds.last, recipe_bounds.seconds, self._updates.bounds.times],
            "guard": self._monitor.capture(),
            **self.findings.capture(),
        }

    # ---- updates ----------------------------------------------------------------------------

    def delay(self, now: float) -> float:
        """Return the seconds until the next update is due; infinite while not training."""
        return self._control.delay(now)

    def update(self) -> Chunk | None:
        """Make one update; return None if the bounds were already reached."""
        chunk = self._updates.make()
        if chunk is None:
            self._ending.reach_bound()
            return None
        self._views.see(chunk)
        if self._recent_steps is not None:
            self._recent_steps.see(chunk)
        at_end = chunk.validation is not None and not validates(self._recipe, self._state)
        self._run_log.see(chunk, self.elapsed, at_end)
        self._health_log.see(chunk)
        if chunk.samples and self._prompt_session.sampled(chunk.samples, monotonic()):
            self._note("sample", safe_text(chunk.samples[0][:80]))
        if self._viewers and (early := self._prompt_session.early_samples(chunk, self._recipe)):
            self._prompt_session.sampled(early, monotonic())
        self._control.count()
        if chunk.step == self._updates.bounds.last:
            self._ending.reach_bound()
        self._updates.make_changes()
        if self._run_log.pending.is_due(chunk.step):
            self._changes.repeat()
        return chunk

    def tick(self, now: float, spare: float) -> None:
        """Do the work between updates: generate text, publish the status, check the bounds.

        Called a few hundred times a second. `spare`: idle seconds, as returned by `delay`.
        """
        passed, self._ticked = now - self._ticked, now
        if self._prompt_session.busy:
            self._prompt_session.tick(now, passed, spare)
        if self.experiments.busy:
            self.experiments.tick()
        idle = self._control.status != "training"
        self._measuring = self.insights.tick(now, idle) and idle
        if not self._housekeeping.tick(now):
            return
        if self._control.status == "training" and self._updates.time_is_over:
            self._ending.reach_bound()

    @property
    def step(self) -> int:
        """Updates made."""
        return self._state.step

    @property
    def finished(self) -> bool:
        """Whether its bounds have been reached."""
        return self._control.status == "finished"

    @property
    def busy(self) -> bool:
        """Whether there is work to do besides updates, so that waiting would delay it."""
        return self._prompt_session.busy or self.experiments.busy or self._measuring

    @property
    def elapsed(self) -> float:
        """Seconds of training, including earlier processes."""
        return self._meter.elapsed(monotonic())

    @property
    def total(self) -> int | None:
        """Number of updates to make; None without such a bound."""
        return self._updates.bounds.last

    @property
    def name(self) -> str:
        """The run's name; empty if it isn't saved."""
        return self._run_log.name

    def best_checkpoint(self) -> Checkpoint:
        """Return the checkpoint of the best validation. Raises DataError if there is none."""
        return self._run_log.best()

    @property
    def recipe(self) -> Recipe:
        """The recipe that is trained."""
        return self._recipe

    def report(self, text: str) -> None:
        """Log a line for the user."""
        self._note("note", safe_text(text)[:200])

    def began(self, run: str) -> None:
        """Log that a new run was started from here."""
        self.experiments.began(run)
        self.report(f"started {run}: rnntui attach {run}")

    @property
    def complete(self) -> bool:
        """Whether every update was completed, so that the state can be saved."""
        return self._updates.complete

    @property
    def alert(self) -> Alert | None:
        """The current alert, if any."""
        return self._monitor.alert

    @property
    def rolled_back(self) -> Alert:
        """An alert that explains why weights were last restored."""
        return self._monitor.explain(self._state.stability.reason)

    @property
    def advice(self) -> str:
        """What to change after training has given up."""
        now = self._monitor.context()
        return advice(self._recipe, self._state.rate, now.predictions, now.largest_value)

    @property
    def ended(self) -> Ended | None:
        """How the run has ended; None before `close`."""
        return self._ending.ended

    @property
    def paused(self) -> bool:
        """Whether training is paused, by a user or by an alert."""
        return self._control.status == "paused"

    @property
    def troubled_since(self) -> int:
        """The first update of the current series of skips and rollbacks; 0 outside of one."""
        return self._health_log.troubled_since

    # ---- commands: each may raise UsageError -----------------------------------------------

    def handle(self, request: Request) -> None:
        """Execute a viewer's command."""
        execute(self, request)

    def pause(self) -> None:
        """Stop after the current update, even if training was to resume after an experiment."""
        self._control.pause()

    def resume(self) -> None:
        """Continue, even after training gave up; it pauses again if the problem persists."""
        self._control.resume()

    def make_steps(self, count: int) -> None:
        """Make exactly `count` more updates, then pause."""
        self._control.make_steps(count)

    def set_pace(self, updates_per_second: float | None) -> None:
        """Limit the updates per second; None: full speed."""
        self._control.only_unfinished()
        self._control.set_pace(updates_per_second)

    def set_lr(self, lr: float) -> None:
        """Set the learning rate, from the next update on."""
        self._control.only_unfinished()
        self._changes.set_lr(float(check(find("lr"), lr)))

    def set_sampling(self, key: SamplingKey, value: float) -> None:
        """Set a sampling setting; inside an update, the change waits for its end."""
        self._changes.set_sampling(key, value)

    def generate(self, request: Generate) -> None:
        """Generate after a prompt, in place of any generation in progress.

        The request's sampling settings stay in force and are logged as edits.
        """
        self._changes.generate(request)

    def stop_generating(self) -> None:
        """Stop the generation in progress."""
        self._prompt_session.stop()

    def fix(self) -> None:
        """Restore the last good weights, lower the learning rate and continue.

        A finished run gets as many updates, or as much time, again.
        """
        self._changes.fix()

    def experiment(self, begin: Callable[[], None]) -> None:
        """Pause and begin an experiment. Raises UsageError.

        Training resumes when it has ended, unless it was to pause after a number of updates.
        """
        self._control.experiment(begin)

    def stop_experiment(self) -> None:
        """Stop the experiment in progress; training resumes if it was interrupted."""
        self._control.stop_experiment()

    def save(self) -> None:
        """Save a checkpoint. Raises UsageError if the run isn't saved."""
        if not self._run_log.save():
            raise UsageError("this run isn't saved: start one without --no-save")
        self._note("save", f"saved a checkpoint at update {self.step}")

    def close(
        self, reason: str = "", exit_code: int = 0, failed: bool = False, complete: bool = True
    ) -> str:
        """Save the run with the reason for its end, and release it.

        `complete`: no update was interrupted. Returns what could not be saved, as one safe line.
        """
        return self._ending.close(
            reason, exit_code, failed, complete, lambda: self.snapshot(Look())
        )

    # ---- views ------------------------------------------------------------------------------

    def welcome(self) -> Welcome:
        """Describe what does not change during the run."""
        return self._views.welcome(self._updates.bounds)

    def snapshot(self, look: Look, viewers: int = 1, viewer: Hashable = None) -> Snapshot:
        """Return the run's current numbers, with what is new since the marks in `look`.

        `viewer` tells the viewers apart that look at a run.
        """
        control, bounds = self._control, self._updates.bounds
        return self._views.snapshot(look, viewers, viewer, control.status, control.pace, bounds)


def _backtester_of(recipe: Recipe, data: Dataset) -> Backtester | None:
    """Return what backtests forecasts of numbers; a session on text starts without importing it."""
    if not isinstance(data, ValueData):
        return None
    from rnntui.runs.backtest import backtester_of

    return backtester_of(recipe, data)
