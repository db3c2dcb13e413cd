"""The dashboard's side of the socket: asks, one request under way at a time, and never blocks.

Neither this module nor anything it imports needs NumPy.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rnntui.engine.codec import decode_reply, encode
from rnntui.engine.protocol import (
    MAX_REPLY,
    Hello,
    Loading,
    Look,
    ProtocolError,
    Reply,
    Request,
)
from rnntui.errors import EngineError
from rnntui.trust import NOBODY, check_private, is_ours, peer_user

LOADING_PERIOD = 0.1  # seconds between questions how far the data are loaded
RETRY = 0.005  # seconds between attempts to connect to a process that is starting
FOREIGN = "the training process belongs to another user"
CLOSED = "the connection was closed"
BROKEN = (OSError, EOFError, ProtocolError, asyncio.LimitOverrunError)


async def greet(
    ask: Callable[[Request], Awaitable[Reply]], hello: Hello, told: Callable[[Loading], None]
) -> Reply:
    """The reply to the first request once the data are loaded; `told` hears how far they are."""
    while isinstance(reply := await ask(hello), Loading):
        told(reply)
        await asyncio.sleep(LOADING_PERIOD)
    return reply


class EngineBusyError(EngineError):
    """No reply came in time. It is still awaited, and later requests follow it."""


class EngineClient:
    """A connection to a training process. Make it with `connect`, end it with `close`.

    Requests wait for their turn here, commands ahead of Looks, so that at most one reply is under
    way however slow the training process or the link is.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._queue: list[tuple[bool, int, bytes, asyncio.Future[Reply]]] = []
        self._count = 0
        self._something = asyncio.Event()
        self._reason = ""
        self._task = asyncio.create_task(self._work())

    @classmethod
    async def connect(
        cls,
        path: Path,
        timeout: float = 15.0,
        alive: Callable[[], bool] = lambda: True,
    ) -> EngineClient:
        """Connect to the process that listens at `path`, or will within `timeout` seconds.

        `alive` tells whether it is still worth trying. Raises EngineError, also where the process
        or the directory of the socket is not our user's own.
        """
        end = time.monotonic() + timeout
        while True:
            try:
                return cls(*await _open(path))
            except (FileNotFoundError, ConnectionError):
                if not alive():
                    raise EngineError("the training process ended before it listened") from None
                if time.monotonic() > end:
                    raise EngineError("the training process does not listen") from None
            except OSError as error:
                raise EngineError(f"cannot reach the training process: {error.strerror}") from None
            await asyncio.sleep(RETRY)

    @property
    def closed(self) -> bool:
        """Whether the connection has ended, here or there."""
        return bool(self._reason)

    async def ask(self, request: Request, timeout: float | None = None) -> Reply:
        """The reply to a request.

        Raises EngineError if the training process is gone or talks nonsense, EngineBusyError after
        `timeout` seconds without a reply, ProtocolError if the request itself is too long.
        """
        line = encode(request)
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
        """Hang up. What was asked and not answered raises EngineError."""
        self._end(CLOSED)
        self._task.cancel()

    async def _work(self) -> None:
        try:
            while True:
                while not self._queue:
                    self._something.clear()
                    await self._something.wait()
                _, _, line, future = heapq.heappop(self._queue)
                if future.done():  # nobody waits for it any more
                    continue
                await self._exchange(line, future)
        except BROKEN as error:
            self._end(_meaning(error))

    async def _exchange(self, line: bytes, future: asyncio.Future[Reply]) -> None:
        try:
            self._writer.write(line)
            await self._writer.drain()
            # Cancelling the asker leaves this reply to be read, so that replies stay in step.
            reply = decode_reply(await self._reader.readuntil(b"\n"))
        except (*BROKEN, asyncio.CancelledError) as error:
            if not future.done():
                future.set_exception(EngineError(_meaning(error)))
            raise
        if not future.done():
            future.set_result(reply)

    def _end(self, reason: str) -> None:
        self._reason = self._reason or reason
        for *_, future in self._queue:
            if not future.done():
                future.set_exception(EngineError(self._reason))
        self._queue.clear()
        with contextlib.suppress(RuntimeError):  # the event loop may have been closed before
            self._writer.close()


def _meaning(error: BaseException) -> str:
    """In one line, what an error of the connection means to the user."""
    if isinstance(error, asyncio.CancelledError):
        return CLOSED
    if isinstance(error, ProtocolError | asyncio.LimitOverrunError):
        return f"the training process talks nonsense: {error}"
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
