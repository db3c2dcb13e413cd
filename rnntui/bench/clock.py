"""Time a function in several short windows and take the median."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

from rnntui.dataclass import dataclass

_WINDOWS = 5


@dataclass(frozen=True)
class Timing:
    """Seconds per run: in the median window, the fastest and the slowest."""

    median: float
    least: float
    most: float


def time_runs(
    run: Callable[[int], object], seconds: float, clock: Callable[[], float] = perf_counter
) -> Timing:
    """Time `run(n)`, which does something n times, for about `seconds`, but at least once.

    With `process_time` as the clock, other busy programs have less influence.
    """
    run(1)  # allocates, fills caches
    began = clock()
    run(1)
    windows = [clock() - began]
    count = int(seconds / _WINDOWS / max(windows[0], 1e-9))
    if count > 1:
        windows = []
    while len(windows) < _WINDOWS and (count > 1 or sum(windows) < seconds):
        began = clock()
        run(max(1, count))
        windows.append((clock() - began) / max(1, count))
    return Timing(median(windows), min(windows), max(windows))
