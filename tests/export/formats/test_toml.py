"""The exported recipe: what was changed by hand is in it, and `train` takes it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from rnntui.export.format import Export
from rnntui.export.formats.toml import changed, create
from rnntui.recipe import Recipe, load_recipe
from rnntui.runs.edits import Edit
from rnntui.runs.stored_recipe import stored_recipe


def test_the_last_change_of_each_setting_counts():
    edits = [
        Edit(1, "lr", 0.1),
        Edit(2, "temperature", 0.3),
        Edit(3, "mend", 0.05),
        Edit(4, "pace", None),
        Edit(5, "top_k", 4.0),
        Edit(6, "greedy", 1.0),
    ]
    recipe = changed(Recipe(), edits)
    sample = recipe.sample
    found = recipe.train.lr, sample.temperature, sample.top_k, sample.greedy
    assert found == (0.05, 0.3, 4, True)


def test_the_file_is_a_recipe(text_run: Path, tmp_path: Path):
    target = tmp_path / "again.toml"
    create(Export(text_run), target)
    again = load_recipe(str(target))
    was = stored_recipe(text_run)
    assert (again.data, again.model, again.train) == (was.data, was.model, was.train)


def test_what_trials_chose_is_no_change_by_hand(text_run: Path, tmp_path: Path):
    run = tmp_path / text_run.name
    shutil.copytree(text_run, run)
    made = [("plan", "kernels", "tokens=all"), ("plan", "workers", 3.0), ("edit", "top_k", 4.0)]
    event = {"step": 1, "seconds": 0.1, "text": "changed", "at": 1.0, "who": ""}
    with (run / "events.jsonl").open("a") as file:
        for kind, key, value in made:
            file.write(json.dumps(event | {"kind": kind, "edit": key, "value": value}) + "\n")
    create(Export(run), target := tmp_path / "again.toml")
    again, was = load_recipe(str(target)), stored_recipe(run)
    assert again.sample.top_k == 4
    assert (again.data, again.model, again.train) == (was.data, was.model, was.train)
    assert target.read_text().count("after update") == 1
