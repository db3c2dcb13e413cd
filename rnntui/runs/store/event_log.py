"""Read a run's events in bounded memory: their number, the newest, and selected ones."""

from __future__ import annotations

import math
import re
from collections import deque
from pathlib import Path
from time import monotonic

from rnntui.runs.store.journal import EVENTS, ROLLBACK, BlockReader, Line, parse_line, whole

NEWEST = 500  # as many as a dashboard keeps
MOST_RECENT = 10_000
AT_LEAST = 5_000  # lines that are read at once, however little time there is
_ROLLBACK = f'"{ROLLBACK}":'.encode()
_ESCAPED = re.compile(rb"\\.")
_STEP = re.compile(rb'\{"step":(\d{1,15}),')


class EventLog:
    """Follows `events.jsonl`, parsing only the lines that are wanted.

    `count` is the number of valid lines. Lines are selected by the words they contain: those with a
    word in `every` about update `step` or later, with their numbers (from 0); the newest 10,000 of
    those with a word in `recent` from line `after` on; and all those with a word in `always`.
    """

    def __init__(
        self,
        directory: Path,
        every: tuple[str, ...] = (),
        recent: tuple[str, ...] = (),
        always: tuple[str, ...] = (),
        after: int = 0,
        step: int = 0,
    ) -> None:
        self.directory, self._reader = directory, BlockReader(directory, EVENTS)
        self._after, self._step = after, step
        self._newest: deque[bytes] = deque(maxlen=NEWEST)
        self._every: deque[tuple[int, bytes]] = deque()
        self._recent: deque[bytes] = deque(maxlen=MOST_RECENT)
        self._always: deque[bytes] = deque()
        self._words = tuple(
            tuple(word.encode() for word in words) for words in (every, recent, always)
        )
        self.count = self._unreadable = 0
        self.complete = False

    @property
    def bad(self) -> int:
        """Lines that could not be read."""
        return self._unreadable + self._reader.bad

    @property
    def every(self) -> list[tuple[int, Line]]:
        """The lines with a word in `every`, with their numbers."""
        lines = ((number, parse_line(row)) for number, row in self._every)
        return [(number, line) for number, line in lines if line and self._counts(line)]

    @property
    def recent(self) -> list[Line]:
        """The newest lines with a word in `recent`."""
        return [line for line in map(parse_line, self._recent) if line and self._counts(line)]

    @property
    def always(self) -> list[Line]:
        """The lines with a word in `always`."""
        return [line for line in map(parse_line, self._always) if line]

    def _counts(self, line: Line) -> bool:
        return (whole(line, "step") or 0) >= self._step

    def read(self, seconds: float = math.inf) -> int:
        """Read what is new, for about so long; how many lines more count.

        `complete` tells afterwards whether that was all. Raises OSError or DataError.
        """
        before, end = self.count, monotonic() + seconds
        self.complete = False
        while block := self._reader.read():
            for row in block.data.split(b"\n")[:-1]:
                if row and _is_valid(row):
                    self._add(row)
                else:
                    self._unreadable += bool(row)
            if self.count - before >= AT_LEAST and monotonic() >= end:
                return self.count - before
        self.complete = True
        return self.count - before

    def _add(self, row: bytes) -> None:
        if _ROLLBACK in row and self._roll_back(row):
            return
        every, recent, always = (any(word in row for word in words) for words in self._words)
        if every and self._is_late(row):
            self._every.append((self.count, row))
        elif recent and self.count >= self._after and self._is_late(row):
            self._recent.append(row)
        if always:
            self._always.append(row)
        self._newest.append(row)
        self.count += 1

    def _is_late(self, row: bytes) -> bool:
        """Return whether a line may be about update `step` or later."""
        known = _STEP.match(row)
        return known is None or int(known[1]) >= self._step

    def _roll_back(self, row: bytes) -> bool:
        line = parse_line(row) or {}
        step = line.get(ROLLBACK)
        if type(step) is not int:
            return False
        before = len(self._newest)
        for rows in (self._newest, self._recent, self._always):
            while rows and _is_after(parse_line(rows[-1]) or {}, step):
                rows.pop()
        while self._every and _is_after(parse_line(self._every[-1][1]) or {}, step):
            self._every.pop()
        self.count -= before - len(self._newest)
        return True

    def newest(self, most: int = NEWEST) -> list[Line]:
        """Return the last valid lines."""
        rows = list(self._newest)[-most:] if most > 0 else []
        return [line for line in map(parse_line, rows) if line is not None]


def _is_after(line: Line, step: int) -> bool:
    at = line.get("step")
    return isinstance(at, int | float) and at > step


def _is_valid(row: bytes) -> bool:
    """Return whether a line is a JSON object.

    A truncated line is a prefix: an object without nested ones ends in a brace only if it is
    complete or was cut inside a string.
    """
    if row[:2] == b'{"' and row[-1:] == b"}" and row.count(b"{") == row.count(b"}") == 1:
        texts = _ESCAPED.sub(b"", row) if b"\\" in row else row
        if texts.count(b'"') % 2 == 0 and b"\0" not in row:
            return True
    return parse_line(row) is not None
