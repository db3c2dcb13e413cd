"""Change a run between two updates: its settings, its weights; and repeat changes made before."""

from __future__ import annotations

from dataclasses import replace

from rnntui.errors import UsageError
from rnntui.nn.kernels.choice import Kernels
from rnntui.protocol.messages import Generate, SamplingKey
from rnntui.runs.edits import WORKERS, Edit
from rnntui.session.findings import RunFindings
from rnntui.session.health_log import HealthLog
from rnntui.session.monitor import Monitor
from rnntui.session.notes import Notes
from rnntui.session.prompt_session import PromptSession
from rnntui.session.responses import sharing
from rnntui.session.run_control import RunControl
from rnntui.session.run_history import RunHistory
from rnntui.session.run_log import RunLog
from rnntui.session.updates import Updates
from rnntui.session.views import Views
from rnntui.training.loop import TrainState, use_kernels, use_workers


class Changes:
    """Makes and logs changes that a resumed run or a replay repeats."""

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
        self._prompt_session, self._notes, self._note = prompt_session, notes, notes.add
        self._run_history, self._run_log, self._views = run_history, run_log, views

    def set_lr(self, lr: float) -> None:
        """Set the learning rate, from the next update on."""
        before = self._state.rate
        self._state.set_rate(lr)
        self._rate_changed(before)

    def _rate_changed(self, before: float) -> None:
        rate = self._state.rate
        self._monitor.rate_changed(before, rate)
        self._note("lr", f"learning rate {before:.4g} → {rate:.4g}", self._state.lr, "lr")

    def set_sampling(self, key: SamplingKey, value: float) -> None:
        """Set a sampling setting; inside an update, the change waits for its end.

        Raises UsageError.
        """
        self._prompt_session.check(key, value)
        self._updates.between(lambda: self._set_sampling(key, value))

    def _set_sampling(self, key: SamplingKey, value: float) -> None:
        self._prompt_session.set(key, value)
        self._note("sampling", f"{key} = {value:.4g}", value, key)

    def generate(self, request: Generate) -> None:
        """Generate after a prompt, in place of any generation in progress. Raises UsageError.

        The request's sampling settings stay in force and are logged.
        """
        self._prompt_session.check_prompt(request.prompt)
        self._prompt_session.changes(request.sampling)  # an invalid one must not wait

        def begin() -> None:
            for key, value in self._prompt_session.changes(request.sampling).items():
                self._set_sampling(key, value)
            self._prompt_session.generate(replace(request, sampling=None))

        if request.sampling is None:
            begin()
        else:
            self._updates.between(begin)

    def fix(self) -> None:
        """Restore the last good weights, lower the learning rate and continue.

        A finished run gets as many updates, or as much time, again. Inside an update, the change
        waits for its end. Raises UsageError if nothing needs fixing.
        """
        if self._monitor.alert is None and not self._findings.fixable:
            raise UsageError("nothing to fix: the loss is fine")
        self._updates.between(self._fix)

    def _fix(self, lr: float | None = None) -> None:
        """`lr`: the rate that the fix set originally, if it is being repeated."""
        step = self._monitor.fix(lr)
        withdrawn = self._findings.restart(self._state.step)
        self._health_log.troubled_since = 0
        self._run_history.losses.break_off()
        self._views.plateau.restart()
        text = f"restored update {step}'s weights; learning rate {self._state.rate:.4g}"
        self._health_log.note_findings(withdrawn)
        self._note("mend", text, self._state.lr, "mend")
        if self._updates.at_bound:
            self._updates.extend()
        self._control.go()

    def repeat(self) -> None:
        """Repeat the changes that were made after this update before."""
        for edit in self._run_log.pending.take(self._state.step):
            self._notes.silent = edit.journaled
            self._repeat(edit)
        self._notes.silent = False

    def _repeat(self, edit: Edit) -> None:
        match edit.kind:
            case "lr" if edit.number:
                before, self._state.lr = self._state.rate, edit.number
                self._rate_changed(before)
            case "lr":  # without a rate there is nothing to set
                return
            case "pace" if edit.journaled:  # it was for a viewer that has left
                return
            case "pace":
                self._control.set_pace(edit.number)
            case "mend":
                self._fix(edit.number)
            case "workers" if edit.number:
                use_workers(self._state, int(edit.number))
                self._note("note", sharing(int(edit.number)), edit.number, WORKERS)
            case "kernels" if isinstance(edit.value, str):
                use_kernels(self._state, Kernels.parse(edit.value))
                self._updates.note_kernels()
            case key if edit.number is not None:
                self._set_sampling(key, edit.number)
