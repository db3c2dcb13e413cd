"""What the recipes are to learn, they learn."""

from __future__ import annotations

import math

import pytest

from rnntui.data import load
from rnntui.data.baseline import baselines
from rnntui.data.generated import tasks
from rnntui.recipe import load_recipe
from rnntui.training.loop import train


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in tasks() if name != "sine"])
def test_a_generated_task_is_learned_to_within_3_per_cent_of_its_floor(name: str) -> None:
    recipe = load_recipe(name).replace(sample_every=0)
    data = load(recipe)
    assert data.floor is not None
    # Better than the floor it would never be by learning, so that the first that is near it is all.
    losses = (c.validation for c in train(recipe, data) if c.validation is not None)
    near = next((loss for loss in losses if loss / data.floor < 1.03), math.inf)
    assert 0.97 < near / data.floor < 1.03


@pytest.mark.slow
@pytest.mark.parametrize("name", ["co2", "sunspots"])
def test_a_series_is_learned_better_than_the_last_value_again(name: str) -> None:
    recipe = load_recipe(name)
    data = load(recipe)
    ((_, last_value),) = baselines(data)
    losses = (c.validation for c in train(recipe, data) if c.validation is not None)
    assert any(loss < 0.7 * last_value for loss in losses)
