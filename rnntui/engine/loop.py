"""The training process: train, and answer requests between updates."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import os
import signal
import traceback
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING

from rnntui.engine.budget import Budget
from rnntui.engine.ending import after_failure
from rnntui.engine.reachable import Reachable
from rnntui.engine.server import Server, Viewer
from rnntui.errors import EngineError, RnntuiError, RunError, RunTakenError, UsageError, WorkerError
from rnntui.protocol.insight import Again
from rnntui.protocol.messages import (
    VERSION,
    Accepted,
    Ended,
    Failed,
    Hello,
    Loading,
    Look,
    Refused,
    Reply,
    Request,
    Snapshot,
    Stop,
)
from rnntui.runs.job import Job
from rnntui.runs.store.files import shown
from rnntui.text import safe_text
from rnntui.training.workers.pool import UnresponsiveError, WorkerPool
from rnntui.training.workers.prestart import prestart

if TYPE_CHECKING:
    from rnntui.data.progress import Progress
    from rnntui.engine.again import NewRuns
    from rnntui.session.session import Session
    from rnntui.session.stored_run import StoredRun

POLL_EVERY = 0.004  # seconds between polls of the socket at full speed
ANSWERING, MOST_AT_ONCE = 0.1, 0.05  # share of the time, and seconds, that requests may take then
LONGEST_WAIT = 0.1  # seconds: the longest delay before an idle process notices a signal
GRACE = 3.0  # seconds without a viewer before giving up on its return
FIRST_GRACE = 15.0  # seconds for the first viewer to connect
SHUTDOWN_TIMEOUT = 1.0  # seconds for viewers to receive the last message
LONGEST_LINE = 192  # characters of a message to the user: 200 with "rnntui: " before it
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


NOT_SAVED = "so progress since the last checkpoint is lost"
OTHER_VERSION = "the training process uses protocol version"


class _Ended(BaseException):
    """Aborts loading or a long update from within; no handler in between may catch it."""


class Engine:
    """One run and its socket."""

    def __init__(self, job: Job, socket: Path) -> None:
        self._job = job
        self._server = Server(socket)
        run = Path(job.run) if job.run and job.kept else None
        self._reachable = Reachable(self._server, run, lasting=job.kept)
        self._session: Session | StoredRun | None = None
        self._loading: Loading | None = None  # the progress of loading the data
        self._pool = WorkerPool()
        self._kept = False  # the run is saved and needs no viewer
        self._seen_events = 0  # as of the last viewer
        self._reason = ""  # for ending before the bounds are reached
        self._signalled = False
        self._asked = False  # a viewer asked to stop: it is named, not the signal
        self._closing = False  # the run is being saved; signals no longer interrupt
        self._gave_up = False  # an unresponsive worker cannot finish its update
        self.unsaved = ""  # after the end: what could not be saved, one safe line
        self._failure: Failed | None = None
        self._cause = ""  # of the failure, without advice, as it is recorded
        self._reported = False  # a viewer has received the failure
        self._status: int | None = None  # exit status, once decided
        self._breakable = False  # a signal may raise `_Ended`, which is caught
        self._uninterrupted = False  # a first signal waits for the end of the update
        self._visited = False
        self._watched = False  # a viewer has seen the run
        self._seen = monotonic()  # when a viewer was last connected
        self._poll_due = 0.0
        self._budget = Budget(ANSWERING, MOST_AT_ONCE)
        self._new_runs: NewRuns | None = None  # started from here

    def run(self) -> int:
        """Train until stopped or no longer needed; return the exit status."""
        with (
            _handlers(self._signal),
            contextlib.closing(self._server),
            contextlib.closing(self._reachable),
            self._pool,
        ):
            try:
                self._work()
            except _Ended:
                pass
            except UnresponsiveError as error:
                if self._over:
                    self._give_up(error)
                else:
                    self._fail(error)
            except Exception as error:
                self._fail(error)
            self._closing = True
            self._hear_requester()
            self._close()
            self._announce()
            self._report_failure()
        return self._status or 0

    def _work(self) -> None:
        """Load and train. Only here does a signal break off what is being done."""
        try:
            self._breakable = True
            if self._over:  # a signal came before
                return
            self._load()
            self._uninterrupted = True
            self._train()
        finally:
            self._breakable = False

    def _give_up(self, error: UnresponsiveError) -> None:
        """End without the update that an unresponsive worker cannot finish."""
        self._gave_up = True
        self._reason = safe_text(f"{self._reason or 'stopped'}: {error}")[:LONGEST_LINE]

    def _hear_requester(self) -> None:
        """After a signal, read pending requests: a viewer that asked to stop is to be named."""
        if self._signalled and not self._asked and self._failure is None:
            for _ in range(3):  # a new connection, its request, the rest
                self._server.poll(0.0, self._answer)

    def _close(self) -> None:
        """Save and close the run."""
        if self._session is None:
            return
        try:
            if self._failure is not None:
                code = self._failure.exit_code
                self._session.close(self._cause, code, failed=True, complete=False)
            else:
                self._save(self._session)
        except Exception as error:
            self._fail(error)
        finally:
            self._pool.close()

    def _save(self, session: Session | StoredRun) -> None:
        status = self._status or 0
        try:
            # A signal may also have come between two updates, with nothing to break off.
            complete = session.complete and not self._gave_up
            self.unsaved = session.close(self._reason, status, complete=complete)
        except UnresponsiveError as error:
            self._give_up(error)
            self.unsaved = session.close(self._reason, status, complete=False)
        if self.unsaved:
            self._status = RunError.exit_code

    def _announce(self) -> None:
        """Tell every viewer of a saved run how it ended and what is on disk."""
        ended = self._session.ended if self._session is not None else None
        if self._kept and ended is not None and self._failure is None:
            self._server.announce(ended, SHUTDOWN_TIMEOUT)

    def _load(self) -> None:
        if self._job.shown:
            from rnntui.session.stored_run import StoredRun

            self._session = StoredRun(self._job)
            return
        prestart(self._job.recipe, self._pool)
        # NumPy is imported once the socket exists, while the viewer draws its first frame.
        from rnntui.runs.opening import open_job
        from rnntui.session.session import Session

        opened = open_job(
            self._job,
            terminal=self._job.terminal,
            pool=self._pool,
            watcher=self._while_loading,
        )
        self._kept = opened.recorder is not None
        if opened.recorder is not None:
            self._reachable.run = opened.recorder.run.path
            self._reachable.publish()
        self._session = Session(opened, self._inside_an_update, viewers=True)
        if self._job.pace is not None:
            self._session.set_pace(self._job.pace)
        # Imported objects live until the end: exclude them from garbage collection.
        gc.freeze()
        gc.enable()

    def _while_loading(self, progress: Progress) -> None:
        """Answer requests while a large file loads; abort loading when the process is to end."""
        self._loading = Loading(progress.text, progress.fraction, progress.rate)
        if monotonic() >= self._poll_due:
            self._poll(0.0)
            if self._over:
                raise _Ended

    def _train(self) -> None:
        session = self._session
        assert session is not None
        self._poll(0.0)  # a viewer that was waiting draws what it learns during the first update
        while not self._over:
            now = monotonic()
            delay = session.delay(now)
            if delay <= 0:
                session.update()
                now = monotonic()
            if delay > 0 or now >= self._poll_due:
                self._poll(0.0 if delay <= 0 or session.busy else min(delay, LONGEST_WAIT))
                session.tick(monotonic(), delay)

    def _inside_an_update(self) -> None:
        """Answer requests during a long validation.

        When the process is to end, a saved run finishes its update first, to be resumable.
        """
        if monotonic() >= self._poll_due:
            self._poll(0.0)
            if self._over and not self._kept:
                raise _Ended

    def _poll(self, seconds: float) -> None:
        """Answer pending requests, waiting at most `seconds`, and check for viewers."""
        self._budget.begin()
        self._server.poll(seconds, self._answer)
        wait = self._budget.end()
        now = monotonic()
        self._poll_due = now + max(POLL_EVERY, wait)
        if self._new_runs is not None:
            self._new_runs.check()
        if self._reachable.check(now) and self._reachable.run_is_gone and not self._over:
            self._fail(RunError(f"the run's directory is gone, {NOT_SAVED}"))
        if self._server.viewers:
            self._visited, self._seen = True, now
            if self._session is not None and self._server.watched:
                self._watched = True
                self._seen_events = self._session.run_history.events.count
        elif now - self._seen > (GRACE if self._visited else FIRST_GRACE) and not self._continues:
            self._end(self._failure.exit_code if self._failure else 0)

    @property
    def _continues(self) -> bool:
        """Whether there is work to do without a viewer."""
        if self._session is None:
            return self._job.kept and self._failure is None
        return self._kept and self._failure is None and not self._session.finished

    @property
    def _over(self) -> bool:
        return self._status is not None or self._failure is not None

    def _end(self, status: int) -> None:
        if self._status is None:
            self._status = status
        self._pool.hurry()

    def _signal(self, number: int, _: FrameType | None) -> None:
        if (
            self._closing and self._failure is None
        ):  # saving is in progress, and takes a bounded time
            return
        again, self._signalled = self._signalled, True
        self._end(128 + number)
        self._reason = self._reason or f"stopped by {signal.Signals(number).name}"
        if self._breakable and (again or not self._uninterrupted):
            raise _Ended

    # ---- requests ---------------------------------------------------------------------------

    def _answer(self, request: Request, viewer: Viewer) -> Reply:
        if viewer.read_only and not request.observes:
            return Refused(
                f"{request.does} is not possible: this viewer only watches (--read-only)"
            )
        if isinstance(request, Stop):
            if not self._asked:
                self._asked = True
                how = safe_text(request.how) or (f"from {viewer.who}" if viewer.who else "")
                self._reason = f"stopped {how}".rstrip()
            self._end(self._failure.exit_code if self._failure else 0)
            return Accepted()
        if self._failure is not None:
            self._reported = True
            return self._failure
        if isinstance(request, Hello):
            if request.version != VERSION:
                return Refused(f"{OTHER_VERSION} {VERSION}, this viewer {request.version}")
            viewer.who, viewer.read_only = safe_text(request.who), request.read_only
            viewer.greeted = True
        try:
            return self._execute(request, viewer)
        except UsageError as error:
            return Refused(str(error)[:LONGEST_LINE])
        except Exception as error:
            self._reported = True
            return self._fail(error)

    def _execute(self, request: Request, viewer: Viewer) -> Reply:
        session = self._session
        if session is None:
            return self._loading or Loading("loading", 0.0, 0.0)
        if isinstance(request, Look):
            return self._snapshot(session.snapshot(request, self._server.viewers, viewer))
        if isinstance(request, Hello):
            missed = session.run_history.events.news(self._seen_events) if self._watched else ""
            welcome = session.welcome()
            return dataclasses.replace(welcome, news=missed or welcome.news)
        with session.run_history.events.by(viewer.who):
            if isinstance(request, Again):
                self._begin_again(session, request)
            else:
                session.handle(request)
        return Accepted()

    def _begin_again(self, session: Session | StoredRun, request: Again) -> None:
        """Start a new run beside this one. Raises UsageError."""
        from rnntui.engine.again import NewRuns  # with NumPy, which is loaded by now

        if self._new_runs is None:
            self._new_runs = NewRuns(session.report)
        root = self._job.runs or (str(Path(self._job.run).parent) if self._job.run else "")
        if not root:
            raise UsageError("this run isn't saved: start one without --no-save")
        changes = {change.key: change.value for change in request.changes}
        try:
            name = self._new_runs.start(session.recipe, changes, Path(root), request.name)
        except (RnntuiError, OSError) as error:  # this run continues
            raise UsageError(safe_text(str(error))) from None
        session.began(name)

    def _snapshot(self, found: Snapshot) -> Snapshot:
        waiting = self._pool.waiting
        return dataclasses.replace(found, waiting=waiting) if waiting else found

    # ---- failure ----------------------------------------------------------------------------

    def _fail(self, error: Exception) -> Failed:
        """Record why the run cannot continue."""
        if isinstance(error, RunTakenError) and self._reachable.run_is_gone:
            message, status = f"the run's directory is gone, {NOT_SAVED}", RunError.exit_code
        elif isinstance(error, RnntuiError):
            message, status = str(error), error.exit_code
        elif isinstance(error, MemoryError):
            message, status = f"not enough memory: {error}", EngineError.exit_code
        else:
            message, status = _write_traceback(error, self._what_failed), EngineError.exit_code
        self._cause = _one_line(message)
        if isinstance(error, WorkerError):
            name = self._session.name if self._session is not None else ""
            message = f"{message}: {after_failure(name)}"
        self._failure = Failed(_one_line(message), status)
        return self._failure

    @property
    def _what_failed(self) -> str:
        if self._job.shown:
            return f"cannot show the files of {shown(Path(self._job.run))}"
        return "training failed"

    @property
    def unreported(self) -> str:
        """Why the run failed, as one safe line, if no viewer has received that."""
        return self._failure.message if self._failure and not self._reported else ""

    def _report_failure(self) -> None:
        """After a failure, answer requests with it until a viewer has it or none is left."""
        self._uninterrupted = True
        if self._failure is not None and not (self._job.awaited or self._server.viewers):
            self._end(self._failure.exit_code)
        while self._failure is not None and self._status is None:
            self._poll(LONGEST_WAIT)
            if self._reported and not self._server.unsent:
                self._end(self._failure.exit_code)
        if self._failure is not None and self._kept and self._session is not None:
            found = self._session.ended
            step, saved = (found.step, found.saved) if found else (0, None)
            ended = Ended("failed", self._cause, step, saved, "")
            self._server.announce(ended, SHUTDOWN_TIMEOUT)


def _one_line(message: str) -> str:
    line = safe_text(" ".join(message.split()))
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"


@contextlib.contextmanager
def _handlers(handler: signal._HANDLER) -> Iterator[None]:
    """Handle the signals within, also those that the process blocked and that came before."""
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, old in before.items():
            signal.signal(number, old)


def _write_traceback(error: Exception, failed: str) -> str:
    """Write the traceback to a file; return one line with the failure and the file."""
    import tempfile

    what = f"{type(error).__name__}: {error}"[:100]
    name = f"rnntui-{os.getuid()}-crash-{os.getpid()}.txt"
    path = Path(tempfile.gettempdir()) / name
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return f"{failed}: {what}"
    return f"{failed}: {what} (details in {path})"
