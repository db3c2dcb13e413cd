"""Append-only files of JSON lines: `metrics.jsonl`, `events.jsonl`, `signs.jsonl`.

Each line is appended with one write, so readers may follow a growing file. An incomplete line left
by a killed process is ended by the next writer's newline and skipped by readers. Nothing is ever
truncated: a run that resumes from an earlier update writes a rollback line, and readers then drop
the lines after that update. A file of 64 MB is continued in the next: `metrics-00001.jsonl`.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.runs.store.files import (
    FILES,
    Files,
    Report,
    check_owner,
    open_to_read,
    reason,
    sync_directory,
    write_all,
)

Line = dict[str, Any]

METRICS, EVENTS, SAMPLES, SIGNS = "metrics", "events", "samples", "signs"
ROLLBACK = "rollback"  # key of a line that voids the lines after that update
SEGMENT = 64 << 20  # bytes
LONGEST_LINE = 1 << 20  # bytes
MOST_WAITING = 4 << 20  # bytes queued while the disk fails
MOST_STEP = 10**12
MOST_NUMBER = 10**300
_BLOCK = 1 << 20
_TAIL = 1 << 16  # bytes that hold the last few lines


def segment(directory: Path, stem: str, number: int) -> Path:
    """Return the path of a journal's part, counted from 0."""
    return directory / (f"{stem}-{number:05d}.jsonl" if number else f"{stem}.jsonl")


def to_line(record: Mapping[str, Any]) -> bytes:
    """Encode a record as a line; numbers that are not finite become null and are listed."""
    try:
        text = json.dumps(record, allow_nan=False, separators=(",", ":"))
    except ValueError:
        wrong = {k: v for k, v in record.items() if isinstance(v, float) and not math.isfinite(v)}
        if not wrong:
            raise
        names = {key: str(value) for key, value in wrong.items()}
        record = {**record, **dict.fromkeys(wrong), "nonfinite": names}
        text = json.dumps(record, allow_nan=False, separators=(",", ":"))
    return text.encode() + b"\n"


class Journal:
    """The writing end. `append` only queues and never waits; another thread may `drain`.

    A write failure is reported, and the next `drain` tries again. Beyond 4 MB, the oldest queued
    lines are dropped (`lost` counts them).
    """

    def __init__(
        self,
        directory: Path,
        stem: str,
        report: Report,
        files: Files = FILES,
        most: int = SEGMENT,
    ) -> None:
        self._directory, self._stem, self._report = directory, stem, report
        self._files, self._most = files, most
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._at_hand: bytes | None = None  # being written, or the one that failed
        self._descriptor: int | None = None
        self._number = self._size = 0
        self._incomplete = self._failing = False
        self._lock = threading.Lock()  # held briefly
        self._writing = threading.RLock()  # held while writing
        self.lost = 0

    def append(self, record: Mapping[str, Any]) -> None:
        """Queue a line. Raises ValueError if JSON cannot encode it, or for more than 1 MB."""
        line = to_line(record)
        if len(line) > LONGEST_LINE:
            raise ValueError(f"a line of {len(line)} bytes")
        with self._lock:
            self._waiting.append(line)
            self._waiting_bytes += len(line)
            while self._waiting_bytes > MOST_WAITING:
                self._waiting_bytes -= len(self._waiting.popleft())
                self.lost += 1

    def roll_back(self, step: int) -> None:
        """Void the lines after update `step`."""
        self.append({ROLLBACK: step})

    def drain(self) -> bool:
        """Write the queued lines; return False on failure."""
        with self._writing:
            return self._attempt(self._write_waiting)

    def sync(self) -> bool:
        """Write the queued lines and sync them to disk; return False on failure."""
        with self._writing:
            return self._attempt(self._write_and_sync)

    def close(self) -> bool:
        """Write the queued lines and close the file."""
        with self._writing:
            written = self.sync()
            self._attempt(self._close_file)
            return written

    def _attempt(self, action: Any) -> bool:
        try:
            action()
        except (OSError, DataError) as error:
            self._failing = True
            self._report(self._stem, reason(error) if isinstance(error, OSError) else str(error))
            return False
        if self._failing:
            self._failing = False
            self._report(self._stem, None)
        return True

    def _write_and_sync(self) -> None:
        self._write_waiting()
        if self._descriptor is not None:
            self._files.fsync(self._descriptor)

    def _write_waiting(self) -> None:
        while (line := self._next()) is not None:
            descriptor = self._at_end(len(line))
            data = b"\n" + line if self._incomplete else line
            self._incomplete = True  # until all of it is written
            write_all(self._files, descriptor, data)
            self._incomplete, self._at_hand = False, None
            self._size += len(data)

    def _next(self) -> bytes | None:
        """Return the line to write: the same one until it is written."""
        if self._at_hand is None:
            with self._lock:
                if self._waiting:
                    self._at_hand = self._waiting.popleft()
                    self._waiting_bytes -= len(self._at_hand)
        return self._at_hand

    def _at_end(self, room: int) -> int:
        """Return the descriptor to append to; start a new part if the line doesn't fit."""
        if self._descriptor is None:
            while segment(self._directory, self._stem, self._number + 1).exists():
                self._number += 1
            return self._open()
        if self._size and self._size + room > self._most:
            self._files.fsync(self._descriptor)
            self._close_file()
            self._number += 1
            return self._open()
        return self._descriptor

    def _open(self) -> int:
        path = segment(self._directory, self._stem, self._number)
        is_new = not path.exists()
        descriptor = self._files.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        try:
            status = os.fstat(descriptor)
            check_owner(path, status)
            self._size = status.st_size
            self._incomplete = bool(self._size) and os.pread(descriptor, 1, self._size - 1) != b"\n"
            if is_new:
                sync_directory(self._files, self._directory)
        except BaseException:
            with contextlib.suppress(OSError):
                self._files.close(descriptor)
            raise
        self._descriptor = descriptor
        return descriptor

    def _close_file(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            self._files.close(descriptor)


@dataclass(frozen=True)
class Block:
    """Complete lines of a journal and their position: part and byte offset."""

    number: int
    offset: int
    data: bytes


class BlockReader:
    """Reads a journal from a position on. `bad` counts lines that are too long."""

    def __init__(
        self, directory: Path, stem: str, number: int = 0, offset: int = 0, size: int = _BLOCK
    ) -> None:
        """`size`: bytes read at once; lines may be longer, up to `LONGEST_LINE`."""
        self._directory, self._stem, self._size = directory, stem, size
        self.number, self.offset = number, offset
        self._skipping = False  # inside a line that is too long
        self.bad = 0

    def read(self) -> Block | None:
        """Return the next complete lines; None if there are none. Raises OSError or DataError."""
        while True:
            # Check first: once there is a next part, this one no longer grows.
            ended = segment(self._directory, self._stem, self.number + 1).exists()
            data = self._bytes(self._size)
            if len(data) == self._size < LONGEST_LINE and b"\n" not in data:
                data = self._bytes(LONGEST_LINE)
            complete = data.rfind(b"\n") + 1
            if complete:
                block = self._block(data[:complete])
                self.offset += complete
                if block.data:
                    return block
            elif len(data) >= LONGEST_LINE:
                self._skipping = True
                self.offset += len(data)
            elif ended:
                self.bad += bool(data) or self._skipping
                self._skipping = False
                self.number, self.offset = self.number + 1, 0
            else:
                return None

    def _block(self, data: bytes) -> Block:
        start = 0
        if self._skipping:
            start = data.index(b"\n") + 1
            self._skipping = False
            self.bad += 1
        return Block(self.number, self.offset + start, data[start:])

    def _bytes(self, size: int) -> bytes:
        try:
            descriptor = open_to_read(segment(self._directory, self._stem, self.number))
        except FileNotFoundError:
            return b""
        try:
            return os.pread(descriptor, size, self.offset)
        finally:
            os.close(descriptor)


class JournalReader:
    """The reading end: each `read` returns new lines. `bad` counts unreadable ones."""

    def __init__(self, directory: Path, stem: str) -> None:
        self._blocks = BlockReader(directory, stem)
        self._bad = 0

    @property
    def bad(self) -> int:
        """Lines that could not be read."""
        return self._bad + self._blocks.bad

    def read(self, most: int = 8 << 20) -> list[Line]:
        """Return about `most` bytes of new lines, including rollbacks; empty if there are none.

        Raises OSError or DataError.
        """
        lines: list[Line] = []
        while (most > 0 or not lines) and (block := self._blocks.read()):
            most -= len(block.data)
            for row in block.data.split(b"\n")[:-1]:
                line = parse_line(row)
                if line is not None:
                    lines.append(line)
                else:
                    self._bad += bool(row)
        return lines


def parse_line(row: bytes) -> Line | None:
    """Parse a line; None unless it is a non-empty object."""
    try:
        line = json.loads(row) if row else None
    except (ValueError, RecursionError):
        return None
    return line if line and isinstance(line, dict) else None


def whole(line: Mapping[str, Any], key: str) -> int | None:
    """Return a whole number from 0 to 10**12 of an unchecked line, else None."""
    value = line.get(key)
    return value if type(value) is int and 0 <= value <= MOST_STEP else None


def number(line: Mapping[str, Any], key: str) -> float | None:
    """Return a finite number of an unchecked line, else None."""
    value = line.get(key)
    if type(value) is float:
        return value if value - value == 0.0 else None
    return float(value) if type(value) is int and abs(value) <= MOST_NUMBER else None


def read_journal(directory: Path, stem: str) -> tuple[list[Line], int]:
    """Return all valid lines, without voided ones, and the number of unreadable lines.

    Raises OSError or DataError.
    """
    reader, kept = JournalReader(directory, stem), list[Line]()
    while lines := reader.read():
        add_valid(kept, lines)
    return kept, reader.bad


def _newest_segment(directory: Path, stem: str) -> Path:
    part = 0
    while segment(directory, stem, part + 1).exists():
        part += 1
    return segment(directory, stem, part)


def signature(directory: Path, stem: str) -> list[Any] | None:
    """Return what changes whenever a line is written; None without a readable journal."""
    try:
        path = _newest_segment(directory, stem)
        found = path.stat()
    except OSError:
        return None
    return [path.name, found.st_size, found.st_mtime_ns]


def newest_line(directory: Path, stem: str) -> Line:
    """Return the last valid line among the last few, or an empty one. Raises OSError."""
    with _newest_segment(directory, stem).open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
        rows = file.read(_TAIL).splitlines()
    return next((line for row in reversed(rows) if (line := parse_line(row))), {})


def add_valid(kept: list[Line], lines: Iterable[Line]) -> None:
    """Append lines; a rollback instead removes the lines after its update."""
    for line in lines:
        step = line.get(ROLLBACK)
        if type(step) is not int:
            kept.append(line)
            continue
        while kept and _step(kept[-1]) > step:
            kept.pop()


def _step(line: Line) -> float:
    step = line.get("step")
    return step if isinstance(step, (int, float)) else -math.inf
