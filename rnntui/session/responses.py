"""Events for what the trainer did on its own after a bad update."""

from __future__ import annotations

from collections.abc import Iterator

from rnntui.nn.kernels.choice import REFERENCE, Kernels
from rnntui.protocol.messages import EventKind
from rnntui.training.loop import Chunk
from rnntui.training.stability import Fault

_FAULTS: dict[Fault, str] = {
    "not finite": "the loss or its gradient is not finite",
    "spike": "the gradient norm spiked to {norm:.3g}",
}


def sharing(workers: int) -> str:
    """Return the text of the event that a trial has chosen the number of workers."""
    if workers == 1:
        return "one process makes every update: several would not be faster"
    return f"{workers} processes share every update from here on"


def computing(kernels: Kernels) -> str:
    """Return the text of the event that a trial, now or before, has chosen the kernels."""
    if kernels == REFERENCE:
        return "the reference kernels are the fastest on this machine"
    return f"fastest kernels on this machine: {kernels}"


def responses(chunk: Chunk) -> Iterator[tuple[EventKind, str]]:
    """Yield kind and text of each event that an update causes; the texts are safe."""
    if chunk.fault:
        why = _FAULTS[chunk.fault].format(norm=chunk.gradient_norm)
        yield "skip", f"update {chunk.step} skipped: {why}"
    if chunk.back_to is not None:
        yield "rollback", f"restored update {chunk.back_to}'s weights; halved the learning rate"
