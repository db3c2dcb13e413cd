"""The trainer's worker processes: started early, given their work later.

This module needs no NumPy: the workers import theirs while the trainer is still starting.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from time import monotonic

from rnntui.dataclass import dataclass
from rnntui.errors import EngineError, WorkerError
from rnntui.processes import one_blas_thread, processor_ticks, python_command
from rnntui.training.workers.channel import Channel, GoneError, Kind

POSSIBLE = hasattr(socket, "send_fds")  # on this system
SUSPICIOUS = 2.0  # seconds without a sign of work until viewers are notified
RESUME_AFTER, GIVE_UP_AFTER = 2.0, 6.0  # seconds, once the end is wanted
LONGEST_WAIT = 60.0  # seconds for a worker that cannot be reported, or whose CPU time is unknown
_LAST_WORDS = 2.0  # seconds that a process which hung up may take to end


class UnresponsiveError(WorkerError):
    """A worker neither answers nor works."""


class _Patience:
    """How long a worker has done nothing: neither answered nor used any processor time."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ticks: int | None = -1
        self._since = monotonic()
        self._began: float | None = None  # when its time began to run out
        self._resumed = False

    def idle(self) -> float:
        """Seconds without a sign of work."""
        now, ticks = monotonic(), processor_ticks(self._pid)
        if ticks != self._ticks:
            self._ticks, self._since, self._began = ticks, now, None
        return now - self._since

    def begin(self) -> None:
        """From now on its time runs out."""
        if self._began is None:
            self._began = monotonic()

    def exhausted(self, most: float) -> bool:
        """Whether it has done nothing for too long, although it was resumed if it was suspended."""
        waited = monotonic() - self._began if self._began is not None else 0.0
        if waited >= RESUME_AFTER and not self._resumed:
            self._resumed = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self._pid, signal.SIGCONT)
        return waited >= (most if self._ticks is not None else LONGEST_WAIT)


@dataclass(frozen=True, eq=False)
class Worker:
    """A process and the channel to it."""

    process: subprocess.Popen[bytes]
    channel: Channel


class WorkerPool(AbstractContextManager["WorkerPool"]):
    """Worker processes, all ended by `close`, or when the pool is garbage-collected.

    Those with a plan are `active`: messages go to them.
    """

    def __init__(self) -> None:
        self._workers: list[Worker] = []
        self.active: list[Worker] = []
        self.waiting = ""  # in one line, which worker is late, while it is waited for
        self.lost: WorkerError | None = None  # why there are no workers any more
        self._hurried = False
        self._finalizer = weakref.finalize(self, _end, self._workers)

    def __len__(self) -> int:
        return len(self._workers)

    @property
    def pids(self) -> tuple[int, ...]:
        """Ids of the processes that share the updates."""
        return tuple(worker.process.pid for worker in self.active)

    def hurry(self) -> None:
        """Training is about to end: bound the wait for workers that do nothing."""
        self._hurried = True

    def start(self, count: int) -> None:
        """Start processes until there are `count`; does not wait for them. Raises EngineError."""
        while len(self._workers) < count:
            try:
                self._workers.append(_start())
            except OSError as error:
                reason = error.strerror or str(error)
                raise EngineError(
                    f"cannot start worker {len(self._workers) + 2}: {reason}: try workers = 1"
                ) from None

    def keep(self, count: int) -> None:
        """End all but the first `count`."""
        _end(self._workers[count:])
        del self._workers[count:], self.active[count:]

    def close(self) -> None:
        """End them all now. What they do is of no use to anyone else."""
        self.keep(0)

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- one message to each, one answer from each ------------------------------------------

    def plan(self, count: int, text: bytes, memory: int) -> None:
        """Send a plan to `count` of them, which are started if need be. Raises EngineError."""
        self.start(count)
        self.active = self._workers[:count]
        for number, worker in enumerate(self.active, start=1):
            try:
                worker.channel.send_plan(number, text, memory)
            except GoneError:
                raise self._death(number) from None

    def send(self, kind: Kind, a: float = 0.0, b: float = 0.0, c: float = 0.0) -> None:
        """Send a message to all. Raises EngineError where one has ended."""
        for number, worker in enumerate(self.active, start=1):
            try:
                worker.channel.send(kind, a, b, c)
            except GoneError:
                raise self._death(number) from None

    def send_text(self, kind: Kind, text: bytes) -> None:
        """Send a message with a text to all. Raises EngineError where one has ended."""
        for number, worker in enumerate(self.active, start=1):
            try:
                worker.channel.send_text(kind, text)
            except GoneError:
                raise self._death(number) from None

    def answers(self, kind: Kind, meanwhile: Callable[[], None] | None = None) -> list[float]:
        """What they answer, in their order. Raises EngineError where one has ended or failed."""
        found = []
        for number, worker in enumerate(self.active, start=1):
            patience = _Patience(worker.process.pid)
            try:
                came, answer, _, _ = worker.channel.receive(
                    partial(self._wait, number, patience, meanwhile)
                )
                if came != kind:
                    raise self._failure(number, worker.channel.receive_failure())
            except GoneError:
                raise self._death(number) from None
            finally:
                self.waiting = ""
            found.append(answer)
        return found

    def _wait(self, number: int, patience: _Patience, meanwhile: Callable[[], None] | None) -> None:
        """Called now and then while a worker does not answer.

        Raises UnresponsiveError for a worker that does nothing while the run is ending, or if
        the wait cannot be reported to anyone.
        """
        idle = patience.idle()
        if idle >= SUSPICIOUS:
            self.waiting = f"waiting for {self._name(number)}, {idle:.0f} s so far"
        if meanwhile is not None:
            meanwhile()
        if self._hurried or meanwhile is None:
            patience.begin()
            if patience.exhausted(GIVE_UP_AFTER if self._hurried else LONGEST_WAIT):
                name = self._name(number)
                self.close()
                self.lost = UnresponsiveError(
                    f"{name} did not answer for {idle:.0f} s and was ended"
                )
                raise self.lost

    def _name(self, number: int) -> str:
        pid = self.active[number - 1].process.pid
        return f"worker {number + 1} of {len(self.active) + 1} (pid {pid})"

    def check(self) -> None:
        """Raise EngineError if one has ended while nothing was asked of it."""
        for number, worker in enumerate(self.active, start=1):
            if worker.channel.pending:
                raise self._death(number)

    def _death(self, number: int) -> WorkerError:
        process = self.active[number - 1].process
        try:
            status: int | None = process.wait(_LAST_WORDS)
        except subprocess.TimeoutExpired:
            status = None
        if status is None:
            how = "hung up"
        elif status < 0:
            how = f"was killed by signal {-status}" + (" (out of memory?)" if status == -9 else "")
        else:
            how = f"ended with status {status}"
        return self._failure(number, how)

    def _failure(self, number: int, how: str) -> WorkerError:
        name = self._name(number)
        self.close()
        self.lost = WorkerError(f"{name} {how[:100]}")
        return self.lost


def _start() -> Worker:
    pair = socket.socketpair()
    with pair[0], pair[1]:
        ours, theirs = map(_above_streams, pair)
    with theirs:
        try:
            process = subprocess.Popen(
                python_command("rnntui.training.workers.worker", str(theirs.fileno())),
                env=one_blas_thread(force=True),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError:
            ours.close()
            raise
    return Worker(process, Channel(ours))


def _above_streams(end: socket.socket) -> socket.socket:
    """The same with a descriptor that is free even in a process without standard streams."""
    from fcntl import F_DUPFD_CLOEXEC, fcntl

    return socket.socket(fileno=fcntl(end.fileno(), F_DUPFD_CLOEXEC, 3))


def _end(workers: list[Worker]) -> None:
    for worker in workers:
        worker.channel.close()
        worker.process.kill()
    for worker in workers:
        worker.process.wait()
