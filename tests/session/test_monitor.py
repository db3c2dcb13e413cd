"""One run in trouble: the alert, its cure, going back to good weights."""

from __future__ import annotations

import math

import pytest

from rnntui.data import load
from rnntui.errors import UsageError
from rnntui.protocol.messages import Look
from rnntui.recipe import load_recipe
from rnntui.runs.edits import Edit
from rnntui.runs.opening import Opened
from rnntui.session.session import Session
from rnntui.training.loop import start
from tests.support.sessions import VALUES, look, run, session


def test_hello_world_diverges_and_one_fix_is_enough() -> None:
    s = session(load_recipe("hello-world").replace(steps=500))
    run(s, enough=lambda: look(s).alert is not None)
    view = look(s)
    assert view.alert is not None and view.state == "training"
    assert 20 < view.alert.step < 100
    assert "summed over 25" in view.alert.cause and "norm" in view.alert.cause
    assert "0.004" in view.alert.fix, "what the first cause names is what the fix changes"
    assert view.events[-1].kind == "alert"
    s.fix()
    view = look(s)
    assert view.alert is None and view.lr == 0.004
    assert view.events[-1].kind == "mend"
    run(s)
    view = look(s)
    assert view.state == "finished" and view.alert is None
    assert view.smooth is not None and view.smooth < 1.5
    with pytest.raises(UsageError, match="nothing to fix"):
        s.fix()


@pytest.mark.slow
def test_a_fix_that_did_not_help_lowers_the_rate_further() -> None:
    s = session(load_recipe("hello-world").replace(steps=0))
    rates = []
    for _ in range(3):
        s.set_lr(0.5)
        run(s, 300, enough=lambda: look(s).alert is not None)
        s.set_lr(0.006)
        s.fix()
        rates.append(look(s).lr)
    assert rates == pytest.approx([0.003, 0.0015, 0.00075])


def test_a_finished_run_that_is_fixed_gets_as_many_updates_again() -> None:
    s = session(load_recipe("hello-world").replace(steps=100))
    assert run(s) == 100 and look(s).state == "finished"
    s.fix()
    assert look(s).state == "training" and run(s) == 100


def test_a_fix_is_repeated_with_the_rate_that_it_set() -> None:
    recipe = load_recipe("hello-world").replace(steps=0)
    data = load(recipe)
    edits = [Edit(60, "mend", 0.05), Edit(80, "mend", 0.02)]
    s = Session(Opened(recipe, data, start(recipe, data), edits=edits))
    run(s, 70)
    assert look(s).lr == 0.05
    run(s, 20)
    assert look(s).lr == 0.02


EXPLODING = VALUES.replace(
    standardize=False, optimizer="sgd", clip=0.0, lr=1e5, activation="relu", seconds=60.0
)


def test_a_loss_that_stays_not_finite_pauses() -> None:
    s = session(EXPLODING)
    run(s, 1000)
    view = look(s)
    assert view.state == "paused" and view.alert is not None
    assert "finite" in view.alert.title and view.alert.pauses
    assert "standardize" in view.alert.cause
    stopped = s.step
    assert stopped < 100 and run(s) == 0
    s.resume()
    assert run(s) == 1, "it pauses again at once, and a broken weight never trains on"
    assert look(s).alert is not None
    s.fix()
    view = look(s)
    assert view.alert is None and view.lr == 0.1 and view.state == "training"
    kinds = [event.kind for event in view.events]
    assert kinds.count("rollback") == 3, "it went back three times by itself before"


def test_mending_until_it_learns() -> None:
    s = session(EXPLODING)
    for _ in range(60):
        run(s, 300)
        if look(s).alert is None:
            break
        s.fix()
    view = look(s)
    assert view.alert is None
    assert view.numbers is not None and math.isfinite(view.numbers.loss_per_token)


def test_an_alert_goes_when_the_run_recovers_by_itself() -> None:
    s = session(load_recipe("hello-world").replace(steps=0, lr=0.05))
    run(s, 5)
    s.set_lr(0.1)
    run(s, 100)
    alert = look(s).alert
    assert alert is not None
    assert "raised from 0.05 to 0.1" in alert.cause
    s.set_lr(0.005)
    for _ in range(100):
        run(s, 100)
        if look(s).alert is None:
            break
    assert look(s).alert is None


def test_mending_within_an_update_waits_for_its_end() -> None:
    recipe = load_recipe("hello-world").replace(split=0.25, eval_every=1, steps=0)
    during: list[str] = []

    def between() -> None:
        if s.snapshot(Look()).alert is not None and not during:
            during.append("mended")
            s.fix()
            assert s.snapshot(Look()).lr == 0.1, "it waits"

    s = session(recipe.replace(sample_every=50, sample_length=250), between)
    run(s, 110, enough=lambda: bool(during))
    assert during
    assert look(s).lr == 0.004
