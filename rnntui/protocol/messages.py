"""Every message between a training process and its viewers, declared once.

A request and its reply are one line of JSON each: {"kind": "<class name>", field: value, ...}.
Losses are in nats per token (½ squared error per step for values) unless a field says otherwise.
A number that is not finite travels as null: NaN is not JSON. `codec.py` writes and reads the lines.
A `Safe` text has been through `safe_text`; other texts are raw and must be sanitized when shown.
"""

from __future__ import annotations

from typing import get_args

from rnntui.protocol.base import REQUESTS, Request
from rnntui.protocol.replies import (
    Accepted,
    Alert,
    Baseline,
    Ended,
    Event,
    EventKind,
    Fact,
    Failed,
    Generated,
    History,
    Last,
    Loading,
    PastText,
    Refused,
    Reply,
    Snapshot,
    State,
    System,
    TokenSteps,
    Validation,
    ValueSteps,
    Welcome,
    Window,
)
from rnntui.protocol.requests import (
    MOST_STREAMS,
    VERSION,
    Fix,
    Generate,
    Hello,
    Look,
    Pace,
    Pause,
    Resume,
    SamplingKey,
    Save,
    SetLearningRate,
    SetSampling,
    Step,
    Stop,
    StopGenerating,
)

__all__ = [
    "MAX_REPLY",
    "MAX_REQUEST",
    "MOST_STREAMS",
    "REPLIES",
    "REQUESTS",
    "VERSION",
    "Accepted",
    "Alert",
    "Baseline",
    "Ended",
    "Event",
    "EventKind",
    "Fact",
    "Failed",
    "Fix",
    "Generate",
    "Generated",
    "Hello",
    "History",
    "Last",
    "Loading",
    "Look",
    "Message",
    "Pace",
    "PastText",
    "Pause",
    "ProtocolError",
    "Refused",
    "Reply",
    "Request",
    "Resume",
    "SamplingKey",
    "Save",
    "SetLearningRate",
    "SetSampling",
    "Snapshot",
    "State",
    "Step",
    "Stop",
    "StopGenerating",
    "System",
    "TokenSteps",
    "Validation",
    "ValueSteps",
    "Welcome",
    "Window",
]

MAX_REQUEST = 16 * 1024  # bytes of a line with its newline
MAX_REPLY = 64 * 1024

Message = Request | Reply

REPLIES: dict[str, type] = {c.__name__: c for c in get_args(Reply)}


class ProtocolError(ValueError):
    """A line that is not a message of this protocol."""
