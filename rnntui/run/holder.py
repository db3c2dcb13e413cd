"""Who trains in a run directory, and whether that process still lives: what readers may know.

`lock.json` says who. Its time of change is the heartbeat, which even a full disk takes. On the
holder's own machine its process id decides; from another one, how long the heartbeat has been
silent.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from rnntui.errors import DataError, RunTakenError
from rnntui.run.files import open_to_read, reason
from rnntui.run.record import MOST_BYTES, from_bytes
from rnntui.text import fit, safe_text

LOCK, HOLDER = "lock", "lock.json"
HEARTBEAT = 10.0  # seconds
MOST_CHARACTERS = 200  # of a line for the user
SILENT = 120.0  # seconds without one, after which another host may take over

Life = Literal["alive", "dead", "silent"]


@dataclass(frozen=True)
class Host:
    """A machine as it runs now. Texts that the system does not tell are empty."""

    name: str
    machine: str  # stays when it is started again
    boot: str  # does not
    namespace: str  # of process ids: those of another container mean nothing here


@dataclass(frozen=True)
class Holder:
    """The process that trains in a run directory."""

    uuid: str
    host: str
    machine: str
    boot: str
    namespace: str
    pid: int
    pid_started: str  # ids are used again
    terminal: str  # where it was started
    since: float  # seconds since 1970


@cache
def this_host() -> Host:
    """The machine this process runs on."""
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
    """When a process of this machine began, empty where that is not told; None: there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        # A zombie trains no more, whoever has yet to notice.
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


def is_here(holder: Holder, host: Host) -> bool:
    """Whether it ran on this machine, be it before the last start of it."""
    if holder.boot and holder.boot == host.boot:
        return True
    return (holder.host, holder.machine) == (host.name, host.machine)


def life_of(holder: Holder, silence: float, host: Host | None = None) -> Life:
    """Whether that process lives, as far as `silence` seconds without heartbeat can tell."""
    host = host or this_host()
    by_heartbeat: Life = "alive" if silence < SILENT else "silent"
    if not is_here(holder, host):
        return by_heartbeat
    if holder.boot != host.boot:
        return "dead"
    if holder.namespace != host.namespace:
        return by_heartbeat
    return "alive" if process_started(holder.pid) == holder.pid_started else "dead"


def read_holder(directory: Path) -> tuple[Holder, float] | None:
    """Who holds or held a run, and the time of the last heartbeat; None: nobody has let it be.

    Raises OSError or DataError.
    """
    path = directory / HOLDER
    try:
        descriptor = open_to_read(path)
    except FileNotFoundError:
        return None
    try:
        data = os.read(descriptor, MOST_BYTES)
        beat = os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)
    return from_bytes(Holder, data, path), beat


def living_holder(directory: Path, host: Host | None = None) -> tuple[Holder, Life] | None:
    """Who holds a run, unless that process is known to be dead. Raises OSError or DataError."""
    found = read_holder(directory)
    if found is None:
        return None
    holder, beat = found
    life = life_of(holder, time.time() - beat, host)
    return None if life == "dead" else (holder, life)


def where(holder: Holder) -> str:
    """A process in words, safe to show."""
    terminal = f" ({fit(safe_text(holder.terminal), 20)})" if holder.terminal else ""
    return f"process {holder.pid} on {fit(safe_text(holder.host), 30)}{terminal}"


def taken(name: str, directory: Path) -> RunTakenError:
    """The line for who comes second."""
    shown = fit(safe_text(name), 64)
    try:
        found = read_holder(directory)
    except (OSError, DataError) as error:
        why = reason(error) if isinstance(error, OSError) else "lock.json is damaged"
        return RunTakenError(f"run {shown} is being trained by another process ({why})")
    if found is None:
        return RunTakenError(f"run {shown} is just being taken by another process: try again")
    holder, _ = found
    line = f"run {shown} is being trained by {where(holder)} since {moment(holder.since)}"
    hint = f": rnntui attach {shown}"
    return RunTakenError(line + hint if len(line + hint) <= MOST_CHARACTERS else line)


def moment(seconds: float) -> str:
    """A time since 1970 as this machine's clocks show it; with the date unless it is today's."""
    try:
        then = time.localtime(seconds)
    except (OverflowError, OSError, ValueError):
        return "an unknown time"
    same_day = then[:3] == time.localtime()[:3]
    return time.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M", then)
