"""Zoomed-in parts of a run's loss, read from its journal."""

from __future__ import annotations

import itertools
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.protocol.messages import History, Look, Validation, Window
from rnntui.runs.store.loss_bins import Binned, bins, parts_within
from rnntui.runs.store.metrics_index import MetricsIndex, View

KEPT = 4  # windows: usually one per viewer
MOST_BESIDE = 64  # new bins of the whole run that leave room for a window in a reply
MOST_VALIDATIONS = 256
READ_EVERY = 1.0  # seconds between two readings of a window that is still growing


@dataclass(frozen=True)
class _Read:
    """A window with the index version, the last update and the time at which it was read."""

    version: int
    last: int
    at: float
    window: Window


class Windows:
    """The windows that viewers ask for. `start` runs a read: directly or in a thread."""

    def __init__(
        self, directory: Path, index: MetricsIndex, start: Callable[[Callable[[], None]], None]
    ) -> None:
        self._directory, self._index, self._start = directory, index, start
        self._kept: OrderedDict[tuple[int, int], _Read] = OrderedDict()
        self._marks = itertools.count(1)
        self._reading = False

    def since(self, look: Look, history: History) -> Window | None:
        """Return the requested window, unless the viewer has it or the reply has no room for it."""
        first, last = look.window_first, look.window_last
        if not 0 <= first < last or len(history.mean) > MOST_BESIDE:
            return None
        if not self._reading and self._is_stale(first, last):
            self._reading = True
            self._start(lambda: self._read(first, last))
        read = self._kept.get((first, last))
        return read.window if read is not None and read.window.mark != look.window else None

    def _is_stale(self, first: int, last: int) -> bool:
        read = self._kept.get((first, last))
        version, newest = self._index.now
        if read is None or read.version != version:
            return True
        grown = read.last < min(last, newest)
        return grown and monotonic() - read.at >= READ_EVERY

    def _read(self, first: int, last: int) -> None:
        try:
            view = self._index.view()
            found = bins(parts_within(self._directory, view, first, last), first, last)
            self._keep(first, last, view, found)
        except (OSError, DataError):
            # The plot keeps the whole run's bins; the next request tries the journal again.
            return
        finally:
            self._reading = False

    def _keep(self, first: int, last: int, view: View, found: Binned) -> None:
        history, validations = history_of(found), validations_of(found)
        before = self._kept.pop((first, last), None)
        mark = next(self._marks)
        if before and (before.window.history, before.window.validations) == (history, validations):
            mark = before.window.mark
        window = Window(first, last, mark, history, validations)
        self._kept[first, last] = _Read(view.version, view.last, monotonic(), window)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def windows_of(directory: Path | None, index: MetricsIndex | None) -> Windows | None:
    """Return the windows of a run in training; None without a journal."""
    if directory is None or index is None:
        return None
    return Windows(directory, index, in_a_thread)


def at_once(task: Callable[[], None]) -> None:
    """Run the task now: for a process with nothing else to do."""
    task()


def in_a_thread(task: Callable[[], None]) -> None:
    """Run the task in a thread, so that training does not wait."""
    threading.Thread(target=task, name="window", daemon=True).start()


def history_of(found: Binned, start: int = 0) -> History:
    """Convert bins to a message, without the first `start`."""
    columns = (found.mean, found.low, found.high, found.smooth)
    mean, low, high, smooth = (
        tuple(_short(value) for value in column[start:].tolist()) for column in columns
    )
    bad = tuple(found.bad[start:].tolist())
    return History(found.level, found.start + start, mean, low, high, smooth, bad)


def validations_of(found: Binned) -> tuple[Validation, ...]:
    """Convert validations to messages."""
    return tuple(
        Validation(step, float(f"{loss:.6g}") if math.isfinite(loss) else None)
        for step, loss in found.validations[-MOST_VALIDATIONS:]
    )


def _short(value: float) -> float | None:
    return float(f"{value:.5g}") if value - value == 0.0 else None
