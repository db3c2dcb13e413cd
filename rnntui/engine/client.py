"""The dashboard's side of the socket: one request at a time, and never blocking.

Neither this module nor anything it imports needs NumPy.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rnntui.errors import EngineError
from rnntui.protocol.codec import decode_reply, encode
from rnntui.protocol.messages import (
    MAX_REPLY,
    Ended,
    Hello,
    Loading,
    Look,
    ProtocolError,
    Reply,
    Request,
)
from rnntui.trust import NOBODY, check_private, is_ours, peer_user

LOADING_PERIOD = 0.1  # seconds between polls while the data are loading
RETRY = 0.005  # seconds between attempts to connect to a process that is starting
FOREIGN = "the training process belongs to another user"
CLOSED = "the connection was closed"
BROKEN = (OSError, EOFError, ProtocolError, asyncio.LimitOverrunError)


async def greet(
    ask: Callable[[Request], Awaitable[Reply]], hello: Hello, report: Callable[[Loading], None]
) -> Reply:
    """Return the reply to Hello once the data are loaded; `report` is called with the progress."""
    while isinstance(reply := await ask(hello), Loading):
        report(reply)
        await asyncio.sleep(LOADING_PERIOD)
    return reply


class EngineBusyError(EngineError):
    """No reply came in time. It is still awaited, and later requests queue behind it."""


class UnexpectedReplyError(EngineError):
    """The other end does not speak this version of the protocol."""


class EngineClient:
    """A connection to a training process: open it with `connect`, end it with `close`.

    Requests queue here, commands ahead of Looks, so that at most one reply is pending, however slow
    the training process or the link is.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._queue: list[tuple[bool, int, bytes, asyncio.Future[Reply]]] = []
        self._count = 0
        self._something = asyncio.Event()
        self._reason = ""
        self._ended: Ended | None = None
        # Always reading: the last message arrives unasked.
        self._line = asyncio.ensure_future(reader.readuntil(b"\n"))
        self._task = asyncio.create_task(self._work())

    @classmethod
    async def connect(
        cls,
        path: Path | Callable[[], Path],
        timeout: float = 60.0,
        alive: Callable[[], bool] = lambda: True,
    ) -> EngineClient:
        """Connect to the process that listens at `path`, or will within `timeout` seconds.

        A callable `path` is called before each attempt, because the process may move. `alive`
        returns whether another attempt makes sense. Raises EngineError, including when the process
        or the socket's directory belongs to another user.
        """
        end = time.monotonic() + timeout
        while True:
            try:
                return cls(*await _open(path() if callable(path) else path))
            except (FileNotFoundError, NotADirectoryError, ConnectionError):
                if not alive():
                    raise EngineError("the training process ended before it was ready") from None
                if time.monotonic() > end:
                    raise EngineError("the training process is not listening") from None
            except OSError as error:
                raise EngineError(f"cannot reach the training process: {error.strerror}") from None
            await asyncio.sleep(RETRY)

    @property
    def closed(self) -> bool:
        """Whether either side has closed the connection."""
        return bool(self._reason)

    async def ask(self, request: Request, timeout: float | None = None) -> Reply:
        """Send a request and return the reply; after the run's end, every reply is Ended.

        Raises EngineError if the training process is gone or sends an invalid reply,
        EngineBusyError after `timeout` seconds without a reply, ProtocolError if the request itself
        is too long.
        """
        line = encode(request)
        if self._ended is not None:
            return self._ended
        if self._reason:
            raise EngineError(self._reason)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._queue, (isinstance(request, Look), self._count, line, future))
        self._something.set()
        try:
            return await asyncio.wait_for(future, timeout)
        except TimeoutError:
            message = f"the training process has not answered for {timeout:g} s"
            raise EngineBusyError(message) from None

    def close(self) -> None:
        """Close the connection; pending requests raise EngineError."""
        self._end(CLOSED)
        self._task.cancel()

    async def _work(self) -> None:
        try:
            while await self._wanted():
                _, _, line, future = heapq.heappop(self._queue)
                if not future.done():  # not cancelled
                    await self._exchange(line, future)
        except BROKEN as error:
            self._end(_meaning(error))

    async def _wanted(self) -> bool:
        """Wait for a request; return False if the run's end was announced instead."""
        if self._ended is not None:
            return False
        while not self._queue and not self._line.done():
            self._something.clear()
            asked = asyncio.ensure_future(self._something.wait())
            try:
                await asyncio.wait((asked, self._line), return_when=asyncio.FIRST_COMPLETED)
            finally:
                asked.cancel()
        if self._line.done():
            self._keep(decode_reply(self._line.result()))
        return self._ended is None

    def _keep(self, reply: Reply) -> None:
        """Store the unsolicited last message. Raises ProtocolError for any other."""
        if not isinstance(reply, Ended):
            raise ProtocolError("a reply without a request")
        self._ended = reply
        self._end(CLOSED)

    async def _exchange(self, line: bytes, future: asyncio.Future[Reply]) -> None:
        try:
            # The other side may have closed after its last message, which is still to be read.
            with contextlib.suppress(ConnectionError):
                self._writer.write(line)
                await self._writer.drain()
            # A cancelled request's reply is still read, so that replies match requests.
            reply = decode_reply(await self._line)
        except (*BROKEN, asyncio.CancelledError) as error:
            if not future.done():
                future.set_exception(_as_engine_error(error))
            raise
        if not future.done():
            future.set_result(reply)
        if isinstance(reply, Ended):
            self._keep(reply)
            return
        self._line = asyncio.ensure_future(self._reader.readuntil(b"\n"))

    def _end(self, reason: str) -> None:
        self._reason = self._reason or reason
        for *_, future in self._queue:
            if not future.done() and self._ended is not None:
                future.set_result(self._ended)
            elif not future.done():
                future.set_exception(EngineError(self._reason))
        self._queue.clear()
        self._line.add_done_callback(_retrieved)
        self._line.cancel()
        with contextlib.suppress(RuntimeError):  # the event loop may have been closed before
            self._writer.close()


def _retrieved(line: asyncio.Future[bytes]) -> None:
    """Retrieve the error of an abandoned read, which asyncio would print otherwise."""
    if not line.cancelled():
        line.exception()


def _as_engine_error(error: BaseException) -> EngineError:
    foreign = isinstance(error, ProtocolError | asyncio.LimitOverrunError)
    return (UnexpectedReplyError if foreign else EngineError)(_meaning(error))


def _meaning(error: BaseException) -> str:
    """Describe a connection error for the user in one line."""
    if isinstance(error, asyncio.CancelledError):
        return CLOSED
    if isinstance(error, ProtocolError | asyncio.LimitOverrunError):
        return f"unexpected reply from the training process: {error}"
    return "the training process is gone"


async def _open(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    check_private(path.parent)
    reader, writer = await asyncio.open_unix_connection(path, limit=2 * MAX_REPLY)
    peer = writer.get_extra_info("socket")
    if not is_ours(peer):
        connected = peer_user(peer) != NOBODY
        writer.close()
        raise EngineError(FOREIGN) if connected else ConnectionRefusedError(path)
    return reader, writer
