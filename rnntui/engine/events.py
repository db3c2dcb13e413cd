"""What happened to a run, the newest part of it."""

from __future__ import annotations

from collections import deque
from typing import Any, cast

from rnntui.engine.protocol import Event

MOST_KEPT = 1000
MOST_SENT = 32
MOST_BYTES = 8000  # of one reply
MOST_CHARACTERS = 200


class Events:
    """A list of events with a bounded end: `count` goes on, the oldest are dropped."""

    def __init__(self) -> None:
        self._kept: deque[Event] = deque(maxlen=MOST_KEPT)
        self.count = 0

    def add(self, step: int, seconds: float, kind: str, text: str) -> None:
        """One more; `text` is safe."""
        self.count += 1
        event = Event(step, round(seconds, 3), cast(Any, kind), text[:MOST_CHARACTERS])
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
