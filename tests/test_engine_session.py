"""One run without sockets: exact steps, edits, writing, trouble and its cure, the end."""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import rnntui.engine.session as session_module
from rnntui.data import load
from rnntui.engine.codec import decode_reply, encode
from rnntui.engine.meter import Meter
from rnntui.engine.protocol import Generate, Look, Snapshot, TokenSteps, ValueSteps
from rnntui.engine.session import Session
from rnntui.errors import UsageError
from rnntui.recipe import Recipe, load_recipe
from rnntui.trainer import train

TEXT = "text:the quick brown fox jumps over the lazy dog. "
TOKENS = Recipe().replace(
    source=TEXT, repeat=40, hidden=12, batch=2, seq_len=10, eval_every=7, final_length=0
)
VALUES = Recipe().replace(
    task="values", source="values:" + ",".join(str(n % 9 + 20) for n in range(90)), hidden=5
)
VALUES = VALUES.replace(batch=1, seq_len=5, lr=0.01, repeat=3, standardize=True)


def session(recipe: Recipe = TOKENS, between: Callable[[], None] | None = None) -> Session:
    return Session(recipe, load(recipe), between)


def run(s: Session, updates: int = 10**9, enough: Callable[[], bool] = lambda: False) -> int:
    """Do what the loop does until nothing is to be done any more; the updates made."""
    made = 0
    while made < updates and not enough():
        delay = s.delay(time.monotonic())
        if delay <= 0:
            before = s.step
            s.update()
            made += s.step - before
        s.turn(time.monotonic(), delay)
        if delay > 0 and not s.writing and delay == math.inf:
            break
    return made


def look(s: Session, **marks: int | bool) -> Snapshot:
    """A snapshot as a viewer gets it."""
    reply = decode_reply(encode(s.snapshot(Look(**marks))))  # type: ignore[arg-type]
    assert isinstance(reply, Snapshot)
    return reply


def losses(recipe: Recipe, count: int) -> list[float]:
    return [chunk.loss_per_token for chunk in itertools.islice(train(recipe), count)]


def history(s: Session) -> list[float | None]:
    return list(look(s).history.mean)


# ---- steering -------------------------------------------------------------------------------


def test_it_trains_as_the_trainer_alone_does() -> None:
    s = session()
    run(s, 50)
    assert history(s) == pytest.approx(losses(TOKENS, 50), rel=1e-4)
    view = look(s)
    assert view.step == 50 and view.state == "training"
    assert [v.step for v in view.validations] == [7, 14, 21, 28, 35, 42, 49]
    assert view.validation == pytest.approx(view.validations[-1].loss, rel=1e-4)
    assert view.loss_reported == pytest.approx(view.loss)
    assert view.gradient_norm is not None and view.gradient_norm > 0


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
    meter.rest(102.0)
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
        s.set_temperature(-1.0)


def test_every_edit_is_an_event() -> None:
    s = session()
    run(s, 3)
    s.pause()
    s.pause()
    s.set_temperature(0.5)
    s.set_pace(5.0)
    s.set_pace(None)
    s.resume()
    view = look(s)
    assert [e.kind for e in view.events] == ["pause", "temperature", "pace", "pace", "resume"]
    assert {e.step for e in view.events} == {3}
    assert view.event_count == 5
    assert [e.kind for e in look(s, events=4).events] == ["resume"]
    assert look(s, events=5).events == ()


# ---- what is sent -----------------------------------------------------------------------------


def test_steps_of_tokens_are_those_of_the_last_update() -> None:
    s = session()
    run(s, 2)
    steps = look(s, steps=True).steps
    assert isinstance(steps, TokenSteps)
    text = load(TOKENS).tokenizer.decode  # type: ignore[union-attr]
    chunk = list(itertools.islice(train(TOKENS), 2))[-1].steps()
    assert "".join(steps.input) == text(chunk.inputs)
    assert "".join(steps.true) == text(chunk.targets)
    assert steps.input[1:] == steps.true[:-1]
    assert len(steps.probability) == len(steps.predicted) == 10
    assert all(p is not None and 0 <= p <= 1 for p in steps.probability)
    assert look(s).steps is None, "only if asked for"


def test_steps_of_values_are_in_their_own_units() -> None:
    s = session(VALUES)
    run(s, 1)
    steps = look(s, steps=True).steps
    assert isinstance(steps, ValueSteps)
    assert steps.input == ((20.0,), (21.0,), (22.0,), (23.0,), (24.0,))
    assert steps.true[-1] == (25.0,)
    assert len(steps.predicted) == 5


def test_a_viewer_that_looks_within_an_update_gets_no_steps() -> None:
    seen: list[Snapshot] = []
    s = session(
        TOKENS.replace(sample_every=3, sample_length=300),
        lambda: seen.append(look(s, steps=True)),
    )
    run(s, 3)
    assert seen and all(view.steps is None for view in seen)


def test_replies_are_bounded_however_long_the_run_and_its_tokens() -> None:
    wide = "text:" + "".join(chr(0x1F600 + n) for n in range(60)) + "\x1b\x00\u202e"
    s = session(TOKENS.replace(source=wide, seq_len=300, batch=1, eval_every=1))
    run(s, 600)
    for n in range(300):
        s.set_lr(1e-3 + n * 1e-5)
    s.generate(Generate("\U0001f600\x1b" * 1000, 5000, 1.0))
    s.pause()
    run(s)
    line = encode(s.snapshot(Look(steps=True)))  # raises if it is too long
    assert len(line) > 20_000
    assert decode_reply(line)


def test_replies_are_bounded_however_many_features(tmp_path: Path) -> None:
    names = ",".join(f"a rather long name of column {n}" for n in range(200))
    rows = [",".join(str((n * k) % 17 / 7) for k in range(1, 201)) for n in range(1, 400)]
    (tmp_path / "wide.csv").write_text("\n".join([names, *rows]))
    s = session(VALUES.replace(source=str(tmp_path / "wide.csv"), repeat=1, seq_len=100))
    run(s, 3)
    s.generate(Generate("", 500, 1.0))
    s.pause()
    run(s)
    steps = look(s, steps=True).steps
    assert isinstance(steps, ValueSteps)
    assert len(steps.input[0]) == len(s.welcome().features) == 16
    assert len(encode(s.welcome())) < 5000


def test_the_welcome_says_what_is_trained() -> None:
    welcome = session(TOKENS.replace(epochs=2)).welcome()
    assert decode_reply(encode(welcome)) == welcome
    assert welcome.tokens_per_update == 20
    assert welcome.total_steps == 2 * welcome.steps_per_epoch
    assert welcome.vocab_size == 28 and welcome.unit == "character"
    assert welcome.train_size + welcome.validation_size == 46 * 40 - 40
    values = session(VALUES).welcome()
    assert values.vocab_size == 0 and len(values.features) == 1
    assert values.parameters == 5 * 1 + 5 * 5 + 5 + 5 + 1


def test_baselines_come_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "BASELINES_AFTER", 0.0)
    s = session()
    run(s, enough=lambda: bool(look(s).baselines))
    assert {"unigram", "5-gram"} <= {b.name for b in look(s).baselines}


# ---- writing ----------------------------------------------------------------------------------


def written(s: Session) -> str:
    writing = look(s).writing
    assert writing is not None
    return writing.text


def test_writing_does_not_disturb_training() -> None:
    s = session()
    for n in range(6):
        s.generate(Generate("the ", 50, 1.0 + n / 10))
        run(s, 10)
    assert history(s) == pytest.approx(losses(TOKENS, 60), rel=1e-4)


def test_writing_goes_on_while_training_and_while_paused() -> None:
    s = session()
    s.generate(Generate("the ", 200, 1.0))
    run(s, enough=lambda: not s.writing)
    assert len(written(s)) == 200
    s.pause()
    s.generate(Generate("the ", 300, 1.0))
    run(s)
    assert len(written(s)) == 300
    writing = look(s).writing
    assert writing is not None and writing.finished and writing.prompt == "the "
    s.generate(Generate("the ", 100_000, 1.0))
    s.turn(time.monotonic(), math.inf)
    s.stop_writing()
    assert not s.writing and len(written(s)) < 100_000


def test_a_temperature_holds_for_what_is_being_written() -> None:
    s = session()
    run(s, 200)
    s.pause()
    s.generate(Generate("the ", 400, 1e-3))
    run(s)
    cold = written(s)
    assert look(s).temperature == 1e-3
    s.generate(Generate("the ", 400, 100.0))
    run(s)
    assert len(set(written(s))) > len(set(cold))
    s.generate(Generate("the ", 400, 100.0, greedy=True))
    run(s)
    assert written(s) == cold


def test_unknown_characters_are_named_and_left_out() -> None:
    s = session()
    s.generate(Generate("Ünknown \x1b dog", 5, 1.0))
    s.pause()
    run(s)
    writing = look(s).writing
    assert writing is not None
    assert "Ü" in writing.warning and "\x1b" not in writing.warning
    assert len(writing.text) == 5
    s.generate(Generate("ÄÖ", 5, 1.0))
    run(s)
    assert len(written(s)) == 5


def test_values_are_forecast() -> None:
    s = session(VALUES)
    run(s, 20)
    s.generate(Generate("20, 21 22", 30, 1.0))
    s.pause()
    run(s)
    writing = look(s).writing
    assert writing is not None and len(writing.values) == 30
    assert all(len(row) == 1 and row[0] is not None for row in writing.values)
    with pytest.raises(UsageError, match="number"):
        s.generate(Generate("twenty", 5, 1.0))


def test_samples_of_the_trainer_are_shown_where_no_prompt_is() -> None:
    recipe = TOKENS.replace(sample_every=10, sample_length=20)
    s = session(recipe)
    run(s, 1)
    view = look(s)
    assert view.writing is not None
    assert view.writing.source == "sample" and len(view.writing.text) == 20
    assert [e.kind for e in view.events] == ["sample"]
    s.generate(Generate("fox", 10, 1.0))
    run(s, 40)
    view = look(s)
    assert view.writing is not None and view.writing.source == "prompt"


# ---- the end ------------------------------------------------------------------------------------


def test_a_finished_run_stays_and_its_prompt_works() -> None:
    s = session(TOKENS.replace(steps=30, final_length=40))
    assert run(s) == 30
    view = look(s)
    assert view.state == "finished" and view.remaining == 0.0
    assert view.events[-1].kind == "end"
    assert view.writing is not None
    assert view.writing.finished and len(view.writing.text) == 40
    for command in (s.pause, s.resume, lambda: s.make_steps(1), lambda: s.set_lr(1e-3)):
        with pytest.raises(UsageError, match="finished"):
            command()
    s.generate(Generate("the", 25, 1.0))
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


# ---- trouble ------------------------------------------------------------------------------------


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


def test_a_loss_that_is_not_finite_pauses() -> None:
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
    assert view.alert is None and view.lr == 5e4 and view.state == "training"


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


def test_a_snapshot_of_nothing_yet() -> None:
    view = look(session())
    assert view.step == 0 and view.loss is None and view.smooth is None
    assert view.history.mean == ()
    assert dataclasses.asdict(view)["writing"] is None
