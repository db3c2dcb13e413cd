"""Time steps of earlier updates, and of short chunks joined to a pass."""

from __future__ import annotations

import numpy as np
import pytest

from rnntui.protocol.messages import TokenSteps, ValueSteps
from rnntui.recipe import Recipe, load_recipe
from rnntui.session import recent_steps
from rnntui.session.recent_steps import RecentSteps
from rnntui.training.loop import train
from tests.support.sessions import look, run, session

RAMP = load_recipe("ramp").replace(epochs=6)
LINE = load_recipe("i-love-ai").replace(epochs=3, final_length=0)


def test_one_step_chunks_show_the_last_pass_as_a_line() -> None:
    s = session(RAMP, viewers=True)
    run(s, 22)  # in the middle of the sixth pass
    steps = look(s, steps=True).steps
    assert isinstance(steps, ValueSteps)
    assert (steps.first, steps.step) == (17, 20)
    assert [row[0] for row in steps.input] == [0.5, 1.0, 1.5, 2.0]
    assert [row[0] for row in steps.true] == [1.0, 1.5, 2.0, 2.5]
    run(s)
    steps = look(s, steps=True).steps
    assert steps is not None and (steps.first, steps.step) == (21, 24)


def test_each_update_of_a_short_run_can_be_looked_at_after_its_end() -> None:
    s = session(LINE, viewers=True)
    run(s)
    assert s.finished
    assert "".join(look(s, steps=True).steps.true) == " Love AI"  # type: ignore[union-attr, arg-type]
    steps = look(s, steps=True, steps_of=11).steps
    assert isinstance(steps, TokenSteps)
    assert steps.first <= 11 <= steps.step and len(steps.true) == 8


def test_the_time_steps_of_an_update_are_those_it_had() -> None:
    recipe = load_recipe("counting").replace(epochs=30)
    had = {chunk.step: chunk.steps().p_true for chunk in train(recipe)}
    s = session(recipe, viewers=True)
    run(s)
    for update in (1, 17, 30):
        steps = look(s, steps=True, steps_of=update).steps
        assert isinstance(steps, TokenSteps) and (steps.step, steps.first) == (update, 0)
        assert steps.probability == pytest.approx(had[update], rel=1e-3)
    assert look(s, steps=True, steps_of=31).steps is None


def test_without_viewers_nothing_is_kept() -> None:
    s = session(RAMP)
    run(s)
    steps = look(s, steps=True).steps
    assert steps is not None and len(steps.input) == 1
    assert look(s, steps=True, steps_of=3).steps is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_steps, "MOST_MEMORY", 8_000)
    recent = RecentSteps(1, 4, 24)
    for chunk in train(RAMP):
        recent.see(chunk)
    assert recent.at(1) is None and recent.at(24) is not None


def test_a_long_pass_of_short_chunks_joins_the_newest() -> None:
    recipe = Recipe().replace(
        source="text:" + "abcdefgh" * 200, hidden=4, batch=1, seq_len=1, steps=400, split=0.0
    )
    recent = RecentSteps(1, 1599, None)
    for chunk in train(recipe):
        recent.see(chunk)
    joined = recent.latest()
    assert joined is not None and (joined.first, joined.step) == (145, 400)
    assert np.array_equal(joined.steps.inputs[1:], joined.steps.targets[:-1])


def test_short_chunks_of_different_streams_are_not_joined() -> None:
    recipe = Recipe().replace(
        source="text:" + "abcdefgh" * 200, hidden=4, batch=1, turns=3, seq_len=2, steps=30
    )
    recent = RecentSteps(2, 700, 30, turns=3)
    for chunk in train(recipe):
        recent.see(chunk)
    assert recent.latest() is None
    for fill in (False, True):
        joined = recent.at(20, fill)
        assert joined is not None and (joined.first, joined.step) == (20, 20)
        assert len(joined.steps.inputs) == 2


def test_a_long_run_of_long_chunks_keeps_nothing() -> None:
    recent = RecentSteps(25, 90, None)
    for chunk in train(Recipe().replace(source="text:" + "abc" * 400, hidden=4, steps=3)):
        recent.see(chunk)
    assert recent.latest() is None and recent.at(3) is None


ONE_STREAM = Recipe(name="one").replace(
    source="text:" + "the quick brown fox jumps over the lazy dog " * 400,
    batch=1, seq_len=20, hidden=4, layers=1, dropout=0.0, workers=1,
    steps=recent_steps.SHORT_RUN + 1,
)  # fmt: skip


def test_a_wide_viewer_of_a_single_stream_gets_the_updates_before() -> None:
    s = session(ONE_STREAM, viewers=True)
    run(s, 30)
    steps = look(s, steps=True, streams=1).steps  # nothing is collected before it is wanted
    assert isinstance(steps, TokenSteps) and (steps.first, len(steps.input)) == (0, 20)
    run(s, 5)
    steps = look(s, steps=True, streams=1).steps
    assert isinstance(steps, TokenSteps)
    assert (steps.first, steps.step, len(steps.input)) == (31, 35, 100)
    assert steps.input[1:] == steps.true[:-1]  # one text
    run(s, 100)
    steps = look(s, steps=True, streams=1).steps
    assert isinstance(steps, TokenSteps) and len(steps.input) == recent_steps.MOST_STEPS
    assert (steps.first, steps.step) == (36, 48)  # no more than was needed
    run(s, 3)
    steps = look(s, steps=True, streams=1).steps
    assert isinstance(steps, TokenSteps) and steps.step == 48  # the longer ones stay
    steps = look(s, steps=True).steps
    assert steps is not None and (steps.first, len(steps.input)) == (0, 20)


def test_updates_of_a_short_run_are_filled_up_with_those_before() -> None:
    s = session(ONE_STREAM.replace(steps=40), viewers=True)
    run(s)
    steps = look(s, steps=True, streams=1).steps
    assert steps is not None and (steps.first, steps.step) == (28, 40)
    steps = look(s, steps=True, streams=1, steps_of=3).steps
    assert steps is not None and (steps.first, steps.step, len(steps.input)) == (1, 3, 60)
