"""Forecasts of a live run: the recipe's method, what is known of them, and that nothing changes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from rnntui.data import load
from rnntui.errors import UsageError
from rnntui.protocol.codec import from_plain, to_plain
from rnntui.protocol.forecasts import Outlook
from rnntui.protocol.insight import InsightLook
from rnntui.protocol.messages import Generate, Generated, Look
from rnntui.recipe import Recipe
from rnntui.runs.forecasting import forecast
from rnntui.runs.job import Job
from rnntui.runs.opening import open_job
from rnntui.runs.trained_model import Model, load_model
from rnntui.session.session import Session
from tests.support.sessions import look, run, session

RECIPE = Recipe().replace(
    task="values", split=0.25, horizon=6, standardize=True, hidden=4, batch=1, seq_len=10,
    workers=1, method="auto",
)  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> str:
    rng = np.random.RandomState(0)
    days = [date(2020, 1, 1) + timedelta(n) for n in range(150)]
    load = 10 + 3 * np.sin(np.arange(150) / 2) + rng.randn(150)
    rows = [f"{day},{load[n]:.3f},{n % 7}" for n, day in enumerate(days)]
    (tmp_path / "two.csv").write_text("day,load,other\n" + "\n".join(rows) + "\n")
    return str(tmp_path / "two.csv")


def forecast_of(s: Session, request: Generate) -> Generated:
    s.handle(request)
    for _ in range(3000):
        s.tick(monotonic(), 0.02)
        found = look(s).generated
        if found is not None and found.finished:
            return found
    raise AssertionError("the forecast does not end")


def test_it_is_the_forecast_of_the_command_line(source: str) -> None:
    s = session(RECIPE.replace(source=source))
    run(s, 30)
    s.pause()
    found = forecast_of(s, Generate("", 8))
    model = Model(
        parameters=s._state.parameters,
        prompt_random=np.random.RandomState(0),
        recipe=s.recipe,
        data=load(s.recipe),
        step=30,
    )
    header, *lines = "".join(forecast(model, "", 8).pieces).splitlines()
    names = header.split(",")
    table = [dict(zip(names, line.split(","), strict=True)) for line in lines]
    assert found.outlook is not None
    assert list(found.outlook.times) == [row["day"] for row in table]
    for n, row in enumerate(table):
        for place, name in enumerate(("load", "other")):
            value = found.values[n][place]
            assert value == pytest.approx(float(row[name]), rel=1e-9)
            half = found.outlook.bands[place].half80
            if n < len(half):
                assert value + half[n] == pytest.approx(float(row[f"{name}.upper80"]), rel=1e-3)


def test_a_finished_run_forecasts_with_the_weights_that_generate_takes(
    source: str, tmp_path: Path
) -> None:
    spoiled = RECIPE.replace(source=source, split=0.3, lr=0.02, eval_every=1, steps=20)
    opened = open_job(Job(recipe=spoiled, runs=str(tmp_path / "runs"), name="run"))
    assert opened.recorder is not None
    path, s = opened.recorder.run.path.resolve(), Session(opened)
    try:
        run(s, 15)
        s.pause()
        live = forecast_of(s, Generate("", 8))
        assert live.step == 15 and live.outlook is not None and not live.outlook.best
        s.set_lr(1.0)  # the last updates make it worse
        s.resume()
        run(s)
        assert s.finished
        health = Look(insight=InsightLook(view="health"))
        deadline = monotonic() + 60
        best = s.best_checkpoint().step
        assert 0 < best < 20
        while (found := forecast_of(s, Generate("", 8))).step != best:
            assert monotonic() < deadline
        assert found.outlook is not None and found.outlook.best
        while (tested := s.snapshot(health).backtest) is None or tested.step != best:
            assert monotonic() < deadline
            s.tick(monotonic(), 0.01)
    finally:
        s.close("finished")
        opened.state.close()
    printed = "".join(forecast(load_model(path, "best"), "", 8).pieces).splitlines()
    rows = [[float(cell) for cell in line.split(",")[1:3]] for line in printed[1:]]
    np.testing.assert_allclose(found.values, rows, rtol=1e-9)


def test_a_finished_run_that_is_not_stored_forecasts_with_its_last_weights(source: str) -> None:
    s = session(RECIPE.replace(source=source, steps=5))
    run(s)
    assert s.finished
    found = forecast_of(s, Generate("", 3))
    assert found.step == 5 and found.outlook is not None and not found.outlook.best


def test_it_reaches_as_far_as_it_is_judged_and_shows_what_was_held_out(source: str) -> None:
    s = session(RECIPE.replace(source=source, horizon=25))
    run(s, 5)
    s.pause()
    found = forecast_of(s, Generate("", 0))
    assert len(found.values) == 25 and found.outlook is not None
    assert len(found.outlook.earlier) == 2 and len(found.outlook.earlier[0].values) == 25
    assert len(found.outlook.times_before) == 150
    assert "columns better than the network" in found.outlook.verdict or not found.outlook.loses
    plain = to_plain(found.outlook)
    assert from_plain(Outlook, plain) == found.outlook and len(str(plain)) < 16_000
    again = forecast_of(s, Generate("10 1 11 2 12 3 10 1", 4))
    assert again.outlook is not None and not again.outlook.earlier
    assert len(again.values) == 4 and not again.outlook.times


@pytest.mark.slow
def test_the_method_can_be_asked_for(source: str) -> None:
    s = session(RECIPE.replace(source=source))
    run(s, 5)
    s.pause()
    last = forecast_of(s, Generate("", 3, method="last value"))
    assert [row[0] for row in last.values] == pytest.approx([last.before[-1][0]] * 3)
    assert last.outlook is not None and last.outlook.method == "last value"
    again = last.outlook.earlier[0].values  # of the last rows, by the same method
    assert again == pytest.approx([last.before[-1 - len(again)][0]] * len(again), rel=1e-4)
    network = forecast_of(s, Generate("", 3, method="network"))
    assert network.outlook is not None and network.outlook.method == "network"
    with pytest.raises(UsageError, match="method"):
        s.handle(Generate("", 3, method="magic"))


def test_it_changes_nothing_of_the_training(source: str) -> None:
    recipe = RECIPE.replace(source=source)
    alone, watched = session(recipe), session(recipe)
    run(alone, 40)
    run(watched, 20)
    watched.handle(Generate("", 0))
    run(watched, 20)
    assert look(watched).generated is not None
    np.testing.assert_array_equal(alone._state.parameters.flat, watched._state.parameters.flat)


def test_too_few_rows_are_forecast_without_intervals() -> None:
    short = RECIPE.replace(source="values:1,2,3,4,5,6,7", split=0.0, seq_len=3, horizon=0)
    s = session(short)
    run(s, 3)
    s.pause()
    found = forecast_of(s, Generate("", 5))
    assert found.outlook is not None and not found.outlook.bands and len(found.values) == 5
    assert not found.outlook.verdict and found.outlook.method == "network"


def test_a_fault_in_comparing_methods_ends_neither_the_forecast_nor_the_training(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr("rnntui.runs.backtest.roll", broken)
    s = session(RECIPE.replace(source=source))
    run(s, 5)
    s.pause()
    found = forecast_of(s, Generate("", 4))
    assert len(found.values) == 4 and found.outlook is not None and not found.outlook.bands
    assert found.outlook.verdict == "no intervals: ZeroDivisionError: a fault"
