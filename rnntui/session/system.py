"""What a run uses of the machine: CPU time and memory of its processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from rnntui.processes import processor_ticks
from rnntui.protocol.messages import System

EVERY = 1.0  # seconds between two readings
_PAGE, _TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


class SystemMeter:
    """Reads the processes at most once a second, and only when it is asked."""

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        """`pids` returns the ids of the processes that train."""
        self._pids = pids
        self._at: float | None = None
        self._used = 0.0
        self._system: System | None = None

    def read(self, now: float) -> System | None:
        """Return the usage since the reading before; None at first. `now`: monotonic seconds."""
        if self._at is not None and now - self._at < EVERY:
            return self._system
        pids = tuple(self._pids())
        used, before, then = _cpu_seconds(pids), self._used, self._at
        self._used, self._at = used, now
        if then is not None:
            share = max(0.0, used - before) / (now - then)
            self._system = System(round(share, 2), _memory(pids), len(pids))
        return self._system


def _cpu_seconds(pids: tuple[int, ...]) -> float:
    """Return the CPU time of this process and of the others, as far as the system reports it."""
    others = (processor_ticks(pid) or 0 for pid in pids if pid != os.getpid())
    return time.process_time() + sum(others) / _TICKS


def _memory(pids: tuple[int, ...]) -> int:
    """Return the resident bytes of the processes; pages that they share count several times."""
    return sum(map(_resident, pids))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return _peak() if pid == os.getpid() else 0


def _peak() -> int:
    """Return this process's largest memory so far, where its current one is not reported."""
    import resource
    import sys

    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found * 1024
