"""Backtests of a live network: from a copy of its weights, in slices, as messages."""

from __future__ import annotations

import dataclasses
import json
from time import monotonic

import numpy as np
import pytest

from rnntui.data import load
from rnntui.errors import DataError
from rnntui.forecast.backtest import backtest, overall, plan
from rnntui.forecast.slices import result_of
from rnntui.forecast.verdict import verdict
from rnntui.insight import horizon
from rnntui.insight.horizon import HorizonMeter
from rnntui.nn.model import Parameters
from rnntui.protocol.codec import from_plain, to_plain
from rnntui.protocol.forecasts import Backtested
from rnntui.protocol.insight import InsightLook
from rnntui.protocol.messages import Look
from rnntui.recipe import Recipe
from rnntui.runs.backtest import Backtester, Results, backtester_of
from tests.support.insight import network_for
from tests.support.sessions import run, session

WAVE = "values:" + ",".join(f"{10 + 3 * np.sin(n / 2) + n % 3:.3f}" for n in range(120))
RECIPE = Recipe().replace(
    task="values", source=WAVE, split=0.3, horizon=6, standardize=True, hidden=4, batch=1
)


def meter_of(recipe: Recipe = RECIPE) -> tuple[HorizonMeter, Parameters]:
    data = load(recipe)
    parameters = network_for(data, "rnn", 1, 4, "float32")
    tests = backtester_of(recipe, data)
    assert tests is not None
    return HorizonMeter(tests), parameters


def measured(meter: HorizonMeter, parameters: Parameters, step: int) -> Backtested:
    before = meter.newest
    while meter.newest is before:
        meter.work(step, parameters)
    assert meter.newest is not None
    return meter.newest


def test_slices_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(horizon, "SLICE", 1e-9)
    meter, parameters = meter_of()
    data = load(RECIPE)
    whole = result_of(Backtester(RECIPE, data).slices(parameters, 7))
    found = measured(meter, parameters, 7)
    (target,) = found.targets
    assert (found.step, found.columns, target.horizon) == (7, 1, 6)
    assert target.origins == len(whole.tests[0].plan.outer) > 5
    totals = overall(whole.tests[0].methods)
    assert [m.name for m in target.methods] == list(totals)
    for method in target.methods:
        assert method.rmse == pytest.approx(totals[method.name], rel=1e-3)
        scores = whole.tests[0].methods[method.name]
        assert method.by_horizon == pytest.approx(scores.rmse, rel=1e-3)


def test_updates_meanwhile_change_neither_the_backtest_nor_are_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    undisturbed = measured(*meter_of(), 1)
    monkeypatch.setattr(horizon, "SLICE", 1e-9)
    meter, parameters = meter_of()
    meter.work(1, parameters)
    while meter.newest is None:
        parameters.flat += 0.5
        after = parameters.flat.copy()
        meter.work(2, parameters)
        np.testing.assert_array_equal(parameters.flat, after)
    assert meter.newest == undisturbed
    assert measured(meter, parameters, 3).targets != undisturbed.targets


def test_many_columns_and_rows_ahead_fit_into_a_message() -> None:
    values = np.random.RandomState(0).randn(400) * 1e-103
    where = plan(400, 280, 100)
    found = horizon.as_message(Results(10**6, (backtest(values, where, 0),) * 12, ()), 1)
    plain = to_plain(found)
    assert len(json.dumps(plain, separators=(",", ":"))) <= 16_000
    assert from_plain(Backtested, plain) == found
    assert found.columns == 12 and found.targets[0].ahead[-1] == 100


def test_too_few_rows_have_no_backtest() -> None:
    short = RECIPE.replace(source="values:1,2,3,4", split=0.0, seq_len=3)
    assert backtester_of(short, load(short)) is None
    with pytest.raises(DataError, match="4 rows"):
        Backtester(short, load(short))


def test_the_health_of_a_run_on_values_comes_with_its_backtest() -> None:
    one = session(RECIPE.replace(workers=1, steps=5))
    run(one, 4)
    one.pause()
    look = Look(insight=InsightLook(view="health"))
    weights = one._state.parameters.flat
    before, found = weights.copy(), None
    for _ in range(1000):
        found = found or one.snapshot(look).backtest
        one.tick(monotonic(), 0.01)
    assert found is not None and found.step == 4
    np.testing.assert_array_equal(weights, before)
    assert one.snapshot(dataclasses.replace(look, backtest=found.id)).backtest is None
    assert one.snapshot(Look()).backtest is None
    one.resume()
    run(one)
    assert one.finished and one.snapshot(Look()).backtest is not None  # for the last report


def test_the_verdict_names_the_better_method() -> None:
    won = verdict({"network": 1.0, "last value": 2.0, "auto": 0.9}, "auto")
    assert (won.text, won.loses) == ("the network forecasts best: RMSE 1, last value 2", False)
    lost = verdict({"network": 2.0, "last value": 3.0, "autoregression": 1.0, "auto": 1.5}, "auto")
    assert lost.text.startswith("autoregression forecasts better than the network: RMSE 1 against")
    assert lost.loses and lost.best == "autoregression" and "mixes both" in lost.text
    offered = verdict({"network": 2.0, "last value": 1.0, "auto": 1.5}, "network")
    assert "method = auto would mix both: 1.5" in offered.text
    assert "auto" not in verdict({"network": 2.0, "last value": 1.0, "auto": 3.0}, "network").text
    assert not verdict({"network": None, "last value": 1.0}, "auto").text
    assert not verdict({"network": 1.0}, "auto").text
