"""The sampling settings: one record, declared once, for recipes, keys and words."""

from __future__ import annotations

import dataclasses

import pytest

from rnntui.protocol.requests import SetSampling
from rnntui.recipe import DIALS, SAMPLING_KEYS, Recipe, SamplingSettings, check, find, keys, to_toml
from rnntui.recipe.dials import increments, presets
from rnntui.runs.edits import EDIT_KINDS


def test_the_settings_of_a_recipe_are_a_record_of_their_own() -> None:
    recipe = Recipe().replace(temperature=0.5, top_k=3, top_p=0.7, greedy=True, samples=2)
    found = SamplingSettings.of(recipe.sample)
    assert found == SamplingSettings(0.5, 3, 0.7, True, 2)
    assert type(found) is SamplingSettings


def test_a_change_replaces_the_record_and_keeps_the_types() -> None:
    before = SamplingSettings()
    after = before.changed("top_k", 5.0).changed("greedy", 1.0).changed("temperature", 2)
    assert after == SamplingSettings(2.0, 5, greedy=True) and before == SamplingSettings()
    assert [type(value) for value in vars(after).values()] == [
        type(value) for value in vars(before).values()
    ]


def test_recipes_list_the_settings_where_they_always_did() -> None:
    found = [leaf.name for leaf in keys() if leaf.section == "sample"]
    at = found.index("prompt") + 1
    assert found[at : at + len(SAMPLING_KEYS)] == list(SAMPLING_KEYS)
    assert found[at + len(SAMPLING_KEYS)] == "sample_start"
    lines = to_toml(Recipe().replace(temperature=0.5, prompt="a", sample_start="carried"))
    assert lines.index("prompt") < lines.index("temperature") < lines.index("sample_start")


@pytest.mark.parametrize("key", SAMPLING_KEYS)
def test_every_value_that_keys_lead_to_is_allowed(key: str) -> None:
    value, leaf = float(getattr(SamplingSettings(), key)), find(key)
    for direction in [-1] * 60 + [1] * 120:
        value = DIALS[key].after(value, direction)
        check(leaf, getattr(SamplingSettings().changed(key, value), key))
        assert DIALS[key].describe(value, "character")


def test_messages_and_edits_know_every_setting() -> None:
    assert set(SAMPLING_KEYS) < set(EDIT_KINDS)
    (hint,) = [f.type for f in dataclasses.fields(SetSampling) if f.name == "key"]
    assert hint == "SamplingKey"


def test_presets_continue_beyond_the_last_one_only_if_told_to() -> None:
    plain, open_ended = presets((1.0, 2.0)), presets((1.0, 2.0), beyond=0.0)
    assert [plain(2.0, 1), plain(1.0, -1), plain(1.4, 1)] == [2.0, 1.0, 2.0]
    assert [open_ended(2.0, 1), open_ended(0.0, 1), open_ended(0.0, -1)] == [0.0, 0.0, 2.0]
    assert increments(0.1, 0.1, 5.0)(0.1, -1) == 0.1


@pytest.mark.parametrize(
    ("key", "value", "words", "note"),
    [
        ("temperature", 0.8, "temperature 0.8", "temperature 0.8"),
        ("top_k", 40, "top-k: the 40 most likely characters", "top-k 40"),
        ("top_k", 0, "top-k: all characters", ""),
        ("top_p", 0.95, "top-p: probability mass 95 %", "top-p 0.95"),
        ("top_p", 1, "top-p: all characters", ""),
        ("greedy", 1, "greedy: on", "greedy"),
        ("greedy", 0, "greedy: off", ""),
        ("samples", 4, "4 samples from the next prompt on", ""),
        ("samples", 1, "1 sample from the next prompt on", ""),
    ],
)
def test_values_in_words(key: str, value: float, words: str, note: str) -> None:
    assert DIALS[key].describe(value, "character") == words
    assert DIALS[key].noted(value) == note
