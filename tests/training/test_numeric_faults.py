"""NaN, infinities and leaps in the gradient: what a run does about them by itself."""

from __future__ import annotations

import math
import random
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from rnntui.data import load
from rnntui.nn.kernels.layout import Array
from rnntui.protocol.messages import Look
from rnntui.recipe import Recipe
from rnntui.runs.opening import Opened
from rnntui.runs.store.checkpoint import newest
from rnntui.runs.store.directory import CHECKPOINTS
from rnntui.runs.store.journal import EVENTS, read_journal
from rnntui.session.run_history import RunHistory
from rnntui.session.session import Session
from rnntui.training.loop import start, train
from rnntui.training.workers.updater import Updater
from tests.support.gradient_faults import spoil
from tests.support.sessions import TEXT, run, session

FOX = Recipe(name="fox").replace(
    source=TEXT,
    repeat=40,
    hidden=16,
    cell="gru",
    batch=4,
    seq_len=8,
    lr=0.004,
    steps=2000,
    eval_every=2000,
    final_length=0,
    workers=1,
)


def faults() -> dict[int, float]:
    """100 updates whose gradient is not finite and 20 whose gradient leaps, none next another."""
    chosen = random.Random(11).sample(range(110, 1990, 3), 120)
    kinds = [math.nan, math.inf, -math.inf]
    bad = {step: kinds[n % 3] for n, step in enumerate(chosen[:100])}
    return bad | {step: 1e3 * (n + 1) for n, step in enumerate(chosen[100:])}


def trained(recipe: Recipe) -> tuple[Session, Opened]:
    data = load(recipe)
    opened = Opened(recipe, data, start(recipe, data))
    s = Session(opened)
    while not s.finished:
        s.update()
        assert np.isfinite(opened.state.parameters.flat).all()
        assert np.isfinite(opened.state.hidden).all()
    return s, opened


def without(recipe: Recipe, steps: set[int], monkeypatch: pytest.MonkeyPatch) -> Array:
    """The weights of a run whose updates at these steps are not made at all."""
    data = load(recipe)
    state = start(recipe, data)
    whole = Updater.apply
    with monkeypatch.context() as patch:

        def apply(self: Updater, *given: object) -> None:
            if state.step in steps:
                self.shard.network.final_state(self.arrays.hidden)
            else:
                whole(self, *given)  # type: ignore[arg-type]

        patch.setattr(Updater, "apply", apply)
        for _ in train(recipe.replace(skip_spikes=False), data, state):
            pass
    return state.parameters.flat


def last_loss(s: Session) -> float:
    smooth = s.snapshot(Look()).smooth
    assert smooth is not None
    return smooth


@pytest.mark.slow
def test_no_fault_reaches_the_weights_and_each_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed, _ = trained(FOX)
    with monkeypatch.context() as patch:
        spoil(patch, faults())
        s, opened = trained(FOX)
    skips = {e.step: e.text for e in s.run_history.events._kept if e.kind == "skip"}
    assert faults().keys() <= skips.keys()
    assert sum("spiked" in skips[step] for step in faults()) == 20
    assert len(skips) < 130, "hardly any that were not spoiled"
    assert s.finished and s.snapshot(Look()).alert is None
    left_out = without(FOX, set(skips), monkeypatch)
    np.testing.assert_array_equal(opened.state.parameters.flat, left_out)
    found, wanted = (run.run_history.validations.latest for run in (s, undisturbed))
    assert found is not None and wanted is not None
    assert found < 1.05 * wanted + 0.01


@pytest.mark.slow
def test_three_in_a_row_lead_back_and_it_learns_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoil(monkeypatch, {900: math.nan, 901: 1e4, 902: math.inf})
    s, opened = trained(FOX)
    kinds = [event.kind for event in s.run_history.events._kept if event.kind != "sample"]
    assert kinds[:4] == ["skip"] * 3 + ["rollback"]
    assert kinds.count("rollback") == 1 and kinds.count("skip") <= 5, (
        "the hidden state of then does not fit the place in the source"
    )
    assert opened.state.lr == FOX.train.lr / 2
    text = next(e.text for e in s.run_history.events._kept if e.kind == "rollback")
    step = int(re.findall(r"update (\d+)", text)[0])
    assert 700 < step < 900, text
    assert last_loss(s) < 0.3


def test_what_is_kept_of_the_update_that_led_back_has_no_smoothed_loss_of_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoil(monkeypatch, dict.fromkeys((300, 301, 302), math.nan))
    data, run_history, resumed = load(FOX), RunHistory(), RunHistory()
    updates = train(FOX, data, start(FOX, data))
    for chunk in updates:
        run_history.see(chunk)
        if chunk.response == "rollback":
            resumed.restore(run_history.capture())
            break
    following = next(updates)
    resumed.see(following)
    assert resumed.losses.recent == following.loss_per_token


def test_a_fault_that_stays_pauses_with_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    s = session(FOX)
    run(s, 300)
    with monkeypatch.context() as patch:
        spoil(patch, dict.fromkeys(range(301, 400), math.nan), 301)
        assert run(s) == 12
        view = s.snapshot(Look())
        assert view.state == "paused" and view.alert is not None
        assert "finite" in view.alert.title and view.alert.cause
        kinds = [event.kind for event in s.run_history.events._kept if event.step > 300]
        assert kinds == [*(*("skip",) * 3, "rollback") * 3, *("skip",) * 3, "alert"]
        assert view.lr == FOX.train.lr / 8
        s.resume()
        assert run(s) == 1, "it pauses again at once"
    s.fix()
    view = s.snapshot(Look())
    assert view.alert is None and view.lr == FOX.train.lr / 16
    assert run(s, 50) == 50
    assert np.isfinite(last_loss(s))


def test_marks_stand_on_the_plot() -> None:
    from rnntui.tui.widgets.loss import MARKS

    assert {"skip", "rollback", "alert"} <= set(MARKS)


def test_what_happens_again_after_going_on_is_told_once(
    rnntui, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNNTUI_RUNS", str(tmp_path))
    settings = ("text:abcd", "--hidden", "4", "--seq-len", "4", "--set", "repeat=50")
    every = ("--set", "checkpoint_every=100", "--name", "fox", "--steps", "300")
    with monkeypatch.context() as patch:
        spoil(patch, {270: math.nan})
        assert rnntui("train", *settings, *every).code == 0
    for path in (tmp_path / "fox" / CHECKPOINTS).glob("step-00000300*"):
        shutil.rmtree(path)  # as if it had been killed before that
    last = newest(tmp_path / "fox" / CHECKPOINTS).checkpoint
    assert last is not None and last.step < 270
    with monkeypatch.context() as patch:
        spoil(patch, {270: math.nan}, last.step + 1)
        assert rnntui("resume", "fox", "--steps", "320").code == 0
    events = read_journal(tmp_path / "fox", EVENTS)[0]
    assert [event["step"] for event in events if event["kind"] == "skip"] == [270]
    resumed = [event for event in events if event["kind"] == "resume"]
    assert [event["text"] for event in resumed] == [f"resumed from update {last.step}"]
