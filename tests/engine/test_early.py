"""A training process that starts before its job: it gets one, or ends and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import rnntui.__main__ as program
from rnntui.engine.client import EngineClient
from rnntui.engine.early import EarlyProcess
from rnntui.engine.spawn import spawn
from rnntui.protocol.messages import Hello, Welcome
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from tests.support.patience import PATIENCE, patiently
from tests.support.terminal import Terminal

RECIPE = Recipe().replace(
    source="text:hello world\n", repeat=50, hidden=10, batch=2, seq_len=10, split=0.0
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the engine needs Unix sockets")


@pytest.fixture
def early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EarlyProcess]:
    runtime = Path("/tmp") / f"rt{os.getpid()}-{time.monotonic_ns() % 10**9}"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    process = EarlyProcess()
    yield process
    process.close()
    process._process.wait(PATIENCE)
    left = list(runtime.iterdir())
    runtime.rmdir()
    assert left == []


async def test_it_runs_the_job_that_it_gets(early: EarlyProcess, tmp_path: Path) -> None:
    handle = spawn(Job(RECIPE), tmp_path, early)
    early.close()
    assert handle.process is early._process
    client = await EngineClient.connect(handle.socket, alive=lambda: handle.exited() is None)
    try:
        welcome = await client.ask(Hello())
        assert isinstance(welcome, Welcome) and welcome.pid == handle.pid
    finally:
        client.close()
    os.kill(handle.pid, signal.SIGTERM)
    assert handle.wait(PATIENCE) == 143
    assert not handle.directory.exists()


def test_what_it_prints_goes_to_the_log(early: EarlyProcess, tmp_path: Path) -> None:
    missing = RECIPE.replace(source=str(tmp_path / "missing.txt"))
    handle = spawn(Job(missing, awaited=False), tmp_path, early)
    try:
        assert handle.wait(PATIENCE) != 0
        ending = handle.ending()
        assert ending is not None and "no such file" in ending.text
    finally:
        handle.kill()


def test_it_ends_if_it_gets_no_job(early: EarlyProcess) -> None:
    early.close()
    assert early._process.wait(PATIENCE) == 0


def test_a_process_that_has_ended_is_replaced(early: EarlyProcess, tmp_path: Path) -> None:
    early._process.kill()
    early._process.wait(PATIENCE)
    handle = spawn(Job(RECIPE), tmp_path, early)
    try:
        assert handle.pid != early._process.pid and handle.exited() is None
    finally:
        handle.kill()


def test_only_one_job_is_handed_over(early: EarlyProcess, tmp_path: Path) -> None:
    first, second = (spawn(Job(RECIPE), tmp_path, early) for _ in range(2))
    try:
        assert first.pid == early._process.pid != second.pid
    finally:
        first.kill()
        second.kill()


STARTER = """
import time
from rnntui.engine.early import EarlyProcess
def main(_):
    print(EarlyProcess()._process.pid, flush=True)
    time.sleep(600)
"""


def test_it_ends_when_whoever_started_it_is_killed(tmp_path: Path) -> None:
    (tmp_path / "starter.py").write_text(STARTER)
    command = [sys.executable, "-c", "import starter; starter.main('')"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
    for _ in patiently():
        if not _runs(pid):
            return
    raise AssertionError("it still runs")


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", True),
        ("train", True),
        ("train tales --hidden 8", True),
        ("--hidden 8", True),
        ("resume", True),
        ("train --plain", False),
        ("train tales --json", False),
        ("train --detach", False),
        ("--help", False),
        ("--version", False),
        ("train -h", False),
        ("attach", False),
        ("runs", False),
        ("generate tales", False),
    ],
)
def test_only_what_opens_the_dashboard_starts_it(
    words: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[bool] = []
    monkeypatch.setattr(
        "rnntui.engine.early.EarlyProcess", lambda: started.append(True), raising=True
    )
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True, raising=False)
    program.start_early(words.split())
    assert bool(started) == expected


def test_without_a_terminal_none_is_started() -> None:
    assert program.start_early(["train"]) is None


@pytest.mark.parametrize(
    "words",
    [
        ["train", "nosuch"],
        ["train", "--hidden", "no"],
        ["--no-such-option"],
        ["resume", "nosuch"],
        ["train", "text:ab", "--epochs", "1", "--no-save", "-", "x"],
    ],
)
def test_a_command_that_fails_leaves_no_process(words: list[str], tmp_path: Path) -> None:
    mark = f"RNNTUI_TEST_{tmp_path.name}"
    argv = [sys.executable, "-m", "rnntui", *words]
    environment = {"RNNTUI_RUNS": str(tmp_path), mark: "1"}
    with Terminal(argv, environment=environment) as terminal:
        assert terminal.exit_code() not in (0, None)
    for _ in patiently():
        if not _with_variable(mark):
            return
    raise AssertionError("a process is left")


def _with_variable(name: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"{name}=".encode() in (entry / "environ").read_bytes() and _runs(int(entry.name)):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
