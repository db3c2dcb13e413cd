"""Keep a reply below the longest line: parts of a snapshot that are asked for again come later.

Each part is bounded where it is made, so that most of them fit together; a viewer that has just
connected to a long run may be the first to be owed all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rnntui.protocol.codec import encode
from rnntui.protocol.messages import ProtocolError, Reply, Snapshot


def encode_reply(reply: Reply) -> bytes:
    """Encode a reply; a snapshot that is too long leaves out what the viewer's next Look asks for.

    Raises ProtocolError if the line is still longer than the viewer accepts.
    """
    omissions = iter(_OMISSIONS if isinstance(reply, Snapshot) else ())
    while True:
        try:
            return encode(reply)
        except ProtocolError:
            omit = next(omissions, None)
            if omit is None:
                raise
            assert isinstance(reply, Snapshot)
            reply = omit(reply)


def _without_past(snapshot: Snapshot) -> Snapshot:
    before = snapshot.past_count - len(snapshot.past)
    return replace(snapshot, past=(), past_count=before)


def _without_window(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, window=None)


def _without_insight(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, insight=None, passage=None, backtest=None)


def _without_steps(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, steps=None, streams=())


def _without_events(snapshot: Snapshot) -> Snapshot:
    before = snapshot.event_count - len(snapshot.events)
    return replace(snapshot, events=(), event_count=before)


def _without_generated(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, generated=None)


# The first is missed least.
_OMISSIONS: tuple[Callable[[Snapshot], Snapshot], ...] = (
    _without_past,
    _without_window,
    _without_insight,
    _without_steps,
    _without_events,
    _without_generated,
)
