"""A channel between two processes: fixed-size messages, waited for by spinning, then sleeping.

A message is sent through the kernel, which also orders what both sides read and write in shared
memory around it, on every processor. Spinning saves the time that waking up takes; a process that
waits for longer sleeps and costs nothing. When one side ends, the other learns it at once.
"""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable
from enum import IntEnum

SPINS = 2000  # looks before sleeping: a millisecond or two
WAKE = 50  # milliseconds between two calls of what is to be done while waiting
MOST_TEXT = 1000  # bytes
_MESSAGE = struct.Struct("=qddd")

Message = tuple[int, float, float, float]


class GoneError(ConnectionError):
    """The other side has ended."""


class Kind(IntEnum):
    """What a message asks for, or answers: a worker answers each one with one of its kind."""

    PLAN = 1  # the process' number, the length of the plan in JSON, which follows
    GRADIENT = 2  # of the chunk in the shared arrays; answer: the summed loss
    REDUCE = 3  # answer: the square of the part's gradient
    APPLY = 4  # lr, norm, updates made so far
    PUT_RANDOM = 5
    TAKE_RANDOM = 6
    CARRY_ON = 7
    FAILED = 8  # an answer: text follows, and then the end
    KERNELS = 9  # the length of their text, which follows


class Channel:
    """One end. Methods raise GoneError where the other side has ended."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._poll = select.poll()
        self._poll.register(end, select.POLLIN)

    def send(self, kind: Kind, a: float = 0.0, b: float = 0.0, c: float = 0.0) -> None:
        """Send a message."""
        try:
            self._end.sendall(_MESSAGE.pack(kind, a, b, c))
        except OSError:
            raise GoneError from None

    def receive(self, meanwhile: Callable[[], None] | None = None) -> Message:
        """The next message; `meanwhile` is called now and then while it does not come."""
        poll = self._poll.poll
        for _ in range(SPINS):
            if poll(0):
                break
        else:
            while not poll(WAKE if meanwhile else None):
                if meanwhile:
                    meanwhile()
        message: Message = _MESSAGE.unpack(self._read(_MESSAGE.size))
        return message

    @property
    def pending(self) -> bool:
        """Whether there is something to receive, or the other side has ended."""
        return bool(self._poll.poll(0))

    def send_plan(self, worker: int, text: bytes, memory: int) -> None:
        """Send a plan in JSON with its memory's descriptor."""
        self.send(Kind.PLAN, worker, len(text))
        try:
            socket.send_fds(self._end, [text], [memory])
        except OSError:
            raise GoneError from None

    def receive_plan(self, length: int) -> tuple[bytes, int]:
        """After the message: the plan in JSON and its memory's descriptor."""
        text, descriptors, _, _ = socket.recv_fds(self._end, length, 1)
        if not descriptors:
            raise GoneError
        return text + self._read(length - len(text)), descriptors[0]

    def send_text(self, kind: Kind, text: bytes) -> None:
        """Send a message with its length, and the text."""
        self.send(kind, len(text))
        try:
            self._end.sendall(text)
        except OSError:
            raise GoneError from None

    def receive_text(self, length: int) -> bytes:
        """After the message: the text."""
        return self._read(length)

    def send_failure(self, text: str) -> None:
        """Send why this side cannot continue, before it ends."""
        self.send(Kind.FAILED)
        try:
            self._end.sendall(text.encode("utf-8", "replace")[:MOST_TEXT])
        except OSError:
            raise GoneError from None

    def receive_failure(self) -> str:
        """The text after a message that something failed."""
        try:
            return self._end.recv(MOST_TEXT, socket.MSG_WAITALL).decode("utf-8", "replace")
        except OSError:
            raise GoneError from None

    def close(self) -> None:
        """Hang up."""
        self._end.close()

    def _read(self, size: int) -> bytes:
        if not size:
            return b""
        try:
            data = self._end.recv(size, socket.MSG_WAITALL)
        except OSError:
            raise GoneError from None
        if len(data) < size:
            raise GoneError
        return data
