"""Start training in the background and wait until it has begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from rnntui.engine.client import EngineClient, greet
from rnntui.engine.spawn import EngineHandle, spawn
from rnntui.errors import EngineError, RnntuiError, RunError
from rnntui.protocol.messages import Failed, Hello, Loading, Reply, Welcome
from rnntui.runs.job import Job


class BegunError(RnntuiError):
    """The run could not start; the engine gives the reason and the exit code."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message)
        self.exit_code = failed.exit_code


STARTING = 1.0  # seconds until a slow start is reported


def train_detached(
    job: Job, report: Callable[[Loading], None], note: Callable[[str], None] = lambda _: None
) -> str:
    """Start a training process without a viewer; return a line that says how to attach to it.

    `report` is called with the loading progress of a large file, `note` when the start is slow.
    Raises RnntuiError if the run cannot start; an interrupt before that ends the process.
    """
    handle = spawn(job, Path.cwd())
    try:
        reply = asyncio.run(_greet(handle, report, note))
    except KeyboardInterrupt:
        handle.process.terminate()
        raise
    if isinstance(reply, Failed):
        raise BegunError(reply)
    if not isinstance(reply, Welcome):
        raise EngineError("unexpected reply from the training process")
    if not reply.run:  # nobody could attach to it, or get anything of it
        handle.kill()
        raise RunError(f"a run in the background must be saved: {reply.unsaved}")
    return f"training {reply.run}: rnntui attach {reply.run}"


async def _greet(
    handle: EngineHandle, report: Callable[[Loading], None], note: Callable[[str], None]
) -> Reply:
    starting = asyncio.create_task(_note_later(note))

    def heard(loading: Loading) -> None:
        starting.cancel()
        report(loading)

    client: EngineClient | None = None
    try:
        client = await EngineClient.connect(handle.socket, alive=lambda: handle.exited() is None)
        return await greet(client.ask, Hello(), heard)
    except EngineError:
        if (ending := handle.ending()) and not ending.expected:
            raise EngineError(ending.text) from None
        raise
    finally:
        starting.cancel()
        if client is not None:
            client.close()


async def _note_later(note: Callable[[str], None]) -> None:
    await asyncio.sleep(STARTING)
    note("starting the training process …")
