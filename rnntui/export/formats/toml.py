"""The recipe with the changes made by hand, ready for `rnntui train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnntui.export.format import Export, Format

if TYPE_CHECKING:
    from rnntui.recipe import Recipe
    from rnntui.runs.edits import Edit


def create(export: Export, target: Path) -> None:
    """Write the recipe as the run ended with it, with each change in a comment."""
    from rnntui.export.tables import changes_by_hand
    from rnntui.recipe import to_toml
    from rnntui.runs.stored_recipe import stored_recipe

    edits = changes_by_hand(export.run)
    recipe = changed(stored_recipe(export.run), edits)
    target.write_text(_comment(export.run.name, edits) + to_toml(recipe), "utf-8")


def changed(recipe: Recipe, edits: list[Edit]) -> Recipe:
    """Return the recipe with the last value of each setting that was changed by hand."""
    from rnntui.recipe import find

    last: dict[str, Any] = {}
    for edit in edits:
        key = "lr" if edit.kind == "mend" else edit.kind
        if key != "pace" and edit.value is not None:
            kind = find(key).types[0]
            last[key] = kind(edit.value)
    return recipe.replace(**last)


def _comment(run: str, edits: list[Edit]) -> str:
    """Return comment lines: the run, and what was changed when."""
    from rnntui.text import safe_text

    lines = [f"# The recipe of the run {safe_text(run)}."]
    if edits:
        lines[0] += " Changes by hand, of which the last ones are in force below:"
        lines += [f"#   after update {edit.step}: {_words(edit)}" for edit in edits]
        lines.append(f"# To repeat each at its update: rnntui train --replay {safe_text(run)}")
    return "\n".join(lines) + "\n\n"


def _words(edit: Edit) -> str:
    if edit.kind == "pace":
        return "full speed" if edit.value is None else f"{edit.value:g} updates per second"
    if edit.kind == "mend":
        return f"restored earlier weights, lr = {edit.value!r}"
    return f"{edit.kind} = {edit.value!r}"


FORMAT = Format(
    name="toml",
    about="the recipe with every change made by hand, ready for rnntui train",
    suffix=".toml",
    create=create,
)
