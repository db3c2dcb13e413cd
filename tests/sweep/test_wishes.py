"""What users ask of a sweep that another process runs, or the next one will."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnntui.errors import RunError
from rnntui.foreground.stopping import Stopping
from rnntui.sweep.board import rows_of
from rnntui.sweep.driver import CUT, Driver
from rnntui.sweep.store import Sweep, open_sweep
from rnntui.sweep.task import Task, TaskEnded
from rnntui.sweep.wishes import HEARD, Wishes, ask
from tests.support.sweeps import RATES, Heard, HereWorkers, tiny_sweep


def finish(sweep: Sweep, workers: HereWorkers) -> Driver:
    with sweep.hold():
        driver = Driver(sweep, workers, Heard())
        driver.run(Stopping())
    return driver


def test_each_wish_is_read_once_even_by_another_process(tmp_path: Path):
    sweep = tiny_sweep(tmp_path)
    ask(sweep.directory, 3, "cut")
    ask(sweep.directory, 4, "continue")
    wishes = Wishes(sweep.directory, [])
    assert wishes.read() == [(3, "cut"), (4, "continue")] and wishes.read() == []
    ask(sweep.directory, 1, "cut")
    assert wishes.read() == [(1, "cut")]
    later = Wishes(sweep.directory, [{"event": HEARD}] * 2)
    assert later.read() == [(1, "cut")] and later.read() == []


def test_without_a_sweep_there_is_nothing_to_ask(tmp_path: Path):
    with pytest.raises(RunError, match="cannot write to"):
        ask(tmp_path / "gone", 1, "cut")


def test_a_trial_is_cut_before_and_while_it_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rnntui.sweep.driver.LOOK_EVERY", 0.0)
    sweep = tiny_sweep(tmp_path)

    def during(task: Task) -> TaskEnded | None:
        if task.trial == 1:
            ask(sweep.directory, 2, "cut")  # which waits for its turn in the workers
            ask(sweep.directory, 4, "cut")  # which is not started yet
        return None

    workers = HereWorkers(intercept=during)
    driver = finish(sweep, workers)
    states = {n: (one.state, one.reason) for n, one in driver.progress.items()}
    assert states[1] == states[3] == ("finished", "")
    assert states[2] == states[4] == ("stopped", CUT)
    assert [task.trial for task in workers.tasks] == [1, 2, 3]
    # A cut trial stays cut, until its user wants it to continue.
    assert finish(open_sweep(tmp_path, "s"), HereWorkers()).progress[2].state == "stopped"
    ask(sweep.directory, 2, "continue")
    assert finish(open_sweep(tmp_path, "s"), HereWorkers()).progress[2].state == "finished"


def test_a_pruned_trial_continues_to_its_end(tmp_path: Path):
    sweep = tiny_sweep(tmp_path, RATES, halving=(2, 4))
    driver = finish(sweep, HereWorkers())
    pruned = [row.run for row in rows_of(sweep, driver.progress) if row.state == "pruned"]
    last = int(pruned[-1].removeprefix("s-"))
    ask(sweep.directory, last, "continue")
    again = open_sweep(tmp_path, "s")
    workers = HereWorkers()
    driver = finish(again, workers)
    assert driver.progress[last].state == "finished"
    assert [(task.trial, task.until) for task in workers.tasks] == [(last, None)]


def test_a_trial_that_is_cut_while_its_process_starts_is_not_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rnntui.sweep.driver.LOOK_EVERY", 0.0)
    sweep = tiny_sweep(tmp_path, RATES[:2])
    workers = HereWorkers(jobs=2)
    monkeypatch.setattr(workers, "cut", lambda _trial: None)  # the signal ends it, see below

    def killed(task: Task) -> TaskEnded | None:
        if task.trial == 1:
            ask(sweep.directory, 2, "cut")
            return None
        return TaskEnded(2, "lost", "its process was killed by SIGTERM")

    workers.intercept = killed
    driver = finish(sweep, workers)
    assert (driver.progress[2].state, driver.progress[2].reason) == ("stopped", CUT)
    assert [task.trial for task in workers.tasks] == [1, 2]
