"""Only the settings in which runs differ are shown, and only where they have an effect."""

from __future__ import annotations

import pytest

from rnntui.recipe import Recipe, keys
from rnntui.runs.differing import differing, effective, selected, setting_text


def settings(**changes: str | int | float | bool) -> dict[str, str | int | float | bool]:
    recipe = Recipe().replace(**changes)
    return {leaf.name: recipe.get(leaf.name) for leaf in keys()}


def test_equal_runs_differ_in_nothing():
    assert differing([]) == differing([settings()]) == differing([settings(), settings()]) == ()


def test_settings_that_differ_are_in_the_order_of_the_schema():
    assert differing([settings(lr=0.01), settings(hidden=3), settings()]) == ("hidden", "lr")


def test_a_setting_without_effect_does_not_differ():
    momentum, adam = settings(optimizer="momentum", momentum=0.8), settings(optimizer="adam")
    assert differing([momentum, adam]) == ("optimizer",)
    assert differing([momentum, adam, {**momentum, "momentum": 0.7}]) == ("optimizer", "momentum")
    assert "momentum" not in effective(adam) and effective(momentum)["momentum"] == 0.8


def test_what_the_program_chooses_for_speed_does_not_differ():
    assert differing([settings(workers=1), settings(workers=2), settings(plan="reference")]) == ()


def test_a_run_that_lacks_a_key_is_left_out():
    old = settings(lr=0.01)
    del old["hidden"]
    assert differing([old, settings(hidden=3), settings(hidden=3)]) == ("lr",)


def test_selected_settings_are_those_with_an_effect():
    assert selected(settings(lr=0.1), ("lr", "momentum", "cell")) == {"cell": "rnn", "lr": 0.1}


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.001, "0.001"), (1e-5, "1e-05"), (1 / 3, repr(1 / 3)), (2.0, "2"), (True, "true"), (7, "7")],
)
def test_a_value_is_shown_as_it_is_given(value: float, text: str):
    assert setting_text(value) == text
