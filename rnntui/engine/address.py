"""The private directory of a training process's socket: creation, locking and cleanup.

A process locks its directory with `flock`, which works across the containers of a machine and is
released when the process ends, however it ends. Neither this module nor its imports need NumPy.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from rnntui.dataclass import dataclass
from rnntui.errors import EngineError
from rnntui.runs.store.lock_owner import process_started, this_host
from rnntui.runs.store.socket_address import listens
from rnntui.trust import why_exposed

SOCKET, PID = "door", "pid"
LONGEST_PATH = 100  # bytes: Unix sockets take little more (104 on macOS)
UNCLAIMED = 60.0  # seconds after which a directory that names no process is abandoned
FOREIGN = 86400.0  # seconds without a touch after which another host's directory is abandoned
_UNKNOWN = "-"  # unknown to the system


@dataclass(frozen=True)
class Owner:
    """The process named by the pid file; texts missing from the file are empty."""

    pid: int
    boot: str
    namespace: str


@dataclass(frozen=True)
class Claimed:
    """A new directory and the descriptor that holds its lock."""

    directory: Path
    descriptor: int


def make_directory(lasting: bool, last_resort: Iterable[Path] = ()) -> Claimed:
    """Create and lock a private directory with a short path, and remove abandoned ones.

    `lasting`: it must outlive the login session, so the runtime directory is tried late.
    `last_resort`: further places to try. Raises EngineError.
    """
    import tempfile

    prefix = f"rnntui-{os.getuid()}-"
    reason = "no directory for its socket"
    for base in [*_bases(lasting), *last_resort]:
        if exposed := why_exposed(base):
            reason = f"no safe directory for its socket: {exposed}"
        elif len(os.fsencode(base / f"{prefix}12345678" / SOCKET)) <= LONGEST_PATH:
            remove_abandoned(base, prefix)
            try:
                return _claimed(Path(tempfile.mkdtemp(prefix=prefix, dir=base)))
            except OSError:
                continue
    raise EngineError(f"cannot start the training process: {reason}; set TMPDIR")


def _claimed(directory: Path) -> Claimed:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    with contextlib.suppress(OSError):  # no flock here: the owner's process id decides
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return Claimed(directory, descriptor)


def write_owner(directory: Path, pid: int) -> None:
    """Record the process that listens there. Raises OSError."""
    owner = _owner(pid)
    (directory / PID).write_text(f"{pid} {owner.boot} {owner.namespace}\n", "ascii")


def _owner(pid: int) -> Owner:
    """Describe a process of this machine and container."""
    host = this_host()
    return Owner(pid, host.boot or _UNKNOWN, host.namespace or _UNKNOWN)


def touch(directory: Path) -> None:
    """Update the directory's times, so that cleaners of old files spare it."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(directory):
            os.utime(entry.path, follow_symlinks=False)
        os.utime(directory)


def _bases(lasting: bool) -> Iterator[Path]:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    private = [Path(runtime)] if runtime.startswith("/") and Path(runtime).is_dir() else []
    temporary = [Path(_temporary()), Path("/tmp")]
    yield from [*temporary, *private] if lasting else [*private, *temporary]


def _temporary() -> str:
    """Return the current folder for temporary files; the one cached by `tempfile` may be gone."""
    import tempfile

    named = os.environ.get("TMPDIR", "")
    if named.startswith("/") and Path(named).is_dir():
        return named
    try:
        return tempfile.gettempdir()
    except OSError:
        return "/tmp"


# ---- cleanup ------------------------------------------------------------------------------------


def remove_abandoned(base: Path, prefix: str) -> None:
    """Remove this user's directories whose processes have ended."""
    try:
        found = [entry for entry in os.scandir(base) if entry.name.startswith(prefix)]
    except OSError:
        return
    for entry in found:
        try:
            ours = entry.stat(follow_symlinks=False).st_uid == os.getuid()
            if ours and entry.is_dir(follow_symlinks=False):
                _remove_if_abandoned(Path(entry.path))
        except OSError:  # it has been removed meanwhile
            continue


def _remove_if_abandoned(directory: Path) -> None:
    import shutil

    owner = _read_owner(directory)
    age = time.time() - directory.stat().st_mtime
    if owner is None and age <= UNCLAIMED:
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        locks = _free(descriptor)
        if locks is not False and _ended(directory, owner, age, certain=bool(locks)):
            shutil.rmtree(directory, ignore_errors=True)
    finally:
        os.close(descriptor)


def _free(descriptor: int) -> bool | None:
    """Return whether the lock is free; None if the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _ended(directory: Path, owner: Owner | None, age: float, certain: bool) -> bool:
    """Return whether the process that created a directory has certainly ended.

    `certain`: a live process of this version would hold the lock.
    """
    if listens(directory / SOCKET) is not False:
        return False
    if owner is None:
        return True
    here = _owner(owner.pid)
    if not owner.boot:  # written by a version that takes no lock
        return process_started(owner.pid) is None
    if owner.boot != here.boot:  # another host that shares the folder, or before a restart
        return age > FOREIGN
    return certain or (owner == here and process_started(owner.pid) is None)


def _read_owner(directory: Path) -> Owner | None:
    try:
        pid, *host = (directory / PID).read_text("ascii").split()
        boot, namespace = (*host, "", "")[:2]
        return Owner(int(pid), boot, namespace)
    except (OSError, ValueError):
        return None
