"""What viewers are told of a run: steps, welcome, bounded replies."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest

import rnntui.session.views as views
from rnntui.data import load
from rnntui.protocol.codec import decode_reply, encode
from rnntui.protocol.messages import Generate, Look, Snapshot, TokenSteps, ValueSteps
from rnntui.recipe import SamplingSettings
from rnntui.training.loop import train
from tests.support.sessions import TOKENS, VALUES, look, run, session


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


@pytest.mark.slow
def test_replies_are_bounded_however_long_the_run_and_its_tokens() -> None:
    wide = "text:" + "".join(chr(0x1F600 + n) for n in range(60)) + "\x1b\x00\u202e"
    s = session(TOKENS.replace(source=wide, seq_len=300, batch=1, eval_every=1))
    run(s, 600)
    for n in range(300):
        s.set_lr(1e-3 + n * 1e-5)
    s.generate(Generate("\U0001f600\x1b" * 1000, 5000, SamplingSettings(samples=16)))
    s.pause()
    run(s)
    line = encode(s.snapshot(Look(steps=True)))  # raises if it is too long
    assert len(line) > 30_000
    assert decode_reply(line)


def test_replies_are_bounded_however_many_features(tmp_path: Path) -> None:
    names = ",".join(f"a rather long name of column {n}" for n in range(200))
    rows = [",".join(str((n * k) % 17 / 7) for k in range(1, 201)) for n in range(1, 400)]
    (tmp_path / "wide.csv").write_text("\n".join([names, *rows]))
    s = session(VALUES.replace(source=str(tmp_path / "wide.csv"), repeat=1, seq_len=100))
    run(s, 3)
    s.generate(Generate("", 500))
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
    monkeypatch.setattr(views, "BASELINES_AFTER", 0.0)
    s = session()
    run(s, enough=lambda: bool(look(s).baselines))
    assert {"unigram", "5-gram"} <= {b.name for b in look(s).baselines}


def test_a_snapshot_of_nothing_yet() -> None:
    view = look(session())
    assert view.step == 0 and view.numbers is None and view.smooth is None
    assert view.history.mean == ()
    assert dataclasses.asdict(view)["generated"] is None
