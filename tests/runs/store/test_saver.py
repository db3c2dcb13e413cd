"""Saving in the background: training never waits, a failing disk is told and recovers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rnntui.errors import RunTakenError
from rnntui.runs.store import saver as saving
from rnntui.runs.store.checkpoint import Checkpoint
from rnntui.runs.store.saver import Saver
from tests.support.patience import PATIENCE


class Disk:
    """Saves as it is told to: blocks until it may go on, fails while there is an error."""

    def __init__(self) -> None:
        self.saved: list[int] = []
        self.attempts = 0
        self.reports: list[str | None] = []
        self.error: Exception | None = None
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.begun = threading.Event()
        self.at_once = 0
        self.most_at_once = 0
        self.reported = threading.Event()

    def save(self, checkpoint: Checkpoint) -> Path:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.attempts += 1
        self.begun.set()
        try:
            assert self.may_go_on.wait(PATIENCE)
            if self.error:
                raise self.error
            self.saved.append(checkpoint.step)
            return Path(f"step-{checkpoint.step}")
        finally:
            self.at_once -= 1

    def report(self, what: str, why: str | None) -> None:
        assert what == "checkpoint"
        self.reports.append(why)
        self.reported.set()


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def start(disk: Disk):
    started: list[Saver] = []

    def start(**options) -> Saver:
        started.append(Saver(disk.save, disk.report, **options))
        return started[-1]

    yield start
    disk.error = None
    disk.may_go_on.set()
    for one in started:
        one.close(PATIENCE)
        one._thread.join(PATIENCE)
        assert not one._thread.is_alive()


def checkpoint(step: int) -> Checkpoint:
    return Checkpoint(step, {}, {}, {})


def test_what_is_offered_is_saved(disk: Disk, start: Callable[..., Saver]):
    told = []
    saver = start(saved=lambda step, path: told.append((step, path)))
    saver.offer(checkpoint(3))
    assert saver.finish(PATIENCE)
    assert disk.saved == [3]
    assert told == [(3, Path("step-3"))]
    assert disk.reports == []
    assert saver.finish(PATIENCE)


def test_one_at_a_time_and_of_those_that_wait_the_newest(disk: Disk, start):
    saver = start()
    disk.may_go_on.clear()
    saver.offer(checkpoint(1))
    assert disk.begun.wait(PATIENCE)
    for step in (2, 3, 4):
        saver.offer(checkpoint(step))  # none of them waits
    assert not saver.finish(0.01)
    disk.may_go_on.set()
    assert saver.finish(PATIENCE)
    assert disk.saved == [1, 4]
    assert disk.most_at_once == 1


def held_up(disk: Disk, start: Callable[..., Saver]) -> Saver:
    """A saver whose disk does not answer yet."""
    saver = start()
    disk.may_go_on.clear()
    saver.offer(checkpoint(1))
    assert disk.begun.wait(PATIENCE)
    return saver


def saved_once_it_answers(disk: Disk, saver: Saver) -> list[int]:
    disk.may_go_on.set()
    assert saver.finish(PATIENCE)
    return disk.saved


def test_what_was_asked_for_is_saved_though_newer_ones_come(disk: Disk, start):
    saver = held_up(disk, start)
    saver.offer(checkpoint(2))
    saver.offer(checkpoint(3))
    saver.keep(3)
    for step in (4, 5):
        saver.offer(checkpoint(step))
    assert saved_once_it_answers(disk, saver) == [1, 3, 5]


@pytest.mark.parametrize(
    ("steps", "asked", "saved"),
    [
        ((2, 3), (2, 3), [2, 3]),
        ((2, 3, 4), (2, 3), [3, 4]),
        ((2, 3, 4), (2, 3, 4), [3, 4]),
        ((2, 3, 4), (2, 4), [2, 4]),
        ((2, 3), (3,), [3]),
        ((2, 2, 3), (2,), [2, 3]),
        ((2, 3, 4), (1,), [4]),
        ((2, 3, 4), (7,), [4]),
        (tuple(range(2, 90)), tuple(range(2, 90)), [88, 89]),
    ],
)
def test_two_wait_at_the_most(steps, asked, saved, disk: Disk, start):
    saver = held_up(disk, start)
    for step in steps:
        saver.offer(checkpoint(step))
        if step in asked:
            saver.keep(step)
        assert len(saver._waiting) <= 2
    assert saved_once_it_answers(disk, saver) == [1, *saved]
    assert saver._requested == set()


def test_a_request_is_that_of_one_checkpoint(disk: Disk, start):
    """What comes later is not kept because an earlier one of that update was."""
    saver = held_up(disk, start)
    saver.keep(1)
    assert saved_once_it_answers(disk, saver) == [1]
    disk.begun.clear()
    disk.may_go_on.clear()
    saver.offer(checkpoint(2))
    assert disk.begun.wait(PATIENCE)
    saver.offer(checkpoint(1))
    saver.offer(checkpoint(3))
    assert saved_once_it_answers(disk, saver) == [1, 2, 3]


@pytest.mark.parametrize(
    ("error", "saved"),
    [(OSError(28, "No space left on device"), [1, 3]), (TypeError("not JSON"), [3])],
)
def test_what_was_asked_for_is_tried_again_where_that_may_help(
    error: Exception, saved: list[int], disk: Disk, start, monkeypatch
):
    monkeypatch.setattr(saving, "FIRST_PAUSE", 1000.0)
    saver = held_up(disk, start)
    saver.keep(1)
    saver.offer(checkpoint(2))
    saver.offer(checkpoint(3))
    disk.error = error
    disk.may_go_on.set()
    assert disk.reported.wait(PATIENCE)
    with saver._change:
        assert saver._change.wait_for(lambda: not saver._busy, PATIENCE)
    disk.error = None
    assert saver.close(PATIENCE)
    assert disk.saved == saved


def test_a_failing_disk_is_told_and_recovers(disk: Disk, start, monkeypatch):
    monkeypatch.setattr(saving, "FIRST_PAUSE", 0.01)
    saver = start()
    disk.error = OSError(28, "No space left on device")
    saver.offer(checkpoint(1))
    assert disk.reported.wait(PATIENCE)
    saver.offer(checkpoint(2))
    disk.error = None
    assert saver.finish(PATIENCE)
    assert disk.saved[-1] == 2
    assert set(disk.reports[:-1]) == {"No space left on device"}
    assert disk.reports[-1] is None


def test_a_pause_grows_and_the_end_does_not_wait_for_it(disk: Disk, start, monkeypatch):
    monkeypatch.setattr(saving, "FIRST_PAUSE", 1000.0)
    saver = start()
    disk.error = OSError(5, "Input/output error")
    saver.offer(checkpoint(1))
    assert disk.reported.wait(PATIENCE)
    with saver._change:
        assert saver._change.wait_for(lambda: not saver._busy, PATIENCE)
    assert disk.attempts == 1
    assert not saver.finish(PATIENCE)  # tried once more, and refused again
    assert disk.attempts == 2
    disk.error = None
    assert saver.close(PATIENCE)
    assert disk.saved == [1]
    saver.offer(checkpoint(2))
    assert disk.saved == [1]


def test_a_run_that_was_taken_over_is_saved_no_more(disk: Disk, start):
    saver = start()
    disk.error = RunTakenError("run x was taken over")
    saver.offer(checkpoint(1))
    assert not saver.finish(PATIENCE)
    disk.error = None
    saver.offer(checkpoint(2))
    assert not saver.finish(PATIENCE)
    assert disk.saved == []
    assert disk.reports == ["run x was taken over"]


def test_whatever_else_goes_wrong_the_next_one_is_tried(disk: Disk, start):
    saver = start()
    disk.error = TypeError("Object of type \x1b[31mset is not JSON serializable")
    saver.offer(checkpoint(1))
    assert disk.reported.wait(PATIENCE)
    disk.error = None
    saver.offer(checkpoint(2))
    assert saver.finish(PATIENCE)
    assert disk.saved == [2]
    assert disk.reports[0].startswith("TypeError: Object")
    assert disk.reports[0].isprintable()


def test_an_end_that_does_not_come_is_not_waited_for(disk: Disk, start):
    saver = start()
    disk.may_go_on.clear()
    saver.offer(checkpoint(1))
    assert disk.begun.wait(PATIENCE)
    assert not saver.close(0.01)
