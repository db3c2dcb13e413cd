"""The learning-rate range test."""

from __future__ import annotations

import numpy as np
import pytest

from rnntui.data import load
from rnntui.insight.rate_test import LEAST, MOST, RateTest, judged
from rnntui.recipe import Recipe, load_recipe
from rnntui.training.loop import start, train
from tests.conftest import quick_where

RATES = np.geomspace(LEAST, MOST, 100)


def test_it_finds_where_the_loss_falls_fastest_and_where_it_rises() -> None:
    logs = np.log10(RATES)
    fall = 1 / (1 + np.exp(-8 * (logs + 3)))  # around 1e-3
    rise = 5 / (1 + np.exp(-8 * (logs + 1)))  # around 0.1
    noise = np.random.RandomState(0).normal(0, 0.01, len(RATES))
    best, diverging = judged(RATES, 4 - 2 * fall + rise + noise)
    assert best == pytest.approx(1e-3, rel=0.5)
    assert diverging == pytest.approx(0.06, rel=0.6)


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_fall(seed: int) -> None:
    noise = np.random.RandomState(seed).normal(0, 0.1, len(RATES))
    rise = np.where(RATES > 0.1, 30 * RATES, 0)
    assert judged(RATES, 2 + noise + rise)[0] is None


def test_a_loss_that_is_not_a_number_ends_it() -> None:
    losses = np.full(40, 2.0)
    losses[-1] = np.nan
    assert judged(RATES[:40], losses)[0] is None


@pytest.mark.parametrize(
    "recipe", quick_where(["brackets", "sunspots", "hello-world"], lambda name: name != "brackets")
)
def test_the_run_is_not_touched(recipe: str) -> None:
    settings = load_recipe(recipe).replace(workers=1)
    data = load(settings)
    plain, tested = start(settings, data), start(settings, data)
    straight, other = train(settings, data, plain), train(settings, data, tested)
    for _ in range(3):
        next(straight), next(other)
    test = RateTest(settings, data, tested)
    for _ in test.run():
        assert test.message().running
    found = test.message()
    assert not found.running and not found.stopped
    assert len(found.losses) == len(found.rates) > 20
    assert found.now == tested.rate
    for _ in range(3):
        assert next(straight).loss == next(other).loss
    assert np.array_equal(plain.parameters.flat, tested.parameters.flat)
    assert all(
        np.array_equal(moment, tested.optimizer.moments[name])
        for name, moment in plain.optimizer.moments.items()
    )


def test_it_starts_from_the_weights_of_the_run() -> None:
    settings = Recipe().replace(
        source="text:so it goes. ", repeat=300, hidden=16, batch=4, seq_len=10, workers=1, lr=0.01
    )
    data = load(settings)
    state = start(settings, data)
    updates = train(settings, data, state)
    for _ in range(80):
        chunk = next(updates)
    test = RateTest(settings, data, state)
    work = test.run()
    next(work)
    work.close()
    assert test.message().stopped and not test.message().running
    assert test.message().losses[0] < chunk.loss_per_token + 0.2
