"""What the trainer did about an update by itself, as events."""

from __future__ import annotations

from collections.abc import Iterator

from rnntui.engine.protocol import EventKind
from rnntui.stability import Fault
from rnntui.trainer import Chunk

_FAULTS: dict[Fault, str] = {
    "not finite": "the loss or its gradient is not finite",
    "spike": "its gradient leaps to a norm of {norm:.3g}",
}


def responses(chunk: Chunk) -> Iterator[tuple[EventKind, str]]:
    """Kind and text of each event that an update is; the texts are our own."""
    if chunk.fault:
        why = _FAULTS[chunk.fault].format(norm=chunk.gradient_norm)
        yield "skip", f"update {chunk.step} left out: {why}"
    if chunk.back_to is not None:
        yield "rollback", f"weights of update {chunk.back_to} again, at half the learning rate"
