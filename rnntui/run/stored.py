"""The recipe that a run was begun with."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from rnntui.recipe import Recipe, from_toml
from rnntui.run.directory import open_run


def stored_recipe(path: Path) -> Recipe:
    """The recipe of the run in a directory. Raises DataError, RunError or UsageError."""
    run = open_run(path)
    return dataclasses.replace(from_toml(run.recipe_text(), "recipe.toml"), name=run.info.recipe)
