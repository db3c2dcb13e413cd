"""Processes as the system lists them, for tests that look whether any is left."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection
from pathlib import Path

from tests.support.patience import patiently


def children(pid: int | None = None) -> list[int]:
    """Processes that `pid`, or this one, has started and not waited for, in any of its threads.

    In the order in which each thread has started them; none on systems without /proc.
    """
    found: list[int] = []
    for thread in Path(f"/proc/{os.getpid() if pid is None else pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            found += map(int, thread.read_text().split())
    return found


def descriptors() -> int:
    """How many this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def gone(pids: Collection[int]) -> bool:
    """Whether they all end in time; whoever inherits the dead need not have buried them."""
    for _ in patiently():
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.01)
    return False


def command_line(pid: int) -> str:
    """What a process was started with, to name it; empty if it has ended."""
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return b" ".join(words).decode(errors="replace")
    return ""


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
