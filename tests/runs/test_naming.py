"""The name of a run says what it changes of its recipe, and is always a valid name."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnntui.recipe import Recipe, from_dict, load_recipe, to_dict
from rnntui.runs.naming import changed_words
from rnntui.runs.store.names import LONGEST, check_name, names_for
from tests.conftest import examples


def first_name(recipe: Recipe) -> str:
    return next(names_for(recipe.name, changed_words(recipe)))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"lr": "0.01"}, "tales-lr0.01"),
        ({"lr": "1e-5", "hidden": "64"}, "tales-hidden64-lr1e-05"),
        ({"cell": "lstm", "lr": "0.01"}, "tales-lstm-lr0.01"),
        ({"seq_len": "full", "schedule": "constant"}, "tales-seqlenfull-constant"),
        ({"tokenizer": "word", "state": "reset"}, "tales-word-reset"),
        ({"skip_spikes": "false"}, "tales-no-skip_spikes"),
        ({"layers": "1"}, "tales-layers1"),  # dropout is adjusted, not chosen
        ({"init_scale": "1e20"}, "tales-initscale1e20"),
        ({"seed": "3", "steps": "100", "eval_every": "10", "workers": "1"}, "tales-seed3"),
        ({"source": "/home/me/My Notes.txt", "lr": "0.01"}, "tales-source-my-notes-txt-lr0.01"),
        ({"columns": "../..", "lr": "0.01"}, "tales-columns-run-lr0.01"),
    ],
)
def test_it_says_what_was_changed(changes: dict[str, str], name: str):
    assert first_name(load_recipe("tales").override(changes)) == check_name(name)


@pytest.mark.parametrize(
    "changes", [{}, {"steps": "9"}, {"lr": "0.002"}, {"temperature": "0.1"}, {"workers": "2"}]
)
def test_without_a_change_that_matters_it_is_easy_to_say(changes: dict[str, str]):
    recipe = load_recipe("tales").override(changes)
    assert changed_words(recipe) == () and len(first_name(recipe).split("-")) == 3


def test_changes_add_up_and_survive_the_way_to_the_training_process():
    recipe = load_recipe("tales").override({"lr": "0.01"}).override({"hidden": "64"})
    assert recipe == replace(recipe, changed=())
    assert first_name(from_dict(to_dict(recipe))) == "tales-hidden64-lr0.01"


def test_a_taken_name_gets_a_number():
    names = list(islice(names_for("tales", ("lr0.01",)), 2000))
    assert names[:3] == ["tales-lr0.01", "tales-lr0.01-2", "tales-lr0.01-3"]
    assert len(set(names)) == 2000 and all(check_name(name) for name in names)


WORDS = st.text("aZ0.-_", min_size=1, max_size=70)


@settings(max_examples=examples(50), deadline=None)
@given(st.text(max_size=60), st.lists(WORDS, max_size=6))
def test_words_that_do_not_fit_are_left_out_whole(label: str, words: list[str]):
    first, second = islice(names_for(label, [*words, "x"]), 2)
    assert check_name(second) == f"{first}-2" and len(second) <= LONGEST
