"""Learning rate schedules."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnntui.errors import UsageError
from rnntui.recipe import Recipe
from rnntui.training.loop import start, train
from rnntui.training.schedule import SCHEDULES, Schedule
from tests.support.plain import token_data

TOKENS = token_data(np.random.default_rng(8).integers(0, 4, 61), 4, np.arange(30) % 4)


def factors(count, last=None, **changes):
    schedule = Schedule(Recipe().replace(**changes).train)
    return [schedule.factor(step, last, 0.0) for step in range(1, count + 1)]


def test_a_constant_rate_is_the_very_number():
    assert factors(3) == [1.0, 1.0, 1.0]


def test_steps():
    got = factors(7, schedule="step", decay=0.1, decay_every=3)
    assert got == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.01])


def test_exponential():
    got = factors(5, schedule="exponential", decay=0.25, decay_every=2)
    assert got == pytest.approx([1, 0.5, 0.25, 0.125, 0.0625])


def test_cosine_ends_with_the_run():
    got = factors(8, last=4, schedule="cosine", steps=4)
    half = math.sqrt(0.5)
    assert got == pytest.approx([1, (1 + half) / 2, 0.5, (1 - half) / 2, 0, 0, 0, 0])


def test_cosine_goes_by_the_time_where_only_that_bounds_the_run():
    schedule = Schedule(Recipe().replace(schedule="cosine", seconds=60.0).train)
    assert [schedule.factor(9, None, s) for s in (0, 30, 90)] == pytest.approx([1, 0.5, 0])


def test_linear_is_constant_until_its_cooldown_and_ends_with_the_run():
    got = factors(10, last=8, schedule="linear", cooldown=0.5, steps=8)
    assert got == pytest.approx([1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0])


def test_linear_falls_throughout_with_a_cooldown_of_the_whole_run():
    got = factors(4, last=4, schedule="linear", cooldown=1.0, lr_least=0.2, steps=4)
    assert got == pytest.approx([1, 0.8, 0.6, 0.4])


def test_linear_goes_by_the_time_where_only_that_bounds_the_run():
    schedule = Schedule(Recipe().replace(schedule="linear", cooldown=0.25, seconds=60.0).train)
    at = (0, 45, 52.5, 60, 90)
    assert [schedule.factor(9, None, s) for s in at] == pytest.approx([1, 1, 0.5, 0, 0])


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_each_begins_after_its_warm_up(schedule):
    settings = {"schedule": schedule, "decay_every": 2, "steps": 20}
    got = factors(24, last=24, warmup=4, **settings)
    assert got[:4] == [0.25, 0.5, 0.75, 1.0]
    assert got[4:] == pytest.approx(factors(20, last=20, **settings))


@pytest.mark.parametrize("schedule", ["step", "exponential", "linear", "cosine"])
def test_none_falls_below_its_least(schedule):
    got = factors(100, last=99, schedule=schedule, decay_every=1, lr_least=0.1, steps=99)
    assert min(got) >= 0.1
    assert got[-1] == pytest.approx(0.1, rel=0.01)


def test_a_plateau_is_so_many_validations_without_a_better_one():
    schedule = Schedule(Recipe().replace(schedule="plateau", decay=0.5, patience=2).train)
    got = []
    for loss in (3.0, 2.0, 2.0, 1.0, math.nan, 1.0, 1.0, 0.5, 0.6, 0.5):
        schedule.observe(loss)
        got.append(schedule.factor(1, None, 0.0))
    assert got == [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]


def test_the_factor_applies_to_the_rate_as_it_is():
    recipe = Recipe().replace(hidden=4, batch=2, seq_len=5, steps=6, lr=0.5, split=0.0)
    recipe = recipe.replace(schedule="step", decay_every=2)
    state = start(recipe, TOKENS)
    rates = []
    for chunk in train(recipe, TOKENS, state):
        rates.append(chunk.lr)
        if chunk.step == 3:
            state.lr = 4.0
    assert rates == [0.5, 0.5, 0.25, 2.0, 1.0, 1.0]


def test_a_plateau_is_seen_while_training():
    recipe = Recipe().replace(hidden=4, batch=2, seq_len=5, steps=40, lr=1e-12, eval_every=1)
    recipe = recipe.replace(schedule="plateau", patience=3, decay=0.1)
    rates = [chunk.lr for chunk in train(recipe, TOKENS)]
    assert rates[0] == 1e-12
    assert rates[5] == pytest.approx(1e-13)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"schedule": "cosine"}, "--steps, --epochs"),
        ({"schedule": "linear"}, "--steps, --epochs"),
        ({"schedule": "plateau", "eval_every": 0}, "eval"),
    ],
)
def test_a_schedule_that_lacks_what_it_goes_by_is_refused(changes, word):
    with pytest.raises(UsageError, match=word):
        start(Recipe().replace(batch=2, seq_len=5, **changes), TOKENS)
