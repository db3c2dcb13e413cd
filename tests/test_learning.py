"""What the recipes are to learn, they learn."""

from __future__ import annotations

import pytest

from rnntui.data import load
from rnntui.data.baseline import baselines
from rnntui.data.dataset import TokenData
from rnntui.recipe import load_recipe
from rnntui.trainer import train


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sums", "brackets"])
def test_a_generated_text_is_learned_to_within_3_per_cent_of_its_floor(name: str) -> None:
    recipe = load_recipe(name).replace(sample_every=0)
    data = load(recipe)
    assert isinstance(data, TokenData)
    assert data.floor is not None
    losses = [c.validation for c in train(recipe, data) if c.validation is not None]
    assert 0.97 < min(losses) / data.floor < 1.03


@pytest.mark.slow
@pytest.mark.parametrize("name", ["co2", "sunspots"])
def test_a_series_is_learned_better_than_the_last_value_again(name: str) -> None:
    recipe = load_recipe(name)
    data = load(recipe)
    ((_, last_value),) = baselines(data)
    losses = [c.validation for c in train(recipe, data) if c.validation is not None]
    assert min(losses) < 0.7 * last_value
