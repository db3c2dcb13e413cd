"""What a run records of its data: the clusters of an adaptive output."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rnntui import clusters
from rnntui.data import TokenData, load
from rnntui.errors import DataError
from rnntui.recipe import Recipe
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


@pytest.mark.parametrize(
    "wrong", [{"order": [0, 1], "cutoffs": [1]}, {"order": 3, "cutoffs": []}, {"cutoffs": [1]}, 7]
)
def test_damaged_clusters_are_refused_in_one_line(wrong: Any) -> None:
    with pytest.raises(DataError, match="vocabulary cannot be read"):
        rebuild({**recorded(), "clusters": wrong})
