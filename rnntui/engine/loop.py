"""The training process: train, and between two updates answer whoever asked something."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import os
import signal
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING

from rnntui.engine.budget import Budget
from rnntui.engine.protocol import (
    VERSION,
    Accepted,
    Failed,
    Hello,
    Loading,
    Look,
    Refused,
    Reply,
    Request,
    Stop,
)
from rnntui.engine.server import Server, Viewer
from rnntui.errors import EngineError, RnntuiError, UsageError
from rnntui.order import Order
from rnntui.parallel.crew import Crew
from rnntui.parallel.recruiting import recruit
from rnntui.run.door import write_door
from rnntui.text import safe_text

if TYPE_CHECKING:
    from rnntui.data.progress import Progress
    from rnntui.engine.session import Session
    from rnntui.engine.viewing import Viewing

LOOK_EVERY = 0.004  # seconds between two looks at the socket while training flat out
ANSWERING, MOST_AT_ONCE = 0.1, 0.05  # share of the time, and seconds, that requests may take then
LONGEST_WAIT = 0.1  # seconds: how late a signal may be noticed while nothing happens
GRACE = 3.0  # seconds without a viewer after which nobody is coming back
FIRST_GRACE = 15.0  # seconds for the first viewer to come
LONGEST_LINE = 192  # characters of a message to the user: 200 with "rnntui: " before it
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class _Ended(BaseException):
    """Leaves a long update, or loading, from within; no handler in between may stop it."""


class Engine:
    """One run and its socket, from the first viewer to the last."""

    def __init__(self, order: Order, socket: Path) -> None:
        self._order = order
        self._socket, self._server = socket, Server(socket)
        self._session: Session | Viewing | None = None
        self._loading: Loading | None = None  # how far the data are
        self._crew = Crew()
        self._kept = False  # nobody needs to look: it can be come back to
        self._seen_events = 0  # of those that the last viewer could see
        self._reason = ""  # why it ends before its bounds
        self._signalled = False
        self._torn = False  # an update was broken off
        self.unsaved = ""  # what a run that has ended could not save, one safe line
        self._failure: Failed | None = None
        self._told = False  # a viewer has been sent the failure
        self._status: int | None = None  # to exit with, once it is decided
        self._uninterrupted = False  # a signal waits for the end of the update
        self._visited = False
        self._seen = monotonic()  # when there last was a viewer
        self._look_due = 0.0
        self._budget = Budget(ANSWERING, MOST_AT_ONCE)

    def run(self) -> int:
        """Train until told to stop or nobody is there any more; the status to exit with."""
        with _handlers(self._signal), contextlib.closing(self._server), self._crew:
            try:
                self._load()
                self._uninterrupted = True
                self._train()
            except _Ended:
                pass
            except Exception as error:
                self._fail(error)
            self._close()
            self._tell()
        return self._status or 0

    def _close(self) -> None:
        """Keep the run as it stands."""
        if self._session is None:
            return
        try:
            if self._failure is not None:
                message, code = self._failure.message, self._failure.exit_code
                self._session.close(message, code, failed=True, whole=False)
            else:
                self.unsaved = self._session.close(
                    self._reason, self._status or 0, whole=not self._torn
                )
        except Exception as error:
            self._fail(error)
        finally:
            self._crew.close()

    def _load(self) -> None:
        if self._order.shown:
            from rnntui.engine.viewing import Viewing

            self._session = Viewing(self._order)
            return
        recruit(self._order.recipe, self._crew)
        # NumPy is imported after the socket is there, and while the viewer draws its first frame.
        from rnntui.engine.session import Session
        from rnntui.recording.opening import open_order

        opened = open_order(
            self._order,
            terminal=self._order.terminal,
            crew=self._crew,
            watcher=self._while_loading,
        )
        self._kept = opened.recorder is not None
        if opened.recorder is not None:
            write_door(opened.recorder.run.path, self._socket)
        self._session = Session(opened, self._inside_an_update)
        # What has been imported stays: it need not be looked through for garbage again and again.
        gc.freeze()
        gc.enable()

    def _while_loading(self, progress: Progress) -> None:
        """A large file takes its time: answer meanwhile, and leave it if it is time to end."""
        self._loading = Loading(progress.text, progress.fraction, progress.rate)
        if monotonic() >= self._look_due:
            self._look(0.0)
            if self._over:
                raise _Ended

    def _train(self) -> None:
        session = self._session
        assert session is not None
        while not self._over:
            now = monotonic()
            delay = session.delay(now)
            if delay <= 0:
                session.update()
                now = monotonic()
            if delay > 0 or now >= self._look_due:
                self._look(0.0 if delay <= 0 or session.writing else min(delay, LONGEST_WAIT))
                session.turn(monotonic(), delay)

    def _inside_an_update(self) -> None:
        """A validation takes its time: answer meanwhile.

        If it is time to end, what is kept is finished first, so that it can be gone on from.
        """
        if monotonic() >= self._look_due:
            self._look(0.0)
            if self._over and not self._kept:
                raise _Ended

    def _look(self, seconds: float) -> None:
        """Answer what has been asked, waiting at most so long, and see who is there."""
        self._budget.begin()
        self._server.poll(seconds, self._answer)
        wait = self._budget.end()
        now = monotonic()
        self._look_due = now + max(LOOK_EVERY, wait)
        if self._server.viewers:
            self._visited, self._seen = True, now
            if self._session is not None:
                self._seen_events = self._session.chronicle.events.count
        elif now - self._seen > (GRACE if self._visited else FIRST_GRACE) and not self._goes_on:
            self._end(self._failure.exit_code if self._failure else 0)

    @property
    def _goes_on(self) -> bool:
        """Whether there is something to do without a viewer."""
        if self._session is None:
            return self._order.kept and self._failure is None
        return self._kept and self._failure is None and not self._session.finished

    @property
    def _over(self) -> bool:
        return self._status is not None or self._failure is not None

    def _end(self, status: int) -> None:
        if self._status is None:
            self._status = status

    def _signal(self, number: int, _: FrameType | None) -> None:
        again, self._signalled = self._signalled, True
        self._end(128 + number)
        self._reason = self._reason or f"stopped by {signal.Signals(number).name}"
        if again or not self._uninterrupted:
            self._torn = True
            raise _Ended

    # ---- requests ---------------------------------------------------------------------------

    def _answer(self, request: Request, viewer: Viewer) -> Reply:
        if viewer.read_only and not isinstance(request, Look | Hello):
            return Refused("you look at this run without changing it")
        if isinstance(request, Stop):
            self._reason = f"stopped by {viewer.who}" if viewer.who else "stopped"
            self._end(0)
            return Accepted()
        if self._failure is not None:
            self._told = True
            return self._failure
        if isinstance(request, Hello):
            if request.version != VERSION:
                return Refused(f"this training process speaks version {VERSION} of the protocol")
            viewer.who, viewer.read_only = safe_text(request.who), request.read_only
        try:
            return self._carry_out(request, viewer)
        except UsageError as error:
            return Refused(str(error)[:LONGEST_LINE])
        except Exception as error:
            self._told = True
            return self._fail(error)

    def _carry_out(self, request: Request, viewer: Viewer) -> Reply:
        session = self._session
        if session is None:
            assert self._loading is not None
            return self._loading
        if isinstance(request, Look):
            return session.snapshot(request, self._server.viewers)
        if isinstance(request, Hello):
            missed = session.chronicle.events.news(self._seen_events) if self._visited else ""
            welcome = session.welcome()
            return dataclasses.replace(welcome, news=missed or welcome.news)
        with session.chronicle.events.by(viewer.who):
            session.obey(request)
        return Accepted()

    # ---- failure ----------------------------------------------------------------------------

    def _fail(self, error: Exception) -> Failed:
        """The run cannot go on: keep the line that says why."""
        if isinstance(error, RnntuiError):
            message, status = str(error), error.exit_code
        elif isinstance(error, MemoryError):
            message, status = f"not enough memory: {error}", EngineError.exit_code
        else:
            message, status = _keep_traceback(error), EngineError.exit_code
        line = safe_text(" ".join(message.split()))
        line = line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"
        self._failure = Failed(line, status)
        return self._failure

    def _tell(self) -> None:
        """After a failure: tell who asks why; end once a viewer knows, or nobody is there."""
        self._uninterrupted = True
        while self._failure is not None and self._status is None:
            self._look(LONGEST_WAIT)
            if self._told and not self._server.unsent:
                self._end(self._failure.exit_code)


@contextlib.contextmanager
def _handlers(handler: signal._HANDLER) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _keep_traceback(error: Exception) -> str:
    """In one line what went wrong, and where the traceback was written for a report."""
    what = f"{type(error).__name__}: {error}"[:100]
    name = f"rnntui-{os.getuid()}-crash-{os.getpid()}.txt"
    path = Path(tempfile.gettempdir()) / name
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return f"training broke off: {what}"
    return f"training broke off: {what} (details in {path})"
