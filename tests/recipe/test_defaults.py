"""A setting that nobody chose never stands in the way of one that somebody did."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

import rnntui
from rnntui.data import load
from rnntui.errors import RnntuiError, UsageError
from rnntui.recipe import Recipe, bundled, find, from_dict, from_toml, keys, load_recipe, to_dict
from rnntui.recipe.defaults import CONFLICTS, LEAST_CHUNKS, fit_to_length
from rnntui.training.loop import fit_to_data, start
from tests.conftest import quick_where

TINY = {"hidden": "3", "batch": "2", "seq_len": "4", "workers": "1", "steps": "1"}


@pytest.mark.parametrize(
    "name", quick_where(sorted(bundled()), lambda name: name in ("tales", "ramp", "hello-world"))
)
@pytest.mark.parametrize(
    "settings",
    [
        {"layers": "1"},
        {"split": "0"},
        {"eval_every": "0"},
        {"batch": "1"},
        {"epochs": "0", "steps": "0", "seconds": "0"},
        {"temperature": "0.5"},
    ],
)
def test_any_bundled_recipe_takes_it(name: str, settings: dict[str, str]) -> None:
    recipe = load_recipe(name).override(settings)
    for key, text in settings.items():
        assert float(recipe.get(key)) == float(text)
    recipe = recipe.replace(hidden=3)
    data = load(recipe)
    start(fit_to_data(recipe, data)[0], data).close()


@pytest.mark.parametrize("schedule", find("schedule").rule.choices)
@pytest.mark.parametrize("changed", ["split", "eval_every"])
def test_a_schedule_of_the_recipe_gives_way(schedule: str, changed: str) -> None:
    recipe = load_recipe("tales").replace(schedule=schedule).override({**TINY, changed: "0"})
    data = load(recipe)
    start(recipe, data).close()
    assert recipe.train.schedule == ("constant" if schedule == "plateau" else schedule)


def test_the_python_interface_too() -> None:
    recipe = load_recipe("tales").override({"layers": "1", "hidden": "3", "steps": "2"})
    assert [chunk.step for chunk in rnntui.train(recipe)] == [1, 2]


def test_two_chosen_settings_that_contradict_are_refused_with_a_way_out() -> None:
    recipe = load_recipe("tales").override({**TINY, "layers": "1", "dropout": "0.5"})
    with pytest.raises(UsageError, match=r"--layers 2 \(or more\), or --dropout 0"):
        start(recipe, load(recipe))


def test_sampling_settings_beat_greedy_of_the_recipe() -> None:
    greedy = load_recipe("tales").replace(greedy=True)
    for key, text in (("temperature", "0.5"), ("top_k", "3"), ("top_p", "0.9")):
        assert not greedy.override({key: text}).sample.greedy
    assert greedy.override({"temperature": "0.5", "greedy": "true"}).sample.greedy
    assert greedy.override({"hidden": "9"}).sample.greedy


def test_each_conflict_is_told_and_has_a_valid_value() -> None:
    for conflict in CONFLICTS:
        assert find(conflict.key).default is not None
        Recipe().replace(**{conflict.key: conflict.value})
        assert all(find(cause) for cause in conflict.causes)
    notes = load_recipe("tales").notes_on({"layers": "1"})
    assert notes == ("dropout = 0.0: dropout acts between layers, and there is only one",)


@pytest.mark.parametrize("leaf", [leaf for leaf in keys() if leaf.rule.only], ids=lambda x: x.name)
def test_a_setting_without_effect_is_told(leaf) -> None:
    assert leaf.rule.only is not None
    other, values = leaf.rule.only
    text = str(leaf.rule.choices[-1] if leaf.rule.choices else leaf.default).lower()
    for value in find(other).rule.choices:
        notes = Recipe().notes_on({leaf.name: text, other: value})
        told = any(note.startswith(f"{leaf.name} has no effect with {other} = ") for note in notes)
        assert told == (value not in values)


@pytest.mark.parametrize("have", [100, 513, 5000])
@pytest.mark.parametrize("chosen", [{"batch": "9"}, {"seq_len": "40"}, {"seq_len": "full"}])
def test_the_other_one_fits_the_length_of_the_data(have: int, chosen: dict[str, str]) -> None:
    before = load_recipe("tales").override(chosen)
    recipe, notes = fit_to_length(before, have, "character")
    steps = recipe.train.seq_len if isinstance(recipe.train.seq_len, int) else 1
    assert recipe.train.batch * steps < have
    assert bool(notes) == (recipe != before)


def test_defaults_alone_are_refused_with_settings_that_work(tmp_path: Path, rnntui) -> None:
    path = tmp_path / "fox.txt"
    path.write_text("the quick brown fox. " * 10)
    ended = rnntui("train", str(path), "--json")
    assert ended.code == 65 and "--set batch=5 works" in ended.err


@pytest.mark.parametrize("have", [60, 900, 5000, 60_000])
@pytest.mark.parametrize(
    "chosen", [{}, {"batch": "9"}, {"seq_len": "40"}, {"seq_len": "full"}, {"turns": "30"}]
)
def test_turns_give_way_first(have: int, chosen: dict[str, str]) -> None:
    before = load_recipe("tales").replace(turns=30).override(chosen)
    recipe, notes = fit_to_length(before, have, "character")
    train = recipe.train
    assert bool(notes) == (recipe != before)
    if "turns" in chosen:
        assert train.turns == 30
        return
    steps = train.seq_len if isinstance(train.seq_len, int) else 1
    if train.turns < 30 and train.turns > 1:
        assert (train.batch, train.seq_len) == (before.train.batch, before.train.seq_len)
        chunks = (have - 1) // (train.batch * (train.turns + 1)) // steps
        assert chunks < LEAST_CHUNKS or train.seq_len == "full"
    if chosen:
        assert train.streams * steps < have


@pytest.mark.parametrize("have", [50, 200])
@pytest.mark.parametrize(
    "chosen", [{"batch": "8"}, {"seq_len": "40"}, {"batch": "8", "seq_len": "40"}]
)
def test_what_was_chosen_stays(chosen: dict[str, str], have: int) -> None:
    before = load_recipe("tales").override(chosen)
    recipe, _ = fit_to_length(before, have, "character")
    for key, text in chosen.items():
        assert recipe.get(key) == int(text)


def test_a_short_file_is_trained(tmp_path: Path, rnntui) -> None:
    path = tmp_path / "fox.txt"
    path.write_text("the quick brown fox. " * 10)
    ended = rnntui("train", str(path), "--seq-len", "50", "--hidden", "4", "--steps", "2", "--json")
    assert ended.code == 0, ended.err
    assert "batch = 3: there are only 189 characters to train on" in {
        note["text"] for note in ended.of("note")
    }
    path.write_text("the quick brown fox. " * 200)
    for option in ("--layers=1", "--set=layers=1"):
        ended = rnntui("train", str(path), option, "--hidden", "4", "--steps", "2", "--json")
        assert ended.code == 0, ended.err


def test_a_file_of_ones_own_counts_as_chosen(tmp_path: Path) -> None:
    text = "[model]\nlayers = 1\ndropout = 0.3\n[train]\nbatch = 4\n"
    assert set(from_toml(text, "mine").chosen) == {"layers", "dropout", "batch"}
    path = tmp_path / "mine.toml"
    path.write_text(text)
    assert load_recipe(str(path)).chosen
    assert load_recipe("tales").chosen == ()


def test_what_was_chosen_survives_the_way_to_another_process() -> None:
    recipe = load_recipe("tales").override({"batch": "3"})
    assert from_dict(to_dict(recipe)).chosen == ("batch",)
    older = {key: value for key, value in to_dict(recipe).items() if key != "chosen"}
    assert from_dict(older) == dataclasses.replace(recipe, chosen=())


@pytest.mark.parametrize("word", ["zzz", "x", "lrr_rate_of", "stage_hands"])
def test_no_far_suggestion(word: str) -> None:
    with pytest.raises(RnntuiError) as caught:
        find(word)
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("lrate", "lr"), ("learning-rate", "lr"), ("batch_size", "batch"), ("num_layers", "layers"),
        ("hiden", "hidden"), ("droput", "dropout"), ("hidden_size", "hidden"), ("bptt", "seq_len"),
    ],
)  # fmt: skip
def test_the_usual_names_are_understood(word: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean '{meant}'"):
        find(word)


def test_one_layer_has_no_dropout_in_python_either():
    recipe = load_recipe("tales")
    assert recipe.model.dropout > 0
    chunk = next(rnntui.train(recipe.replace(layers=1, hidden=3, steps=1, workers=1)))
    assert chunk.step == 1
    with pytest.raises(UsageError, match="dropout"):
        next(rnntui.train(recipe.replace(layers=1, dropout=0.3, hidden=3, steps=1, workers=1)))
