"""Signals to every process that trains, and many processes that want one run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnntui.runs.store.checkpoint import newest
from rnntui.runs.store.directory import CHECKPOINTS
from rnntui.runs.store.journal import METRICS, read_journal
from rnntui.runs.store.lock_owner import live_lock_owner
from rnntui.runs.store.status import STATUS
from tests.conftest import command, environment, run_process
from tests.support.patience import PATIENCE
from tests.support.processes import children, gone
from tests.support.real_runs import FOX, until

if not sys.platform.startswith("linux"):
    pytest.skip("needs /proc", allow_module_level=True)

SETTINGS = (*FOX, "--set", "eval_every=20", "--name", "run")
FOR_EVER = ("--steps", "100000000")
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
QUICK = (("plain", signal.SIGHUP, 2), ("detached", signal.SIGTERM, 2))


@pytest.fixture
def run(runs: Path) -> Path:
    """A run's directory."""
    return runs / "run"


def begin(*args: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command(*args), env=environment(), stdout=subprocess.DEVNULL, stderr=pipe, text=True
    )


def status(run: Path) -> dict[str, object]:
    path = run / STATUS
    return json.loads(path.read_text()) if path.exists() else {"step": 0, "state": ""}


def cases() -> Iterator[object]:
    for how in ("plain", "detached"):
        for number in SIGNALS:
            for workers in (1, 2):
                slow = (how, number, workers) not in QUICK
                marks = (pytest.mark.slow,) if slow else ()
                name = f"{how}-{number.name}-{workers}"
                yield pytest.param(how, number, workers, marks=marks, id=name)


@pytest.mark.parametrize(("how", "number", "workers"), list(cases()))
def test_a_signal_saves_and_ends(how: str, number: int, workers: int, run: Path) -> None:
    train = ("train", *SETTINGS, *FOR_EVER, "--set", f"workers={workers}")
    if how == "detached":
        assert run_process(*train, "--detach").returncode == 0
    else:
        program = begin(*train, "--plain")
    until(lambda: status(run)["step"])
    found = live_lock_owner(run)
    assert found is not None
    pid = found[0].pid
    pool = [pid, *children(pid)]
    os.kill(pid, number)
    began = time.monotonic()
    if how == "plain":
        _, said = program.communicate(timeout=PATIENCE)
        assert program.returncode == 128 + number and "Traceback" not in said
    until(lambda: status(run)["state"] == "stopped")
    print(f"saved and ended after {time.monotonic() - began:.2f} s")
    assert gone(pool)
    last = status(run)
    assert (last["exit_code"], last["checkpoint"]) == (128 + number, last["step"])
    assert last["reason"] == f"stopped by {signal.Signals(number).name}"
    saved = newest(run / CHECKPOINTS).checkpoint
    assert saved is not None and saved.step == last["step"]
    lines, bad = read_journal(run, METRICS)
    assert sum(line["updates"] for line in lines) == saved.step and not bad


@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 8])
def test_of_many_that_go_on_with_one_run_one_does(count: int, run: Path, rnntui) -> None:
    assert rnntui("train", *SETTINGS, "--steps", "5", "--plain").code == 0
    programs = [begin("resume", "run", "--plain", *FOR_EVER) for _ in range(count)]
    try:
        until(lambda: sum(program.poll() is not None for program in programs) >= count - 1, 200)
        (winner,) = [program for program in programs if program.poll() is None]
        until(lambda: status(run)["pid"] == winner.pid)
        for loser in set(programs) - {winner}:
            said = loser.stderr.read() if loser.stderr else ""
            assert loser.returncode == 73, said
            assert f"is being trained by process {winner.pid}" in said and said.count("\n") == 1
        winner.terminate()
        assert winner.wait(PATIENCE) == 143
    finally:
        for program in programs:
            program.kill()
            program.communicate()
    lines, bad = read_journal(run, METRICS)
    assert sum(line["updates"] for line in lines) == status(run)["step"] and not bad
