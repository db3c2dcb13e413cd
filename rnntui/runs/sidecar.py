"""Optional files of a run that make viewing it fast."""

from __future__ import annotations

import contextlib
from pathlib import Path
from time import monotonic

from rnntui.errors import DataError
from rnntui.runs.store.files import Files, replace
from rnntui.runs.store.metrics_index import INDEX, MetricsIndex

INDEX_EVERY = 1024  # records: so many are read again in no time
LAST_READ = 0.5  # seconds at the end to index the remaining lines


class Sidecar:
    """Keeps the metrics index and the last view up to date.

    Write failures only cost later viewers time, so they are not reported; the next change tries
    again.
    """

    def __init__(self, directory: Path, view: str, files: Files) -> None:
        """`view`: the name of the file for the content given to `show`."""
        self._directory, self._view, self._files = directory, directory / view, files
        self.index = MetricsIndex(directory)
        self.index.load(directory / INDEX)
        self._indexed = self.index.count
        self._wanted = self._written = b""

    def show(self, view: bytes) -> None:
        """Set the content of the view."""
        self._wanted = view

    def drain(self) -> None:
        """Index some of the metrics, and write what has changed."""
        with contextlib.suppress(OSError, DataError):
            self.index.advance()
        # A rollback may have removed records.
        if abs(self.index.count - self._indexed) >= INDEX_EVERY:
            self._write_index()
        if self._wanted != self._written:
            self._write_view()

    def close(self) -> None:
        """Write everything."""
        end = monotonic() + LAST_READ
        with contextlib.suppress(OSError, DataError):
            while self.index.advance() and monotonic() < end:
                continue
        if self.index.count != self._indexed:
            self._write_index()
        if self._wanted != self._written:
            self._write_view()

    def _write_index(self) -> None:
        self._indexed = self.index.count
        with contextlib.suppress(OSError):
            replace(self._files, self._directory / INDEX, self.index.stored(), sync=False)

    def _write_view(self) -> None:
        self._written = self._wanted
        with contextlib.suppress(OSError):
            replace(self._files, self._view, self._wanted, sync=False)
