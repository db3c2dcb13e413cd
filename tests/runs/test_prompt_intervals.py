"""Intervals of a forecast after a prompt are from errors that were known where the prompt ends."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from rnntui.data import ValueData, load
from rnntui.forecast.methods import LastValue, Method
from rnntui.recipe import Recipe
from rnntui.runs.backtest import backtests
from rnntui.runs.forecast_start import start_of
from rnntui.runs.forecasting import forecast
from rnntui.runs.prompt_errors import PromptErrors
from rnntui.runs.trained_model import Model
from tests.conftest import quick_first
from tests.support.sessions import run, session

ROWS, TRAIN, HORIZON = 240, 180, 3
RECIPE = Recipe().replace(
    task="values", split=0.25, horizon=HORIZON, standardize=True, hidden=3, batch=1, seq_len=10,
    workers=1, method="auto",
)  # fmt: skip
DIFFERENCES = pytest.mark.parametrize("difference", quick_first([True, False]))


def noisy(scale: np.ndarray, seed: int = 0) -> np.ndarray:
    """Correlated noise of a changing scale."""
    values, rng = np.zeros(len(scale)), np.random.RandomState(seed)
    for t in range(1, len(scale)):
        values[t] = 0.5 * values[t - 1] + scale[t] * rng.randn()
    return np.round(50 + values, 4)


def dated(first: int, values: np.ndarray) -> list[str]:
    days = (date(2020, 1, 1) + timedelta(first + n) for n in range(len(values)))
    return [f"{day},{value}" for day, value in zip(days, values, strict=True)]


def model_of(path: Path, values: np.ndarray, difference: bool = False) -> Model:
    path.write_text("\n".join(["day,load", *dated(0, values)]) + "\n")
    s = session(RECIPE.replace(source=str(path), difference=difference))
    run(s, 5)
    return Model(
        parameters=s._state.parameters,
        prompt_random=np.random.RandomState(0),
        recipe=s.recipe,
        data=load(s.recipe),
        step=5,
    )


def table(model: Model, prompt: str) -> list[dict[str, str]]:
    text = "".join(forecast(model, prompt, HORIZON).pieces)
    return list(csv.DictReader(io.StringIO(text)))


def widths(rows: list[dict[str, str]]) -> list[float]:
    return [float(row["load.upper80"]) - float(row["load.lower80"]) for row in rows]


@DIFFERENCES
def test_nothing_after_a_prompt_of_the_source_has_a_part_in_them(
    tmp_path: Path, difference: bool
) -> None:
    values = noisy(np.ones(ROWS))
    model = model_of(tmp_path / "a.csv", values, difference)
    end = 215
    later = values.copy()
    later[end:] += 30 * np.random.RandomState(1).randn(ROWS - end)
    changed = replace(model_of(tmp_path / "b.csv", later, difference), parameters=model.parameters)
    prompt = "\n".join(map(str, values[100:end]))
    assert table(model, prompt) == table(changed, prompt)
    assert widths(table(model, "")) != pytest.approx(widths(table(changed, "")), rel=0.5)


@DIFFERENCES
def test_new_rows_of_a_prompt_make_them_wider_or_narrower(tmp_path: Path, difference: bool) -> None:
    model = model_of(tmp_path / "a.csv", noisy(np.ones(ROWS)), difference)
    for factor, least, most in ((4.0, 2.0, 10.0), (0.25, 0.05, 0.6)):
        values = noisy(np.where(np.arange(ROWS + 40) < ROWS, 1.0, factor))
        new = "\n".join(dated(150, values[150:]))
        found = table(model, new)
        ratio = np.divide(widths(found), widths(table(model, "")))
        assert (ratio > least).all() and (ratio < most).all()
        untimed = table(model, "\n".join(map(str, values[150:])))
        assert untimed == found  # their times are known: they follow the source's
        assert found[0]["day"] == str(date(2020, 1, 1) + timedelta(ROWS + 40))
        alone = widths(table(model, "\n".join(map(str, values[ROWS:]))))  # not known from where
        assert (np.divide(alone, widths(table(model, ""))) > 1).all() == (factor > 1)


def test_forecasts_within_a_prompt_are_those_of_a_backtest_of_all_rows(tmp_path: Path) -> None:
    values = noisy(np.ones(ROWS + 30))
    model = model_of(tmp_path / "a.csv", values[:ROWS])
    assert isinstance(model.data, ValueData)
    start = start_of(model.data, "\n".join(map(str, values)))
    assert (start.end, start.new) == (None, ROWS)
    (test,) = backtests(model, model.data)
    methods: dict[str, Method] = {"last value": LastValue()}
    errors = PromptErrors(model.parameters, model.data, start, test.plan, methods.values())
    found = errors.of(0, methods)
    assert found is not None and errors.row == ROWS + 30
    origins = np.array(found.origins)
    assert origins[0] == ROWS and (np.diff(origins) == test.plan.stride).all()
    for ahead in range(HORIZON):
        there = origins + ahead < len(values)
        off = values[origins[there] - 1] - values[origins[there] + ahead]
        np.testing.assert_allclose(found.errors["last value"][there, ahead], off)
        assert np.isnan(found.errors["last value"][~there, ahead]).all()
