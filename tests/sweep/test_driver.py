"""A sweep from its first trial to its last, interrupted and resumed, with small real runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnntui.errors import RunError, RunTakenError
from rnntui.foreground.stopping import Stopped, Stopping
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from rnntui.runs.opening import open_job
from rnntui.runs.store.status import read_status
from rnntui.runs.stored_recipe import stored_recipe
from rnntui.session.session import Session
from rnntui.sweep.board import current_progress, rows_of
from rnntui.sweep.driver import MOST_TRIES, Driver
from rnntui.sweep.store import Sweep, open_sweep
from rnntui.sweep.task import End, Task, TaskEnded
from tests.support.sweeps import RATES, TINY, Heard, HereWorkers, tiny_sweep


def finish(sweep: Sweep, workers: HereWorkers | None = None) -> tuple[Driver, Heard]:
    """Run a sweep to its end."""
    heard = Heard()
    with sweep.hold():
        driver = Driver(sweep, workers or HereWorkers(), heard)
        driver.run(Stopping())
    return driver, heard


def bests(sweep: Sweep, driver: Driver) -> dict[str, tuple[float | None, int | None, str]]:
    rows = rows_of(sweep, driver.progress)
    return {row.run: (row.result.best, row.result.best_step, row.state) for row in rows}


def test_every_trial_is_trained_and_its_best_validation_is_noted(tmp_path: Path):
    sweep = tiny_sweep(tmp_path)
    driver, heard = finish(sweep)
    rows = rows_of(sweep, driver.progress)
    assert [row.state for row in rows] == ["finished"] * len(RATES)
    losses = [row.result.best for row in rows]
    assert losses == sorted(losses, key=lambda loss: loss or 0) and None not in losses
    assert [n for n, _ in heard.ends] == [1, 2, 3, 4]
    for row in rows:
        status = read_status(tmp_path / row.run)
        assert status is not None and status.state == "finished" and status.best == row.result.best
    assert rows == rows_of(sweep, current_progress(open_sweep(tmp_path, "s")))


def test_what_was_done_is_not_done_again(tmp_path: Path):
    sweep = tiny_sweep(tmp_path)
    before = bests(sweep, finish(sweep)[0])
    workers = HereWorkers()
    again = open_sweep(tmp_path, "s")
    assert bests(again, finish(again, workers)[0]) == before
    assert workers.tasks == []


def test_a_sweep_that_is_stopped_continues_with_the_same_results(tmp_path: Path):
    undisturbed = tiny_sweep(tmp_path / "a")
    expected = bests(undisturbed, finish(undisturbed)[0])
    sweep = tiny_sweep(tmp_path / "b")

    def stop(task: Task) -> TaskEnded | None:
        if task.trial == 3:
            raise Stopped(15)
        return None

    heard = Heard()
    with sweep.hold(), pytest.raises(Stopped):
        Driver(sweep, HereWorkers(intercept=stop), heard).run(Stopping())
    assert heard.ends == [(1, "finished"), (2, "finished")]
    again = open_sweep(tmp_path / "b", "s")
    states = {row.run: row.state for row in rows_of(again, current_progress(again))}
    assert states == {"s-1": "finished", "s-2": "finished", "s-3": "stopped", "s-4": "stopped"}
    assert bests(again, finish(again)[0]) == expected


def test_halving_trains_the_better_half_and_a_cut_trial_can_be_continued(tmp_path: Path):
    sweep = tiny_sweep(tmp_path, halving=(2, 4))
    workers = HereWorkers()
    driver, _ = finish(sweep, workers)
    rows = rows_of(sweep, driver.progress)
    states = [row.state for row in rows]
    assert states.count("finished") == 1 and states.count("pruned") == 3
    assert [(task.trial, task.until) for task in workers.tasks[:4]] == [
        (n, 2) for n in (1, 2, 3, 4)
    ]
    assert sorted(row.result.step for row in rows) == [2, 2, 4, 8]
    cut = next(row for row in rows if row.state == "pruned")
    status = read_status(tmp_path / cut.run)
    assert status is not None and status.checkpoint == cut.result.step
    assert status.reason == f"stopped by its sweep at update {cut.result.step}"
    # Continued alone, it ends as if it had never been cut, and the table says so.
    alone = tiny_sweep(tmp_path / "alone", [cut.settings])
    expected = bests(alone, finish(alone)[0])["s-1"]
    path = tmp_path / cut.run
    task = Task(1, Job(stored_recipe(path, exact=True), run=str(path)))
    continued = HereWorkers()
    continued.start(task)
    assert continued.next(0) == TaskEnded(1, "finished")
    again = open_sweep(tmp_path, "s")
    found = {row.run: row for row in rows_of(again, current_progress(again))}[cut.run]
    assert (found.result.best, found.result.best_step, found.state) == expected


def test_a_lost_trial_is_tried_again_but_not_for_ever(tmp_path: Path):
    sweep = tiny_sweep(tmp_path, RATES[:2])
    lost: list[int] = []

    def lose(task: Task) -> TaskEnded | None:
        times = MOST_TRIES + 5 if task.trial == 2 else MOST_TRIES
        if lost.count(task.trial) >= times:
            return None
        lost.append(task.trial)
        return TaskEnded(task.trial, "lost", "its process was killed by SIGKILL")

    driver, heard = finish(sweep, HereWorkers(intercept=lose))
    assert heard.ends == [(2, "failed"), (1, "finished")] or heard.ends == [
        (1, "finished"),
        (2, "failed"),
    ]
    assert driver.progress[2].reason == "its process was killed by SIGKILL"
    assert len(heard.notes) == 2 * MOST_TRIES and "s-1: its process was killed" in heard.notes[0]


def test_a_failed_trial_frees_its_place_and_the_others_continue(tmp_path: Path):
    sweep = tiny_sweep(tmp_path)

    def fail(task: Task) -> TaskEnded | None:
        return (
            TaskEnded(task.trial, "failed", "the loss has been diverging")
            if task.trial == 1
            else None
        )

    driver, _ = finish(sweep, HereWorkers(jobs=1, intercept=fail))
    states = {n: one.state for n, one in driver.progress.items()}
    assert states == {1: "failed", 2: "finished", 3: "finished", 4: "finished"}
    row = next(row for row in rows_of(sweep, driver.progress) if row.run == "s-1")
    assert row.as_json()["reason"] == "the loss has been diverging"
    assert row.as_json()["best"] is None


def test_a_damaged_run_fails_alone(tmp_path: Path):
    sweep = tiny_sweep(tmp_path)
    lost = HereWorkers(intercept=lambda task: TaskEnded(1, "disk", "gone"))
    with sweep.hold(), pytest.raises(RunError):
        Driver(sweep, lost, Heard()).run(Stopping())
    (tmp_path / "s-1").mkdir()  # it was started, but this is no run
    driver, heard = finish(open_sweep(tmp_path, "s"))
    assert driver.progress[1].state == "failed" and "run.json" in driver.progress[1].reason
    assert heard.ends[0] == (1, "failed")
    assert [driver.progress[n].state for n in (2, 3, 4)] == ["finished"] * 3


def test_what_ended_while_no_sweep_was_running_is_noted_silently(tmp_path: Path):
    sweep = tiny_sweep(tmp_path, RATES[:2])
    expected = bests(sweep, finish(sweep)[0])
    journal = sweep.directory / "trials.jsonl"
    kept = [line for line in journal.read_text().splitlines() if '"finished"' not in line]
    journal.write_text("\n".join(kept) + "\n")
    again, workers = open_sweep(tmp_path, "s"), HereWorkers()
    driver, heard = finish(again, workers)
    assert bests(again, driver) == expected
    assert workers.tasks == [] and heard.ends == []


def test_a_diverging_trial_has_failed(tmp_path: Path):
    wild = TINY.replace(
        source="values:" + ",".join(str(n % 7) for n in range(90)), task="values", repeat=1,
        optimizer="sgd", clip=0.0, steps=40, skip_spikes=False, cell="rnn", activation="relu",
    )  # fmt: skip
    sweep = tiny_sweep(tmp_path, [{"lr": 1e6}, {"lr": 1e-3}], recipe=wild)
    driver, _ = finish(sweep)
    assert driver.progress[1].state == "failed"
    assert "the loss is no longer a finite number" in driver.progress[1].reason
    assert driver.progress[2].state == "finished"


def test_a_full_disk_ends_the_sweep_which_can_be_resumed(tmp_path: Path):
    sweep = tiny_sweep(tmp_path)
    full = HereWorkers(intercept=lambda task: TaskEnded(task.trial, "disk", "no space left"))
    with sweep.hold(), pytest.raises(RunError, match="s-1: no space left"):
        Driver(sweep, full, Heard()).run(Stopping())
    again = open_sweep(tmp_path, "s")
    assert {one.state for one in finish(again)[0].progress.values()} == {"finished"}


def test_a_run_that_another_process_has_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rnntui.sweep.driver.BUSY_PAUSE", 0.001)
    sweep = tiny_sweep(tmp_path, RATES[:1])
    seen: list[Task] = []

    def busy(task: Task) -> TaskEnded | None:
        seen.append(task)
        end: End = "busy" if len(seen) > 1 else "lost"
        return TaskEnded(1, end, "is being trained") if len(seen) < 4 else None

    assert finish(sweep, HereWorkers(intercept=busy))[0].progress[1].state == "finished"
    assert len(seen) == 4


def test_a_lost_trial_may_create_its_run_after_the_next_one_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rnntui.sweep.driver.BUSY_PAUSE", 0.001)
    undisturbed = tiny_sweep(tmp_path / "a", RATES[:1])
    expected = bests(undisturbed, finish(undisturbed)[0])
    sweep = tiny_sweep(tmp_path / "b", RATES[:1])
    seen: list[Task] = []

    def lose(task: Task) -> TaskEnded | None:
        seen.append(task)
        if len(seen) == 1:
            return TaskEnded(1, "lost", "its worker was lost")
        if len(seen) == 2:  # the lost one's process was still starting
            Session(open_job(seen[0].job)).close("lost", complete=False)
        return None

    assert bests(sweep, finish(sweep, HereWorkers(intercept=lose))[0]) == expected
    assert [bool(task.job.run) for task in seen] == [False, False, True]


@pytest.mark.parametrize("training", [True, False])
def test_a_run_of_somebody_else_is_not_taken_for_a_trial(tmp_path: Path, training: bool):
    sweep = tiny_sweep(tmp_path, RATES[:2])
    other = Session(open_job(Job(TINY, runs=str(tmp_path), name="s-1")))
    if not training:
        other.close("stopped", complete=False)
    driver, _ = finish(sweep)
    assert driver.progress[1].state == "failed" and "s-1" in driver.progress[1].reason
    assert driver.progress[2].state == "finished"
    if training:
        other.close("stopped", complete=False)


@pytest.mark.parametrize(
    ("reason", "after"), [("rnntui stop from pts/1", "stopped"), ("", "finished")]
)
def test_a_trial_stopped_by_its_user_stays_stopped(
    tmp_path: Path, reason: str, after: str, monkeypatch: pytest.MonkeyPatch
):
    """A shutdown of the machine stops trials as well: those continue."""
    monkeypatch.setattr("rnntui.sweep.driver.why_stopped", lambda _run: reason)
    sweep = tiny_sweep(tmp_path, RATES[:2])
    stopped = HereWorkers(
        intercept=lambda task: TaskEnded(1, "stopped", "") if task.trial == 1 else None
    )
    driver, _ = finish(sweep, stopped)
    assert driver.progress[1].state == "stopped" and driver.progress[2].state == "finished"
    again = open_sweep(tmp_path, "s")
    assert finish(again)[0].progress[1].state == after


def test_two_processes_never_run_one_sweep(tmp_path: Path):
    sweep = tiny_sweep(tmp_path)
    with sweep.hold():
        assert sweep.held
        with pytest.raises(RunTakenError, match="sweep s is being run by process"):
            finish(open_sweep(tmp_path, "s"))
    assert not sweep.held


@pytest.mark.parametrize("journaled", [True, False])
def test_a_trial_lost_before_its_first_checkpoint_keeps_its_kernels(
    tmp_path: Path, journaled: bool
):
    recipe = Recipe().replace(hidden=64, workers=1, source="text:" + "abc " * 900)
    chosen = "sums=plain tokens=all"
    new = open_job(Job(recipe, runs=str(tmp_path), name="r", kernels=chosen))
    assert str(new.state.updater.kernels) == chosen and new.state.kernel_trial is None
    Session(new).close("lost", complete=False)
    if not journaled:
        (tmp_path / "r" / "events.jsonl").unlink()
    again = open_job(Job(recipe, run=str(tmp_path / "r"), kernels=chosen))
    assert str(again.state.updater.kernels) == chosen and again.state.kernel_trial is None
    assert again.recalled == (not journaled)  # and then the journal gets to know them
    Session(again).close("lost", complete=False)
