"""The conversation with `tests.benchmarks.rotation`: a line in, a line out."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.peers.problem import Problem

TOLERANCE = 1e-5  # relative, of float32 sums in another order


def problem() -> Problem:
    """The problem this process was started with."""
    return Problem.load(Path(sys.argv[1]))


def threads() -> int:
    """The threads this process may use."""
    return int(sys.argv[2])


def serve(run: Callable[[int], float], versions: str, agreement: float) -> None:
    """Do `run(n)` for each n that is asked for, and tell how long it took.

    `run` returns its last loss, or a number for what it wrote; `agreement` is the difference from
    the problem's own first result. Ends with an error where that is not small.
    """
    if not agreement < TOLERANCE:
        sys.exit(f"differs by {agreement:.1e}")
    _say(ready=True, versions=versions, agreement=agreement)
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        last = run(int(line))
        _say(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu, last=last)


def _say(**fields: object) -> None:
    print(json.dumps(fields), flush=True)
