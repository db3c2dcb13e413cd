"""What is decided about forecasts is decided from the part trained on: nothing after it matters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.data import ValueData, load
from rnntui.forecast.backtest import backtest, plan
from rnntui.recipe import Recipe
from rnntui.runs.vocabulary import describe, rebuild
from tests.conftest import examples

DECIDES = Recipe().replace(
    task="values",
    standardize=True,
    difference="auto",
    skip="linear",
    select="horizon",
    batch=2,
    seq_len=10,
)


def loaded(values: np.ndarray, **more: object) -> ValueData:
    source = "values:" + ",".join(map(repr, values.tolist()))
    found = load(DECIDES.replace(source=source, **more))
    assert isinstance(found, ValueData)
    return found


def series(kind: str, rows: int, seed: int) -> np.ndarray:
    random, t = np.random.RandomState(seed), np.arange(rows)
    noise = random.randn(rows)
    kinds = {
        "season": 4 * np.sin(2 * np.pi * t / 7) + noise,
        "walk": np.cumsum(noise),
        "trend": 0.5 * t + noise,
        "noise": noise,
    }
    return np.round(kinds[kind], 6)


kinds = st.sampled_from(["season", "walk", "trend", "noise"])
seeds = st.integers(0, 99)


@settings(deadline=None, max_examples=examples(30))
@given(kinds, st.integers(60, 200), seeds, st.floats(-1e6, 1e6))
def test_no_later_row_reaches_scale_season_differences_or_skip(kind, rows, seed, other):
    values = series(kind, rows, seed)
    changed = values.copy()
    first = rows - int(rows * 0.1)
    # With changes, the first row of the last part ends the last change that is trained on.
    changed[first + 1 :] = other * np.cos(np.arange(rows - first - 1))
    a, b = loaded(values), loaded(changed)
    assert a.outlook is not None and b.outlook is not None and a.outlook.skip is not None
    assert describe(a)["outlook"] == describe(b)["outlook"]
    assert (a.levels is None) == (b.levels is None)
    assert np.array_equal(a.mean, b.mean) and np.array_equal(a.deviation, b.deviation)
    assert np.array_equal(a.values, b.values)
    assert np.array_equal(a.sequences[0], b.sequences[0])


@settings(deadline=None, max_examples=examples(30))
@given(kinds, st.integers(80, 160), seeds, st.integers(1, 12), st.booleans())
def test_no_later_row_reaches_the_choice_of_method(kind, rows, seed, horizon, network):
    values, train = series(kind, rows, seed), rows * 9 // 10
    where = plan(rows, train, horizon, held=train // 5)
    changed = values.copy()
    changed[train:] = 1e3
    own = np.random.RandomState(seed).randn(len(where.origins), where.horizon)
    ahead = values[np.array(where.origins) - 1][:, None] + own
    tests = [backtest(v, where, 7, ahead if network else None) for v in (values, changed)]
    shares = [test.mean.shares for test in tests]
    assert shares[0] == shares[1]
    assert tests[0].best == tests[1].best
    assert sum(shares[0].values()) == pytest.approx(1)


def test_some_rows_of_the_part_trained_on_choose_the_weights():
    data = loaded(series("season", 200, 1))
    assert data.outlook is not None
    assert data.outlook.seasons == (7,)
    assert (data.outlook.horizon, data.outlook.held) == (7, 18)
    assert loaded(series("season", 200, 1), select="validation").outlook.held == 0
    assert loaded(series("season", 30, 1), seq_len=5).outlook.held == 0  # too few to do without


def test_without_the_keys_nothing_is_decided():
    values = series("season", 90, 1)
    data = loaded(values, skip="none", select="validation", difference=False)
    assert data.outlook is None
    assert data.sequences == (data.values, data.validation)


@pytest.mark.parametrize("skip", ["none", "last", "linear"])
def test_it_returns_from_the_vocabulary(skip):
    data = loaded(series("season", 150, 2), skip=skip)
    again = rebuild(describe(data))
    assert isinstance(again, ValueData)
    assert describe(again)["outlook"] == describe(data)["outlook"]
    assert np.array_equal(again.sequences[1], data.sequences[1])


def test_a_source_read_again_keeps_its_decisions():
    values = series("trend", 200, 1)
    data = loaded(values)
    known = rebuild(describe(data))
    source = "values:" + ",".join(map(repr, (-values).tolist()))
    again = load(DECIDES.replace(source=source), known=known)
    assert isinstance(again, ValueData)
    assert describe(again)["outlook"] == describe(data)["outlook"]
    assert (again.levels is None) == (data.levels is None)
