"""A small index of `metrics.jsonl`, so that viewing a run costs the same at any length.

Each record summarizes 64 lines: their position, their updates and their losses. The index is a fold
over the journal: it can be rebuilt at any time in bounded memory, and a stored one continues with
the lines written since. A rollback removes the records that it voids; a partly voided one is
rebuilt from its remaining lines.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.runs.store.files import open_to_read, read_file
from rnntui.runs.store.journal import (
    METRICS,
    ROLLBACK,
    Block,
    BlockReader,
    Line,
    number,
    parse_line,
    segment,
    whole,
)

INDEX = "metrics.index"
LINES = 64  # per record
MOST_RECORD = 1 << 20  # bytes from its first line to its last
MOST_INDEX = 256 << 20  # bytes
BLOCK = 1 << 18  # bytes read at once
MOST_LOST = 1_000_000  # updates whose lines a full disk may have lost
CHECKED = 16  # records checked against the journal when an index is loaded
_MAGIC = b"rnntui metrics index 1\n"

RECORD = np.dtype(
    [
        ("number", "<i4"),  # of the journal's part
        ("check", "<u4"),  # checksum of the last line
        ("begin", "<i8"),  # offset of the first line
        ("last_line", "<i8"),  # offset of the last line
        ("end", "<i8"),  # offset after the last line
        ("first", "<i8"),  # updates made before those of the record
        ("last", "<i8"),  # the last update
        ("good", "<i8"),  # updates with a finite loss
        ("bad", "<i8"),  # the others
        ("mean", "<f8"),
        ("low", "<f8"),
        ("high", "<f8"),
        ("validation_step", "<i8"),  # of the last validation; 0: there is none
        ("validation", "<f8"),
        ("best_validation", "<f8"),
    ]
)
Records = NDArray[np.void]


class Row(NamedTuple):
    """A line of the journal: the updates from `first` + 1 to `last`."""

    first: int
    last: int
    good: int
    bad: int
    mean: float
    low: float
    high: float
    validation: float
    has_validation: bool
    number: int
    begin: int
    raw: bytes
    line: Line

    @property
    def end(self) -> int:
        """The offset after the line."""
        return self.begin + len(self.raw) + 1


@dataclass(frozen=True)
class View:
    """A snapshot of the index: closed records, and the rows after them.

    While `version` stays the same, updates are only added at the end.
    """

    records: Records
    rows: tuple[Row, ...]
    version: int

    @property
    def last(self) -> int:
        """The last update."""
        if self.rows:
            return self.rows[-1].last
        return int(self.records[-1]["last"]) if len(self.records) else 0


class MetricsIndex:
    """The index. Threads may share it: every method holds a lock briefly."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._version = 0
        self._clear()

    def _clear(self) -> None:
        self._records: Records = np.zeros(256, RECORD)
        self._count = 0
        self._rows: list[Row] = []
        self._reader = BlockReader(self._directory, METRICS, size=BLOCK)
        self._ignored = 0

    @property
    def bad(self) -> int:
        """The number of lines that are unreadable or inconsistent."""
        return self._ignored + self._reader.bad

    @property
    def count(self) -> int:
        """The number of closed records."""
        return self._count

    @property
    def now(self) -> tuple[int, int]:
        """The version, and the last update."""
        with self._lock:
            return self._version, self._last

    @property
    def _last(self) -> int:
        return self._known[-1].last if self._known else self._last_closed

    @property
    def _known(self) -> list[Row]:
        """The rows, without a last one that skips implausibly many updates."""
        rows, before = self._rows, self._rows[-2].last if len(self._rows) > 1 else self._last_closed
        far = bool(rows) and before > 0 and rows[-1].first - before > MOST_LOST + 9 * before
        return rows[:-1] if far else rows

    @property
    def position(self) -> tuple[int, int]:
        """The journal's part, and the offset in it, up to which it has been read."""
        return self._reader.number, self._reader.offset

    def view(self) -> View:
        """Return a snapshot of the index."""
        with self._lock:
            return View(self._records[: self._count].copy(), tuple(self._known), self._version)

    def last_line(self) -> Line:
        """Return the last valid line; empty if there is none."""
        with self._lock:
            if rows := self._known:
                return rows[-1].line
            if self._count:
                rows = read_rows(self._directory, self._records[self._count - 1])
                return rows[-1].line if rows else {}
            return {}

    def advance(self, blocks: int = 1) -> bool:
        """Read up to `blocks` blocks; return False at the end. Raises OSError or DataError."""
        for _ in range(blocks):
            with self._lock:
                block = self._reader.read()
                if block is None:
                    return False
                for offset, raw, line in parsed(block):
                    self._add(block.number, offset, raw, line)
        return True

    def _add(self, part: int, offset: int, raw: bytes, line: Line | None) -> None:
        if line is None:
            self._ignored += bool(raw)
            return
        if type(back := line.get(ROLLBACK)) is int:
            self._roll_back(back)
            return
        if self._rows and offset + len(raw) - self._rows[0].begin > MOST_RECORD:
            self._close_all()
        self._ignored += not append_row(self._rows, self._last_closed, part, offset, raw, line)
        full = len(self._rows) > LINES
        # A record has lines of one part. The newest line stays open: the next may correct it.
        if full or (len(self._rows) > 1 and self._rows[0].number != self._rows[-1].number):
            self._close(self._rows[:-1])
            del self._rows[:-1]

    @property
    def _last_closed(self) -> int:
        return int(self._records[self._count - 1]["last"]) if self._count else 0

    def _close(self, rows: list[Row]) -> None:
        if self._count == len(self._records):
            self._records = np.concatenate([self._records, np.zeros_like(self._records)])
        self._records[self._count] = record_of(rows)
        self._count += 1

    def _close_all(self) -> None:
        if self._rows:
            self._close(self._rows)
            self._rows = []

    def _roll_back(self, step: int) -> None:
        if (self._rows[-1].last if self._rows else self._last_closed) <= step:
            return
        self._version += 1
        while self._rows and self._rows[-1].last > step:
            self._rows.pop()
        while self._count and self._last_closed > step:
            record = self._records[self._count - 1].copy()
            self._count -= 1
            if record["first"] >= step:
                continue
            if rows := [row for row in read_rows(self._directory, record) if row.last <= step]:
                self._close(rows)
        # A record must not contain both voided lines and later ones.
        self._close_all()

    # ---- on disk ----------------------------------------------------------------------------

    def stored(self) -> bytes:
        """Encode the closed records for `load`."""
        with self._lock:
            data = self._records[: self._count].tobytes()
        return _MAGIC + crc32(data).to_bytes(4, "little") + data

    def load(self, path: Path) -> bool:
        """Continue from a stored index; return False and change nothing if it does not match."""
        try:
            data = read_file(path, MOST_INDEX)
        except (OSError, DataError):
            return False
        start = len(_MAGIC) + 4
        body = data[start:]
        intact = data.startswith(_MAGIC) and not len(body) % RECORD.itemsize
        if not intact or crc32(body) != int.from_bytes(data[start - 4 : start], "little"):
            return False
        records: Records = np.frombuffer(body, RECORD).copy()
        if not len(records) or not self._fits(records):
            return False
        with self._lock:
            last = records[-1]
            self._records, self._count, self._rows = records, len(records), []
            self._reader = BlockReader(
                self._directory, METRICS, int(last["number"]), int(last["end"]), BLOCK
            )
            self._version += 1
        return True

    def _fits(self, records: Records) -> bool:
        """Return whether some lines, including the last one, are where the index says."""
        chosen = np.unique(np.linspace(0, len(records) - 1, CHECKED).astype(int))
        try:
            return all(
                crc32(_bytes(self._directory, record, "last_line")) == record["check"]
                for record in records[chosen]
            )
        except (OSError, DataError):
            return False


# ---- lines --------------------------------------------------------------------------------------


def parsed(block: Block) -> Iterable[tuple[int, bytes, Line | None]]:
    """Yield offset, bytes and object of each line; None for an invalid line."""
    rows = block.data.split(b"\n")[:-1]
    offset = block.offset
    for raw, line in zip(rows, _lines(rows), strict=True):
        yield offset, raw, line
        offset += len(raw) + 1


def _lines(rows: list[bytes]) -> list[Line | None]:
    """Parse all lines at once if possible, which takes half the time, else one by one."""
    if all(row[:1] == b"{" and row[-1:] == b"}" for row in rows):
        array = parse_line(b'{"all":[' + b",".join(rows) + b"]}")
        lines = array["all"] if array else []
        if len(lines) == len(rows) and all(type(line) is dict for line in lines):
            return [line or None for line in lines]
    return [parse_line(row) for row in rows]


def append_row(
    rows: list[Row], closed: int, part: int, offset: int, raw: bytes, line: Line
) -> bool:
    """Add a line to those after update `closed`; return False if it is ignored.

    Updates must increase. If they do not, one of two lines is wrong: the newest so far if this one
    is consistent with the line before it, else this one.
    """
    step = whole(line, "step")
    before = rows[-2].last if len(rows) > 1 else closed
    if step is None or step <= before:
        return False
    if rows and step <= rows[-1].last:
        rows.pop()
    rows.append(_row(line, rows[-1].last if rows else closed, step, part, offset, raw))
    return True


def _row(line: Line, before: int, step: int, part: int, offset: int, raw: bytes) -> Row:
    updates = whole(line, "updates") or step - before
    first = max(before, step - updates)
    made = step - first
    loss = number(line, "loss")
    bad = made if loss is None else min(made - 1, whole(line, "bad") or 0)
    low, high = number(line, "low"), number(line, "high")
    mean = math.nan if loss is None else loss
    validation = line.get("validation")
    value = number(line, "validation")
    return Row(
        first=first,
        last=step,
        good=made - bad,
        bad=bad,
        mean=mean,
        low=mean if low is None or low > mean else low,
        high=mean if high is None or high < mean else high,
        validation=math.nan if value is None else value,
        # One made only because the run ended is void once the run continues.
        has_validation="validation" in line
        and type(validation) in (int, float, type(None))
        and line.get("final") is not True,
        number=part,
        begin=offset,
        raw=raw,
        line=line,
    )


def record_of(rows: list[Row]) -> Any:
    """Summarize rows as a record."""
    record = np.zeros(1, RECORD)[0]
    good = sum(row.good for row in rows)
    validated = [row for row in rows if row.has_validation]
    known = [row.validation for row in validated if math.isfinite(row.validation)]
    valid = [row for row in rows if row.good]
    last = rows[-1]
    record["number"], record["check"] = last.number, crc32(last.raw)
    record["begin"], record["last_line"], record["end"] = rows[0].begin, last.begin, last.end
    record["first"], record["last"] = rows[0].first, last.last
    record["good"], record["bad"] = good, sum(row.bad for row in rows)
    record["mean"] = sum(row.mean * (row.good / good) for row in valid) if good else math.nan
    record["low"] = min((row.low for row in valid), default=math.nan)
    record["high"] = max((row.high for row in valid), default=math.nan)
    record["validation_step"] = validated[-1].last if validated else 0
    record["validation"] = validated[-1].validation if validated else math.nan
    record["best_validation"] = min(known, default=math.nan)
    return record


def read_rows(directory: Path, record: Any) -> list[Row]:
    """Read the rows of a record."""
    data = _bytes(directory, record, "begin") + b"\n"
    rows: list[Row] = []
    for offset, raw, line in parsed(Block(int(record["number"]), int(record["begin"]), data)):
        if line is not None and ROLLBACK not in line:
            append_row(rows, int(record["first"]), int(record["number"]), offset, raw, line)
    return [row for row in rows if row.last <= record["last"]]


def _bytes(directory: Path, record: Any, start: str) -> bytes:
    """Read a record from an offset to its end, without the last newline."""
    begin, end = int(record[start]), int(record["end"])
    if not 0 <= begin < end <= begin + 2 * MOST_RECORD:
        raise DataError("the metrics index does not match the journal")
    descriptor = open_to_read(segment(directory, METRICS, int(record["number"])))
    try:
        return os.pread(descriptor, end - begin, begin)[:-1]
    finally:
        os.close(descriptor)
