"""The training process for real: its whole life, its deaths, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from rnntui.engine import spawn as spawn_module
from rnntui.engine.client import EngineBusyError, EngineClient
from rnntui.engine.loop import Engine
from rnntui.engine.server import Viewer
from rnntui.engine.spawn import EngineHandle, spawn
from rnntui.errors import DataError, EngineError
from rnntui.protocol.messages import (
    Accepted,
    Failed,
    Generate,
    Hello,
    Loading,
    Look,
    Pause,
    Refused,
    Reply,
    Resume,
    SetLearningRate,
    Snapshot,
    Step,
    Stop,
    Welcome,
)
from rnntui.recipe import Recipe
from rnntui.runs.job import Job, job_to_dict
from rnntui.training.workers.pool import WorkerPool
from tests.conftest import quick_first, quick_where
from tests.support.patience import PATIENCE, patiently

RECIPE = Recipe().replace(
    source="text:hello world\n", repeat=50, hidden=10, batch=2, seq_len=10, split=0.0
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the engine needs Unix sockets")

Start = Callable[..., EngineHandle]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts engines whose directories lie in a place of the test's own; ends them all."""
    runtime = Path("/tmp") / f"rt{os.getpid()}-{time.monotonic_ns() % 10**9}"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    handles: list[EngineHandle] = []

    def begin(recipe: Recipe = RECIPE, cwd: Path = tmp_path) -> EngineHandle:
        handles.append(spawn(Job(recipe), cwd))
        return handles[-1]

    yield begin
    for handle in handles:
        handle.kill()
    left = list(runtime.iterdir())
    for path in left:
        path.rmdir()
    runtime.rmdir()
    assert left == []


@asynccontextmanager
async def client(handle: EngineHandle) -> AsyncIterator[EngineClient]:
    connected = await EngineClient.connect(handle.socket, alive=lambda: handle.exited() is None)
    try:
        yield connected
    finally:
        connected.close()


async def snapshot(connected: EngineClient, look: Look | None = None) -> Snapshot:
    reply = await connected.ask(look or Look(), timeout=PATIENCE)
    assert isinstance(reply, Snapshot)
    return reply


async def until(connected: EngineClient, wanted: Callable[[Snapshot], bool]) -> Snapshot:
    for _ in patiently():
        view = await snapshot(connected)
        if wanted(view):
            return view
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


def gone(handle: EngineHandle, status: int) -> bool:
    """Whether it ends with this status by itself, with nothing left."""
    return handle.wait(PATIENCE) == status and not handle.directory.exists()


# ---- life ---------------------------------------------------------------------------------------


async def test_a_life(start: Start) -> None:
    handle = start()
    assert stat.S_IMODE(handle.directory.stat().st_mode) == 0o700
    async with client(handle) as connected:
        welcome = await connected.ask(Hello())
        assert isinstance(welcome, Welcome)
        assert welcome.pid == handle.pid and welcome.tokens_per_update == 20
        assert stat.S_IMODE(handle.socket.stat().st_mode) == 0o600
        await until(connected, lambda view: view.step > 10)
        assert await connected.ask(Pause()) == Accepted()
        paused = await snapshot(connected)
        assert paused.state == "paused"
        assert (await snapshot(connected)).step == paused.step
        assert await connected.ask(Step(3)) == Accepted()
        stepped = await until(connected, lambda view: view.state == "paused")
        assert stepped.step == paused.step + 3
        assert await connected.ask(SetLearningRate(0.001)) == Accepted()
        refused = await connected.ask(SetLearningRate(-1.0))
        assert isinstance(refused, Refused) and "lr" in refused.reason
        view = await snapshot(connected)
        (event,) = [e for e in view.events if e.kind == "lr"]
        assert event.step == stepped.step and view.lr == 0.001
        assert await connected.ask(Generate("hello", 50)) == Accepted()
        written = await until(
            connected, lambda view: view.generated is not None and view.generated.finished
        )
        assert written.generated is not None and len(written.generated.text) == 50
        assert await connected.ask(Resume()) == Accepted()
        await until(connected, lambda view: view.step > stepped.step + 10)
        assert await connected.ask(Stop()) == Accepted()
        assert gone(handle, 0)
        with pytest.raises(EngineError):
            await connected.ask(Look())
    ending = handle.ending()
    assert ending is not None and ending.expected


@pytest.mark.slow
async def test_two_viewers_see_the_same_run(start: Start) -> None:
    handle = start()
    async with client(handle) as one, client(handle) as two:
        await one.ask(Pause())
        first, second = await asyncio.gather(snapshot(one), snapshot(two))
        assert first.step == second.step and first.events == second.events
        two.close()
        assert await one.ask(Step(1)) == Accepted()
        await one.ask(Stop())
    assert gone(handle, 0)


async def test_commands_go_before_looks_and_one_is_under_way(start: Start) -> None:
    handle = start()
    async with client(handle) as connected:
        await connected.ask(Hello())
        order: list[str] = []

        async def ask(request: Any) -> Reply:
            reply = await connected.ask(request)
            order.append(type(request).__name__)
            return reply

        await asyncio.gather(*map(ask, [Look(), Look(), Look(), Pause(), Resume()]))
        assert order == ["Pause", "Resume", "Look", "Look", "Look"]
        asker = asyncio.create_task(ask(Look()))
        await asyncio.sleep(0)
        asker.cancel()
        assert isinstance(await connected.ask(Hello()), Welcome), "replies stay in step"
        await connected.ask(Stop())


@pytest.mark.slow
async def test_an_answer_that_takes_long_is_still_the_right_one(start: Start) -> None:
    slow = RECIPE.replace(hidden=1000, batch=32, seq_len=5, repeat=1000)
    handle = start(slow)
    async with client(handle) as connected:
        await connected.ask(Hello())
        with pytest.raises(EngineBusyError):
            await connected.ask(Look(), timeout=1e-6)
        assert isinstance(await connected.ask(Hello()), Welcome)


# ---- failures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "status", "words"),
    quick_first(
        [
            ({"source": "no such\x1b file.txt"}, None, "no such"),
            ({"source": "text:ab", "repeat": 1}, 65, "too short"),
            ({"hidden": 16_000, "layers": 16}, 2, "memory"),
        ]
    ),
)
async def test_what_cannot_be_loaded_is_said_in_a_line(
    start: Start, settings: dict[str, str | int], status: int | None, words: str
) -> None:
    handle = start(RECIPE.replace(**settings))
    async with client(handle) as connected:
        reply = await connected.ask(Hello())
        assert isinstance(reply, Failed)
        assert words in reply.message
        assert reply.message.isprintable() and len(reply.message) <= 200
        assert status in (None, reply.exit_code)
        assert gone(handle, reply.exit_code)


@pytest.mark.slow
def test_sources_are_found_where_the_user_is(start: Start, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("hello world\n" * 50)
    (tmp_path / "numpy.py").write_text("raise SystemExit('imported from the working directory')")
    (tmp_path / "json.py").write_text("raise SystemExit('imported from the working directory')")

    async def greet() -> None:
        async with client(start(RECIPE.replace(source="mine.txt"), tmp_path)) as connected:
            reply = await connected.ask(Hello())
            assert isinstance(reply, Welcome), reply
            await connected.ask(Stop())

    asyncio.run(greet())


def test_a_process_that_cannot_start_says_why(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        spawn_module,
        "python_command",
        lambda *_: [sys.executable, "-c", "raise SystemExit('no \x1b luck')"],
    )
    handle = start()
    assert handle.wait(PATIENCE) == 1
    ending = handle.ending()
    assert ending is not None and ending.state == "failed" and ending.text.isprintable()
    assert "status 1" in ending.text and "luck" in ending.text
    with pytest.raises(EngineError, match="ended"):
        asyncio.run(EngineClient.connect(handle.socket, alive=lambda: handle.exited() is None))
    monkeypatch.setattr(spawn_module, "python_command", lambda *_: ["/no/such/program"])
    with pytest.raises(EngineError, match="cannot start"):
        spawn(Job(RECIPE), Path.cwd())


async def test_rubbish_does_not_harm_it(start: Start) -> None:
    handle = start()
    async with client(handle) as connected:
        await connected.ask(Hello())
        for rubbish in (b"\x00\xff\n", b"x" * 100_000, b'{"kind":"Stop"', b"[" * 9000 + b"\n"):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(str(handle.socket))
                try:
                    peer.sendall(rubbish)
                except ConnectionError:
                    continue  # it was hung up on in the middle
        before = await snapshot(connected)
        await until(connected, lambda view: view.step > before.step)
        await connected.ask(Stop())


@pytest.mark.slow
async def test_a_viewer_that_never_reads_stops_nobody(start: Start) -> None:
    handle = start()
    async with client(handle) as connected:
        await connected.ask(Hello())
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.connect(str(handle.socket))
            deaf.setblocking(False)
            dropped = False
            for _ in patiently():
                try:
                    deaf.send(b'{"kind":"Look"}\n' * 20)
                except BlockingIOError:
                    await asyncio.sleep(0.002)
                except ConnectionError:
                    dropped = True
                    break
            assert dropped
            before = await snapshot(connected)
            await until(connected, lambda view: view.step > before.step)
        await connected.ask(Stop())


# ---- deaths -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paused", "number"),
    quick_where(
        itertools.product((False, True), (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)),
        lambda paused, number: not paused and number == signal.SIGTERM,
    ),
)
async def test_signals_end_it_cleanly(start: Start, number: signal.Signals, paused: bool) -> None:
    handle = start()
    async with client(handle) as connected:
        await connected.ask(Hello())
        if paused:
            await connected.ask(Pause())
        os.kill(handle.pid, number)
        assert gone(handle, 128 + number)
        with pytest.raises(EngineError, match="gone"):
            while True:
                await connected.ask(Look())


async def test_a_signal_while_it_loads(start: Start) -> None:
    handle = start(RECIPE.replace(repeat=1_000_000))
    async with client(handle):
        os.kill(handle.pid, signal.SIGTERM)
        assert gone(handle, 143)


SIGNALLED = """
import os, shutil, signal, sys
from rnntui.engine import __main__ as process
def signalled(owner, name):
    inner = getattr(owner, name)
    def call(*given, **named):
        os.kill(os.getpid(), signal.SIGTERM)
        return inner(*given, **named)
    setattr(owner, name, call)
signalled(process.Engine, "__init__")
signalled(shutil, "rmtree")
sys.exit(process.main(sys.argv[1]))
"""


def test_no_signal_kills_it_between_its_socket_and_its_end(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    job = json.dumps(job_to_dict(Job(RECIPE))).encode()
    command = [sys.executable, "-c", SIGNALLED, str(home)]
    assert subprocess.run(command, input=job, timeout=PATIENCE).returncode == 143
    assert not home.exists()


@pytest.mark.parametrize("place", [(WorkerPool, "__enter__"), (Engine, "_hear_requester")])
def test_a_signal_before_loading_or_after_a_failure(
    place: tuple[type, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is never lost, and never ends the process by an exception."""
    inner = getattr(*place)

    def interrupted(one: object) -> object:
        os.kill(os.getpid(), signal.SIGTERM)
        return inner(one)

    def fail(_: Engine) -> None:
        raise DataError("no such file")

    monkeypatch.setattr(*place, interrupted)
    monkeypatch.setattr(Engine, "_load", fail)
    assert Engine(Job(RECIPE), tmp_path / "socket").run() == 143


async def test_killed_it_is_cleaned_up_after(start: Start) -> None:
    handle = start()
    async with client(handle) as connected:
        await connected.ask(Hello())
        asking = asyncio.create_task(connected.ask(Look()))
        os.kill(handle.pid, signal.SIGKILL)
        with pytest.raises(EngineError, match="gone"):
            await asking
            while True:
                await connected.ask(Look())
        assert connected.closed
    assert handle.wait(PATIENCE) == -signal.SIGKILL
    ending = handle.ending()
    assert ending is not None and ending.state == "crashed"
    assert "was killed by SIGKILL" in ending.text
    assert handle.directory.exists()
    handle.clean()
    assert not handle.directory.exists()


VIEWER = """
import asyncio, sys
from pathlib import Path
from rnntui.engine.client import EngineClient
from rnntui.protocol.messages import Hello, Look
assert "numpy" not in sys.modules
async def main():
    client = await EngineClient.connect(Path(sys.argv[1]))
    await client.ask(Hello())
    print("seen", flush=True)
    while True:
        await client.ask(Look())
asyncio.run(main())
"""


@pytest.mark.slow
def test_it_ends_soon_after_its_only_viewer_was_killed(start: Start) -> None:
    handle = start()
    command = [sys.executable, "-c", VIEWER, str(handle.socket)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as viewer:
        assert viewer.stdout is not None
        assert viewer.stdout.readline() == b"seen\n"
        viewer.kill()
    assert handle.exited() is None
    assert gone(handle, 0)


def test_the_dead_are_cleared_away(start: Start) -> None:
    dead = start()
    os.kill(dead.pid, signal.SIGKILL)
    assert dead.wait(PATIENCE) is not None
    assert dead.directory.exists()
    fresh = dead.directory.with_name(f"rnntui-{os.getuid()}-unclaimed")
    fresh.mkdir()
    living = start()
    assert not dead.directory.exists()
    assert living.directory.exists() and fresh.exists()
    os.utime(fresh, (0, 0))
    start()
    assert not fresh.exists()


def test_a_long_path_is_not_used_for_the_socket(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    handle = start()
    assert len(os.fsencode(handle.socket)) <= 104
    assert not handle.directory.is_relative_to(deep)


def test_a_request_before_anything_is_loaded_is_answered(tmp_path: Path) -> None:
    engine = Engine(Job(RECIPE), tmp_path / "socket")
    here, there = socket.socketpair()
    with here, there:
        assert isinstance(engine._execute(Look(), Viewer(here)), Loading)
    engine._server.close()
