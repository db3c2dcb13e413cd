"""One run without sockets: exact steps, edits, its bounds and its end."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest

from rnntui.data import baselines
from rnntui.errors import UsageError
from rnntui.protocol.messages import Generate
from rnntui.recipe import Recipe
from rnntui.runs.baselines import simple_losses
from rnntui.runs.job import Job
from rnntui.runs.opening import Opened, open_job
from rnntui.runs.store.status import Status, read_status
from rnntui.session.meter import Meter
from rnntui.session.session import Session
from tests.support.sessions import TOKENS, VALUES, history, look, losses, run, session, written


def test_it_trains_as_the_trainer_alone_does() -> None:
    s = session()
    run(s, 50)
    assert history(s) == pytest.approx(losses(TOKENS, 50), rel=1e-4)
    view = look(s)
    assert view.step == 50 and view.state == "training"
    assert [v.step for v in view.validations] == [7, 14, 21, 28, 35, 42, 49]
    assert view.validation == pytest.approx(view.validations[-1].loss, rel=1e-4)
    assert view.numbers is not None and view.numbers.step == view.step
    assert view.numbers.loss == pytest.approx(view.numbers.loss_per_token)
    assert view.numbers.gradient_norm > 0


def test_steps_are_exact() -> None:
    s = session()
    s.pause()
    assert run(s) == 0
    assert look(s).state == "paused"
    for count in (1, 3, 20):
        s.make_steps(count)
        assert look(s).state == "training"
        assert run(s) == count
        assert look(s).state == "paused"
    s.resume()
    assert run(s, 10) == 10
    s.make_steps(2)
    assert run(s) == 2
    assert history(s) == pytest.approx(losses(TOKENS, 36), rel=1e-4)


def test_time_does_not_pass_while_paused() -> None:
    meter = Meter()
    meter.run(100.0, 0)
    meter.read(101.0, 500)
    assert meter.elapsed(101.0) == 1.0
    assert meter.rate(101.0, 500) == 500.0
    meter.pause(102.0)
    assert meter.elapsed(200.0) == 2.0
    assert meter.rate(200.0, 900) == 0.0
    meter.run(300.0, 900)
    assert meter.elapsed(301.0) == 3.0
    for n in range(1, 101):
        meter.read(300.0 + n / 10, 900 + n * 10)
    assert meter.rate(310.0, 1900) == pytest.approx(100.0)


def test_a_pace_is_kept() -> None:
    s = session()
    s.set_pace(200.0)
    began = time.monotonic()
    run(s, 21)
    assert time.monotonic() - began >= 20 / 200 - 0.025
    assert look(s).pace == 200.0
    s.set_pace(None)
    assert s.delay(time.monotonic()) == 0.0


def test_a_rate_is_edited_from_the_next_update_on() -> None:
    s = session()
    run(s, 5)
    s.set_lr(0.5)
    run(s, 5)
    view = look(s)
    (event,) = [e for e in view.events if e.kind == "lr"]
    assert event.step == 5 and "0.002 → 0.5" in event.text
    assert view.lr == 0.5
    assert history(s)[:6] == pytest.approx(losses(TOKENS, 6), rel=1e-4)
    assert history(s)[6] != pytest.approx(losses(TOKENS, 7)[6], rel=1e-4)


@pytest.mark.parametrize("lr", [0.0, -1.0, math.nan, math.inf, 1e9])
def test_an_impossible_rate_is_refused(lr: float) -> None:
    s = session()
    with pytest.raises(UsageError, match="lr"):
        s.set_lr(lr)
    assert look(s).lr == TOKENS.train.lr
    with pytest.raises(UsageError, match="temperature"):
        s.set_sampling("temperature", -1.0)


def test_every_edit_is_an_event() -> None:
    s = session()
    run(s, 3)
    s.pause()
    s.pause()
    s.set_sampling("temperature", 0.5)
    s.set_pace(5.0)
    s.set_pace(None)
    s.resume()
    view = look(s)
    assert [e.kind for e in view.events] == ["pause", "sampling", "pace", "pace", "resume"]
    assert {e.step for e in view.events} == {3}
    assert view.event_count == 5
    assert [e.kind for e in look(s, events=4).events] == ["resume"]
    assert look(s, events=5).events == ()


def test_a_finished_run_stays_and_its_prompt_works() -> None:
    s = session(TOKENS.replace(steps=30, final_length=40))
    assert run(s) == 30
    view = look(s)
    assert view.state == "finished" and view.remaining == 0.0
    assert view.events[-1].kind == "end"
    assert view.generated is not None
    assert view.generated.finished and len(view.generated.text) == 40
    for command in (s.pause, s.resume, lambda: s.make_steps(1), lambda: s.set_lr(1e-3)):
        with pytest.raises(UsageError, match="finished"):
            command()
    s.generate(Generate("the", 25))
    run(s)
    assert len(written(s)) == 25
    assert s.step == 30


def test_steps_stop_at_the_last_one() -> None:
    s = session(TOKENS.replace(steps=5))
    s.make_steps(100)
    assert run(s) == 5
    assert look(s).state == "finished"


def test_a_run_is_given_time_without_its_pauses() -> None:
    s = session(TOKENS.replace(seconds=0.2))
    s.pause()
    time.sleep(0.25)
    run(s)
    assert look(s).state == "paused"
    s.resume()
    assert run(s) > 0
    view = look(s)
    assert view.state == "finished"
    assert view.elapsed >= 0.2


def test_what_is_left_is_estimated() -> None:
    s = session(TOKENS.replace(steps=100_000))
    run(s, 200)
    view = look(s)
    assert view.remaining is not None
    assert view.remaining == pytest.approx(99_800 / view.updates_per_second, rel=0.01)
    assert look(session()).remaining is None
    assert view.tokens_per_second == pytest.approx(20 * view.updates_per_second)
    assert view.epoch == pytest.approx(200 / session().welcome().steps_per_epoch)


def stopped(opened: Opened, updates: int) -> Status:
    """The status of a run that was stopped after some updates."""
    assert opened.recorder is not None
    path = opened.recorder.run.path.resolve()
    session = Session(opened)
    try:
        run(session, updates)
        assert session.close("stopped") == ""
    finally:
        opened.state.close()
    status = read_status(path)
    assert status is not None
    return status


@pytest.mark.parametrize("recipe", [TOKENS, VALUES], ids=["tokens", "values"])
def test_a_short_run_stores_its_best_update_and_the_baseline(tmp_path: Path, recipe: Recipe):
    opened = open_job(Job(recipe.replace(split=0.3, eval_every=5), runs=str(tmp_path)))
    status = stopped(opened, 10)
    assert status.best_step in (5, 10)
    simple = simple_losses(opened.data, baselines(opened.data))
    assert (status.baseline_name, status.baseline) == min(simple, key=lambda found: found[1])


def test_a_run_without_a_validation_has_no_baseline(tmp_path: Path):
    opened = open_job(Job(TOKENS.replace(split=0.0), runs=str(tmp_path)))
    status = stopped(opened, 3)
    assert (status.best_step, status.baseline, status.baseline_name) == (None, None, None)


def test_viewers_hear_why_a_run_is_not_saved_that_was_to_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    found = Session(open_job(Job(TOKENS, runs=str(tmp_path / "file")))).welcome()
    assert found.run == "" and found.unsaved.startswith("cannot create ")
    found = Session(open_job(Job(TOKENS))).welcome()
    assert (found.run, found.unsaved) == ("", "")  # as it was asked for
