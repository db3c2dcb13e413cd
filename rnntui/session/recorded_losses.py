"""The losses of a run from its journal, at a cost independent of the run's length."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from time import monotonic

from rnntui.cache_folder import cache_folder
from rnntui.protocol.messages import History, Look, Validation, Window
from rnntui.runs.store.journal import Line, number
from rnntui.runs.store.loss_bins import Binned, Parts, all_parts, bins, parts_within, sampled
from rnntui.runs.store.metrics_index import INDEX, MetricsIndex
from rnntui.session.windows import Windows, at_once, history_of, validations_of

FIRST_READ = 0.8  # seconds of reading before the first plot; a longer journal is sampled
SLICE = 0.05  # seconds of reading between two polls of the viewers
WORTH_KEEPING = 1024  # new records that are worth caching for the next viewer
SETTLED = 5.0  # seconds after which every viewer has the last plot
UNSETTLED = 16  # bins at the end that change while the run grows
_SETTLES = 20  # updates before a smoothed loss is meaningful
_MOST_KEPT = 100  # indexes of other runs in the cache


class RecordedLosses:
    """Reads and follows a run's metrics. `complete`: every line so far has been read."""

    def __init__(self, directory: Path) -> None:
        """Raises OSError or DataError."""
        self._directory = directory
        self._index = MetricsIndex(directory)
        self._stored = _cached(directory)
        if not self._index.load(directory / INDEX):
            self._index.load(self._stored)
        self._kept = self._index.count
        self._windows = Windows(directory, self._index, at_once)
        self._whole: Binned | None = None
        self._samples: Parts | None = None
        self.complete = False
        self._replaced = -SETTLED  # when more than the end of the plot last changed
        self._version, _ = self._index.now
        self.line: Line = {}
        self.follow(FIRST_READ)

    @property
    def last(self) -> int:
        """The last update."""
        return int(self._parts()["last"][-1]) if len(self._parts()) else 0

    def follow(self, seconds: float = SLICE) -> None:
        """Read new lines for about `seconds`. Raises OSError or DataError."""
        end, before = monotonic() + seconds, self._index.position
        while (more := self._index.advance()) and monotonic() < end:
            continue
        self.complete = not more
        if self._samples is None and self._whole is not None and self._index.position == before:
            return
        if not self.complete:
            self._sample()
            return
        version, _ = self._index.now
        if self._samples is not None or version != self._version:
            self._replaced, self._samples, self._version = monotonic(), None, version
        self.line = self._index.last_line()
        self._whole = self._bins()
        self._keep()

    def _sample(self) -> None:
        """Sample the journal for a first plot, until all of it has been read."""
        if self._whole is None:
            view, position = self._index.view(), self._index.position
            self._samples, self.line = sampled(self._directory, view, *position)
            self._whole = self._bins()

    def _parts(self) -> Parts:
        return all_parts(self._index.view()) if self._samples is None else self._samples

    def _bins(self) -> Binned:
        last = self.last
        if self._samples is not None:
            return bins(self._samples, 0, last)
        return bins(parts_within(self._directory, self._index.view(), 0, last), 0, last)

    def history(self, look: Look) -> History:
        """Return the whole run's bins, or only the newest if the viewer has the others."""
        found = self._whole
        if found is None:
            return History(0, 0, (), (), (), (), ())
        known = found.level == look.history_level and look.history_bins <= len(found.mean)
        settled = monotonic() - self._replaced > SETTLED
        # The smoothed curve is centred: its last bins change when bins are added.
        return history_of(found, max(0, look.history_bins - UNSETTLED) if known and settled else 0)

    def window(self, look: Look, history: History) -> Window | None:
        """Return the window that a viewer asks for."""
        return self._windows.since(look, history) if self.complete else None

    def validations(self, after: int) -> tuple[Validation, ...]:
        """Return the plotted validations after an update."""
        found = validations_of(self._whole) if self._whole is not None else ()
        found = (*found, *self._final())
        return tuple(validation for validation in found if validation.step > after)

    def _final(self) -> tuple[Validation, ...]:
        """Return the validation made only because the run ended, if the run has ended."""
        loss = number(self.line, "validation")
        if self.line.get("final") is not True or loss is None:
            return ()
        return (Validation(self.last, float(f"{loss:.6g}")),)

    @property
    def best_validation(self) -> float | None:
        """The lowest validation loss."""
        parts = self._parts()
        values = parts["best_validation"]
        finite = values[(values == values) & (parts["validation_step"] > 0)]
        known = [*finite.tolist(), *(v.loss for v in self._final() if v.loss is not None)]
        return float(f"{min(known):.6g}") if known else None

    @property
    def best(self) -> float | None:
        """The lowest smoothed loss of the whole run."""
        if self._whole is None:
            return None
        smooth = self._whole.smooth[_SETTLES >> self._whole.level :]
        finite = smooth[smooth == smooth]
        return float(finite.min()) if len(finite) else None

    def _keep(self) -> None:
        """Cache the index if it took long to build; a failing cache only costs time."""
        if self._index.count - self._kept < WORTH_KEEPING:
            return
        self._kept = self._index.count
        folder = self._stored.parent
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            kept = sorted(folder.glob(f"*{INDEX}"), key=lambda path: path.stat().st_mtime)
            for path in kept[:-_MOST_KEPT]:
                path.unlink(missing_ok=True)
            descriptor, name = tempfile.mkstemp(dir=folder)
            with os.fdopen(descriptor, "wb") as file:
                file.write(self._index.stored())
            Path(name).replace(self._stored)


def _cached(directory: Path) -> Path:
    key = hashlib.sha256(os.fsencode(os.path.realpath(directory))).hexdigest()[:32]
    return cache_folder() / "metrics" / f"{key}-{INDEX}"
