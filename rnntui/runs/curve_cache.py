"""Keeps the thinned curves of runs, so that many runs can be compared at once.

Each is in a file of its own, named after the run's directory, and says how much of the journal it
was made from. A failing cache only costs time.
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

from rnntui.data.cache_folder import cache_folder
from rnntui.errors import DataError
from rnntui.runs.store.curve import CurveReader
from rnntui.runs.store.files import open_to_read
from rnntui.runs.store.journal import METRICS, segment

FORMAT = 1
MOST_KEPT = 1000  # curves
_MOST_BYTES = 1 << 20
_SUFFIX = ".curve"
_TAIL = 256  # bytes that identify a journal: the last lines, with their times
_WORTH_KEEPING = 1 << 15  # bytes of the journal that are worth storing for the next reader


def cached_reader(directory: Path) -> CurveReader:
    """Return a reader that continues where a stored curve ends, if that still belongs to the run.

    A journal only grows: the stored curve is used if the bytes before its end are still the same.
    """
    reader = CurveReader(directory)
    with contextlib.suppress(OSError, DataError, LookupError, TypeError, ValueError):
        data = _place(directory).read_bytes()
        table = json.loads(data) if len(data) <= _MOST_BYTES else {}
        part, offset = map(int, table["curve"]["position"])
        if table["format"] == FORMAT and table["file"] == _identity(directory, part, offset):
            reader.load(table["curve"])
    return reader


def keep(directory: Path, reader: CurveReader, since: tuple[int, int]) -> bool:
    """Store a curve if much has been read since a position; return whether it was."""
    part, offset = reader.position
    if part == since[0] and offset - since[1] < _WORTH_KEEPING:
        return False
    with contextlib.suppress(OSError, DataError, ValueError):
        identity = _identity(directory, part, offset)
        table = {"format": FORMAT, "file": identity, "curve": reader.stored()}
        _write(_place(directory), json.dumps(table, allow_nan=False, separators=(",", ":")))
        return True
    return False


def _identity(directory: Path, part: int, offset: int) -> list[Any]:
    """Return what stays the same while a journal grows: the run, and the last bytes read.

    Raises OSError or ValueError, for a journal that is too short.
    """
    size = min(offset, _TAIL)
    descriptor = open_to_read(segment(directory, METRICS, part))
    try:
        tail = os.pread(descriptor, size, offset - size)
    finally:
        os.close(descriptor)
    if len(tail) < size:
        raise ValueError("the journal is shorter than when its curve was stored")
    return [os.path.realpath(directory), crc32(tail)]


def _place(directory: Path) -> Path:
    key = hashlib.sha256(os.fsencode(os.path.realpath(directory))).hexdigest()[:32]
    return cache_folder() / "curves" / f"{key}{_SUFFIX}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def drop_oldest() -> None:
    """Remove the curves beyond MOST_KEPT that were stored longest ago."""
    with contextlib.suppress(OSError):
        found = sorted(
            (cache_folder() / "curves").glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime
        )
        for path in found[:-MOST_KEPT]:
            path.unlink(missing_ok=True)
