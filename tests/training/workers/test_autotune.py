"""How many processes train, where the recipe leaves it open: never more than pays."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace

import numpy as np
import pytest

from rnntui.clusters import choose_clusters
from rnntui.errors import UsageError
from rnntui.nn.model import ModelShape
from rnntui.recipe import Recipe, load_recipe
from rnntui.training.loop import StaleChunkError, start, train, use_workers
from rnntui.training.workers import autotune as choice
from rnntui.training.workers import prestart as prestarting
from rnntui.training.workers.autotune import autotune, first_updates
from rnntui.training.workers.plan import Plan
from rnntui.training.workers.pool import WorkerPool
from rnntui.training.workers.prestart import most_workers, prestart, usable_cores
from tests.conftest import quick_where
from tests.support.plain import token_data

pytestmark = pytest.mark.skipif(os.name != "posix", reason="workers need Unix sockets")

RNG = np.random.default_rng(6)
DATA = token_data(RNG.integers(0, 7, 4001), 7)
RECIPE = Recipe().replace(cell="gru", layers=2, dropout=0.3, hidden=48, batch=16, seq_len=20)
PLAN = Plan.of(RECIPE, ModelShape.of(RECIPE, 7), 20)

COMMAND = "rnntui.training.workers.pool.python_command"


def tried(most, seconds, plan=PLAN):
    """What is chosen, and the numbers of processes that were timed; `seconds` by that number."""
    seen = []

    def clock(updater):
        updater.gradient(*(np.zeros((updater.plan.steps, updater.plan.batch), np.intp),) * 2)
        seen.append(updater.workers)
        time = seconds[updater.workers]
        return time if isinstance(time, float) else next(time)

    with WorkerPool() as pool:
        chosen = autotune(plan, most, pool, clock)
        assert len(pool) == chosen - 1
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


@pytest.mark.slow
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


@pytest.mark.slow
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

    with WorkerPool() as pool:
        autotune(PLAN, 2, pool, clock)
    assert set(steps) == {first}


def test_a_large_vocabulary_makes_the_trial_short_and_early():
    small = Plan.of(RECIPE, ModelShape.of(RECIPE, 65), 20)
    large = Plan.of(RECIPE, ModelShape.of(RECIPE, 20_000), 20)
    rows = 20 * RECIPE.train.batch
    assert large.products - small.products >= 0.3 * rows * 48 * (20_000 - 65)
    assert first_updates(large) < first_updates(small) / 10
    clusters = choose_clusters([10_000, *[1] * 19_999])
    shape = ModelShape.of(RECIPE.replace(output="adaptive"), 20_000, clusters)
    assert Plan.of(RECIPE, shape, 20).products < large.products


def test_without_workers_one_process_trains(monkeypatch):
    monkeypatch.setattr(
        "rnntui.training.workers.pool.python_command", lambda *_: ["/no/such/program"]
    )
    assert tried(2, {1: 0.01, 2: 0.001})[0] == 1
    monkeypatch.setattr(COMMAND, lambda *_: ["false"])
    assert tried(2, {1: 0.01, 2: 0.001})[0] == 1


@pytest.mark.parametrize("workers", quick_where([1, 2], lambda workers: workers == 2))
def test_the_first_updates_come_before_the_trial_of_which_training_knows_only_the_result(
    monkeypatch, workers
):
    monkeypatch.setattr("rnntui.training.state.most_workers", lambda _: 2)
    monkeypatch.setattr(choice, "FIRST", 2 * PLAN.products)
    monkeypatch.setattr(choice, "WORTH", 0.0)
    monkeypatch.setattr(choice, "LEAST_GAIN", 0.0 if workers == 2 else 1e9)
    recipe = RECIPE.replace(steps=4, seed=7)
    runs = []
    for told in (False, True):
        state = start(recipe, DATA, later=2 if told else 0)
        state.kernel_trial = None  # which timing decides, too
        seen = []
        for chunk in train(recipe, DATA, state):
            seen.append((chunk.loss, state.workers))
            if told and chunk.step == 2:
                chunk.steps(1)
                use_workers(state, workers)
                # What a viewer may ask for while the next trial, of kernels, is held.
                with pytest.raises(StaleChunkError, match="update 2 are gone"):
                    chunk.steps(1)
        assert [number for _, number in seen] == [1, 1, workers, workers]
        states = state.updater.random_states()
        state.close()
        runs.append((seen, state.parameters.flat.tobytes(), states.tobytes()))
    assert runs[0] == runs[1]


def test_without_shared_memory_no_trial_is_held(monkeypatch):
    def refuse(_):
        raise MemoryError

    monkeypatch.setattr("rnntui.training.state.most_workers", lambda _: 2)
    monkeypatch.setattr("rnntui.training.workers.updater.shared_memory", refuse)
    state = start(RECIPE, DATA)
    assert state.trial is None and state.workers == 1


def test_no_more_than_cores_and_streams(monkeypatch):
    monkeypatch.setattr(prestarting, "usable_cores", lambda: 12)
    found = [most_workers(RECIPE.replace(batch=b)) for b in (1, 2, 15, 16, 32, 64, 1000)]
    assert found == [1, 2, 2, 2, 4, 8, 12]
    monkeypatch.setattr(prestarting, "usable_cores", lambda: 1)
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


def test_workers_start_early_where_the_recipe_has_them():
    for changes, expected in (
        ({}, 0),
        ({"workers": 3}, 2),
        ({"hidden": 256, "batch": 32}, 0),
        ({"workers": 1}, 0),
    ):
        with WorkerPool() as pool:
            prestart(RECIPE.replace(**changes), pool)
            assert len(pool) == expected, changes
    with WorkerPool() as pool, pytest.raises(UsageError, match="workers = 3"):
        prestart(RECIPE.replace(workers=3, batch=2), pool)


@pytest.mark.parametrize("name", ["counting", "ramp", "successor", "hello-world", "i-love-ai"])
def test_recipes_that_repeat_a_program_stay_in_one_process(name):
    assert most_workers(load_recipe(name)) == 1
