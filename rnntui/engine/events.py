"""What happened to a run, the newest part of it."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args

from rnntui.engine.protocol import Event, EventKind
from rnntui.text import safe_text

NEWS = ("alert", "rollback", "skip", "disk", "end")
MOST_KEPT = 500  # as many as a dashboard keeps
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

    def keep_line(self, line: Mapping[str, Any]) -> None:
        """One more from a journal; what it lacks is taken to be nothing."""
        kind, step, text = line.get("kind"), line.get("step"), line.get("text")
        if kind in get_args(EventKind) and isinstance(step, int) and isinstance(text, str):
            numbers = [line.get(name) for name in ("seconds", "at")]
            seconds, at = (float(n) if isinstance(n, int | float) else 0.0 for n in numbers)
            who = safe_text(str(line.get("who", "")))[:80]
            self.keep(
                Event(
                    step, seconds, cast(EventKind, kind), safe_text(text)[:MOST_CHARACTERS], at, who
                )
            )

    def keep(self, event: Event) -> None:
        """One more that happened before."""
        self.count += 1
        self._kept.append(event)

    def news(self, known: int) -> str:
        """In one line, what happened after the first `known` events that nobody may miss."""
        unseen = list(self._kept)[-(self.count - known) :] if self.count > known else []
        told = [event for event in unseen if event.kind in NEWS]
        if not told:
            return ""
        more = f" (and {len(told) - 1} more: see the events)" if len(told) > 1 else ""
        return f"while nobody looked: {told[-1].text}{more}"

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
