"""A run as it is written while it trains, and read by others meanwhile."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from rnntui.runs.recorder import Recorder
from rnntui.runs.store.checkpoint import Checkpoint, newest, paths
from rnntui.runs.store.create import create_run
from rnntui.runs.store.files import Files
from rnntui.runs.store.journal import read_journal
from rnntui.runs.store.lock_owner import OWNER_FILE
from rnntui.runs.store.machine import differences, this_machine, versions
from rnntui.runs.store.status import Status, read_status
from rnntui.runs.store.summary import summarize
from rnntui.update_numbers import UpdateNumbers
from tests.support.new_run import NEW
from tests.support.patience import PATIENCE


def status(step: int, state: str = "training", **more) -> Status:
    now = time.time()
    return Status(state, step, 100, 0.1, 1.0, None, None, 1e3, os.getpid(), now, now, **more)


def checkpoint(step: int, loss: float | None = None) -> Checkpoint:
    weights = {"head.bias": np.full(100, step, np.float32)}
    return Checkpoint(step, weights, {}, {"step": step}, loss)


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
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
        assert self.answers.wait(PATIENCE)
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(descriptor, data)

    def fsync(self, descriptor):
        assert self.answers.wait(PATIENCE)


@pytest.fixture
def disk() -> Switched:
    return Switched()


@pytest.fixture
def recorder(tmp_path: Path, disk: Switched):
    run, lock = create_run(tmp_path, NEW, "mine")
    recorder = Recorder(run, lock, files=disk)
    yield recorder
    disk.full = False
    disk.answers.set()
    recorder.close(status(0, "stopped"), PATIENCE)
    wait_for(lambda: recorder._lock._ended.is_set())  # also after a test that did not wait for it


def see(recorder: Recorder, *steps: int, validation: float | None = 0.5) -> None:
    """Updates, each with a line of its own where it was validated."""
    for step in steps:
        numbers = UpdateNumbers(step, 0, 1 / step, 1 / step, 0.1, 1.0)
        chunk = SimpleNamespace(numbers=numbers, validation=validation)
        recorder.see(chunk, 0.0, 0.01)
        recorder.publish_status(status(step))


def steps_of(recorder: Recorder, stem: str = "metrics") -> list[int]:
    return [line["step"] for line in read_journal(recorder.run.path, stem)[0]]


def newest_step(recorder: Recorder) -> int | None:
    found = newest(recorder.run.checkpoints).checkpoint
    return found.step if found else None


def test_a_run_is_written_and_seen_meanwhile(recorder: Recorder):
    path = recorder.run.path
    see(recorder, 1, 2, 3)
    recorder.event({"step": 2, "kind": "lr", "text": "0.1"})
    wait_for(lambda: steps_of(recorder) == [1, 2, 3] and read_status(path))
    wait_for(lambda: summarize(path).state == "training" and summarize(path).live)
    recorder.offer(checkpoint(3))
    wait_for(lambda: recorder.saved == 3)
    assert steps_of(recorder, "events") == [2]
    assert recorder.trouble == recorder.taken == ""
    recorder.offer(checkpoint(4))
    recorder.close(status(4, "finished", exit_code=0), PATIENCE)
    assert read_status(path).checkpoint == 4
    assert summarize(path).state == "finished"
    assert not summarize(path).live
    assert newest_step(recorder) == 4


def test_the_best_one_is_saved_with_the_next(recorder: Recorder):
    recorder.offer(checkpoint(2, loss=0.5), best=True)
    recorder.offer(checkpoint(3, loss=0.4), best=True)
    recorder.offer(checkpoint(4))
    wait_for(lambda: recorder.saved == 4)
    assert [path.name for path in paths(recorder.run.checkpoints)] == [
        "step-00000003",
        "step-00000004",
    ]


def test_a_full_disk_is_told_and_nothing_is_lost(recorder: Recorder, disk: Switched):
    recorder.offer(checkpoint(1))
    wait_for(lambda: recorder.saved == 1)
    disk.full = True
    see(recorder, 1, 2, 3)
    recorder.offer(checkpoint(2, loss=0.1), best=True)
    recorder.offer(checkpoint(3))
    wait_for(lambda: "checkpoints" in recorder.trouble)
    assert recorder.trouble == "cannot write checkpoints: No space left on device"
    see(recorder, 4, 5)
    assert newest_step(recorder) == 1
    disk.full = False
    recorder.offer(checkpoint(5))
    wait_for(lambda: recorder.saved == 5 and not recorder.trouble)
    assert steps_of(recorder) == [1, 2, 3, 4, 5]
    assert [path.name[-1] for path in paths(recorder.run.checkpoints)] == ["1", "2", "5"]


def test_a_checkpoint_waits_for_the_events_it_counts(recorder: Recorder, disk: Switched):
    """They are on the disk before it is: else a later event would be taken for one of them."""
    seen = []
    rename = disk.rename

    def look(source: Path, target: Path) -> None:
        if target.name.startswith("step-"):
            seen.append(steps_of(recorder, "events"))
        rename(source, target)

    disk.rename = look
    recorder._events.drain = lambda: True  # the writing thread has not come to it
    recorder.event({"step": 7})
    recorder.offer(checkpoint(8))
    wait_for(lambda: recorder.saved == 8)
    assert seen == [[7]]


def test_a_disk_that_hangs_keeps_nobody(recorder: Recorder, disk: Switched):
    disk.answers.clear()
    threads = threading.active_count()
    for step in range(1, 2000):
        see(recorder, step)
        recorder.event({"step": step})
    recorder.offer(checkpoint(1))
    recorder.offer(checkpoint(2))
    assert threading.active_count() == threads
    assert recorder.saved is None
    disk.answers.set()
    wait_for(lambda: recorder.saved == 2 and len(steps_of(recorder)) == 1999)


def test_what_was_asked_for_is_saved_once_the_disk_answers(recorder: Recorder, disk: Switched):
    """And so is a best one that is newer than that."""
    disk.answers.clear()
    for step in (1, 2):
        recorder.offer(checkpoint(step, loss=0.5))
    recorder.keep(2)
    recorder.offer(checkpoint(3, loss=0.1), best=True)
    for step in (4, 5):
        recorder.offer(checkpoint(step, loss=0.5))
    disk.answers.set()
    wait_for(lambda: recorder.saved == 5)
    assert {path.name[-1] for path in paths(recorder.run.checkpoints)} >= {"2", "3", "5"}


def test_an_end_does_not_wait_for_a_disk_that_hangs(recorder: Recorder, disk: Switched):
    disk.answers.clear()
    see(recorder, 1)
    recorder.close(status(1, "stopped"), 0.01)
    assert not recorder._lock._ended.is_set()


def test_a_line_ends_at_each_checkpoint(recorder: Recorder):
    see(recorder, 1, 2, 3, validation=None)
    recorder.offer(checkpoint(3))
    see(recorder, 4, 5, validation=None)
    recorder.roll_back_to(3)
    see(recorder, 4, validation=None)
    recorder.close(status(4, "stopped"), PATIENCE)
    lines, bad = read_journal(recorder.run.path, "metrics")
    assert sum(line["updates"] for line in lines[:-1]) == 3
    assert (lines[-2]["step"], lines[-1]["step"], lines[-1]["updates"]) == (3, 4, 1)
    assert bad == 0


def test_a_run_that_was_taken_over_is_written_no_more(recorder: Recorder):
    (recorder.run.path / OWNER_FILE).unlink()
    recorder.offer(checkpoint(3))
    wait_for(lambda: recorder.taken)
    assert recorder.trouble == recorder.taken
    see(recorder, 4)
    recorder.close(status(4, "stopped"), PATIENCE)
    assert newest_step(recorder) is None
    assert steps_of(recorder) == []
    assert read_status(recorder.run.path) is None


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
