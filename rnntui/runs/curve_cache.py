"""Keeps what comparing runs needs of each, so that many can be compared at once.

That is a thinned curve, what never changes of the run, and the summary of one that has ended. Each
run has a file of its own, named after its directory, with a checksum. A failing cache only costs
time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import field, fields
from pathlib import Path
from typing import Any
from zlib import crc32

from rnntui.cache_folder import cache_folder
from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.runs.store.curve import CurveReader
from rnntui.runs.store.directory import INFO, RECIPE
from rnntui.runs.store.files import open_to_read
from rnntui.runs.store.journal import METRICS, segment
from rnntui.runs.store.summary import RunSummary

FORMAT = 2
MOST_KEPT = 1000  # runs
_MOST_BYTES = 1 << 20
_SUFFIX = ".curve"
_TAIL = 256  # bytes that identify a journal: the last lines, with their times
_WORTH_KEEPING = 1 << 15  # bytes of the journal that are worth storing for the next reader
_FAILURES = (OSError, DataError, LookupError, TypeError, ValueError)

Facts = dict[str, Any]  # plain values of the files that are written once
Stamps = list[Any]  # plain values that change whenever one of some files does


@dataclass
class KeptRun:
    """A reader that continues where the kept curve ends, and the kept facts, None if unknown."""

    directory: Path
    reader: CurveReader
    facts: Facts | None = None
    position: tuple[int, int] = (0, 0)  # up to which the curve is kept
    summary: RunSummary | None = None  # of a run without a process, if known
    stamps: Stamps = field(default_factory=list)  # of the files that it summarizes

    @property
    def due(self) -> bool:
        """Whether there is enough that is new to keep it."""
        part, offset = self.reader.position
        return part != self.position[0] or offset - self.position[1] >= _WORTH_KEEPING

    def keep(self) -> bool:
        """Keep curve and facts for the next reader; return whether that worked."""
        self.position = self.reader.position
        with contextlib.suppress(*_FAILURES):
            real = os.path.realpath(self.directory)
            table = {
                "format": FORMAT,
                "journal": _identity(self.directory, real, *self.position),
                "curve": self.reader.stored(),
                "files": _signature(self.directory),
                "facts": self.facts,
                "summary": _plain(self.summary) if self.summary is not None else None,
                "stamps": self.stamps,
            }
            text = json.dumps(table, allow_nan=False, separators=(",", ":"))
            _write(_place(real), text.encode())
            return True
        return False

    def summary_at(self, stamps: Stamps) -> RunSummary | None:
        """Return the kept summary if the files it was made from have these stamps."""
        return self.summary if self.stamps == stamps else None


def recall(directory: Path) -> KeptRun:
    """Return what is kept of a run, as far as it still belongs to it.

    A journal only grows: a curve is used if the bytes before its end are still the same.
    """
    kept = KeptRun(directory, CurveReader(directory))
    with contextlib.suppress(*_FAILURES):
        real = os.path.realpath(directory)
        table = _read(_place(real))
        if table["files"] == _signature(directory):
            kept.facts = table["facts"]
            kept.summary = _summary(table.get("summary"), directory)
            kept.stamps = table.get("stamps", [])
        if table["journal"] == _identity(directory, real, *table["curve"]["position"]):
            kept.reader.load(table["curve"])
            kept.position = kept.reader.position
    return kept


def _plain(summary: RunSummary) -> dict[str, Any]:
    return {**vars(summary), "path": str(summary.path)}


def _summary(values: dict[str, Any] | None, directory: Path) -> RunSummary | None:
    """Return a kept summary of a directory; None for that of a link to it, or another version."""
    names = {field.name for field in fields(RunSummary)}
    if values is None or {*values} != names or values["path"] != str(directory):
        return None
    listed = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return RunSummary(**{**values, **listed, "path": directory})


def _identity(directory: Path, real: str, part: int, offset: int) -> list[Any]:
    """Return what stays the same while a journal grows: the run, and the last bytes read.

    Raises OSError, DataError or ValueError, for a journal that is too short.
    """
    size = min(offset, _TAIL)
    if not size and not part:
        return [real, 0]
    descriptor = open_to_read(segment(directory, METRICS, part))
    try:
        tail = os.pread(descriptor, size, offset - size)
    finally:
        os.close(descriptor)
    if len(tail) < size:
        raise ValueError("the journal is shorter than when its curve was kept")
    return [real, crc32(tail)]


def _signature(directory: Path) -> list[list[int]]:
    """Return what changes whenever a file that is written once is written again."""
    found = (os.stat(f"{directory}/{name}") for name in (INFO, RECIPE))  # noqa: PTH116 - faster
    return [[one.st_ino, one.st_size, one.st_mtime_ns] for one in found]


def _place(real: str) -> Path:
    key = hashlib.sha256(os.fsencode(real)).hexdigest()[:32]
    return cache_folder() / "curves" / f"{key}{_SUFFIX}"


def _read(path: Path) -> dict[str, Any]:
    """Read a file of the cache. Raises OSError or ValueError."""
    data = path.read_bytes()
    sum_, _, body = data.partition(b"\n")
    if len(data) > _MOST_BYTES or sum_ != _checksum(body):
        raise ValueError("a damaged file of the cache")
    table = json.loads(body)
    if table["format"] != FORMAT:
        raise ValueError("a file of another version")
    found: dict[str, Any] = table
    return found


def _checksum(body: bytes) -> bytes:
    return b"%08x" % crc32(body)


def _write(path: Path, body: bytes) -> None:
    import tempfile  # slow to import, and rarely needed

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_checksum(body) + b"\n" + body)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def drop_oldest() -> None:
    """Remove the files of runs beyond MOST_KEPT that were kept longest ago."""
    with contextlib.suppress(OSError):
        found = sorted(
            (cache_folder() / "curves").glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime
        )
        for path in found[:-MOST_KEPT]:
            path.unlink(missing_ok=True)
