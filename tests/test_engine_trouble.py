"""One run in trouble: the alert, its cure, going back to good weights."""

from __future__ import annotations

import math

import pytest

from rnntui.engine.protocol import Look
from rnntui.errors import UsageError
from rnntui.recipe import load_recipe
from tests.sessions import VALUES, look, run, session


def test_hello_world_runs_away_and_is_mended() -> None:
    s = session(load_recipe("hello-world"))
    run(s, enough=lambda: look(s).alert is not None)
    view = look(s)
    assert view.alert is not None and view.state == "training"
    assert 20 < view.alert.step < 100
    assert "summed over 25" in view.alert.cause and "norm" in view.alert.cause
    assert "0.05" in view.alert.mend
    assert view.events[-1].kind == "alert"
    s.mend()
    view = look(s)
    assert view.alert is None and view.lr == 0.05
    assert view.events[-1].kind == "mend"
    run(s, 5)
    loss = look(s).loss
    assert loss is not None and loss < 2.3
    with pytest.raises(UsageError, match="mend"):
        s.mend()


def test_halving_often_enough_cures_hello_world() -> None:
    s = session(load_recipe("hello-world").replace(steps=500))
    mends = 0
    while mends < 6:
        assert run(s) == 500, "a finished run that is mended gets as many updates again"
        assert look(s).state == "finished"
        if look(s).alert is None:
            break
        s.mend()
        mends += 1
        assert look(s).state == "training"
    view = look(s)
    assert mends > 1 and view.alert is None
    assert view.smooth is not None and view.smooth < 1.0


EXPLODING = VALUES.replace(
    standardize=False, optimizer="sgd", clip=0.0, lr=1e5, activation="relu", seconds=60.0
)


def test_a_loss_that_stays_not_finite_pauses() -> None:
    s = session(EXPLODING)
    run(s, 1000)
    view = look(s)
    assert view.state == "paused" and view.alert is not None
    assert "finite" in view.alert.title
    assert "Nothing clips" in view.alert.cause
    stopped = s.step
    assert stopped < 100 and run(s) == 0
    s.resume()
    assert run(s) == 1, "it pauses again at once, and a broken weight never trains on"
    assert look(s).alert is not None
    s.mend()
    view = look(s)
    assert view.alert is None and view.lr == 1e5 / 16 and view.state == "training"
    kinds = [event.kind for event in view.events]
    assert kinds.count("rollback") == 3, "it went back three times by itself before"


def test_mending_until_it_learns() -> None:
    s = session(EXPLODING)
    for _ in range(60):
        run(s, 300)
        if look(s).alert is None:
            break
        s.mend()
    view = look(s)
    assert view.alert is None
    assert view.loss is not None and math.isfinite(view.loss)


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
            s.mend()
            assert s.snapshot(Look()).lr == 0.1

    s = session(recipe.replace(sample_every=50, sample_length=250), between)
    run(s, 110, enough=lambda: bool(during))
    assert during
    assert look(s).lr == 0.05
