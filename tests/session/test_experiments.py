"""Experiments beside a run."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnntui.data import load
from rnntui.errors import RnntuiError, UsageError
from rnntui.protocol.codec import to_plain
from rnntui.protocol.insight import (
    CheckGradients,
    Dismiss,
    Experiments,
    Health,
    InsightLook,
    StartRace,
    StartRateTest,
    StopExperiments,
)
from rnntui.protocol.messages import Look, Pause, Request, Resume
from rnntui.recipe import Recipe
from rnntui.runs.job import Job
from rnntui.runs.opening import open_job
from rnntui.session.experiments import ExperimentRunner
from rnntui.session.session import Session
from rnntui.training.loop import TrainState, start, train
from tests.support.sessions import VALUES, look, session
from tests.support.sessions import run as run_session

RECIPE = Recipe().replace(
    source="text:([]){}[()]\n", repeat=300, hidden=8, batch=4, seq_len=8, workers=1
)
ADDING = Recipe().replace(
    source="corpus:adding", task="values", hidden=6, batch=4, seq_len=20, lr=0.01, workers=1
)
DATA = load(RECIPE)


@pytest.fixture
def state() -> TrainState:
    return start(RECIPE, DATA)


def run(runner: ExperimentRunner) -> None:
    while runner.busy:
        runner.tick()


def test_one_at_a_time_and_results_stay(state: TrainState) -> None:
    said: list[str] = []
    runner = ExperimentRunner(RECIPE, DATA, state, said.append)
    assert (runner.busy, runner.activity) == (False, "")
    runner.start_race(StartRace((1, 8), 640))
    assert (runner.busy, runner.activity) == (True, "race")
    run(runner)
    runner.start_rate_test()
    assert runner.activity == "learning-rate test"
    run(runner)
    runner.check_gradients()
    run(runner)
    assert said == ["race finished", "learning-rate test finished", "gradient check finished"]
    found = runner.message(state.step)
    assert found.race is not None and not found.race.running
    assert found.rate_test is not None and found.rate_test.losses
    assert runner.gradient_check is not None and runner.gradient_check.passed
    assert "largest error" in runner.gradient_check.text


@pytest.mark.slow
def test_the_message_of_three_lanes_stays_small(state: TrainState) -> None:
    runner = ExperimentRunner(RECIPE, DATA, state, lambda _: None)
    runner.start_race(StartRace((1, 4, 8), 640))
    run(runner)
    runner.start_rate_test()
    run(runner)
    for _ in range(10):
        runner.began("r" * 80)
    found = runner.message(state.step)
    assert found.race is not None and len(found.race.lanes) == 3
    assert len(json.dumps(to_plain(found), separators=(",", ":"))) <= 16_000


def test_what_is_stopped_keeps_its_results(state: TrainState) -> None:
    runner = ExperimentRunner(RECIPE, DATA, state, lambda _: pytest.fail("it was stopped"))
    runner.start_race(StartRace((1, 8), 100_000))
    runner.stop()
    assert not runner.busy
    race = runner.message(0).race
    assert race is not None and not race.running
    runner.start_race(StartRace((1, 8), 100_000))
    runner.tick(0.01)
    runner.stop()
    race = runner.message(0).race
    assert race is not None and not race.running and race.lanes[0].loss


def test_another_one_replaces_it(state: TrainState) -> None:
    runner = ExperimentRunner(RECIPE, DATA, state, lambda _: None)
    runner.start_race(StartRace((1, 8), 100_000))
    runner.tick(0.01)
    runner.start_rate_test()
    race = runner.message(0).race
    assert race is not None and not race.running
    assert runner.activity == "learning-rate test"


def test_windows_that_do_not_fit_are_refused(state: TrainState) -> None:
    runner = ExperimentRunner(RECIPE, DATA, state, lambda _: None)
    with pytest.raises(RnntuiError):
        runner.start_race(StartRace((1, 100_000), 640))
    assert not runner.busy and runner.message(0).race is None


def test_the_run_goes_on_as_if_nothing_had_happened(state: TrainState) -> None:
    other = start(RECIPE, DATA)
    runner = ExperimentRunner(RECIPE, DATA, state, lambda _: None)
    for begin in (lambda: runner.start_race(StartRace((1, 8), 640)), runner.start_rate_test):
        begin()
        run(runner)
    here, there = train(RECIPE, DATA, state), train(RECIPE, DATA, other)
    assert [next(here).loss for _ in range(5)] == [next(there).loss for _ in range(5)]


# ---- through a session --------------------------------------------------------------------------


def texts(s: Session) -> list[str]:
    return [event.text for event in look(s).events]


def until_done(s: Session) -> None:
    """Tick until no experiment is left; no update is made meanwhile."""
    now, before = time.monotonic(), s.step
    while s.experiments.busy:
        now += 0.05
        s.tick(now, s.delay(now))
    assert s.step == before


def experiments(s: Session) -> Experiments:
    found = s.snapshot(Look(insight=InsightLook(view="experiments"))).insight
    assert isinstance(found, Experiments)
    return found


EACH = [StartRace((1, 8), 640), StartRateTest(), CheckGradients()]


@pytest.mark.parametrize("request_", EACH, ids=lambda request: type(request).__name__)
def test_training_pauses_meanwhile_and_resumes(request_: Request) -> None:
    s = session(RECIPE)
    run_session(s, 3)
    s.handle(request_)
    assert s.paused and experiments(s).activity and texts(s)[-1].startswith("paused: ")
    until_done(s)
    assert not s.paused and experiments(s).activity == ""
    assert "finished" in texts(s)[-2] and texts(s)[-1] == "resumed"
    assert run_session(s, 3) == 3


@pytest.mark.parametrize("request_", EACH, ids=lambda request: type(request).__name__)
def test_a_paused_run_stays_paused(request_: Request) -> None:
    s = session(RECIPE)
    s.pause()
    s.handle(request_)
    until_done(s)
    assert s.paused and "finished" in texts(s)[-1]


@pytest.mark.slow
def test_resuming_stops_the_experiment_and_pausing_keeps_the_run_paused() -> None:
    s = session(RECIPE)
    s.handle(StartRace((1, 8), 100_000))
    s.handle(Resume())
    assert not s.experiments.busy and not s.paused
    s.handle(StartRace((1, 8), 640))
    s.handle(Pause())
    until_done(s)
    assert s.paused


def test_stopping_an_experiment_resumes_training() -> None:
    s = session(RECIPE)
    s.handle(StartRace((1, 8), 100_000))
    s.tick(time.monotonic() + 1, 1.0)
    s.handle(StopExperiments())
    assert not s.experiments.busy and not s.paused and "race stopped" in texts(s)
    race = experiments(s).race
    assert race is not None and not race.running
    s.handle(StopExperiments())  # there is none
    assert texts(s).count("race stopped") == 1


def test_another_experiment_keeps_what_was_to_happen_afterwards() -> None:
    s = session(RECIPE)
    s.handle(StartRace((1, 8), 100_000))
    s.handle(StartRateTest())
    until_done(s)
    assert not s.paused


def test_updates_that_were_to_be_followed_by_a_pause_are_not_resumed() -> None:
    s = session(RECIPE)
    s.make_steps(10)
    run_session(s, 2)
    s.handle(CheckGradients())
    until_done(s)
    assert s.paused and s.step == 2


def test_a_finished_run_can_be_experimented_with() -> None:
    s = session(RECIPE.replace(steps=3, final_length=0))
    run_session(s)
    assert s.finished
    s.handle(StartRateTest())
    until_done(s)
    assert s.finished and experiments(s).rate_test is not None
    assert "finished" in texts(s)[-1]


def test_inside_an_update_an_experiment_waits_for_its_end() -> None:
    asked: list[bool] = []

    def between() -> None:
        if not asked:
            asked.append(True)
            s.handle(StartRace((1, 100_000), 640))
            s.handle(StartRace((1, 8), 100_000))
            assert not s.experiments.busy

    s = session(RECIPE.replace(eval_every=2), between)
    run_session(s, 10, lambda: bool(asked) and s.experiments.busy)
    assert asked and s.experiments.busy and s.paused
    assert any("too short" in text for text in texts(s)), "the race was refused"
    s.handle(StopExperiments())
    assert not s.paused


def test_a_refusal_is_one_line_and_changes_nothing() -> None:
    s = session(RECIPE)
    with pytest.raises(UsageError) as refused:
        s.handle(StartRace((1, 100_000), 640))
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 200
    assert not s.paused and not s.experiments.busy
    assert run_session(s, 2) == 2


def test_an_experiment_that_fails_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Iterator[None]:
        yield
        raise IndexError("odd \x1b[2J")

    monkeypatch.setattr("rnntui.training.gradient_check.checking", broken)
    s = session(RECIPE)
    s.handle(CheckGradients())
    until_done(s)
    assert any("gradient check failed: IndexError: odd" in text for text in texts(s))
    assert not any("\x1b" in text for text in texts(s)) and not s.paused


def test_an_experiment_that_cannot_even_begin_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OverflowError("odd")

    monkeypatch.setattr("rnntui.insight.rate_test.RateTest.__init__", broken)
    s = session(RECIPE)
    with pytest.raises(UsageError, match="OverflowError: odd"):
        s.handle(StartRateTest())
    assert not s.paused and run_session(s, 2) == 2


def test_the_gradient_check_is_part_of_the_health_view() -> None:
    s = session(RECIPE)
    s.pause()
    s.handle(CheckGradients())
    until_done(s)
    s._views._health_due = 0.0
    found = s.snapshot(Look(insight=InsightLook(view="health"))).insight
    assert isinstance(found, Health) and found.check is not None and found.check.passed


@pytest.mark.parametrize(
    "recipe",
    [RECIPE, VALUES.replace(workers=1), ADDING],
    ids=["tokens", "values", "a task with values"],
)
def test_training_after_an_experiment_is_the_same(recipe: Recipe) -> None:
    plain, other = session(recipe), session(recipe)
    run_session(plain, 6)
    run_session(other, 3)
    for request in (StartRateTest(), CheckGradients()):
        other.handle(request)
        until_done(other)
    run_session(other, 3)
    assert look(plain).history == look(other).history
    assert (plain._state.parameters.flat == other._state.parameters.flat).all()


def test_a_hidden_finding_stays_hidden_after_a_resume(tmp_path: Path) -> None:
    job = Job(RECIPE, runs=str(tmp_path), name="run")
    for number in range(2):
        opened = open_job(job)
        s = Session(opened)
        try:
            if number == 0:
                s.handle(Dismiss("dead-units"))
            found = s.snapshot(Look(insight=InsightLook(view="health"))).insight
            assert isinstance(found, Health) and found.dismissed == ("dead-units",)
            s.update()
            assert s.close("stopped") == ""
        finally:
            opened.state.close()
        job = Job(RECIPE, run=str(tmp_path / "run"))
