"""How many processes train, where the recipe leaves it open: never more than pays."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace

import numpy as np
import pytest

from rnntui.errors import UsageError
from rnntui.nn.model import ModelShape
from rnntui.parallel import choice, recruiting
from rnntui.parallel.choice import choose
from rnntui.parallel.crew import Crew
from rnntui.parallel.plan import Plan
from rnntui.parallel.recruiting import most_workers, recruit, usable_cores
from rnntui.recipe import Recipe, load_recipe
from rnntui.trainer import start, train
from tests.plain import token_data

pytestmark = pytest.mark.skipif(os.name != "posix", reason="workers need Unix sockets")

RNG = np.random.default_rng(6)
DATA = token_data(RNG.integers(0, 7, 4001), 7)
RECIPE = Recipe().replace(cell="gru", layers=2, dropout=0.3, hidden=48, batch=16, seq_len=20)
PLAN = Plan.of(RECIPE, ModelShape.of(RECIPE, 7), 20)


def tried(most, seconds, plan=PLAN):
    """What is chosen, and the numbers of processes that were timed; `seconds` by that number."""
    seen = []

    def clock(updater):
        updater.gradient(*(np.zeros((updater.plan.steps, updater.plan.batch), np.intp),) * 2)
        seen.append(updater.workers)
        time = seconds[updater.workers]
        return time if isinstance(time, float) else next(time)

    with Crew() as crew:
        chosen = choose(plan, most, crew, clock)
        assert len(crew) == chosen - 1
    return chosen, seen


def test_the_faster_one_is_chosen():
    assert tried(2, {1: 0.010, 2: 0.006})[0] == 2
    assert tried(2, {1: 0.010, 2: 0.0099})[0] == 1, "that little is not worth a core"
    assert tried(2, {1: 0.010, 2: 0.030})[0] == 1


def test_both_are_timed_in_turns_for_a_fifth_of_a_second():
    _, seen = tried(2, {1: 0.050, 2: 0.030})
    assert seen == [1, 1, 2, 1, 2, 1, 2, 1, 2]
    _, seen = tried(2, {1: 1.0, 2: 0.6})
    assert seen == [1, 2, 1, 2]


def test_where_the_rounds_agree_a_few_are_enough():
    assert tried(2, {1: 0.010, 2: 0.008})[1] == [1, 1, *[2, 1] * 5, 2]
    assert tried(2, {1: 0.010, 2: 0.006})[1] == [1, 1, *[2, 1] * 3, 2], "no doubt is left"
    assert tried(2, {1: 0.010, 2: 0.020})[1] == [1, 1, *[2, 1] * 5, 2]
    turns = itertools.cycle([0.006, 0.004])
    chosen, seen = tried(2, {1: 0.006, 2: turns})
    assert chosen == 2 and len(seen) == 3 + 2 * 15


def test_what_takes_no_time_is_not_tried_with_others():
    assert tried(2, {1: 0.0005}) == (1, [1, 1])
    assert tried(1, {}) == (1, [])
    assert tried(2, {}, replace(PLAN, steps=1)) == (1, [])


def test_of_many_processes_half_may_be_better():
    assert tried(4, {1: 0.1, 4: 0.06, 2: 0.05})[0] == 2
    assert tried(4, {1: 0.1, 4: 0.04, 2: 0.05})[0] == 4
    assert tried(5, {1: 0.1, 5: 0.2, 2: 0.05})[0] == 2
    assert tried(3, {1: 0.1, 3: 0.2})[0] == 1


@pytest.mark.parametrize(("share", "first"), [(4, 5), (1, 20), (0.5, 20), (1000, 3)])
def test_of_a_long_chunk_only_the_first_steps_are_tried(monkeypatch, share, first):
    monkeypatch.setattr(choice, "LARGE", PLAN.products / share)
    monkeypatch.setattr(choice, "FEWEST", 3)
    steps = []

    def clock(updater):
        steps.append(updater.plan.steps)
        return 0.3

    with Crew() as crew:
        choose(PLAN, 2, crew, clock)
    assert set(steps) == {first}


def test_without_workers_one_process_trains(monkeypatch):
    monkeypatch.setattr("rnntui.parallel.crew.python_command", lambda *_: ["/no/such/program"])
    assert tried(2, {1: 0.01, 2: 0.001})[0] == 1
    monkeypatch.setattr("rnntui.parallel.crew.python_command", lambda *_: ["false"])
    assert tried(2, {1: 0.01, 2: 0.001})[0] == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_knows_nothing_of_the_trial(monkeypatch, workers):
    monkeypatch.setattr("rnntui.trainstate.most_workers", lambda _: 2)
    monkeypatch.setattr(choice, "WORTH", 0.0)
    monkeypatch.setattr(choice, "LEAST_GAIN", 0.0 if workers == 2 else 1e9)
    recipe = RECIPE.replace(steps=3, seed=7)
    runs = []
    for given in (recipe, recipe.replace(workers=workers)):
        state = start(given, DATA)
        assert state.workers == workers
        assert state.stream.position == (0, 0)
        losses = [chunk.loss for chunk in train(given, DATA, state)]
        states = state.updater.random_states()
        state.close()
        runs.append((losses, state.parameters.flat.tobytes(), states.tobytes()))
    assert runs[0] == runs[1]


def test_no_more_than_cores_and_streams(monkeypatch):
    monkeypatch.setattr(recruiting, "usable_cores", lambda: 12)
    found = [most_workers(RECIPE.replace(batch=b)) for b in (1, 2, 15, 16, 32, 64, 1000)]
    assert found == [1, 2, 2, 2, 4, 8, 12]
    monkeypatch.setattr(recruiting, "usable_cores", lambda: 1)
    assert most_workers(RECIPE.replace(batch=64)) == 1
    assert most_workers(RECIPE.replace(batch=64, workers=5)) == 5


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be taken away here")
def test_only_the_cores_that_may_be_used_count():
    before = os.sched_getaffinity(0)
    assert usable_cores() == len(before)
    os.sched_setaffinity(0, list(before)[:1])
    try:
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_workers_start_early_where_they_will_be_needed(monkeypatch):
    monkeypatch.setattr(recruiting, "usable_cores", lambda: 2)
    for changes, expected in (
        ({}, 0),
        ({"workers": 3}, 2),
        ({"hidden": 256, "batch": 32}, 1),
        ({"hidden": 256, "batch": 1}, 0),
        ({"hidden": 256, "batch": 32, "workers": 1}, 0),
    ):
        with Crew() as crew:
            recruit(RECIPE.replace(**changes), crew)
            assert len(crew) == expected, changes
    with Crew() as crew, pytest.raises(UsageError, match="workers = 3"):
        recruit(RECIPE.replace(workers=3, batch=2), crew)


@pytest.mark.parametrize("name", ["counting", "ramp", "successor", "hello-world", "i-love-ai"])
def test_recipes_that_repeat_a_program_stay_in_one_process(name):
    assert most_workers(load_recipe(name)) == 1
