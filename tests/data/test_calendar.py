"""The calendar as inputs that are known in advance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rnntui.data import ValueData, load
from rnntui.data.calendar import calendar, cycles
from rnntui.data.clock import Clock
from rnntui.data.moments import Format
from rnntui.data.steps import Step
from rnntui.errors import DataError, UsageError
from rnntui.export.network import network_of
from rnntui.forecast.slices import result_of
from rnntui.generation.generate import writer
from rnntui.generation.rolling import roll
from rnntui.recipe import Recipe
from rnntui.runs.evaluation import evaluate_file
from rnntui.runs.fingerprint import fingerprint
from rnntui.runs.trained_model import Model
from rnntui.runs.vocabulary import describe, rebuild
from rnntui.training.loop import start, train

HOUR, DAY = 3_600_000_000, 86_400_000_000
EVERY = ("hour", "weekday", "month")
HOURLY = Clock("time", None, Step("fixed", HOUR), cycles=EVERY)


def moments(*texts: str) -> np.ndarray:
    return np.array(texts, "M8[us]").astype(np.int64)


def hourly_file(folder: Path, rows: int = 300) -> Path:
    path = folder / "hourly.csv"
    times = np.datetime64("2024-01-01T00:00") + np.arange(rows) * np.timedelta64(1, "h")
    hours = np.arange(rows) % 24
    lines = [f"{t},{10 + h + i % 7}" for i, (t, h) in enumerate(zip(times, hours, strict=True))]
    path.write_text("time,load\n" + "\n".join(lines) + "\n")
    return path


def recipe(source: object, **keys: object) -> Recipe:
    usual: dict[str, object] = {"steps": 6, "seq_len": 10, "batch": 4, "hidden": 6}
    settings = {"task": "values", "source": str(source), "standardize": True, "calendar": True}
    return Recipe(name="test").replace(**{**settings, **usual, **keys})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return hourly_file(tmp_path, 340)


def trained(chosen: Recipe) -> Model:
    data = load(chosen)
    state = start(chosen, data)
    for _ in train(chosen, data, state):
        pass
    random = np.random.RandomState(0)
    return Model(parameters=state.parameters, prompt_random=random, recipe=chosen, data=data)


# ---- the columns ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step("fixed", HOUR), ("hour", "weekday", "month")),
        (Step("fixed", 36 * HOUR), ("hour", "weekday", "month")),
        (Step("fixed", DAY), ("weekday", "month")),
        (Step("fixed", 2 * DAY), ("weekday", "month")),
        (Step("fixed", 7 * DAY), ("month",)),
        (Step("business", 1), ("weekday", "month")),
        (Step("months", 1), ("month",)),
        (Step("months", 3), ("month",)),
        (Step("months", 12), ()),
    ],
)
def test_only_what_changes_from_row_to_row_is_learned(
    step: Step, expected: tuple[str, ...]
) -> None:
    assert cycles(step) == expected


def test_only_what_came_twice_is_learned(tmp_path: Path) -> None:
    for rows, expected in ((300, EVERY[:1]), (330, EVERY[:2]), (17_000, EVERY)):
        data = load(recipe(hourly_file(tmp_path, rows)))
        assert isinstance(data, ValueData) and data.clock is not None
        assert data.clock.cycles == expected
        assert dict(data.facts)["calendar"] == ", ".join(expected)
    with pytest.raises(DataError, match="no effect on less than two weeks"):
        load(recipe(hourly_file(tmp_path, 40)))


def test_sines_and_cosines_of_hour_weekday_and_month() -> None:
    """2024-01-01 is a Monday: all three circles begin there."""
    found = calendar(HOURLY, moments("2024-01-01T00:00", "2024-01-01T06:00", "2024-01-04T12:00"))
    np.testing.assert_allclose(found[0], [0, 1, 0, 1, 0, 1], atol=1e-12)
    np.testing.assert_allclose(found[1, :2], [1, 0], atol=1e-12)
    np.testing.assert_allclose(found[2, :2], [0, -1], atol=1e-12)
    weekday = 2 * np.pi * 3 / 7
    np.testing.assert_allclose(found[2, 2:4], [np.sin(weekday), np.cos(weekday)])
    month = 2 * np.pi * 3 / 366
    np.testing.assert_allclose(found[2, 4:], [np.sin(month), np.cos(month)])


def test_the_hour_is_that_of_the_zone_that_the_file_writes() -> None:
    local = Clock(
        "t", Format("%Y-%m-%dT%H:%M%z", 2 * HOUR, "+02:00"), Step("fixed", HOUR), cycles=EVERY
    )
    found = calendar(local, moments("2023-12-31T22:00"))
    np.testing.assert_allclose(found[0], [0, 1, 0, 1, 0, 1], atol=1e-12)


# ---- loading ----------------------------------------------------------------------------------


@pytest.mark.parametrize("difference", [False, True])
def test_each_row_stands_beside_the_calendar_of_the_next_one(
    source: Path, difference: bool
) -> None:
    data = load(recipe(source, difference=difference))
    assert isinstance(data, ValueData) and data.clock is not None and data.times is not None
    train, validation = data.sequences
    assert train.shape[1] == validation.shape[1] == 1 + data.known == 5
    np.testing.assert_array_equal(train[:, :1], data.values)
    after = np.append(data.times[1 + difference :], int(data.clock.after(data.times[-1])))
    expected = calendar(data.clock, after)
    np.testing.assert_array_equal(np.concatenate([train, validation])[:, 1:], expected)


def test_a_file_without_dates_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("a,b\n" + "".join(f"{i % 7},{i % 5}\n" for i in range(60)))
    with pytest.raises(DataError, match="calendar = true needs dates: set time"):
        load(recipe(path))
    path.write_text("year,b\n" + "".join(f"{1900 + i}-01-01,{i % 5}\n" for i in range(60)))
    with pytest.raises(DataError, match="no effect on yearly rows"):
        load(recipe(path))
    with pytest.raises(DataError, match="needs repeat = 1"):
        load(recipe(hourly_file(tmp_path), repeat=2))


def test_other_times_are_other_data(source: Path) -> None:
    plain, with_times = (fingerprint(load(recipe(source, calendar=c))) for c in (False, True))
    assert plain[0] != with_times[0]
    assert plain[1] == with_times[1]
    source.write_text(source.read_text().replace("2024-", "2023-"))
    assert fingerprint(load(recipe(source)))[0] != with_times[0]


# ---- training and forecasts -------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("difference", [False, True])
def test_a_forecast_from_the_end_is_one_step_of_a_backtest(
    source: Path, cell: str, difference: bool
) -> None:
    """`roll` reads the calendar from the data, `writer` makes it from the last time."""
    model = trained(recipe(source, cell=cell, difference=difference, dtype="float64"))
    data = model.data
    assert isinstance(data, ValueData) and data.times is not None
    rows, origin, horizon = data.rows(), len(data.rows()) - 30, 30
    rolled = result_of(roll(model.parameters, data, [origin], horizon))[0]
    prompt = "\n".join(f"{value!r}" for value in rows[:origin, 0].tolist())
    generated = writer(model, data, prompt, last=data.times[origin - 1].item())
    written = [next(generated) for _ in range(horizon)]
    np.testing.assert_allclose(written, rolled, rtol=1e-9)
    elsewhere = writer(model, data, prompt, last=data.times[origin - 5].item())
    assert abs(np.array(next(elsewhere)) - rolled[0]).max() > 1e-9


def test_a_stored_run_forecasts_the_same(source: Path) -> None:
    model = trained(recipe(source))
    stored = Model(
        parameters=model.parameters,
        prompt_random=model.prompt_random,
        recipe=model.recipe,
        data=rebuild(describe(model.data)),
    )
    first, second = (writer(m, m.data) for m in (model, stored))
    assert [next(first) for _ in range(5)] == [next(second) for _ in range(5)]


def test_the_network_predicts_the_values_alone(source: Path) -> None:
    chosen = recipe(source)
    data = load(chosen)
    assert isinstance(data, ValueData)
    state = start(chosen, data)
    chunk = next(iter(train(chosen, data, state)))
    steps = chunk.steps()
    assert steps.inputs.shape == steps.targets.shape == steps.predictions.shape == (10, 1)
    assert state.parameters.tensors["Wx0"].shape == (1, 5, 6)
    assert state.parameters.tensors["Wy"].shape == (6, 1)


def test_another_file_needs_its_times(source: Path, tmp_path: Path) -> None:
    model = trained(recipe(source))
    found = evaluate_file(model, str(source))
    assert found.steps == 339
    bare = tmp_path / "bare.csv"
    bare.write_text("load\n" + "".join(f"{10 + i % 24}\n" for i in range(60)))
    with pytest.raises(DataError, match="no times, which calendar = true needs"):
        evaluate_file(model, str(bare))


def test_an_export_without_a_place_for_the_calendar_is_refused(source: Path) -> None:
    with pytest.raises(UsageError, match="calendar = true: export --to csv, html or bundle"):
        network_of(trained(recipe(source)))
