"""A training process with workers: what viewers are told, and that all end with it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rnntui.engine.client import EngineClient
from rnntui.engine.spawn import EngineHandle, spawn
from rnntui.protocol.messages import (
    Accepted,
    Failed,
    Hello,
    Look,
    Pause,
    Reply,
    Snapshot,
    Stop,
    Welcome,
)
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from tests.conftest import quick_first
from tests.support.patience import PATIENCE, patiently
from tests.support.processes import children, cpu_ticks, gone

pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")

RECIPE = Recipe().replace(
    source="text:hello world. ", repeat=99, hidden=10, batch=6, seq_len=10, split=0.0, workers=3
)


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[EngineHandle]:
    """A training process with two workers."""
    started = spawn(Job(RECIPE), tmp_path)
    yield started
    started.kill()


async def greeted(handle: EngineHandle) -> tuple[EngineClient, list[int]]:
    """A viewer, once updates are made, and the workers' ids."""
    client = await EngineClient.connect(handle.socket, alive=lambda: handle.exited() is None)
    welcome = await client.ask(Hello(), timeout=PATIENCE)
    assert isinstance(welcome, Welcome) and welcome.workers == 3
    await until(client, lambda reply: isinstance(reply, Snapshot) and reply.step > 2)
    pids = children(handle.pid)
    assert len(pids) == 2
    return client, pids


async def until(client: EngineClient, wanted: Callable[[Reply], bool]) -> Reply:
    for _ in patiently():
        reply = await client.ask(Look(), timeout=PATIENCE)
        if wanted(reply):
            return reply
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


async def test_they_end_with_it(handle: EngineHandle) -> None:
    client, pids = await greeted(handle)
    assert await client.ask(Stop()) == Accepted()
    assert handle.wait(PATIENCE) == 0
    assert gone(pids)
    client.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", quick_first([signal.SIGKILL, signal.SIGTERM]))
async def test_they_end_however_it_ends(handle: EngineHandle, number: signal.Signals) -> None:
    client, pids = await greeted(handle)
    os.kill(handle.pid, number)
    assert handle.wait(PATIENCE) is not None
    assert gone(pids)
    client.close()


@pytest.mark.slow
@pytest.mark.parametrize("paused", quick_first([False, True]))
async def test_a_worker_that_dies_is_named(handle: EngineHandle, paused: bool) -> None:
    client, pids = await greeted(handle)
    if paused:
        await client.ask(Pause())
    os.kill(pids[1], signal.SIGKILL)
    failed = await until(client, lambda reply: isinstance(reply, Failed))
    assert isinstance(failed, Failed)
    assert f"(pid {pids[1]}) was killed by signal 9" in failed.message
    assert "worker 3 of 3" in failed.message and len(failed.message) <= 200
    assert failed.message.endswith(": start again")  # nothing is saved
    assert failed.exit_code == 70 == handle.wait(PATIENCE)
    assert gone(pids)
    client.close()


@pytest.mark.slow
async def test_a_saved_run_whose_worker_dies_says_how_to_continue(tmp_path: Path) -> None:
    handle = spawn(Job(RECIPE, runs=str(tmp_path), name="lost"), tmp_path)
    try:
        client, pids = await greeted(handle)
        os.kill(pids[0], signal.SIGKILL)
        failed = await until(client, lambda reply: isinstance(reply, Failed))
        client.close()
        handle.wait(PATIENCE)
    finally:
        handle.kill()
    assert isinstance(failed, Failed) and "was killed by signal 9" in failed.message
    advice = ": rnntui resume lost continues from the last checkpoint"
    assert failed.message.endswith(advice) and len(failed.message) <= 200
    # The run's files say what happened; what shows them says what to do.
    status = json.loads((tmp_path / "lost" / "status.json").read_text())
    assert status["state"] == "failed" and status["reason"] + advice == failed.message


@pytest.mark.slow
async def test_a_paused_run_costs_nothing(handle: EngineHandle) -> None:
    client, pids = await greeted(handle)
    await client.ask(Pause())
    for _ in patiently():  # an update may be under way
        before = [cpu_ticks(pid) for pid in pids]
        await asyncio.sleep(0.4)
        if [cpu_ticks(pid) for pid in pids] == before:
            break
    else:
        raise AssertionError("the workers never rest")
    client.close()
