"""New runs beside a run: real processes, their names, and what is refused."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rnntui.engine.again import NewRuns, unused_name
from rnntui.engine.loop import Engine
from rnntui.engine.server import Viewer
from rnntui.engine.spawn import EngineHandle, spawn
from rnntui.errors import EngineError, UsageError
from rnntui.protocol.insight import Again, Setting
from rnntui.protocol.messages import Accepted, Hello, Look, Pause, Refused, Snapshot, Stop
from rnntui.recipe import Recipe, load_recipe
from rnntui.runs.job import Job
from rnntui.runs.store.directory import open_run
from rnntui.runs.stored_recipe import stored_recipe
from tests.engine.test_process import client, snapshot
from tests.support.patience import patiently
from tests.support.real_runs import kill_trainers, until
from tests.support.sessions import session

RECIPE = Recipe(name="hello").replace(
    source="text:hello world\n", repeat=50, hidden=10, batch=2, seq_len=10, split=0.0, workers=1
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where runs are kept, and their sockets beside; whatever trains there is killed."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("RNNTUI_RUNS", str(tmp_path / "runs"))
    root = tmp_path / "runs"
    yield root
    kill_trainers(root)


@pytest.fixture
def run(root: Path, tmp_path: Path) -> Iterator[EngineHandle]:
    handle = spawn(Job(RECIPE, runs=str(root), name="run"), tmp_path)
    yield handle
    handle.kill()


def test_names_tell_the_change_and_are_free(tmp_path: Path) -> None:
    changed = load_recipe("tales").override({"hidden": "64"})
    assert unused_name(changed, tmp_path) == "tales-hidden64"
    (tmp_path / "tales-hidden64").mkdir()
    assert unused_name(changed, tmp_path) == "tales-hidden64-2"
    assert unused_name(changed, tmp_path, {"tales-hidden64-2"}) == "tales-hidden64-3"


@pytest.mark.slow
async def test_a_new_run_appears_and_can_be_stopped(run: EngineHandle, root: Path) -> None:
    async with client(run) as connected:
        await connected.ask(Hello())
        await connected.ask(Pause())
        for name in ("hello-lr0.01", "hello-lr0.01-2"):
            assert await connected.ask(Again((Setting("lr", "0.01"),))) == Accepted()
            until(lambda name=name: (root / name / "run.json").exists())
            assert stored_recipe(root / name).train.lr == 0.01
            assert open_run(root / name).path.name == name
        view = await snapshot(connected)
        said = [event.text for event in view.events]
        assert "started hello-lr0.01: rnntui attach hello-lr0.01" in said
        assert view.state == "paused" and view.lr == RECIPE.train.lr
        assert await connected.ask(Again((Setting("lr", "0.02"),), "mine")) == Accepted()
        until(lambda: (root / "mine" / "run.json").exists())


async def test_what_cannot_be_begun_is_refused_in_one_line(run: EngineHandle, root: Path) -> None:
    changes = [
        (Setting("lr", "-1"),),
        (Setting("no_such_key", "1"),),
        (Setting("hidden", "many"),),
    ]
    async with client(run) as connected:
        await connected.ask(Hello())
        for change in changes:
            reply = await connected.ask(Again(change))
            assert isinstance(reply, Refused) and "\n" not in reply.reason, change
            assert change[0].key.split("_", maxsplit=1)[0] in reply.reason
        reply = await connected.ask(Again((Setting("lr", "0.1"),), "no/such name"))
        assert isinstance(reply, Refused) and "letters, digits" in reply.reason
        assert isinstance(await snapshot(connected), Snapshot)
    assert [path.name for path in root.iterdir()] == ["run"]


async def test_a_process_that_cannot_be_started_leaves_this_run_alone(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> EngineHandle:
        raise EngineError("cannot start the training process: no memory")

    engine = Engine(Job(RECIPE, runs=str(root), name="run"), tmp_path / "s")
    engine._session = session(RECIPE)
    monkeypatch.setattr("rnntui.engine.again.spawn", fail)
    with socket.socket() as unconnected, closing(engine._server):
        reply = engine._answer(Again((Setting("lr", "0.01"),)), Viewer(unconnected))
    assert reply == Refused("cannot start the training process: no memory")
    assert engine.unreported == "", "the run has not failed"


@pytest.mark.slow
async def test_a_run_that_cannot_start_is_a_note(run: EngineHandle) -> None:
    async with client(run) as connected:
        await connected.ask(Hello())
        assert await connected.ask(Again((Setting("source", "/no/such/file"),))) == Accepted()
        for _ in patiently():
            view = await snapshot(connected, Look())
            said = [event.text for event in view.events if event.kind == "note"]
            if any("/no/such/file" in text and text.startswith("run hello-") for text in said):
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError(said)
        await connected.ask(Stop())


@pytest.mark.slow
async def test_a_run_that_is_not_saved_has_no_place_for_others(root: Path, tmp_path: Path) -> None:
    handle = spawn(Job(RECIPE), tmp_path)
    try:
        async with client(handle) as connected:
            await connected.ask(Hello())
            reply = await connected.ask(Again((Setting("lr", "0.01"),)))
            assert isinstance(reply, Refused) and "isn't saved" in reply.reason
    finally:
        handle.kill()
    assert not root.exists()


def test_standard_input_cannot_be_read_again(tmp_path: Path) -> None:
    runs = NewRuns(lambda text: pytest.fail(text))
    with pytest.raises(UsageError, match="standard input"):
        runs.start(RECIPE.replace(source="-"), {"lr": "0.1"}, tmp_path)
    runs.check()
