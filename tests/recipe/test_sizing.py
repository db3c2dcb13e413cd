"""A text without a recipe gets settings by its size and its alphabet, and says which."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from rnntui.cli.options import recipe_of
from rnntui.data import TokenData, load
from rnntui.recipe import find, from_dict, from_toml, load_recipe, to_dict, to_toml
from rnntui.recipe.defaults import fit_to_size
from rnntui.recipe.sizing import KEYS, MANY, MOST_SEEN, Size, choose, settings
from rnntui.training.loop import fit_to_data, start
from tests.support import chinese

ALPHABETS = (2, 60, 256, MANY - 1, MANY, 5000, 60_000)
LENGTHS = (1, 50, 900, 18_000, 131_000, 450_000, 1_800_000, 10**9)


def free(tmp_path: Path, text: str, **changed: str):
    path = tmp_path / "mine.txt"
    path.write_text(text, "utf-8")
    return recipe_of(str(path), changed)[0]


@pytest.mark.parametrize("different", ALPHABETS)
@pytest.mark.parametrize("tokens", LENGTHS)
def test_every_size_has_valid_settings(tokens: int, different: int) -> None:
    found = settings(Size(tokens, different, "character"))
    assert tuple(found) == KEYS
    train = load_recipe("tales").replace(**found).train
    assert train.steps * train.batch * int(train.seq_len) < 1.01 * max(MOST_SEEN, 1000 * 512)


@pytest.mark.parametrize("different", ALPHABETS)
def test_more_text_never_gets_a_smaller_network_or_batch(different: int) -> None:
    found = [settings(Size(tokens, different, "character")) for tokens in LENGTHS]
    for key in ("hidden", "batch", "turns"):
        values = [int(one[key]) for one in found]
        assert key == "turns" or values == sorted(values), key
    dropouts = [float(one["dropout"]) for one in found]
    assert dropouts == sorted(dropouts, reverse=True)


def test_a_large_alphabet_gets_more_units_fewer_passes_and_an_adaptive_output() -> None:
    few, many = (settings(Size(150_000, n, "character")) for n in (80, 4000))
    assert few["output"] == "full" and many["output"] == "adaptive"
    assert int(many["hidden"]) > int(few["hidden"])
    seen = [int(one["steps"]) * int(one["batch"]) for one in (few, many)]
    assert seen[1] < seen[0] / 2


def test_a_long_text_of_few_symbols_gets_a_suffix_table_unless_its_output_was_chosen() -> None:
    found = [settings(Size(n, 80, "character"))["suffix"] for n in (20_000, 150_000, 10**8)]
    assert found == [0, 5, 0]
    adaptive = recipe_of("corpus:python", {"output": "adaptive"})[0]
    assert choose(adaptive, Size(150_000, 80, "character"))[0].model.suffix == 0


@pytest.mark.parametrize("key", KEYS)
def test_what_was_chosen_stays(key: str) -> None:
    wanted = {"optimizer": "sgd", "output": "full", "dropout": "0.1"}
    text = wanted.get(key, "7")
    recipe = recipe_of("corpus:python", {key: text})[0]
    fitted, _ = choose(recipe, Size(150_000, 4000, "character"))
    assert fitted.get(key) == recipe.get(key) and str(fitted.get(key)).removesuffix(".0") == text


@pytest.mark.parametrize(
    ("chosen", "unchanged"),
    [
        ({"optimizer": "sgd"}, ("lr", "weight_decay")),
        ({"layers": "1"}, ("dropout",)),
        ({"epochs": "3"}, ("steps",)),
        ({"seconds": "3"}, ("steps",)),
        ({"suffix": "3"}, ("output",)),
        ({"seq_len": "full"}, ("turns",)),
    ],
)
def test_what_depends_on_a_choice_stays_too(
    chosen: dict[str, str], unchanged: tuple[str, ...]
) -> None:
    recipe = recipe_of("corpus:python", chosen)[0]
    fitted, _ = choose(recipe, Size(900_000, 4000, "character"))
    for key in unchanged:
        assert fitted.get(key) == recipe.get(key), key


def test_a_short_run_warms_up_for_a_small_part_of_it() -> None:
    recipe = recipe_of("corpus:python", {"steps": "40"})[0]
    assert choose(recipe, Size(150_000, 80, "character"))[0].train.warmup == 2


def test_only_a_text_without_a_recipe_is_sized(tmp_path: Path) -> None:
    size = Size(1_000_000, 5000, "character")
    mine = tmp_path / "mine.toml"
    mine.write_text("[model]\nlayers = 1\n")
    for source, like in (("tales", None), (str(mine), None), ("corpus:tales", "sums")):
        recipe = recipe_of(source, {}, like)[0]
        assert recipe.by_size == () and choose(recipe, size) == (recipe, ())
    assert recipe_of("corpus:tales", {})[0].by_size == KEYS
    assert recipe_of("elnino", {})[0].by_size == ()


def test_it_survives_the_way_to_another_process_but_not_being_stored(tmp_path: Path) -> None:
    recipe = free(tmp_path, "a text", hidden="9")
    assert from_dict(to_dict(recipe)).by_size == KEYS
    older = {key: value for key, value in to_dict(recipe).items() if key != "by_size"}
    assert from_dict(older).by_size == ()
    fitted = choose(recipe, Size(10**6, 90, "character"))[0]
    assert from_toml(to_toml(fitted), "run") == dataclasses.replace(fitted, name="run")


def test_the_note_names_what_changed_and_why(tmp_path: Path) -> None:
    recipe = free(tmp_path, "a text")
    fitted, (note,) = choose(recipe, Size(153_000, 4832, "character"))
    listed, why = note.split(": ")
    assert why == "for 153,000 characters to train on, 4,832 different"
    for pair in listed.split(", "):
        key, value = pair.split("=")
        assert str(fitted.get(key)) == value != str(recipe.get(key))
    assert {"hidden", "output", "lr"} <= {pair.split("=")[0] for pair in listed.split(", ")}
    again, notes = choose(fitted, Size(153_000, 4832, "character"))
    assert (again, notes) == (fitted, ())


@pytest.mark.parametrize("different", [65, 99_999])
def test_the_note_is_never_cut(tmp_path: Path, different: int) -> None:
    recipe = free(tmp_path, "a text").replace(weight_decay=0.5)
    _, (note,) = choose(recipe, Size(3_999_999, different, "character"))
    assert len(note) <= 200


@pytest.mark.parametrize("length", [40, 700, 9000])
def test_a_text_of_any_length_fits(tmp_path: Path, length: int) -> None:
    recipe = free(tmp_path, chinese.text(length), hidden="4", workers="1", batch="2", seq_len="4")
    data = load(recipe)
    start(fit_to_data(recipe, data)[0], data).close()


@pytest.mark.slow
def test_the_data_of_a_large_alphabet_have_the_clusters_of_its_output(tmp_path: Path) -> None:
    recipe = free(tmp_path, chinese.text(20_000))
    data = load(recipe)
    assert isinstance(data, TokenData) and data.tokenizer.vocab_size >= MANY
    assert data.clusters is not None
    assert load(free(tmp_path, chinese.text(20_000), output="full")).clusters is None


def test_bytes_are_a_small_alphabet(tmp_path: Path) -> None:
    path = tmp_path / "noise.bin"
    path.write_bytes(np.random.RandomState(0).bytes(30_000))
    recipe = recipe_of(str(path), {"tokenizer": "byte"})[0]
    data = load(recipe)
    fitted, notes = fit_to_size(recipe, Size(len(data.tokens), 256, data.unit))
    assert fitted.model.output == "full" and "27,000 bytes to train on, 256 different" in notes[0]


def test_it_is_stored_and_resumed(tmp_path: Path, rnntui) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(chinese.text(12_000), "utf-8")
    few = ("--set", "eval_every=2", "--hidden", "8", "--set", "workers=1")
    ended = rnntui("train", str(path), *few, "--steps", "4", "--json", "--name", "mine")
    assert ended.code == 0, ended.err
    assert any("different" in note["text"] for note in ended.of("note"))
    ended = rnntui("resume", "mine", "--steps", "6", "--json")
    assert ended.code == 0, ended.err
    assert not any("different" in note["text"] for note in ended.of("note"))


def test_the_made_up_text_has_an_alphabet_like_that_of_chinese() -> None:
    text = chinese.text(30_000)
    assert text == chinese.text(30_000) and len(text) == 30_000
    assert 1500 < len(set(text)) < chinese.CHARACTERS + 5
    assert len(text.encode()) > 2.9 * len(text)
    assert find("output").rule.choices == ("full", "adaptive")


def test_a_recipe_has_no_suffix_table_for_a_large_alphabet_unless_it_was_chosen() -> None:
    recipe = recipe_of("corpus:tales", {}, "shakespeare-like")[0]
    few, many = Size(10**6, 1024, "character"), Size(10**6, 1025, "character")
    assert fit_to_size(recipe, few) == (recipe, ())
    fitted, (note,) = fit_to_size(recipe, many)
    assert fitted == recipe.replace(suffix=0)
    assert note == (
        "suffix = 0: a suffix table takes at most 1,024 different characters, and there are 1,025"
    )
    chosen = recipe_of("corpus:tales", {"suffix": "3"}, "shakespeare-like")[0]
    assert fit_to_size(chosen, many) == (chosen, ())
