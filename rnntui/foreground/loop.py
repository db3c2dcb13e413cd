"""Run a session in this process and report its progress."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from time import monotonic, sleep

from rnntui.engine.ending import after_failure
from rnntui.errors import OutputError, RnntuiError, RunError, WorkerError
from rnntui.foreground.json_report import JsonReport
from rnntui.foreground.plain_report import PlainReport
from rnntui.foreground.report import Lines, Report, Run
from rnntui.foreground.stopping import Stopped, Stopping, stoppable
from rnntui.foreground.waiting import Waiting
from rnntui.protocol.messages import Alert, Event
from rnntui.runs.job import Job
from rnntui.runs.opening import open_job
from rnntui.session.events import MOST_CHARACTERS
from rnntui.session.findings import FINDING
from rnntui.session.session import Session
from rnntui.streams import PIPE_CLOSED
from rnntui.training.health.losses import Trouble
from rnntui.training.loop import Chunk, finish
from rnntui.training.workers.pool import WorkerPool
from rnntui.training.workers.prestart import prestart

LONGEST_PAUSE = 0.1  # seconds; bounds the delay of a signal while the speed is limited
REPORTED = ("skip", "rollback", "mend", "alert", "note", "disk", "lr", "sampling", "pace")

_GIVEN_UP: dict[Trouble, str] = {
    "": "training was paused",
    "not finite": "the loss is no longer a finite number",
    "spike": "the gradient spikes again and again",
    "diverges": "the loss has been diverging",
    "stays up": "the loss has not come back down",
}


class DivergedError(RnntuiError):
    """Training has failed: the loss diverged or is not finite."""


def train_in_foreground(
    job: Job, as_json: bool, every: int | None, notes: tuple[str, ...] = ()
) -> int:
    """Train to the recipe's bounds with lines on stdout; return the exit code.

    `every`: updates between two lines; None: at a readable rate. SIGINT, SIGTERM and SIGHUP stop
    training with a last line. Raises RnntuiError, also if the loss is no longer finite or restoring
    weights has not helped.
    """
    lines = Lines(sys.stdout)
    report: Report = JsonReport(lines, every) if as_json else PlainReport(lines, every)
    try:
        train_reporting(job, report, notes)
    except Stopped as stop:
        return stop.code
    return 0


def train_reporting(job: Job, report: Report, notes: tuple[str, ...] = ()) -> None:
    """Train to the recipe's bounds and report what happens.

    Raises Stopped, after a last report, if a signal ends the run or `report` raises it; otherwise
    as `train_in_foreground`.
    """
    with stoppable() as stopping:
        try:
            with WorkerPool() as pool:
                _train(job, report, notes, stopping, pool)
        except Stopped as stop:
            report.stop(stop.name)
            raise


def _train(
    job: Job, report: Report, notes: tuple[str, ...], stopping: Stopping, pool: WorkerPool
) -> None:
    prestart(job.recipe, pool)
    stdin = getattr(sys.stdin, "buffer", None)
    try:
        opened = open_job(job, stdin, job.terminal, pool, Waiting(report.note))
    except WorkerError as error:
        raise WorkerError(f"{error}: {after_failure()}") from None
    session = Session(opened)
    if job.pace is not None:
        session.set_pace(job.pace)
    try:
        recipe, data, state = opened.recipe, opened.data, opened.state
        report.begin(Run(recipe, data, state, session))
        for note in (*notes, *opened.notes, *data.notes):
            report.note(note)
        for chunk in _updates(session, report, stopping):
            report.see(chunk)
        if session.paused:
            reason = state.stability.reason
            report.stop("not finite" if reason == "not finite" else "diverged")
            what = f"{_GIVEN_UP.get(reason, 'training gave up')} since update"
            raise DivergedError(f"{what} {session.troubled_since}: {session.advice}")
        report.end(finish(recipe, data, state))
    except Stopped as stop:
        if unsaved := session.close(f"stopped by {stop.name}", stop.code):
            report.note(unsaved)
        raise
    except BrokenPipeError:
        session.close("the output was closed", PIPE_CLOSED)
        raise
    except (DivergedError, OutputError) as error:
        session.close(str(error), error.exit_code)
        raise
    except RnntuiError as error:
        name = session.name  # as long as it is open
        complete = session.complete and not isinstance(error, WorkerError)  # they hold a part
        session.close(str(error), error.exit_code, failed=True, complete=complete)
        if isinstance(error, WorkerError):
            raise WorkerError(f"{error}: {after_failure(name)}") from None
        raise
    except BaseException as error:
        session.close(type(error).__name__, 70, failed=True, complete=session.complete)
        raise
    with stopping:  # a signal does not interrupt saving
        unsaved = session.close()
    if unsaved:
        raise RunError(unsaved)


def _updates(session: Session, report: Report, stopping: Stopping) -> Iterator[Chunk]:
    """Make updates until a bound or a failure; a signal never interrupts one."""
    feed = _EventNotes(session, report)
    chunk: Chunk | None = None
    try:
        while not (session.finished or session.paused):
            now = monotonic()
            if (delay := session.delay(now)) > 0:
                sleep(min(delay, LONGEST_PAUSE))
                session.tick(monotonic(), 0.0)
                continue
            with stopping:
                chunk = None
                chunk = session.update()
                session.tick(monotonic(), 0.0)
            if chunk is not None:
                yield chunk
                chunk = None
            feed.report_new()
    except Stopped:
        if chunk is not None:
            yield chunk
        raise


class _EventNotes:
    """Reports the events of a session as notes."""

    def __init__(self, session: Session, report: Report) -> None:
        self._session, self._report = session, report
        self._events = session.run_history.events
        self._known = self._events.count
        self._explained: set[str] = set()

    def report_new(self) -> None:
        """Report the new events."""
        if self._events.count == self._known:
            return
        new, self._known = self._events.since(self._known), self._events.count
        for event in new:
            if event.kind == FINDING:
                self._finding(event)
            elif event.kind == "alert":
                self._alert(event.step, self._session.alert)
            elif event.kind in REPORTED:
                self._report.note(event.text)
            if event.kind == "rollback":
                self._alert(event.step, self._session.rolled_back)

    def _finding(self, event: Event) -> None:
        for change in self._session.findings.changes:
            if (change.step, change.text[:MOST_CHARACTERS]) == (event.step, event.text):
                self._report.change(change)

    def _alert(self, step: int, alert: Alert | None) -> None:
        """Report an alert with its likely cause, once; a failed run reports it in its last line."""
        if self._session.paused or alert is None or alert.title in self._explained:
            return
        self._explained.add(alert.title)
        title = alert.title[:1].lower() + alert.title[1:]
        self._report.note(f"at update {step} {title}. {alert.cause}")
