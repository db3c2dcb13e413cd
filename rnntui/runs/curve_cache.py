"""Keeps what comparing runs needs of each, so that many can be compared at once.

That is a thinned curve, and what never changes of the run. Each run has a file of its own, named
after its directory, with a checksum. A failing cache only costs time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
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

FORMAT = 1
MOST_KEPT = 1000  # runs
_MOST_BYTES = 1 << 20
_SUFFIX = ".curve"
_TAIL = 256  # bytes that identify a journal: the last lines, with their times
_WORTH_KEEPING = 1 << 15  # bytes of the journal that are worth storing for the next reader
_FAILURES = (OSError, DataError, LookupError, TypeError, ValueError)

Facts = dict[str, Any]  # plain values of the files that are written once


@dataclass
class KeptRun:
    """A reader that continues where the kept curve ends, and the kept facts, None if unknown."""

    directory: Path
    reader: CurveReader
    facts: Facts | None = None
    position: tuple[int, int] = (0, 0)  # up to which the curve is kept

    @property
    def due(self) -> bool:
        """Whether there is enough that is new to keep it."""
        part, offset = self.reader.position
        return part != self.position[0] or offset - self.position[1] >= _WORTH_KEEPING

    def keep(self) -> bool:
        """Keep curve and facts for the next reader; return whether that worked."""
        self.position = self.reader.position
        with contextlib.suppress(*_FAILURES):
            table = {
                "format": FORMAT,
                "journal": _identity(self.directory, *self.position),
                "curve": self.reader.stored(),
                "files": _signature(self.directory),
                "facts": self.facts,
            }
            text = json.dumps(table, allow_nan=False, separators=(",", ":"))
            _write(_place(self.directory), text.encode())
            return True
        return False


def recall(directory: Path) -> KeptRun:
    """Return what is kept of a run, as far as it still belongs to it.

    A journal only grows: a curve is used if the bytes before its end are still the same.
    """
    kept = KeptRun(directory, CurveReader(directory))
    with contextlib.suppress(*_FAILURES):
        table = _read(_place(directory))
        if table["files"] == _signature(directory):
            kept.facts = table["facts"]
        if table["journal"] == _identity(directory, *table["curve"]["position"]):
            kept.reader.load(table["curve"])
            kept.position = kept.reader.position
    return kept


def _identity(directory: Path, part: int, offset: int) -> list[Any]:
    """Return what stays the same while a journal grows: the run, and the last bytes read.

    Raises OSError, DataError or ValueError, for a journal that is too short.
    """
    size = min(offset, _TAIL)
    if not size and not part:
        return [os.path.realpath(directory), 0]
    descriptor = open_to_read(segment(directory, METRICS, part))
    try:
        tail = os.pread(descriptor, size, offset - size)
    finally:
        os.close(descriptor)
    if len(tail) < size:
        raise ValueError("the journal is shorter than when its curve was kept")
    return [os.path.realpath(directory), crc32(tail)]


def _signature(directory: Path) -> list[list[int]]:
    """Return what changes whenever a file that is written once is written again."""
    found = ((directory / name).stat() for name in (INFO, RECIPE))
    return [[one.st_ino, one.st_size, one.st_mtime_ns] for one in found]


def _place(directory: Path) -> Path:
    key = hashlib.sha256(os.fsencode(os.path.realpath(directory))).hexdigest()[:32]
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
