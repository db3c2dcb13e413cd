"""Each choice of a recipe key has one implementation, registered where it is defined."""

from __future__ import annotations

import pytest

from rnntui.nn.cells import CELLS, STEPS
from rnntui.nn.initialise import INITIALISATIONS
from rnntui.nn.optim import OPTIMIZERS, Coefficients
from rnntui.recipe import Recipe, find, keys, keys_of
from rnntui.recipe.registry import Registry
from rnntui.training.schedule import SCHEDULES

FAMILIES = [
    ("cell", CELLS),
    ("cell", STEPS),
    ("init", INITIALISATIONS),
    ("optimizer", OPTIMIZERS),
    ("schedule", SCHEDULES),
]


@pytest.mark.parametrize(("key", "family"), FAMILIES)
def test_every_choice_is_implemented(key: str, family: Registry[object]) -> None:
    assert tuple(family) == find(key).rule.choices
    assert len(family) == len(find(key).rule.choices)
    assert find(key).default in family


def test_a_name_that_is_no_choice_cannot_be_registered() -> None:
    registry: Registry[object] = Registry("optimizer")
    with pytest.raises(ValueError, match="'adm' is not a choice of the recipe key 'optimizer'"):
        registry.register("adm")


def test_a_name_is_registered_once() -> None:
    registry: Registry[object] = Registry("optimizer")
    registry.register("adam")(object())
    with pytest.raises(ValueError, match="optimizer 'adam' is registered twice"):
        registry.register("adam")
    assert list(registry) == ["adam"]


def test_coefficients_are_what_the_recipe_sets() -> None:
    train = Recipe().replace(momentum=0.5, weight_decay=0.25, beta1=0.1, beta2=0.2, rms_decay=0.3)
    assert Coefficients.of(train.train) == Coefficients(0.5, 0.25, 0.1, 0.2, 0.3)


def test_keys_name_choices_that_exist() -> None:
    for leaf in keys():
        if leaf.rule.only:
            other, choices = leaf.rule.only
            assert set(choices) <= set(find(other).rule.choices)
        assert set(leaf.rule.needs) <= set(leaf.rule.choices)
        for need in leaf.rule.needs.values():
            assert all(find(name) for name in need.keys)


def test_the_keys_of_a_choice() -> None:
    assert [leaf.name for leaf in keys_of("optimizer", "adamw")] == [
        "weight_decay",
        "beta1",
        "beta2",
    ]
    assert keys_of("optimizer", "sgd") == ()
