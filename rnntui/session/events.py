"""The newest events of a run."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args

from rnntui.protocol.messages import Event, EventKind
from rnntui.runs.store.journal import number, whole
from rnntui.text import safe_text

NEWS = ("alert", "note", "rollback", "skip", "disk", "end", "finding")
MOST_KEPT = 500  # as many as a dashboard keeps
MOST_SENT = 32
MOST_BYTES = 8000  # of one reply
MOST_CHARACTERS = 200


class Events:
    """A bounded list of events: the oldest are dropped, while `count` keeps counting."""

    def __init__(self) -> None:
        self._kept: deque[Event] = deque(maxlen=MOST_KEPT)
        self.count = 0
        self._who = ""

    @contextlib.contextmanager
    def by(self, who: str) -> Iterator[None]:
        """Attribute the events added inside the block to a viewer; its name is safe."""
        self._who = who
        try:
            yield
        finally:
            self._who = ""

    def add(self, step: int, seconds: float, kind: EventKind, text: str) -> Event:
        """Add an event now; `text` is safe."""
        now = round(time.time(), 1)
        event = Event(step, round(seconds, 3), kind, text[:MOST_CHARACTERS], now, self._who)
        self.keep(event)
        return event

    def keep_line(self, line: Mapping[str, Any]) -> None:
        """Add an event from a journal; missing optional fields are empty."""
        kind, step, text = line.get("kind"), whole(line, "step"), line.get("text")
        if kind not in get_args(EventKind) or step is None or not isinstance(text, str):
            return
        seconds, at = (number(line, name) or 0.0 for name in ("seconds", "at"))
        who = line.get("who")
        who = safe_text(who)[:80] if isinstance(who, str) else ""
        text = safe_text(text)[:MOST_CHARACTERS]
        self.keep(Event(step, seconds, cast(EventKind, kind), text, at, who))

    def keep(self, event: Event) -> None:
        """Add an event."""
        self.count += 1
        self._kept.append(event)

    def news(self, known: int) -> str:
        """Summarize in one line the important events after the first `known` ones."""
        unseen = list(self._kept)[-(self.count - known) :] if self.count > known else []
        important = [event for event in unseen if event.kind in NEWS]
        if not important:
            return ""
        more = f" (and {len(important) - 1} more: see the event log)" if len(important) > 1 else ""
        return f"while you were away: {important[-1].text}{more}"

    def since(self, known: int) -> tuple[Event, ...]:
        """Return the newest events after the first `known` ones, as many as fit into a reply."""
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
