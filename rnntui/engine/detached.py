"""Start training in the background, and wait until it has begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from rnntui.engine.client import EngineClient, greet
from rnntui.engine.protocol import Failed, Hello, Loading, Reply, Welcome
from rnntui.engine.spawn import EngineHandle, spawn
from rnntui.errors import EngineError, RnntuiError
from rnntui.order import Order


class BegunError(RnntuiError):
    """The run could not begin; the engine says why and with which exit code."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message)
        self.exit_code = failed.exit_code


def train_detached(order: Order, told: Callable[[Loading], None]) -> str:
    """Start a training process that nobody looks at; a line that says how to come back to it.

    `told` hears how far a large file has been read. Raises RnntuiError where the run cannot begin;
    interrupted while it waits for that, it ends the process.
    """
    handle = spawn(order, Path.cwd())
    try:
        reply = asyncio.run(_greet(handle, told))
    except KeyboardInterrupt:
        handle.process.terminate()
        raise
    if isinstance(reply, Failed):
        raise BegunError(reply)
    if not isinstance(reply, Welcome):
        raise EngineError("the training process talks nonsense")
    return f"training {reply.run}: rnntui attach {reply.run}"


async def _greet(handle: EngineHandle, told: Callable[[Loading], None]) -> Reply:
    client = await EngineClient.connect(handle.socket, alive=lambda: handle.exited() is None)
    try:
        return await greet(client.ask, Hello(), told)
    except EngineError:
        if (ending := handle.ending()) and not ending.sound:
            raise EngineError(ending.text) from None
        raise
    finally:
        client.close()
