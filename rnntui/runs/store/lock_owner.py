"""The process that owns a run's lock, and whether it is alive, for readers.

`lock.json` names the owner. Its modification time is the heartbeat, which works even on a full
disk. On the owner's machine, the process id decides whether it is alive; elsewhere, the age of the
heartbeat.
"""

from __future__ import annotations

import os
import sys
import time
from functools import cache
from pathlib import Path
from typing import Literal

from rnntui.dataclass import dataclass
from rnntui.errors import DataError, RunTakenError
from rnntui.runs.store.files import open_to_read, reason
from rnntui.runs.store.json_record import MOST_BYTES, from_bytes
from rnntui.text import fit, safe_text

LOCK, OWNER_FILE = "lock", "lock.json"
HEARTBEAT = 10.0  # seconds
MOST_CHARACTERS = 200  # of a line for the user
SILENT = 120.0  # seconds without a heartbeat after which another host may take over

_LARGEST_PID = 2**31 - 1

Life = Literal["alive", "dead", "silent"]


@dataclass(frozen=True)
class Host:
    """A machine since its last boot. Unknown values are empty."""

    name: str
    machine: str  # stays the same after a reboot
    boot: str  # changes with a reboot
    namespace: str  # of process ids: they differ between containers


@dataclass(frozen=True)
class LockOwner:
    """The process that trains in a run directory."""

    uuid: str
    host: str
    machine: str
    boot: str
    namespace: str
    pid: int
    pid_started: str  # process ids are reused
    terminal: str  # where it was started
    since: float  # seconds since 1970
    inode: int = 0  # of the run's directory; 0: not recorded


@cache
def this_host() -> Host:
    """Return the machine of this process."""
    import socket  # slow to import

    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    machine, boot = _first("/etc/machine-id"), _first("/proc/sys/kernel/random/boot_id")
    return Host(socket.gethostname(), machine, boot, namespace)


def _first(path: str) -> str:
    try:
        return Path(path).read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def process_started(pid: int) -> str | None:
    """Return when a process of this machine started (empty if unknown); None: no such process."""
    if not 0 < pid <= _LARGEST_PID:  # to `kill`, 0 and negative numbers mean many processes
        return None
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        # A zombie no longer trains.
        return None if fields[0] in (b"Z", b"X") else fields[19].decode()
    except (OSError, IndexError):
        if sys.platform == "linux" and Path("/proc/self/stat").exists():
            return None
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return None
    except PermissionError:
        return ""
    return ""


def suspended(pid: int) -> bool:
    """Return whether a process of this machine is suspended, as far as is known."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state in (b"T", b"t")


def is_here(owner: LockOwner, host: Host) -> bool:
    """Return whether the owner runs or ran on this machine, even before a reboot."""
    if owner.boot and owner.boot == host.boot:
        return True
    return (owner.host, owner.machine) == (host.name, host.machine)


def is_this_process(owner: LockOwner) -> bool:
    """Return whether the owner is the calling process."""
    host, pid = this_host(), os.getpid()
    same = (owner.boot, owner.namespace, owner.pid) == (host.boot, host.namespace, pid)
    return same and owner.pid_started == process_started(pid)


def shares_pids(owner: LockOwner, host: Host) -> bool:
    """Return whether the owner's process id is valid here."""
    return is_here(owner, host) and owner.boot == host.boot and owner.namespace == host.namespace


def life_of(owner: LockOwner, silence: float, host: Host | None = None) -> Life:
    """Return whether the owner is alive, given `silence` seconds without a heartbeat."""
    host = host or this_host()
    by_heartbeat: Life = "alive" if silence < SILENT else "silent"
    if not is_here(owner, host):
        return by_heartbeat
    if owner.boot != host.boot:
        return "dead"
    if owner.namespace != host.namespace:
        return by_heartbeat
    return "alive" if process_started(owner.pid) == owner.pid_started else "dead"


def read_lock_owner(directory: Path) -> tuple[LockOwner, float] | None:
    """Read a run's current or last owner and its last heartbeat; None if it was released.

    Raises OSError or DataError.
    """
    path = directory / OWNER_FILE
    try:
        descriptor = open_to_read(path)
    except FileNotFoundError:
        return None
    try:
        data = os.read(descriptor, MOST_BYTES)
        beat = os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)
    return from_bytes(LockOwner, data, path), beat


def live_lock_owner(directory: Path, host: Host | None = None) -> tuple[LockOwner, Life] | None:
    """Return a run's owner unless it is known to be dead. Raises OSError or DataError."""
    found = read_lock_owner(directory)
    if found is None:
        return None
    owner, beat = found
    life = life_in(directory, owner, beat, host)
    return None if life == "dead" else (owner, life)


def life_in(directory: Path, owner: LockOwner, beat: float, host: Host | None = None) -> Life:
    """Return whether the owner is alive and trains in this directory rather than in its original.

    Raises OSError.
    """
    host = host or this_host()
    if owner.inode and is_here(owner, host) and directory.stat().st_ino != owner.inode:
        return "dead"
    return life_of(owner, time.time() - beat, host)


def where(owner: LockOwner) -> str:
    """Describe a process as a safe text."""
    terminal = f" ({fit(safe_text(owner.terminal), 20)})" if owner.terminal else ""
    return f"process {owner.pid} on {fit(safe_text(owner.host), 30)}{terminal}"


def taken(name: str, directory: Path) -> RunTakenError:
    """Return the error that names the owner of a run."""
    shown = fit(safe_text(name), 64)
    try:
        found = read_lock_owner(directory)
    except (OSError, DataError) as error:
        why = reason(error) if isinstance(error, OSError) else "lock.json is damaged"
        return RunTakenError(f"run {shown} is being trained by another process ({why})")
    if found is None:
        return RunTakenError(f"run {shown} is just being opened by another process: try again")
    owner, _ = found
    line = f"run {shown} is being trained by {where(owner)} since {moment(owner.since)}"
    hint = f": rnntui attach {shown}"
    return RunTakenError(line + hint if len(line + hint) <= MOST_CHARACTERS else line)


def moment(seconds: float) -> str:
    """Format a time since 1970 in local time, with the date unless it is today."""
    try:
        then = time.localtime(seconds)
    except (OverflowError, OSError, ValueError):
        return "an unknown time"
    same_day = then[:3] == time.localtime()[:3]
    return time.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M", then)
