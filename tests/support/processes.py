"""Processes as the system lists them, for tests that look whether any is left."""

from __future__ import annotations

import os
import time
from pathlib import Path


def children(pid: int | None = None) -> list[int]:
    """Processes that `pid`, or this one, has started and not waited for."""
    pid = os.getpid() if pid is None else pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def descriptors() -> int:
    """How many this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def gone(pids: list[int], seconds: int = 60) -> bool:
    """Whether they all end in time; whoever inherits the dead need not have buried them."""
    for _ in range(100 * seconds):
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.01)
    return False


def cpu_ticks(pid: int) -> int:
    """Processor time it has used."""
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12])


def _alive(pid: int) -> bool:
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False


def _stat(pid: int) -> list[str]:
    """The fields after the name: state, parent …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
