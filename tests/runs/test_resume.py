"""A run that is stopped and resumed goes on, bit for bit, as if it had not been stopped."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from rnntui.data import load
from rnntui.protocol.messages import Generate, Look
from rnntui.recipe import Recipe, SamplingSettings
from rnntui.runs.capture import capture, reinstate
from rnntui.runs.job import Job
from rnntui.runs.opening import Opened, open_job
from rnntui.runs.store.checkpoint import load as load_checkpoint
from rnntui.runs.store.checkpoint import save
from rnntui.runs.store.journal import EVENTS, read_journal
from rnntui.session.session import Session
from rnntui.training.loop import start, train
from rnntui.training.workers.pool import WorkerPool
from tests.conftest import quick_first, quick_ones
from tests.support.gradient_faults import spoil
from tests.support.sessions import TEXT

FOX = Recipe(name="fox").replace(
    source=TEXT,
    repeat=20,
    hidden=7,
    batch=3,
    seq_len=8,
    steps=24,
    eval_every=5,
    sample_every=4,
    sample_length=12,
    final_length=0,
    workers=1,
)
VALUES = FOX.replace(
    task="values", source="values:" + ",".join(str(n * n % 11) for n in range(90)), batch=2
)
CASES = {
    "rnn, carried": FOX,
    "rnn, reset, full passes": FOX.replace(state="reset", seq_len="full", batch=1, repeat=2),
    "rnn, one step, float64": FOX.replace(seq_len=1, dtype="float64", cell="rnn"),
    "gru, momentum, plateau": FOX.replace(
        cell="gru", optimizer="momentum", schedule="plateau", patience=1, lr=0.3
    ),
    "lstm, adamw, cosine, warm-up": FOX.replace(
        cell="lstm", optimizer="adamw", schedule="cosine", warmup=6
    ),
    "gru, adamw, linear, two workers": FOX.replace(
        cell="gru", optimizer="adamw", schedule="linear", cooldown=0.4, workers=2
    ),
    "lstm, two layers, dropout": FOX.replace(cell="lstm", layers=2, dropout=0.4),
    "gru, two layers, dropout, two workers": FOX.replace(
        cell="gru", layers=2, dropout=0.4, workers=2
    ),
    "values, averaged weights": VALUES.replace(average=0.9),
    "values, skip, averaged, by horizon": VALUES.replace(
        skip="linear", average=0.95, select="horizon", difference="auto", cell="gru"
    ),
    "values, last value, averaged, two workers": VALUES.replace(
        skip="last", average=0.95, select="horizon", optimizer="adamw", workers=2
    ),
    "lstm, rmsprop, three workers": FOX.replace(cell="lstm", optimizer="rmsprop", workers=3),
    "rnn, adagrad, steps": FOX.replace(
        optimizer="adagrad", schedule="step", decay_every=5, sample_random="shared"
    ),
    "rnn, sgd, exponential, init orthogonal": FOX.replace(
        optimizer="sgd", schedule="exponential", init="orthogonal", sample_start="carried"
    ),
    "gru, three turns": FOX.replace(cell="gru", turns=3, seq_len=4),
    "lstm, two turns, two workers": FOX.replace(
        cell="lstm", layers=2, dropout=0.3, turns=2, seq_len=5, workers=2
    ),
    "values, four turns": VALUES.replace(turns=4, seq_len=2, cell="gru"),
    "values, gru": VALUES.replace(cell="gru", standardize=True),
    "values, lstm, several samples": VALUES.replace(cell="lstm"),
    "suffix table, turns": FOX.replace(suffix=5, repeat=80, cell="gru", turns=3, seq_len=4),
    "suffix table, averaged, dropout, two workers": FOX.replace(
        suffix=3, repeat=80, cell="lstm", layers=2, dropout=0.3, average=0.9, workers=2
    ),
    "adaptive output, two workers": FOX.replace(output="adaptive", cell="gru", workers=2),
    "several samples": FOX.replace(samples=3, top_k=5, top_p=0.9, temperature=0.7),
}


def trail(recipe: Recipe, directory: Path, stops: tuple[int, ...]) -> tuple[list[object], object]:
    """What each update gave, and the weights at the end, with stops and resumptions on disk."""
    data, seen = load(recipe), []
    saved: Path | None = None
    for stop in (*stops, recipe.train.steps):
        with WorkerPool() as pool:
            state = start(recipe, data, pool)
            if saved is not None:
                reinstate(state, load_checkpoint(saved))
            if state.step >= stop:
                continue
            for chunk in train(recipe, data, state):
                loss = chunk.loss, chunk.gradient_norm, chunk.lr, chunk.epoch
                done = chunk.fault, chunk.response, chunk.back_to
                told = [None if number != number else number for number in loss]  # NaN == NaN
                errors = chunk.validation, chunk.forecast_error
                seen.append((chunk.step, *told, *errors, chunk.samples, done))
                if chunk.step == stop:
                    break
            saved = save(directory, capture(state, {}))
            weights = np.concatenate([state.parameters.flat, state.trained.flat])
    return seen, weights


@pytest.mark.parametrize(
    "recipe",
    quick_ones(
        CASES,
        "rnn, carried",
        "gru, momentum, plateau",
        "lstm, two layers, dropout",
        "values, lstm, several samples",
        "values, skip, averaged, by horizon",
        "gru, three turns",
        "suffix table, turns",
        "suffix table, averaged, dropout, two workers",
    ),
)
def test_every_later_number_is_the_same(recipe: Recipe, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    whole, weights = trail(recipe, one, ())
    parts, resumed = trail(recipe, other, (1, 5, 6, 17))
    assert [step for step, *_ in whole] == list(range(1, 25))
    assert parts == whole
    assert np.array_equal(resumed, weights)


@pytest.mark.parametrize(
    "name", quick_first(["lstm, adamw, cosine, warm-up", "gru, momentum, plateau"])
)
def test_what_was_done_about_faults_goes_on_the_same(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = CASES[name].replace(steps=400, sample_every=0, skip_spikes=True)
    bad = {7: math.nan, 160: 1e3, 230: math.inf, 240: 1e3, 241: math.nan, 242: 1e4, 330: 1e5}
    bad |= dict.fromkeys((380, 381, 382), math.nan)
    ends = []
    for name, stops in {"one": (), "other": (7, 61, 130, 161, 241, 260, 381)}.items():
        (tmp_path / name).mkdir()
        with monkeypatch.context() as patch:
            spoil(patch, bad)
            ends.append(trail(recipe, tmp_path / name, stops))
    (whole, weights), (parts, resumed) = ends
    assert parts == whole
    assert np.array_equal(resumed, weights)
    assert np.isfinite(resumed).all()
    found = [(step, *done) for step, *_, done in whole if any(done[:2])]
    assert [step for step, *_ in found] == sorted(bad)
    back = {step: to for step, _, response, to in found if response == "rollback"}
    assert list(back) == [242, 382]
    assert 0 < back[242] < 240 and 242 < back[382] < 380, back


@pytest.mark.parametrize("name", quick_first(["gru, three turns", "values, four turns"]))
def test_it_goes_on_the_same_from_every_update_of_a_turn(name: str, tmp_path: Path) -> None:
    recipe = CASES[name].replace(steps=14)
    whole, weights = trail(recipe, tmp_path, ())
    parts, resumed = trail(recipe, tmp_path, tuple(range(1, 14)))
    assert parts == whole
    assert np.array_equal(resumed, weights)


def test_streams_that_wait_start_anew_after_a_rollback(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = CASES["gru, three turns"].replace(steps=60, sample_every=0, skip_spikes=True)
    data = load(recipe)
    spoil(monkeypatch, dict.fromkeys((40, 41, 42), math.nan))
    state = start(recipe, data)
    for chunk in train(recipe, data, state):
        waits = np.abs(state.waiting.states).max() > 0
        assert waits == (chunk.response != "rollback")
        if chunk.response == "rollback":
            break
    assert chunk.response == "rollback"


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    from rnntui.errors import DataError

    data = load(FOX)
    state = start(FOX, data)
    next(train(FOX, data, state))
    saved = save(tmp_path, capture(state, {}))
    others = {"hidden": 8}, {"cell": "gru"}, {"optimizer": "sgd"}, {"turns": 2}
    for other in (FOX.replace(**changes) for changes in others):
        other = other.replace(batch=2) if other.train.optimizer == "sgd" else other
        with pytest.raises(DataError) as error:
            reinstate(start(other, data), load_checkpoint(saved))
        assert len(str(error.value)) <= 200


# ---- sessions: changes made by hand -------------------------------------------------------------


def opened(runs: Path, recipe: Recipe = FOX, **job: object) -> Opened:
    return open_job(Job(recipe.replace(checkpoint_every=6), runs=str(runs), **job))  # type: ignore[arg-type]


def drive(session: Session, until: int) -> list[float]:
    losses = []
    while session.step < until and not session.finished:
        session.update()
        numbers = session.snapshot(Look()).numbers
        losses.append(numbers.loss if numbers else 0.0)
    return losses


@pytest.mark.parametrize("recipe", [FOX, CASES["gru, three turns"]], ids=["fox", "turns"])
def test_changes_by_hand_are_made_again(recipe: Recipe, tmp_path: Path) -> None:
    first = opened(tmp_path, recipe, name="first")
    session = Session(first)
    losses = drive(session, 5)
    session.set_lr(0.02)
    losses += drive(session, 9)
    session.set_sampling("temperature", 0.5)
    session.set_lr(0.001)
    losses += drive(session, 24)
    session.close()
    weights = first.state.parameters.flat

    second = opened(tmp_path, recipe, name="second", replay=str(tmp_path / "first"))
    again = Session(second)
    assert drive(again, 24) == losses
    again.close()
    assert np.array_equal(second.state.parameters.flat, weights)
    edits = [
        [(line["edit"], line["value"], line["step"]) for line in lines if "edit" in line]
        for lines in (read_journal(tmp_path / name, EVENTS)[0] for name in ("first", "second"))
    ]
    assert len(edits[0]) == 3 and edits[0] == edits[1]


def test_a_change_after_the_last_checkpoint_is_not_lost(tmp_path: Path) -> None:
    """As when a crash comes between the two: the journal has it, the checkpoint has not."""
    plain = opened(tmp_path, name="plain")
    session = Session(plain)
    drive(session, 8)
    session.set_lr(0.02)
    losses = drive(session, 24)
    session.close()
    checkpoints = sorted((tmp_path / "plain" / "checkpoints").iterdir())
    oldest = next(path for path in checkpoints if (path / "optim.safetensors").exists())
    for checkpoint in checkpoints:
        if checkpoint != oldest:
            checkpoint.rename(tmp_path / checkpoint.name)
    kept = [path.name for path in (tmp_path / "plain" / "checkpoints").iterdir()]
    back = open_job(Job(FOX.replace(checkpoint_every=6), run=str(tmp_path / "plain")))
    resumed = Session(back)
    assert kept and resumed.step < 24
    if resumed.step < 8:
        drive(resumed, 8)
    before = resumed.step
    assert drive(resumed, 24) == losses[before - 8 :]
    resumed.close()


def test_writing_from_a_prompt_changes_nothing_that_is_learned(tmp_path: Path) -> None:
    quiet, asked = Session(opened(tmp_path)), Session(opened(tmp_path))
    expected = drive(quiet, 24)
    losses = drive(asked, 10)
    asked.generate(Generate("the ", 20, SamplingSettings()))
    for _ in range(5):
        asked.tick(1e9, 0.01)
    losses += drive(asked, 24)
    assert losses == expected
    for session in (quiet, asked):
        session.close()


def test_the_journal_has_every_update_once(tmp_path: Path) -> None:
    session = Session(opened(tmp_path, name="run"))
    drive(session, 10)
    session.close("stopped")
    back = Session(open_job(Job(FOX, run=str(tmp_path / "run"))))
    drive(back, 24)
    back.close()
    lines, bad = read_journal(tmp_path / "run", "metrics")
    assert not bad
    assert sum(line["updates"] for line in lines) == 24
    assert lines[-1]["step"] == 24
    status = json.loads((tmp_path / "run" / "status.json").read_text())
    assert (status["state"], status["step"]) == ("finished", 24)
