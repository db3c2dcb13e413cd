"""One process at a time trains in a run directory.

Two locks at once. `flock` on `lock` is certain and ends with its process, but a network file system
may keep it to one machine. `lock.json` names the holder for every machine; while training goes on
it is touched every ten seconds, and read again before each checkpoint is committed: whoever was
taken over finds another name there and writes no more.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
import time
import uuid
import weakref
from pathlib import Path

from rnntui.errors import DataError, RunError, RunTakenError
from rnntui.run.files import FILES, Files, Report, check_owner, failed, reason, replace
from rnntui.run.holder import (
    HEARTBEAT,
    HOLDER,
    LOCK,
    Holder,
    Host,
    is_here,
    life_of,
    moment,
    process_started,
    read_holder,
    taken,
    this_host,
    where,
)
from rnntui.run.record import to_bytes
from rnntui.text import fit, safe_text

_WITHOUT_FLOCK = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
_PATIENCE, _PAUSE = 2.0, 0.02  # seconds: for a holder that has not yet written its name

_HELD: weakref.WeakSet[RunLock] = weakref.WeakSet()


def _forget_all() -> None:
    for lock in _HELD:
        lock.forget()


# A child shares the lock, and would keep it beyond its parent's end.
os.register_at_fork(after_in_child=_forget_all)


class RunLock:
    """A run that this process holds until `release`, or until it ends, however it ends."""

    def __init__(self, directory: Path, name: str, descriptor: int, holder: Holder) -> None:
        self.directory, self.name, self.holder = directory, name, holder
        self.lost: str | None = None  # why it is held no more, one line, safe to show
        self._descriptor: int | None = descriptor
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        _HELD.add(self)

    def check(self) -> None:
        """Raise RunTakenError where another process has taken over, OSError where none can tell."""
        try:
            found = read_holder(self.directory)
        except DataError as error:
            raise OSError(errno.EIO, str(error)) from None
        if found is None:
            self.lost = f"run {self.name}: its lock.json is gone, so nothing more is written"
        elif found[0].uuid != self.holder.uuid:
            self.lost = f"run {self.name} was taken over by {where(found[0])}"
        if self.lost:
            raise RunTakenError(self.lost)

    def beat(self) -> None:
        """Show that this process lives. Raises as `check`."""
        self.check()
        os.utime(self.directory / HOLDER)

    def keep(self, report: Report, interval: float = HEARTBEAT) -> None:
        """Beat in the background until the release."""

        def beat_on() -> None:
            failing = False
            while not self._ended.wait(interval):
                try:
                    self.beat()
                except RunTakenError as error:
                    report("lock", str(error))
                    return
                except OSError as error:
                    failing = True
                    report("lock", reason(error))
                else:
                    if failing:
                        report("lock", None)
                    failing = False

        self._thread = threading.Thread(target=beat_on, name="heartbeat", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Let others have it."""
        self._ended.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError, RunTakenError):  # then it is not ours to remove
            self.check()
            (self.directory / HOLDER).unlink()
        with contextlib.suppress(OSError):  # where there is no flock; closing does the rest
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self.forget()

    def forget(self) -> None:
        """Let go of the lock's file, for a child that is not the one to train."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def take(
    directory: Path,
    name: str = "",
    *,
    terminal: str = "",
    takeover: bool = False,
    host: Host | None = None,
    files: Files = FILES,
) -> RunLock:
    """Hold a run. Raises RunTakenError that says who does, RunError or DataError.

    A holder on this machine has it while its process lives. One on another machine has it until
    there was no heartbeat for two minutes, and after that still unless `takeover` is asked for.
    """
    host, name = host or this_host(), fit(safe_text(name or directory.name), 64)
    try:
        descriptor = files.open(directory / LOCK, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise failed("lock", directory, error) from None
    try:
        check_owner(directory / LOCK, os.fstat(descriptor))
        certain = _flock_when_free(descriptor, directory, host)
        _still_there(directory, name, descriptor)
        _ask_holder(directory, name, descriptor, certain, takeover, host)
        return RunLock(directory, name, descriptor, _enter(directory, terminal, host, files))
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise _named(name, directory, host) from None
        if isinstance(error, OSError):
            raise failed("lock", directory, error) from None
        raise


def _flock(descriptor: int) -> bool:
    """Whether it is certainly ours on this machine: False where the file system has no `flock`.

    Raises BlockingIOError where another process has it.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno not in _WITHOUT_FLOCK:
            raise
        return False
    return True


def _flock_when_free(descriptor: int, directory: Path, host: Host) -> bool:
    """As `_flock`, with patience for a holder that was just killed. Raises as that."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return _flock(descriptor)
        except BlockingIOError:
            if time.monotonic() > end or not _is_dying(directory, host):
                raise
        time.sleep(_PAUSE)


def _is_dying(directory: Path, host: Host) -> bool:
    """Whether the holder was killed: its other threads may have the lock a moment longer."""
    try:
        found = read_holder(directory)
    except (OSError, DataError):
        return False
    return found is not None and is_here(found[0], host) and life_of(found[0], 0.0, host) == "dead"


def _named(name: str, directory: Path, host: Host) -> RunTakenError:
    """The line that names the holder, who may be about to write its name."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError, DataError):
            found = read_holder(directory)
            if found and life_of(found[0], 0.0, host) == "alive":
                break
        time.sleep(_PAUSE)
    return taken(name, directory)


def _still_there(directory: Path, name: str, descriptor: int) -> None:
    """Raise RunError where the run was removed while its lock was waited for."""
    ours = os.fstat(descriptor)
    try:
        there = (directory / LOCK).lstat()
    except FileNotFoundError:
        raise RunError(f"run {name} has just been removed") from None
    if (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino):
        raise RunError(f"run {name} has just been replaced: try again")


def _ask_holder(
    directory: Path, name: str, descriptor: int, certain: bool, takeover: bool, host: Host
) -> None:
    """Raise RunTakenError where `lock.json` names a holder that may be alive.

    On this machine there is none once `flock` has said so.
    """
    try:
        found = read_holder(directory)
    except DataError:  # torn by a crash of the machine; nobody there can be asked
        return
    if found is None:
        return
    holder, beat = found
    # What the file system calls now: another machine's clock may differ from ours.
    os.utime(descriptor)
    silence = max(0.0, os.fstat(descriptor).st_mtime - beat)
    if certain and is_here(holder, host):
        return
    life = life_of(holder, silence, host)
    if life == "alive":
        raise taken(name, directory)
    if life == "silent" and not takeover:
        raise RunTakenError(
            f"run {fit(name, 40)} is held by {where(holder)}, silent since {moment(beat)}: if it "
            "has ended, use --takeover"
        )


def _enter(directory: Path, terminal: str, host: Host, files: Files) -> Holder:
    """Write our name. Raises OSError."""
    pid = os.getpid()
    holder = Holder(
        uuid=str(uuid.uuid4()),
        host=host.name,
        machine=host.machine,
        boot=host.boot,
        namespace=host.namespace,
        pid=pid,
        pid_started=process_started(pid) or "",
        terminal=terminal,
        since=time.time(),
    )
    replace(files, directory / HOLDER, to_bytes(holder))
    return holder
