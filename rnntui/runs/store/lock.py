"""One process at a time trains in a run directory.

Two locks are used. `flock` on `lock` is reliable and ends with its process, but a network file
system may limit it to one machine. `lock.json` names the owner for every machine. While training
continues, it is touched every ten seconds, and read before each checkpoint is committed: a process
that was taken over finds another owner there and writes no more.
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
from collections.abc import Iterator
from pathlib import Path

from rnntui.errors import DataError, RunError, RunTakenError
from rnntui.runs.store.files import (
    FILES,
    Files,
    Report,
    check_owner,
    check_single,
    check_umask,
    failed,
    reason,
    replace,
)
from rnntui.runs.store.json_record import to_bytes
from rnntui.runs.store.lock_owner import (
    HEARTBEAT,
    LOCK,
    OWNER_FILE,
    Host,
    LockOwner,
    is_here,
    life_of,
    live_lock_owner,
    moment,
    process_started,
    read_lock_owner,
    taken,
    this_host,
    where,
)
from rnntui.text import fit, safe_text

_WITHOUT_FLOCK = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
_PATIENCE, _PAUSE = 2.0, 0.02  # seconds: for an owner that has not yet written its name

_HELD: weakref.WeakSet[RunLock] = weakref.WeakSet()


def _forget_all() -> None:
    for lock in _HELD:
        lock.forget()


# A forked child would keep the lock after its parent's end.
os.register_at_fork(after_in_child=_forget_all)


class RunLock:
    """The lock of a run, owned by this process until `release` or the end of the process."""

    def __init__(self, directory: Path, name: str, descriptor: int, owner: LockOwner) -> None:
        self.directory, self.name, self.owner = directory, name, owner
        self.lost: str | None = None  # why the lock was lost, one safe line
        self._descriptor: int | None = descriptor
        self._anchor: int | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        _HELD.add(self)

    def anchor(self, directory: Path, descriptor: int) -> None:
        """Use a path through a descriptor, which the lock will close."""
        self.directory, self._anchor = directory, descriptor

    def check(self) -> None:
        """Raise RunTakenError if another process has taken over, OSError if that is unknown."""
        try:
            found = read_lock_owner(self.directory)
        except DataError as error:
            raise OSError(errno.EIO, str(error)) from None
        if found is None:
            self.lost = f"run {self.name}: its lock.json is gone, so nothing more can be saved"
        elif found[0].uuid != self.owner.uuid:
            self.lost = f"run {self.name} was taken over by {where(found[0])}"
        if self.lost:
            raise RunTakenError(self.lost)

    def beat(self) -> None:
        """Update the heartbeat. Raises as `check`."""
        self.check()
        os.utime(self.directory / OWNER_FILE)

    def keep(self, report: Report, interval: float = HEARTBEAT) -> None:
        """Update the heartbeat in the background until the release."""

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
            (self.directory / OWNER_FILE).unlink()
        with contextlib.suppress(OSError):  # where there is no flock; closing does the rest
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self.forget()

    def forget(self) -> None:
        """Close the lock's file in a forked child."""
        for descriptor in (self._descriptor, self._anchor):
            if descriptor is not None:
                os.close(descriptor)
        self._descriptor = self._anchor = None


def take(
    directory: Path,
    name: str = "",
    *,
    terminal: str = "",
    takeover: bool = False,
    host: Host | None = None,
    files: Files = FILES,
) -> RunLock:
    """Lock a run. Raises RunTakenError naming the owner, RunError or DataError.

    An owner on this machine keeps the lock while its process lives. One on another machine keeps it
    until there has been no heartbeat for two minutes; then `takeover` is required.
    """
    check_umask()
    _check_links(directory)
    host, name = host or this_host(), fit(safe_text(name or directory.name), 64)
    try:
        descriptor = files.open(directory / LOCK, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise failed("lock", directory, error) from None
    try:
        check_owner(directory / LOCK, os.fstat(descriptor))
        certain = _flock_when_free(descriptor, directory, host)
        _still_there(directory, name, descriptor)
        _check_owner_gone(directory, name, descriptor, certain, takeover, host)
        return RunLock(directory, name, descriptor, _write_owner(directory, terminal, host, files))
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise _taken_by_owner(name, directory, host) from None
        if isinstance(error, OSError):
            raise failed("lock", directory, error) from None
        raise


@contextlib.contextmanager
def claim(directory: Path, host: Host | None = None, files: Files = FILES) -> Iterator[None]:
    """Prevent a run from being trained, without writing to it (a full disk allows that).

    Raises RunTakenError if a process trains it or may do so, RunError or DataError.
    """
    host, name = host or this_host(), fit(safe_text(directory.name), 64)
    try:
        descriptor = files.open(directory / LOCK, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise failed("lock", directory, error) from None
    try:
        try:
            check_owner(directory / LOCK, os.fstat(descriptor))
            certain = _flock_when_free(descriptor, directory, host)
            _still_there(directory, name, descriptor)
            _check_owner_gone(directory, name, descriptor, certain, False, host)
            _check_not_trained(directory, name, host)
        except BlockingIOError:
            raise _taken_by_owner(name, directory, host) from None
        except OSError as error:
            raise failed("lock", directory, error) from None
        yield
    finally:
        os.close(descriptor)


def _check_not_trained(directory: Path, name: str, host: Host) -> None:
    """Raise RunTakenError if a process of this machine trains without holding the lock.

    Its lock file may have been removed or replaced.
    """
    with contextlib.suppress(DataError):  # a damaged lock.json names nobody
        found = live_lock_owner(directory, host)
        if found is not None and found[1] == "alive":
            raise taken(name, directory)


def _check_links(directory: Path) -> None:
    """Raise DataError if training would write to a file with further hard links."""
    try:
        for path in (directory / LOCK, *directory.glob("*.jsonl")):
            with contextlib.suppress(FileNotFoundError):
                check_single(path, path.lstat())
    except OSError as error:
        raise failed("lock", directory, error) from None


def _flock(descriptor: int) -> bool:
    """Lock a file; return False if the file system has no `flock`.

    Raises BlockingIOError if another process holds the lock.
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
    """Lock like `_flock`, waiting for an owner that was just killed. Raises as `_flock`."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return _flock(descriptor)
        except BlockingIOError:
            if time.monotonic() > end or not _is_dying(directory, host):
                raise
        time.sleep(_PAUSE)


def _is_dying(directory: Path, host: Host) -> bool:
    """Return whether the owner was killed; its threads may hold the lock a moment longer."""
    try:
        found = read_lock_owner(directory)
    except (OSError, DataError):
        return False
    return found is not None and is_here(found[0], host) and life_of(found[0], 0.0, host) == "dead"


def _taken_by_owner(name: str, directory: Path, host: Host) -> RunTakenError:
    """Return the error that names the owner, which may be about to write its name."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError, DataError):
            found = read_lock_owner(directory)
            if found and life_of(found[0], 0.0, host) == "alive":
                break
        time.sleep(_PAUSE)
    return taken(name, directory)


def _still_there(directory: Path, name: str, descriptor: int) -> None:
    """Raise RunError if the run was removed while waiting for its lock."""
    ours = os.fstat(descriptor)
    try:
        there = (directory / LOCK).lstat()
    except FileNotFoundError:
        raise RunError(f"run {name} has just been removed") from None
    if (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino):
        raise RunError(f"run {name} has just been replaced: try again")


def _check_owner_gone(
    directory: Path, name: str, descriptor: int, certain: bool, takeover: bool, host: Host
) -> None:
    """Raise RunTakenError if `lock.json` names an owner that may be alive.

    On this machine, a successful `flock` proves that there is none.
    """
    try:
        found = read_lock_owner(directory)
    except DataError:  # damaged by a crash of the machine; the owner is unknown
        return
    if found is None:
        return
    owner, beat = found
    # Use the file system's time: another machine's clock may differ.
    os.utime(descriptor)
    silence = max(0.0, os.fstat(descriptor).st_mtime - beat)
    if certain and is_here(owner, host):
        return
    life = life_of(owner, silence, host)
    if life == "alive":
        raise taken(name, directory)
    if life == "silent" and not takeover:
        raise RunTakenError(
            f"run {fit(name, 40)} is held by {where(owner)}, silent since {moment(beat)}: if it "
            "has ended, resume it with --takeover"
        )


def _write_owner(directory: Path, terminal: str, host: Host, files: Files) -> LockOwner:
    """Write this process as the owner. Raises OSError."""
    pid = os.getpid()
    owner = LockOwner(
        uuid=str(uuid.uuid4()),
        host=host.name,
        machine=host.machine,
        boot=host.boot,
        namespace=host.namespace,
        pid=pid,
        pid_started=process_started(pid) or "",
        terminal=terminal,
        since=time.time(),
        inode=directory.stat().st_ino,
    )
    replace(files, directory / OWNER_FILE, to_bytes(owner))
    return owner
