"""Worker processes as seen from the trainer's: started early, told later what to do.

This module needs no NumPy: the workers import theirs while the trainer is still starting.
"""

from __future__ import annotations

import socket
import subprocess
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from rnntui.errors import EngineError
from rnntui.parallel.line import GoneError, Kind, Line
from rnntui.processes import one_blas_thread, python_command

POSSIBLE = hasattr(socket, "send_fds")  # on this system
_LAST_WORDS = 2.0  # seconds that a process which hung up may take to end


@dataclass(frozen=True, eq=False)
class Worker:
    """A process and the line to it."""

    process: subprocess.Popen[bytes]
    line: Line


class Crew(AbstractContextManager["Crew"]):
    """Any number of worker processes, all ended by `close`, or when the crew is forgotten.

    Those that were sent a plan are `active`: they get the messages.
    """

    def __init__(self) -> None:
        self._workers: list[Worker] = []
        self.active: list[Worker] = []
        self._finalizer = weakref.finalize(self, _end, self._workers)

    def __len__(self) -> int:
        return len(self._workers)

    def call(self, count: int) -> None:
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
        self.call(count)
        self.active = self._workers[:count]
        for number, worker in enumerate(self.active, start=1):
            try:
                worker.line.send_plan(number, text, memory)
            except GoneError:
                raise self._death(number) from None

    def send(self, kind: Kind, a: float = 0.0, b: float = 0.0, c: float = 0.0) -> None:
        """Send a message to all. Raises EngineError where one has ended."""
        for number, worker in enumerate(self.active, start=1):
            try:
                worker.line.send(kind, a, b, c)
            except GoneError:
                raise self._death(number) from None

    def answers(self, kind: Kind, meanwhile: Callable[[], None] | None = None) -> list[float]:
        """What they answer, in their order. Raises EngineError where one has ended or failed."""
        found = []
        for number, worker in enumerate(self.active, start=1):
            try:
                came, answer, _, _ = worker.line.receive(meanwhile)
                if came != kind:
                    raise self._failure(number, worker.line.receive_failure())
            except GoneError:
                raise self._death(number) from None
            found.append(answer)
        return found

    def check(self) -> None:
        """Raise EngineError if one has ended while nothing was asked of it."""
        for number, worker in enumerate(self.active, start=1):
            if worker.line.pending:
                raise self._death(number)

    def _death(self, number: int) -> EngineError:
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

    def _failure(self, number: int, how: str) -> EngineError:
        worker, count = self.active[number - 1], len(self.active) + 1
        who = f"worker {number + 1} of {count} (pid {worker.process.pid})"
        self.close()
        return EngineError(f"{who} {how[:100]}: start again, with workers = 1 if it recurs")


def _start() -> Worker:
    pair = socket.socketpair()
    with pair[0], pair[1]:
        ours, theirs = map(_above_streams, pair)
    with theirs:
        try:
            process = subprocess.Popen(
                python_command("rnntui.parallel.worker", str(theirs.fileno())),
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
    return Worker(process, Line(ours))


def _above_streams(end: socket.socket) -> socket.socket:
    """The same with a descriptor that is free even in a process without standard streams."""
    from fcntl import F_DUPFD_CLOEXEC, fcntl

    return socket.socket(fileno=fcntl(end.fileno(), F_DUPFD_CLOEXEC, 3))


def _end(workers: list[Worker]) -> None:
    for worker in workers:
        worker.line.close()
        worker.process.kill()
    for worker in workers:
        worker.process.wait()
