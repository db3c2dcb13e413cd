"""Stop a training process and find out what was saved.

Neither this module nor anything it imports needs NumPy.
"""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Protocol

from rnntui.engine.ending import Ending
from rnntui.engine.process import RunningEngine, saved_update
from rnntui.errors import EngineError, RunError, UsageError
from rnntui.protocol.codec import decode_reply, encode
from rnntui.protocol.messages import (
    MAX_REPLY,
    Accepted,
    Ended,
    ProtocolError,
    Reply,
    Stop,
)
from rnntui.runs.store.liveness import find_trainer
from rnntui.runs.store.lock_owner import is_here, this_host, where
from rnntui.runs.store.status import ENDED
from rnntui.text import fit, safe_text
from rnntui.trust import check_private, is_ours

PATIENCE = 60.0  # seconds to finish an update and save it
FIRST_NOTE, NOTE_EVERY = 0.5, 10.0  # seconds between progress notes
ANSWERS = 1.0  # seconds for an idle process to accept the request
LOOK_EVERY = 0.05
CONNECTS = 1.0

Note = Callable[[str], None]


class Engine(Protocol):
    """A training process, started by this process or found."""

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def socket(self) -> Path:
        """Its socket's path."""

    def exited(self) -> int | None:
        """Return the exit status, or None while running."""

    def suspended(self) -> bool:
        """Return whether a signal has suspended it."""

    def ending(self) -> Ending | None:
        """Describe how it ended; None while it runs."""

    def unsaved(self) -> str:
        """Describe what an ended run could not save."""

    def moved(self) -> bool:
        """Whether the run's directory is known to have been moved or removed."""

    def terminate(self, how: str = "") -> None:
        """Send a signal to end; `how` completes "stopped" in the run's status."""

    def wait(self, seconds: float) -> int | None:
        """Return `exited`, after waiting at most `seconds` for the end."""

    def kill(self) -> None:
        """Kill it, if this process started it."""


class StopConnection:
    """A connection that asks the process to stop; it may fail, or close early."""

    def __init__(self, path: Path, how: str) -> None:
        self._socket: socket.socket | None = None
        self._received = bytearray()
        with contextlib.suppress(OSError, EngineError):
            self._socket = _connected(path)
            self._socket.sendall(encode(Stop(how)))

    @property
    def open(self) -> bool:
        """Whether more messages may arrive."""
        return self._socket is not None

    def receive(self, seconds: float) -> Reply | None:
        """Return the next message within `seconds`, if any. Raises ProtocolError."""
        end = self._received.find(b"\n")
        if end < 0 and self._socket is not None:
            if select.select([self._socket], [], [], seconds)[0]:
                self._read(self._socket)
            end = self._received.find(b"\n")
        if end < 0:
            return None
        line = bytes(self._received[: end + 1])
        del self._received[: end + 1]
        return decode_reply(line)

    def _read(self, connection: socket.socket) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = connection.recv(MAX_REPLY)
        self._received += data
        if not data or len(self._received) > 2 * MAX_REPLY:
            self.close()

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _connected(path: Path) -> socket.socket:
    """Raises OSError or EngineError."""
    check_private(path.parent)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECTS)
        connection.connect(str(path))
        if not is_ours(connection):
            raise EngineError("the training process belongs to another user")
    except BaseException:
        connection.close()
        raise
    return connection


class Stopping:
    """One attempt to stop a training process."""

    def __init__(self, engine: Engine, how: str, note: Note, hint: str = "") -> None:
        """`how` completes "stopped", as in "from pts/2"; `hint`: how to avoid waiting."""
        self._engine, self._note, self._hint = engine, note, hint
        self._how = how
        self._connection = StopConnection(engine.socket, how)
        self._accepted = False
        self._ended: Ended | None = None
        self._began = monotonic()
        self._note_due = self._began + FIRST_NOTE
        if not self._connection.open:
            engine.terminate(how)

    def wait(self, seconds: float = PATIENCE) -> Ended | Ending:
        """Wait for the end; return how it ended, from the process itself or its files.

        Raises EngineError if it is suspended, or still running after `seconds`.
        """
        end = monotonic() + seconds
        while self._ended is None and not self._gone():
            self._look()
            now = monotonic()
            if now - self._began > ANSWERS and self._engine.suspended():
                raise EngineError(self._suspended())
            if now > end:
                raise EngineError(f"still running after {seconds:.0f} s: {self._doing()}")
            if now >= self._note_due:
                self._say(now)
        self.close()
        return self._ended or self._engine.ending() or Ending("crashed", "it ended")

    def close(self) -> None:
        """Close the connection; the request to stop remains in force."""
        self._connection.close()

    def _say(self, now: float) -> None:
        waited = now - self._began
        self._note_due = now + NOTE_EVERY
        so_far = f", {waited:.0f} s so far" if waited >= NOTE_EVERY else " …"
        self._note(self._doing() + so_far + ("" if self._accepted else self._hint))

    def _gone(self) -> bool:
        return not self._connection.open and self._engine.exited() is not None

    def _look(self) -> None:
        if not self._connection.open:
            select.select([], [], [], LOOK_EVERY)
            return
        try:
            reply = self._connection.receive(LOOK_EVERY)
        except ProtocolError:
            reply = None
            self._connection.close()
        match reply:
            case None:
                if not self._connection.open and not self._accepted:
                    self._engine.terminate(self._how)
            case Accepted():
                self._accepted = True
            case Ended():
                self._ended = reply
            case _:  # another version, or too many viewers
                self._connection.close()
                self._engine.terminate(self._how)

    def _doing(self) -> str:
        if self._accepted:
            return "saving the run"
        return "waiting for the current update to finish"

    def _suspended(self) -> str:
        pid = self._engine.pid
        return f"process {pid} is suspended: it ends once it is resumed (kill -CONT {pid})"

    def insist(self) -> None:
        """End it without finishing the current update, as a second signal does."""
        self._engine.terminate()
        select.select([], [], [], 4 * LOOK_EVERY)
        if self._engine.exited() is None:
            self._engine.terminate()


def stop_run(path: Path, how: str, note: Note) -> str:
    """Stop a run's training; return a line that says which update is on disk.

    Raises UsageError if no process trains it, RunError if something could not be saved or it runs
    elsewhere, EngineError if it does not end.
    """
    name, trainer = fit(safe_text(path.name), 64), find_trainer(path)
    if trainer is None:
        raise UsageError(f"run {name} is not being trained: rnntui runs shows its state")
    if not is_here(trainer.owner, this_host()):
        raise RunError(f"run {name} is being trained by {where(trainer.owner)}: stop it there")
    engine = RunningEngine(trainer.owner, path, trainer.socket)
    try:
        found = Stopping(engine, how, note).wait()
    except EngineError as error:
        raise EngineError(f"run {name}: {error}") from None
    if isinstance(found, Ended):
        return _outcome(name, found.state, found.step, found.saved, found.unsaved)
    status = engine.last_status()
    if found.state == "crashed":
        raise EngineError(f"run {name}: {found.text}")
    if status is None or status.state not in ENDED:
        raise RunError(f"run {name} has ended, but {engine.unsaved()}")
    return _outcome(name, status.state, status.step, saved_update(path), status.unsaved)


def _outcome(name: str, state: str, step: int, saved: int | None, unsaved: str) -> str:
    if unsaved:
        raise RunError(f"run {name} {state} at update {step:,}, but {unsaved}")
    if not step:
        return f"{name} {state} before its first update"
    if saved != step:
        last = "nothing is saved" if saved is None else f"only update {saved:,} is saved"
        raise RunError(f"run {name} {state} at update {step:,}, but {last}")
    return f"{name} {state} at update {step:,}; saved"
