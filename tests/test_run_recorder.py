"""A run as it is written while it trains, and read by others meanwhile."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnntui.run.checkpoint import Checkpoint, newest
from rnntui.run.create import create_run
from rnntui.run.files import Files
from rnntui.run.journal import read_journal
from rnntui.run.machine import differences, this_machine, versions
from rnntui.run.recorder import Recorder
from rnntui.run.status import Status, read_status
from rnntui.run.summary import summarize
from tests.test_run_list import NEW

LONG = 20.0


def status(step: int, state: str = "training", **more) -> Status:
    now = time.time()
    return Status(state, step, 100, 0.1, 1.0, None, None, 1e3, os.getpid(), now, now, **more)


def checkpoint(step: int) -> Checkpoint:
    weights = {"head.bias": np.full(100, step, np.float32)}
    return Checkpoint(step, weights, {}, {"step": step})


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


class Switched(Files):
    """A disk that takes nothing while it is full, and does not answer while it hangs."""

    def __init__(self) -> None:
        self.full = False
        self.answers = threading.Event()
        self.answers.set()

    def write(self, descriptor, data):
        assert self.answers.wait(LONG)
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(descriptor, data)

    def fsync(self, descriptor):
        assert self.answers.wait(LONG)


@pytest.fixture
def disk() -> Switched:
    return Switched()


@pytest.fixture
def recorder(tmp_path: Path, disk: Switched):
    run, lock = create_run(tmp_path, NEW, "mine")
    recorder = Recorder(run, lock, files=disk, metrics_interval=0.0)
    yield recorder
    disk.full = False
    disk.answers.set()
    recorder.close(status(0, "stopped"), LONG)


def add(recorder: Recorder, *steps: int) -> None:
    for step in steps:
        recorder.metrics.add(step, 1 / step, 0.1, 1.0, 0.0, 0.01)
        recorder.status(status(step))


def steps_of(recorder: Recorder, stem: str = "metrics") -> list[int]:
    return [line["step"] for line in read_journal(recorder.run.path, stem)[0]]


def test_a_run_is_written_and_seen_meanwhile(recorder: Recorder):
    path = recorder.run.path
    add(recorder, 1, 2, 3)
    recorder.event({"step": 2, "kind": "lr", "text": "0.1"})
    recorder.sample({"step": 3, "text": "once upon"})
    wait_for(lambda: steps_of(recorder) == [1, 2, 3] and read_status(path))
    wait_for(lambda: summarize(path).state == "training" and summarize(path).live)
    recorder.checkpoint(checkpoint(3))
    assert recorder.finish(LONG)
    assert recorder.saved == 3
    assert recorder.trouble is None
    assert steps_of(recorder, "events") == [2]
    assert steps_of(recorder, "samples") == [3]
    assert recorder.close(status(3, "finished", exit_code=0), LONG)
    assert summarize(path).state == "finished"
    assert not summarize(path).live
    assert newest(recorder.run.checkpoints).checkpoint.step == 3


def test_a_full_disk_is_told_and_nothing_is_lost(recorder: Recorder, disk: Switched):
    recorder.checkpoint(checkpoint(1))
    assert recorder.finish(LONG)
    disk.full = True
    add(recorder, 1, 2, 3)
    recorder.checkpoint(checkpoint(3))
    wait_for(lambda: "checkpoint" in (recorder.trouble or "") and "metrics" in recorder.trouble)
    assert recorder.trouble.startswith("cannot write ")
    assert recorder.trouble.endswith(": No space left on device")
    assert not recorder.finish(LONG)
    assert newest(recorder.run.checkpoints).checkpoint.step == 1
    add(recorder, 4, 5)
    disk.full = False
    assert recorder.finish(LONG)
    wait_for(lambda: recorder.trouble is None)
    assert steps_of(recorder) == [1, 2, 3, 4, 5]
    assert newest(recorder.run.checkpoints).checkpoint.step == 3


def test_a_disk_that_hangs_keeps_nobody(recorder: Recorder, disk: Switched):
    disk.answers.clear()
    threads = threading.active_count()
    for step in range(1, 2000):
        add(recorder, step)
        recorder.event({"step": step})
    recorder.checkpoint(checkpoint(1))
    recorder.checkpoint(checkpoint(2))
    assert threading.active_count() == threads
    assert not recorder.finish(0.01)
    disk.answers.set()
    assert recorder.finish(LONG)
    assert steps_of(recorder) == list(range(1, 2000))
    assert newest(recorder.run.checkpoints).checkpoint.step == 2


def test_a_line_ends_at_each_checkpoint(tmp_path: Path):
    run, lock = create_run(tmp_path, NEW, "mine")
    recorder = Recorder(run, lock, metrics_interval=1000.0)
    for step in range(1, 8):
        add(recorder, step)
        if step % 3 == 0:
            recorder.checkpoint(checkpoint(step))
    recorder.roll_back(3)
    add(recorder, 4)
    assert recorder.close(status(4, "stopped"), LONG)
    lines, bad = read_journal(run.path, "metrics")
    assert [(line["step"], line["updates"]) for line in lines] == [(3, 3), (4, 1)]
    assert bad == 0


def test_differences_between_machines_are_named():
    here = this_machine() | versions()
    assert here["cpu"]
    assert here["blas"]
    assert differences(here, here) == ()
    other = here | {"cpu": "\x1b[31m" * 50, "numpy": "0.9", "python": "2.7"}
    numpy, cpu = differences(other, here)
    assert numpy == f"NumPy 0.9, now {here['numpy']}"
    assert cpu.startswith("CPU ")
    assert cpu.isprintable()
    assert differences({}, here)[0].startswith("rnntui unknown, now ")
