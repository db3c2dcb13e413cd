"""The recipe stored with a run, possibly by a newer version of rnntui."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from rnntui.errors import DataError, UsageError
from rnntui.recipe import SECTIONS, Recipe, check, find, from_toml
from rnntui.runs.store.directory import RECIPE, open_run
from rnntui.runs.store.files import shown
from rnntui.text import fit, safe_text

# Sections without which a network can still be shown and used.
_DISPENSABLE = ("train", "sample")


def stored_recipe(path: Path, exact: bool = False) -> Recipe:
    """Read the recipe of a run, ignoring keys unknown to this version.

    `exact`: refuse unknown keys, as for training. Raises DataError, RunError or UsageError.
    """
    run = open_run(path)
    recipe, unknown = _read(run.recipe_text(), path)
    if "plan" not in recipe.chosen:  # from a version that had only the reference kernels
        recipe = recipe.replace(plan="reference")
    if unknown and exact:
        name, keys = fit(safe_text(path.name), 40), fit(safe_text(", ".join(unknown)), 50)
        raise DataError(
            f"the recipe of {name} seems to come from a newer version of rnntui (unknown: {keys}): "
            "resume it with that version"
        )
    return dataclasses.replace(recipe, name=run.info.recipe)


def newer_keys(path: Path) -> tuple[str, ...]:
    """Return the keys of a run's recipe unknown to this version. Raises as `stored_recipe`."""
    return _read(open_run(path).recipe_text(), path)[1]


def _read(text: str, run: Path) -> tuple[Recipe, tuple[str, ...]]:
    """Parse a recipe; return it and its unknown keys.

    Raises UsageError, or DataError for a damaged file.
    """
    import tomllib

    try:
        return from_toml(text, RECIPE), ()
    except UsageError as error:
        try:
            table = tomllib.loads(text)
        except (ValueError, RecursionError):
            raise DataError(f"{shown(run)}: {error}") from None
        unknown = _take_unknown(table)
        if not unknown:
            raise
    recipe = Recipe(**{key: table[key] for key in ("title", "about") if _is_text(table.get(key))})
    known = {key: value for section in SECTIONS for key, value in table.get(section, {}).items()}
    try:
        recipe = dataclasses.replace(recipe.replace(**known), chosen=tuple(known))
        return recipe, tuple(unknown)
    except UsageError as error:
        raise UsageError(f"{RECIPE}: {error}") from None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _take_unknown(table: dict[str, Any]) -> list[str]:
    """Remove unknown sections and keys from a recipe's table, and return their names."""
    unknown = []
    for section in [name for name in table if name not in ("title", "about")]:
        keys = table[section]
        if section not in SECTIONS or not isinstance(keys, dict):
            unknown.append(section)
            del table[section]
            continue
        for key in [key for key in keys if not _is_known(section, key, keys[key])]:
            unknown.append(key)
            del keys[key]
    return unknown


def _is_known(section: str, key: str, value: Any) -> bool:
    """Return whether this version knows a key and, for a dispensable section, its value."""
    try:
        leaf = find(key)
        if leaf.section == section and section in _DISPENSABLE:
            check(leaf, value)
    except UsageError:
        return False
    return leaf.section == section
