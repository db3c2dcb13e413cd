"""The training process's side of the socket, which serves several viewers and waits for none.

The training loop calls `poll` between chunks. Each request gets one reply, in order. An invalid
request is refused; a viewer that does not read is disconnected.
"""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from rnntui.errors import EngineError
from rnntui.protocol.codec import decode_request, encode
from rnntui.protocol.fitting import encode_reply
from rnntui.protocol.messages import MAX_REPLY, MAX_REQUEST, ProtocolError, Refused, Reply, Request
from rnntui.trust import check_private, is_ours

MOST_VIEWERS = 16
MOST_UNREAD = 4 * MAX_REPLY  # bytes a viewer may leave unread
REQUESTS_PER_ROUND = 1  # per viewer, so that a busy viewer does not delay the others
LONGEST_ROUND = 0.01  # seconds; viewers not answered by then come first next time


class Viewer:
    """One connection, with its incomplete input and unsent output."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.received = bytearray()
        self.unsent = bytearray()
        self.leaving = False  # nothing more is read; closed once everything is sent
        self.who = ""  # its name, safe to show
        self.greeted = False  # it has sent Hello: a user sees the run
        self.read_only = False  # it may only look

    def receive(self) -> bool:
        """Receive pending data; return False if the viewer is gone."""
        try:
            data = self.socket.recv(MAX_REQUEST)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        self.received += data
        return bool(data)

    def send(self) -> bool:
        """Send as much as the viewer accepts now; return False if it is gone."""
        while self.unsent:
            try:
                sent = self.socket.send(self.unsent)
            except (BlockingIOError, InterruptedError):
                return True
            except OSError:
                return False
            del self.unsent[:sent]
        return True

    def line(self) -> bytes | None:
        """Return the next complete request without its newline."""
        end = self.received.find(b"\n")
        if end < 0:
            return None
        line = bytes(self.received[:end])
        del self.received[: end + 1]
        return line

    def queue(self, reply: Reply) -> None:
        """Queue a reply."""
        try:
            self.unsent += encode_reply(reply)
        except ProtocolError as error:
            self.unsent += encode(Refused(str(error)))


Answer = Callable[[Request, Viewer], Reply]


class Server:
    """Listens at `path`, in a directory that only its owner may enter.

    Raises EngineError if others could enter, or if no socket can be created there.
    """

    def __init__(self, path: Path) -> None:
        self._listener, self._identity = _listen(path)
        self.path = path
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._viewers: set[Viewer] = set()
        # Viewers with requests deferred to the next round, longest waiting first.
        self._waiting: dict[Viewer, None] = {}

    @property
    def reachable(self) -> bool:
        """Whether a new viewer would find the socket at its path and be let in."""
        try:
            check_private(self.path.parent)
            return _identity(self.path) == self._identity
        except (OSError, EngineError):
            return False

    def move(self, path: Path) -> None:
        """Listen at `path` from now on; viewers that are connected stay. Raises EngineError."""
        listener, identity = _listen(path)
        self._selector.unregister(self._listener)
        self._listener.close()
        self._listener, self._identity, self.path = listener, identity, path
        self._selector.register(listener, selectors.EVENT_READ, None)

    @property
    def viewers(self) -> int:
        """The number of connected viewers."""
        return len(self._viewers)

    @property
    def watched(self) -> bool:
        """Whether a viewer has sent Hello."""
        return any(viewer.greeted for viewer in self._viewers)

    @property
    def unsent(self) -> bool:
        """Whether any viewer has unsent output."""
        return any(viewer.unsent for viewer in self._viewers)

    def poll(self, seconds: float, answer: Answer) -> None:
        """Answer pending requests, waiting for one at most `seconds` (0: not at all)."""
        ready = self._selector.select(0 if self._waiting else seconds)
        round_, end = dict(self._waiting), monotonic() + LONGEST_ROUND
        for key, events in ready:
            viewer: Viewer | None = key.data
            if viewer is None:
                self._accept()
            elif self._may_read(viewer, events) and not viewer.receive():
                self._drop(viewer)
                round_.pop(viewer, None)
            else:
                round_[viewer] = None
        for viewer in round_:
            if monotonic() < end:
                self._answer(viewer, answer)
            else:
                self._waiting[viewer] = None

    def _may_read(self, viewer: Viewer, events: int) -> bool:
        """Return whether to read from a viewer: not while it has deferred requests."""
        reads = events & selectors.EVENT_READ
        return bool(reads) and not viewer.leaving and viewer not in self._waiting

    def announce(self, reply: Reply, seconds: float) -> None:
        """Send an unsolicited message to all viewers, waiting at most `seconds` in total."""
        end = monotonic() + seconds
        for viewer in self._viewers:
            viewer.queue(reply)
        while waiting := [viewer for viewer in self._viewers if viewer.send() and viewer.unsent]:
            left = end - monotonic()
            if left <= 0:
                return
            select.select([], [viewer.socket for viewer in waiting], [], left)

    def close(self) -> None:
        """Disconnect all viewers and remove the socket."""
        for viewer in tuple(self._viewers):
            viewer.send()
            self._drop(viewer)
        self._selector.close()
        self._listener.close()
        with contextlib.suppress(OSError):
            if _identity(self.path) == self._identity:
                self.path.unlink()

    def _accept(self) -> None:
        for _ in range(MOST_VIEWERS):
            try:
                connection, _ = self._listener.accept()
            except OSError:  # none pending, already gone, or no free descriptor
                return
            self._admit(connection)

    def _admit(self, connection: socket.socket) -> None:
        if not is_ours(connection):
            connection.close()
            return
        connection.setblocking(False)
        viewer = Viewer(connection)
        if len(self._viewers) >= MOST_VIEWERS:
            viewer.queue(Refused(f"at most {MOST_VIEWERS} viewers can be connected"))
            viewer.send()
            connection.close()
            return
        self._viewers.add(viewer)
        self._selector.register(connection, selectors.EVENT_READ, viewer)

    def _answer(self, viewer: Viewer, answer: Answer) -> None:
        for _ in range(REQUESTS_PER_ROUND):
            line = None if viewer.leaving else viewer.line()
            if line is None:
                break
            try:
                request = decode_request(line)
            except ProtocolError as error:
                viewer.queue(Refused(str(error)))
            else:
                viewer.queue(answer(request, viewer))
        self._finish_round(viewer)

    def _finish_round(self, viewer: Viewer) -> None:
        """After a round, send, and choose which events of this viewer to wait for."""
        more = b"\n" in viewer.received
        if len(viewer.received) >= MAX_REQUEST and not more:
            viewer.queue(Refused(f"the line is longer than {MAX_REQUEST} bytes"))
            viewer.leaving = True
        gone = not viewer.send() or len(viewer.unsent) > MOST_UNREAD
        if gone or (viewer.leaving and not viewer.unsent):
            self._drop(viewer)
            return
        self._waiting.pop(viewer, None)
        if more and not viewer.leaving:
            self._waiting[viewer] = None
        # A viewer with deferred requests is not read from, which bounds its input buffer.
        reads = 0 if viewer.leaving or viewer in self._waiting else selectors.EVENT_READ
        writes = selectors.EVENT_WRITE if viewer.unsent else 0
        self._watch(viewer, reads | writes)

    def _watch(self, viewer: Viewer, events: int) -> None:
        known = self._selector.get_map().get(viewer.socket)
        if events and known is None:
            self._selector.register(viewer.socket, events, viewer)
        elif events and known is not None and known.events != events:
            self._selector.modify(viewer.socket, events, viewer)
        elif not events and known is not None:
            self._selector.unregister(viewer.socket)

    def _drop(self, viewer: Viewer) -> None:
        self._watch(viewer, 0)
        self._viewers.discard(viewer)
        self._waiting.pop(viewer, None)
        viewer.socket.close()


Identity = tuple[int, int]


def _listen(path: Path) -> tuple[socket.socket, Identity]:
    """Create a socket that only its owner may connect to. Raises EngineError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        check_private(path.parent)
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(MOST_VIEWERS)
        listener.setblocking(False)
        return listener, _identity(path)
    except (OSError, EngineError) as error:
        listener.close()
        if isinstance(error, EngineError):
            raise
        raise EngineError(f"cannot listen for viewers: {error.strerror or error}") from None


def _identity(path: Path) -> Identity:
    """Return what identifies the socket at a path. Raises OSError if nobody can connect to it."""
    found = path.lstat()
    if not stat.S_ISSOCK(found.st_mode) or found.st_mode & 0o600 != 0o600:
        raise PermissionError(f"{path}: nobody can connect to it")
    return found.st_dev, found.st_ino
