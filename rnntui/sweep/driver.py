"""Run a sweep: start trials as places become free, note how they end, decide what is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from time import monotonic, sleep
from typing import Any, Protocol

from rnntui.dataclass import dataclass
from rnntui.errors import RnntuiError, RunError
from rnntui.foreground.stopping import Stopping
from rnntui.runs.job import Job
from rnntui.runs.store.create import is_there
from rnntui.runs.store.journal import Line
from rnntui.runs.stored_recipe import stored_recipe
from rnntui.sweep.halving import better_half, last_trial, waiting_trial
from rnntui.sweep.progress import Progress, after, progress_of
from rnntui.sweep.results import has_finished, result_of, saved_update, why_stopped
from rnntui.sweep.store import Sweep, line_of, now
from rnntui.sweep.task import End, Said, Task, TaskEnded, Workers
from rnntui.sweep.trials import Trial, recipe_for
from rnntui.sweep.wishes import HEARD, Wish, Wishes

LOOK_EVERY = 0.5  # seconds that the sweep waits for news at most
MOST_TRIES = 3  # times in a row that a trial's process may be lost without having saved anything
BUSY_PATIENCE, BUSY_PAUSE = 90.0, 0.5  # seconds for another process to let go of a run
STOPPED_BY_USER = "rnntui stop"  # in a run's reason
CUT = "cut by its user"


class Listener(Protocol):
    """Receives what happens in a sweep."""

    def started(self, trial: Trial, until: int | None, resumed: bool) -> None:
        """Hear that a trial is being trained."""

    def said(self, trial: Trial, event: Mapping[str, Any]) -> None:
        """Hear what a trial has printed."""

    def changed(self, trial: Trial, progress: Progress) -> None:
        """Hear that a trial has reached a rung or has ended."""

    def note(self, text: str) -> None:
        """Hear about anything else."""


class More(Protocol):
    """Adds trials to a sweep while it runs, such as a sampler that learns from results."""

    def next(self, trials: Mapping[int, Trial], progress: Mapping[int, Progress]) -> Trial | None:
        """Return another trial; None if there is none."""


@dataclass
class _Tries:
    """How often a trial's process was lost since the trial last saved something."""

    count: int = 0
    saved: int = -1


class Driver:
    """Runs a sweep that this process holds; all that it knows is in the journal as well."""

    def __init__(
        self, sweep: Sweep, workers: Workers, listener: Listener, more: More | None = None
    ) -> None:
        self._sweep, self._workers, self._listener, self._more = sweep, workers, listener, more
        self._trials = {trial.number: trial for trial in sweep.trials}
        self.progress = progress_of(self._trials, sweep.lines)
        self._lost: dict[int, _Tries] = {}
        self._busy: dict[int, int] = {}
        self._begun_again: set[int] = set()  # trials of which an earlier process may be left
        self._cut: set[int] = set()  # trials that were asked to end
        self._wishes = Wishes(sweep.directory, sweep.lines)
        self._listens_at = 0.0
        for number, one in list(self.progress.items()):
            if one.state not in ("waiting", "finished"):
                self._reconcile(number, one)

    def _reconcile(self, number: int, before: Progress) -> None:
        """Note what became of a trial while no sweep was running."""
        run = self._sweep.run_path(number)
        if has_finished(run):
            self._note_end(number, "finished")
        elif before.state == "training" or (before.state == "stopped" and not before.reason):
            self._add({"trial": number, "event": "again"})

    def run(self, stopping: Stopping) -> None:
        """Run all trials. Whatever is raised, Stopped or RunError, trials have been saved then."""
        try:
            with stopping:
                self._listen()
                self._fill()
            while any(one.state == "training" for one in self.progress.values()):
                report = self._workers.next(LOOK_EVERY)
                with stopping:
                    if report is not None:
                        self._see(report)
                    self._listen()
                    self._fill()
        except BaseException:
            self._workers.stop()
            raise

    def _listen(self) -> None:
        """Do what users have asked for, twice a second."""
        if monotonic() < self._listens_at:
            return
        self._listens_at = monotonic() + LOOK_EVERY
        for number, wish in self._wishes.read():
            if number in self.progress:
                self._grant(number, wish)
            self._sweep.add({"event": HEARD, "time": now()})

    def _grant(self, number: int, wish: Wish) -> None:
        state = self.progress[number].state
        if wish == "continue" and state in ("paused", "stopped", "failed"):
            self._lost.pop(number, None)
            self._add({"trial": number, "event": "again", "through": True})
        elif wish == "cut" and state == "training":
            self._cut.add(number)
            self._workers.cut(number)
        elif wish == "cut" and state in ("waiting", "paused"):
            self._end(number, "stopped", CUT)

    def _fill(self) -> None:
        """Start trials while there are places."""
        while self._workers.free > 0 and (chosen := self._choose()) is not None:
            number, until = chosen
            trial = self._trials[number]
            try:
                job = self._job(trial)
            except RnntuiError as error:  # its run is damaged; the other trials continue
                self._end(number, "failed", str(error))
                continue
            if self.progress[number].started:
                self._begun_again.add(number)
            self._add({"trial": number, "event": "start", "until": until})
            self._workers.start(Task(number, job, until))
            self._listener.started(trial, until, bool(job.run))

    def _choose(self) -> tuple[int, int | None] | None:
        """Return a trial to train and to which update; None: none for now."""
        rungs = self._sweep.info.halving
        if self._more is not None and waiting_trial(self.progress, rungs) is None:
            self._add_trial(self._more.next(self._trials, self.progress))
        for choose in (waiting_trial, better_half, last_trial):
            if (chosen := choose(self.progress, rungs)) is not None:
                return chosen
        return None

    def _add_trial(self, new: Trial | None) -> None:
        if new is not None:
            self._sweep.add(line_of(new))
            self._trials[new.number], self.progress[new.number] = new, Progress()

    def _job(self, trial: Trial) -> Job:
        """Return the job that starts a trial, or resumes it where it was begun before."""
        path, kernels = self._sweep.run_path(trial.number), trial.kernels
        argv = self._sweep.info.argv
        if self.progress[trial.number].started and is_there(path):
            recipe = stored_recipe(path, exact=True)
            return Job(recipe, run=str(path), kernels=kernels, argv=argv)
        recipe = recipe_for(self._sweep.recipe, trial.settings)
        return Job(recipe, runs=str(self._sweep.root), name=path.name, kernels=kernels, argv=argv)

    def _see(self, report: Said | TaskEnded) -> None:
        if isinstance(report, Said):
            self._listener.said(self._trials[report.trial], report.event)
            return
        number, text = report.trial, report.text
        self._end_task(report.end, number, text)
        self._cut.discard(number)

    def _end_task(self, end: End, number: int, text: str) -> None:
        """Note what came of a task."""
        match end:
            case "finished":
                self._end(number, "finished")
            case "rung":
                self._end(number, "rung")
            case "stopped":  # from outside: `rnntui stop` gives its name, a shutdown does not
                why = why_stopped(self._sweep.run_path(number))
                by_user = why if STOPPED_BY_USER in why else ""
                self._end(number, "stopped", CUT if number in self._cut else by_user)
            case "failed":
                self._end(number, "failed", text)
            case "disk":
                raise RunError(f"{self._sweep.run_name(number)}: {text}")
            case "busy" | "exists" if number in self._begun_again:  # its lost process is not gone
                self._wait_for_run(number, text)
            case "busy" | "exists":  # somebody else's run has that name
                self._end(number, "failed", text)
            case "lost" if number in self._cut:  # while it was starting
                self._end(number, "stopped", CUT)
            case "lost":
                self._try_again(number, text)

    def _end(self, number: int, event: str, reason: str = "") -> None:
        """Note that a trial has ended or has reached a rung, and say so."""
        self._note_end(number, event, reason)
        self._listener.changed(self._trials[number], self.progress[number])

    def _note_end(self, number: int, event: str, reason: str = "") -> None:
        """Note that a trial has ended or has reached a rung, with its best loss so far."""
        until = self.progress[number].until if event == "rung" else None
        result = result_of(self._sweep.run_path(number), until)
        line: Line = {"trial": number, "event": event, **asdict(result)}
        if until is not None:
            line["step"] = until
        self._add({**line, "reason": reason} if reason else line)

    def _try_again(self, number: int, text: str) -> None:
        """Train a trial again whose process was lost, unless that happens again and again."""
        tries = self._lost.setdefault(number, _Tries())
        saved = saved_update(self._sweep.run_path(number))
        tries.count, tries.saved = (1 if saved > tries.saved else tries.count + 1), saved
        if tries.count > MOST_TRIES:
            self._end(number, "failed", text)
            return
        self._listener.note(f"{self._sweep.run_name(number)}: {text}; it continues")
        self._add({"trial": number, "event": "again"})

    def _wait_for_run(self, number: int, text: str) -> None:
        """Try again soon: another process still has the run."""
        self._busy[number] = self._busy.get(number, 0) + 1
        if self._busy[number] * BUSY_PAUSE > BUSY_PATIENCE:
            self._end(number, "failed", text)
            return
        sleep(BUSY_PAUSE)
        self._add({"trial": number, "event": "again"})

    def _add(self, event: Line) -> None:
        """Write an event to the journal, and note what follows from it."""
        line = {**event, "time": now()}
        self._sweep.add(line)
        number = event["trial"]
        self.progress[number] = after(self.progress[number], line)
