"""The training process's side of the socket: several viewers, none of which is ever waited for.

The training loop calls `poll` between chunks. Each request gets one reply, in order. A viewer that
sends rubbish is told so; one that does not read is dropped.
"""

from __future__ import annotations

import os
import selectors
import socket
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from rnntui.engine.codec import decode_request, encode
from rnntui.engine.protocol import MAX_REPLY, MAX_REQUEST, ProtocolError, Refused, Reply, Request
from rnntui.errors import EngineError
from rnntui.trust import check_private, is_ours

MOST_VIEWERS = 16
MOST_UNREAD = 4 * MAX_REPLY  # bytes a viewer may leave unread
REQUESTS_A_TURN = 1  # of one viewer: who asks much is not answered before who asks little
LONGEST_TURN = 0.01  # seconds after which those who have not been answered come first next time


class Viewer:
    """One connection: what it sent and was not a whole line yet, and what it has not taken yet."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.received = bytearray()
        self.unsent = bytearray()
        self.leaving = False  # nothing more is read; closed once it took what was said
        self.who = ""  # its name among the viewers, safe to show
        self.read_only = False  # it may look and nothing else

    def receive(self) -> bool:
        """Take what has come; False if the viewer is gone."""
        try:
            data = self.socket.recv(MAX_REQUEST)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        self.received += data
        return bool(data)

    def send(self) -> bool:
        """Give what the viewer will take now; False if it is gone."""
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
        """The next whole request without its newline."""
        end = self.received.find(b"\n")
        if end < 0:
            return None
        line = bytes(self.received[:end])
        del self.received[: end + 1]
        return line

    def say(self, reply: Reply) -> None:
        """Queue a reply."""
        try:
            self.unsent += encode(reply)
        except ProtocolError as error:
            self.unsent += encode(Refused(str(error)))


Answer = Callable[[Request, Viewer], Reply]


class Server:
    """Listens at `path`, in a directory that only its owner may enter.

    Raises EngineError where others could, or where nothing can be made there.
    """

    def __init__(self, path: Path) -> None:
        try:
            check_private(path.parent)
            self._listen(path)
        except OSError as error:
            raise EngineError(f"cannot listen for viewers: {error.strerror}") from None

    def _listen(self, path: Path) -> None:
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self._listener.bind(str(path))
        finally:
            os.umask(before)
        self._listener.listen(MOST_VIEWERS)
        self._listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._viewers: set[Viewer] = set()
        # Who has whole requests that were put off to the next turn, those put off longest first.
        self._waiting: dict[Viewer, None] = {}

    @property
    def viewers(self) -> int:
        """How many are connected."""
        return len(self._viewers)

    @property
    def unsent(self) -> bool:
        """Whether a viewer has not taken all that was said to it."""
        return any(viewer.unsent for viewer in self._viewers)

    def poll(self, seconds: float, answer: Answer) -> None:
        """Answer what has been asked; wait for something at most so long (0: not at all)."""
        ready = self._selector.select(0 if self._waiting else seconds)
        turn, end = dict(self._waiting), monotonic() + LONGEST_TURN
        for key, events in ready:
            viewer: Viewer | None = key.data
            if viewer is None:
                self._accept()
            elif self._hears(viewer, events) and not viewer.receive():
                self._drop(viewer)
                turn.pop(viewer, None)
            else:
                turn[viewer] = None
        for viewer in turn:
            if monotonic() < end:
                self._answer(viewer, answer)
            else:
                self._waiting[viewer] = None

    def _hears(self, viewer: Viewer, events: int) -> bool:
        """Whether to read from a viewer: not while requests of it wait, which bounds them."""
        reads = events & selectors.EVENT_READ
        return bool(reads) and not viewer.leaving and viewer not in self._waiting

    def close(self) -> None:
        """Hang up on everyone and remove the socket."""
        for viewer in tuple(self._viewers):
            viewer.send()
            self._drop(viewer)
        self._selector.close()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        for _ in range(MOST_VIEWERS):
            try:
                connection, _ = self._listener.accept()
            except (
                OSError
            ):  # nobody else waits, left before it was let in, or no descriptor is free
                return
            self._let_in(connection)

    def _let_in(self, connection: socket.socket) -> None:
        if not is_ours(connection):
            connection.close()
            return
        connection.setblocking(False)
        viewer = Viewer(connection)
        if len(self._viewers) >= MOST_VIEWERS:
            viewer.say(Refused(f"{MOST_VIEWERS} viewers are the most"))
            viewer.send()
            connection.close()
            return
        self._viewers.add(viewer)
        self._selector.register(connection, selectors.EVENT_READ, viewer)

    def _answer(self, viewer: Viewer, answer: Answer) -> None:
        for _ in range(REQUESTS_A_TURN):
            line = None if viewer.leaving else viewer.line()
            if line is None:
                break
            try:
                request = decode_request(line)
            except ProtocolError as error:
                viewer.say(Refused(str(error)))
            else:
                viewer.say(answer(request, viewer))
        self._settle(viewer)

    def _settle(self, viewer: Viewer) -> None:
        """After a turn: send, and decide what to wait for from this viewer."""
        more = b"\n" in viewer.received
        if len(viewer.received) >= MAX_REQUEST and not more:
            viewer.say(Refused(f"the line is longer than {MAX_REQUEST} bytes"))
            viewer.leaving = True
        gone = not viewer.send() or len(viewer.unsent) > MOST_UNREAD
        if gone or (viewer.leaving and not viewer.unsent):
            self._drop(viewer)
            return
        self._waiting.pop(viewer, None)
        if more and not viewer.leaving:
            self._waiting[viewer] = None
        # A viewer with requests put off is not read from, which bounds what it can pile up here.
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
