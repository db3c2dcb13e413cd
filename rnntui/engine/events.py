"""What happened to a run, the newest part of it."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator

from rnntui.engine.protocol import Event, EventKind

MOST_KEPT = 1000
MOST_SENT = 32
MOST_BYTES = 8000  # of one reply
MOST_CHARACTERS = 200


class Events:
    """A list of events with a bounded end: `count` goes on, the oldest are dropped."""

    def __init__(self) -> None:
        self._kept: deque[Event] = deque(maxlen=MOST_KEPT)
        self.count = 0
        self._who = ""

    @contextlib.contextmanager
    def by(self, who: str) -> Iterator[None]:
        """What is added in here was done by that viewer; its name is safe."""
        self._who = who
        try:
            yield
        finally:
            self._who = ""

    def add(self, step: int, seconds: float, kind: EventKind, text: str) -> Event:
        """One more; `text` is safe."""
        now = round(time.time(), 1)
        event = Event(step, round(seconds, 3), kind, text[:MOST_CHARACTERS], now, self._who)
        self.keep(event)
        return event

    def keep(self, event: Event) -> None:
        """One more that happened before."""
        self.count += 1
        self._kept.append(event)

    def since(self, known: int) -> tuple[Event, ...]:
        """The events after the first `known` ones, at most the newest that one reply holds."""
        if known >= self.count:
            return ()
        found: list[Event] = []
        size = 0
        for event in reversed(self._kept):
            size += 80 + len(event.text.encode("utf-8", "replace"))
            if len(found) >= min(MOST_SENT, self.count - known) or size > MOST_BYTES:
                break
            found.append(event)
        return tuple(reversed(found))
