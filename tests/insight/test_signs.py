"""What is measured of a run while it trains: the numbers, their cost, and that nothing changes."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rnntui.data import load
from rnntui.insight import signs
from rnntui.insight.allowance import Allowance
from rnntui.insight.history import History
from rnntui.insight.signs import (
    OTHERS,
    SHORT_UPDATES,
    SHOWN,
    WATCHED,
    Meter,
    facts_of,
    hidden_shares,
)
from rnntui.nn.model import Parameters
from rnntui.recipe import Recipe, load_recipe
from rnntui.training.loop import TrainState, start, train
from tests.conftest import quick_where
from tests.support.sessions import TOKENS, VALUES


def metered(recipe: Recipe, updates: int) -> tuple[Meter, TrainState]:
    recipe = recipe.replace(workers=1)
    data = load(recipe)
    state = start(recipe, data)
    meter = Meter(facts_of(recipe, data, state), data, state, History())
    for chunk in itertools.islice(train(recipe, data, state), updates):
        meter.see(chunk)
    return meter, state


@pytest.mark.parametrize("cell", quick_where(["rnn", "gru", "lstm"], lambda cell: cell == "gru"))
@pytest.mark.parametrize("recipe", [TOKENS, VALUES], ids=["tokens", "values"])
def test_measuring_changes_no_bit_of_training(recipe: Recipe, cell: str) -> None:
    recipe = recipe.replace(cell=cell, workers=1, layers=2, dropout=0.2)
    meter, state = metered(recipe, 120)
    assert meter.history.activity and meter.history.reach
    data = load(recipe)
    alone = start(recipe, data)
    for _ in itertools.islice(train(recipe, data, alone), 120):
        pass
    assert np.array_equal(state.parameters.flat, alone.parameters.flat)
    assert np.array_equal(state.hidden, alone.hidden)
    states = [one.updater.random_states() for one in (state, alone)]
    assert np.array_equal(*states)


@pytest.mark.slow
def test_two_workers_are_measured_without_changing_a_bit() -> None:
    recipe = TOKENS.replace(workers=2, batch=4, clip=0.0)
    data, ended = load(recipe), []
    for measured in (True, False):
        state = start(recipe, data)
        try:
            meter = Meter(facts_of(recipe, data, state), data, state, History())
            for chunk in itertools.islice(train(recipe, data, state), 40):
                if measured:
                    meter.see(chunk)
                    if meter.tensors_at == chunk.step:
                        total = math.sqrt(sum(t.gradient**2 for t in meter.tensors))
                        assert total == pytest.approx(chunk.gradient_norm, rel=1e-4)
            assert bool(meter.tensors) == measured
            ended.append(state.parameters.flat.copy())
        finally:
            state.close()
    assert np.array_equal(*ended)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_each_tensors_gradient_and_update_are_those_of_one_update(optimizer: str) -> None:
    recipe = TOKENS.replace(optimizer=optimizer, workers=1, clip=0.0, lr=0.01)
    data = load(recipe)
    state = start(recipe, data)
    meter = Meter(facts_of(recipe, data, state), data, state, History())
    for chunk in train(recipe, data, state):
        before = {name: tensor.copy() for name, tensor in state.parameters.tensors.items()}
        meter.see(chunk)
        if meter.tensors:
            break
        kept = before
    assert meter.tensors_at == chunk.step == 3
    total = math.sqrt(sum(t.gradient**2 for t in meter.tensors))
    assert total == pytest.approx(chunk.gradient_norm, rel=1e-4), "before adam reuses it"
    for tensor in meter.tensors:
        now, then = state.parameters.tensors[tensor.name], kept[tensor.name]
        size = np.linalg.norm(now)
        if size > 0:
            expected = np.linalg.norm(now.astype(float) - then) / size
            assert tensor.update == pytest.approx(expected, rel=1e-3)
    largest = max(t.update for t in meter.tensors if t.name.startswith("W"))
    assert meter.history.activity[-1].update == largest


def test_an_update_that_is_left_out_is_not_measured() -> None:
    recipe = TOKENS.replace(workers=1)
    data = load(recipe)
    state = start(recipe, data)
    meter = Meter(facts_of(recipe, data, state), data, state, History())
    updates = train(recipe, data, state)
    for chunk in itertools.islice(updates, 2):
        meter.see(chunk)
    assert state.observer is not None
    kept = state.parameters.flat.copy()
    state.parameters.flat[:] = np.nan
    meter.see(next(updates))
    assert not meter.tensors and state.observer is not None, "it waits for the next one"
    np.copyto(state.parameters.flat, kept)
    meter.see(next(updates))
    assert meter.tensors and state.observer is None


@pytest.mark.parametrize(
    ("settings", "values", "expected"),
    [
        ({}, [0.99, -0.98, 0.5, 0.0], (0.5, 0, 1.0, 0.0)),
        ({"activation": "sigmoid"}, [0.99, 0.01, 0.5, 0.5], (0.5, 0, 1.0, 0.0)),
        ({"activation": "relu"}, [0.0, 3.0, 0.0, 9.0], (0.0, 0, 1.0, 0.5)),
    ],
)
def test_shares_of_hidden_values(
    settings: dict[str, str], values: list[float], expected: tuple[float, ...]
) -> None:
    recipe = TOKENS.replace(hidden=4, workers=1, cell="rnn", **settings)
    state = start(recipe, load(recipe))
    state.network.cells[0].h[:] = values
    assert hidden_shares(state) == expected
    state.network.cells[0].h[::2] *= 0.5
    assert hidden_shares(state)[2] == sum(v == 0 for v in values) / 4, "others are not constant"


def test_one_error_reaches_further_in_a_network_that_remembers() -> None:
    def reach(settings: dict[str, str | float]) -> int:
        recipe = load_recipe("brackets").replace(**settings)
        return metered(recipe, 3)[0].history.reach[0].reach

    forgetful = {"cell": "rnn", "activation": "sigmoid", "hidden": 32}
    assert reach(forgetful) < 4 < reach({"cell": "lstm", "hidden": 32})


def test_a_share_of_the_time_is_kept_to() -> None:
    now = [0.0]
    allowance = Allowance(0.01, 0.005, lambda: now[0])
    measured = 0
    for _ in range(100_000):
        now[0] += 0.001
        if allowance.allows:
            with allowance.spending():
                now[0] += 0.02
                measured += 1
    assert 0.02 * measured == pytest.approx(0.01 * now[0], rel=0.05)


def test_with_no_text_held_out_there_is_nothing_to_count() -> None:
    recipe = TOKENS.replace(split=0.0, eval_every=0, workers=1)
    data = load(recipe)
    assert facts_of(recipe, data, start(recipe, data)).simple == ()
    recipe = TOKENS.replace(workers=1)
    data = load(recipe)
    known = facts_of(recipe, data, start(recipe, data))
    assert known.simple is None and known.ngram == 0.0, "counting takes a while"


def test_signs_take_less_time_while_a_view_is_open() -> None:
    meter, state = metered(TOKENS, 5)
    assert meter.shares == SHORT_UPDATES
    meter.open = "shown"
    assert meter.shares == SHOWN
    meter.open = "measured"
    assert meter.shares == WATCHED
    meter._began = state.step - 1, -1.0  # as after updates of a second
    assert meter.shares == OTHERS


def test_a_second_reach_is_measured_early_on_a_computer_of_any_speed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signs, "REACH_SAVED", 1e-9)
    monkeypatch.setattr(signs, "SHORT", 0.0)  # however fast it is: as if it were slow
    monkeypatch.setattr(signs, "OTHERS", replace(OTHERS, reach=0.0))
    steps = [reach.step for reach in metered(TOKENS, 400)[0].history.reach]
    assert len(steps) == 2 and steps[0] < 10 and 150 <= steps[1] - steps[0] < 180


def test_running_out_of_memory_ends_the_measuring_and_not_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(signs, "_ReachProbe", fail)
    meter, state = metered(TOKENS, 120)
    assert state.step == 120 and meter.problem == signs.NO_MEMORY
    assert meter.history.samples and not meter.history.reach


def test_hidden_values_without_memory_to_measure_them_end_only_the_measuring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(signs, "hidden_shares", fail)
    meter, state = metered(TOKENS, 120)
    assert state.step == 120 and meter.problem == signs.NO_MEMORY
    assert state.observer is None and not meter.history.activity


def test_the_probes_of_a_large_network_are_small() -> None:
    state = metered(TOKENS, 1)[1]
    shape = replace(state.parameters.shape, width=50_000)
    large = SimpleNamespace(stream=SimpleNamespace(steps=100_000), trained=Parameters(shape))
    probe = signs._ReachProbe(large, np.zeros(2000, np.intp))  # type: ignore[arg-type]
    assert probe._inputs.shape == (signs.LONGEST, 1)
