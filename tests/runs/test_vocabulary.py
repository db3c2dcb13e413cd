"""What a run records of its data: the clusters of an adaptive output, and the last rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnntui import clusters
from rnntui.data import TokenData, ValueData, load
from rnntui.errors import DataError
from rnntui.forecast.autoregression import MOST_FITTED
from rnntui.forecast.slices import result_of
from rnntui.recipe import Recipe
from rnntui.runs import vocabulary
from rnntui.runs.backtest import backtester_of
from rnntui.runs.vocabulary import describe, rebuild

RECIPE = Recipe().replace(
    source="text:a ab abc abcd abcde ", repeat=40, output="adaptive", batch=2, seq_len=5
)


def recorded(recipe: Recipe = RECIPE) -> dict[str, Any]:
    """What a run of that recipe records, as read from its file."""
    table: dict[str, Any] = json.loads(json.dumps(describe(load(recipe))))
    return table


def test_the_clusters_are_recorded_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    known = rebuild(recorded())
    assert isinstance(known, TokenData) and known.clusters is not None
    assert known.clusters.order[:3] == (0, 1, 2), "the space is as frequent as a"
    monkeypatch.setattr(clusters, "SHARES", (0.2,))  # as if another version chose otherwise
    fresh, again = load(RECIPE), load(RECIPE, known=known)
    assert isinstance(fresh, TokenData) and isinstance(again, TokenData)
    assert fresh.clusters != known.clusters
    assert again.clusters == known.clusters


def test_a_full_output_has_no_clusters() -> None:
    assert "clusters" not in recorded(RECIPE.replace(output="full"))


SUFFIXES = RECIPE.replace(output="full", suffix=3, repeat=80)


def test_the_suffixes_are_recorded_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    known = rebuild(recorded(SUFFIXES))
    assert isinstance(known, TokenData) and known.suffixes is not None
    assert "suffixes" not in recorded(SUFFIXES.replace(suffix=0))
    other = SUFFIXES.replace(suffix=2)  # as if another version chose otherwise
    fresh, again = load(other), load(other, known=known)
    assert isinstance(fresh, TokenData) and isinstance(again, TokenData)
    assert fresh.suffixes != known.suffixes
    assert again.suffixes == known.suffixes


@pytest.mark.parametrize(
    "wrong",
    [
        {"parents": [0, 2], "tokens": [0, 0]},
        {"parents": [0, 0], "tokens": [1, 1]},
        {"parents": [0, 1, 0], "tokens": [1, 1, 2]},
        {"parents": [0], "tokens": [99]},
        {"parents": [0], "tokens": [0, 1]},
        {"tokens": [1]},
        7,
    ],
)
def test_damaged_suffixes_are_refused_in_one_line(wrong: Any) -> None:
    with pytest.raises(DataError, match="vocabulary cannot be read"):
        rebuild({**recorded(SUFFIXES), "suffixes": wrong})


@pytest.mark.parametrize(
    "wrong", [{"order": [0, 1], "cutoffs": [1]}, {"order": 3, "cutoffs": []}, {"cutoffs": [1]}, 7]
)
def test_damaged_clusters_are_refused_in_one_line(wrong: Any) -> None:
    with pytest.raises(DataError, match="vocabulary cannot be read"):
        rebuild({**recorded(), "clusters": wrong})


@pytest.mark.parametrize(
    ("most", "trained", "held_out"),
    [(200_000, 1500, 4000), (5500, 1500, 4000), (5499, 1500, 1500)],
)
def test_rows_to_choose_methods_by_are_kept_however_many_are_held_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, most: int, trained: int, held_out: int
) -> None:
    monkeypatch.setattr(vocabulary, "MOST_ROWS", 3000)
    monkeypatch.setattr(vocabulary, "MOST_HELD_OUT", most)
    rows = np.random.RandomState(0).randn(8000).round(4)
    (tmp_path / "long.csv").write_text("y\n" + "\n".join(map(str, rows)) + "\n")
    recipe = Recipe().replace(task="values", source=str(tmp_path / "long.csv"), split=0.5)
    known = rebuild(recorded(recipe))
    assert isinstance(known, ValueData)
    assert (len(known.values), len(known.validation)) == (trained, held_out)
    np.testing.assert_allclose(known.rows()[:, 0], rows[-trained - held_out :], atol=1e-9)
    tests = backtester_of(recipe, known)
    assert tests is not None
    where = result_of(tests._plan())
    assert where.train == trained and where.inner and where.outer


def test_the_methods_of_a_forecast_are_fitted_to_what_they_take_of_the_source(
    tmp_path: Path,
) -> None:
    """Fitted to the last 3,000 of some temperatures, an autoregression erred far more."""
    assert vocabulary.MOST_ROWS == MOST_FITTED
    rows = np.random.RandomState(0).randn(8000).cumsum().round(4)
    (tmp_path / "long.csv").write_text("y\n" + "\n".join(map(str, rows)) + "\n")
    recipe = Recipe().replace(task="values", source=str(tmp_path / "long.csv"))
    whole, known = load(recipe), rebuild(recorded(recipe))
    assert isinstance(whole, ValueData) and isinstance(known, ValueData)
    assert len(known.values) == len(whole.values)
    np.testing.assert_allclose(known.rows(), whole.rows(), atol=1e-9)
