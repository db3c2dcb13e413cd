"""Append-only files of JSON lines: `metrics.jsonl`, `events.jsonl`, `samples.jsonl`.

A line is one write at the end of the file, so a reader may follow while it grows. What a killed
process left unfinished is ended by the next writer's newline and passed over by readers. Nothing
is ever cut off: a run that goes on from an earlier update says so in a line, and readers then drop
what came after that update. When a file has 64 MB the next one begins: `metrics-00001.jsonl`.
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

from rnntui.errors import DataError
from rnntui.run.files import (
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

METRICS, EVENTS, SAMPLES = "metrics", "events", "samples"
ROLLBACK = "rollback"  # the key of a line that voids what came after that update
SEGMENT = 64 << 20  # bytes
LONGEST_LINE = 1 << 20  # bytes
MOST_WAITING = 4 << 20  # bytes kept while the disk refuses them
_BLOCK = 1 << 20


def segment(directory: Path, stem: str, number: int) -> Path:
    """The path of a journal's part, counted from 0."""
    return directory / (f"{stem}-{number:05d}.jsonl" if number else f"{stem}.jsonl")


def to_line(record: Mapping[str, Any]) -> bytes:
    """A record as JSON with its newline; numbers that are not finite become null and are named."""
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
    """The writing end. `append` only remembers and never waits; another thread may `drain`.

    A failing disk stops nobody: what it refuses is reported, kept and tried again by the next
    `drain`. Of more than 4 MB the oldest lines are given up (`lost` counts them).
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
        self._at_hand: bytes | None = None  # is being written, or was when the disk refused
        self._descriptor: int | None = None
        self._number = self._size = 0
        self._torn = self._failing = False
        self._lock = threading.Lock()  # held for moments only
        self._writing = threading.RLock()  # held as long as the disk takes
        self.lost = 0

    def append(self, record: Mapping[str, Any]) -> None:
        """One more line. Raises ValueError for what JSON cannot hold, or a line above 1 MB."""
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
        """Void what was written after update `step`."""
        self.append({ROLLBACK: step})

    def drain(self) -> bool:
        """Write what waits; False where the disk refuses."""
        with self._writing:
            return self._attempt(self._write_waiting)

    def sync(self) -> bool:
        """Write what waits and wait until it is on the disk; False where the disk refuses."""
        with self._writing:
            return self._attempt(self._write_and_sync)

    def close(self) -> bool:
        """Write what waits and let go of the file."""
        with self._writing:
            written = self.sync()
            self._attempt(self._leave)
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
            data = b"\n" + line if self._torn else line
            self._torn = True  # until the whole of it is written
            write_all(self._files, descriptor, data)
            self._torn, self._at_hand = False, None
            self._size += len(data)

    def _next(self) -> bytes | None:
        """The line to write; the same one again until it is written."""
        if self._at_hand is None:
            with self._lock:
                if self._waiting:
                    self._at_hand = self._waiting.popleft()
                    self._waiting_bytes -= len(self._at_hand)
        return self._at_hand

    def _at_end(self, room: int) -> int:
        """The descriptor to append to, with that much room before the next part begins."""
        if self._descriptor is None:
            while segment(self._directory, self._stem, self._number + 1).exists():
                self._number += 1
            return self._open()
        if self._size and self._size + room > self._most:
            self._files.fsync(self._descriptor)
            self._leave()
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
            self._torn = bool(self._size) and os.pread(descriptor, 1, self._size - 1) != b"\n"
            if is_new:
                sync_directory(self._files, self._directory)
        except BaseException:
            with contextlib.suppress(OSError):
                self._files.close(descriptor)
            raise
        self._descriptor = descriptor
        return descriptor

    def _leave(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            self._files.close(descriptor)


class JournalReader:
    """The reading end: each `read` gives the whole lines that are new. `bad` counts torn ones."""

    def __init__(self, directory: Path, stem: str) -> None:
        self._directory, self._stem = directory, stem
        self._number = self._offset = 0
        self._skipping = False  # the rest of a line that is too long to be one
        self.bad = 0

    def read(self, most: int = 8 << 20) -> list[Line]:
        """The new lines, of about `most` bytes, with the rollbacks; none: no more for now.

        Raises OSError or DataError.
        """
        lines: list[Line] = []
        while most > 0 or not lines:
            # Asked first: once there is a next part, this one does not grow any more.
            ended = segment(self._directory, self._stem, self._number + 1).exists()
            data = self._block()
            whole = data.rfind(b"\n") + 1
            if whole:
                lines += self._parse(data[:whole])
                self._offset += whole
                most -= whole
            elif len(data) >= _BLOCK:
                self._skipping = True
                self._offset += len(data)
                most -= len(data)
            elif ended:
                self.bad += bool(data)
                self._number, self._offset = self._number + 1, 0
            else:
                break
        return lines

    def _block(self) -> bytes:
        try:
            descriptor = open_to_read(segment(self._directory, self._stem, self._number))
        except FileNotFoundError:
            return b""
        try:
            return os.pread(descriptor, _BLOCK, self._offset)
        finally:
            os.close(descriptor)

    def _parse(self, data: bytes) -> Iterable[Line]:
        rows = data.split(b"\n")[:-1]
        if self._skipping:
            rows, self._skipping = rows[1:], False
            self.bad += 1
        for row in rows:
            try:
                line = json.loads(row) if row else {}
            except (ValueError, RecursionError):
                line = None
            if line and isinstance(line, dict):
                yield line
            elif row:
                self.bad += 1


def read_journal(directory: Path, stem: str) -> tuple[list[Line], int]:
    """All valid lines, without those that a rollback voided, and how many could not be read.

    Raises OSError or DataError.
    """
    reader, kept = JournalReader(directory, stem), list[Line]()
    while lines := reader.read():
        add_valid(kept, lines)
    return kept, reader.bad


def add_valid(kept: list[Line], lines: Iterable[Line]) -> None:
    """Append lines to those kept so far; a rollback removes what came after its update instead."""
    for line in lines:
        step = line.get(ROLLBACK)
        if not isinstance(step, int):
            kept.append(line)
            continue
        while kept and _step(kept[-1]) > step:
            kept.pop()


def _step(line: Line) -> float:
    step = line.get("step")
    return step if isinstance(step, (int, float)) else -math.inf
