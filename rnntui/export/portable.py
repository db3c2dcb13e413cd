"""A run's recipe for other people: the name of its file, not the directories of whoever trained."""

from __future__ import annotations

from rnntui.data.source import parse_source
from rnntui.export.card import source_in_words
from rnntui.recipe import Recipe


def without_paths(recipe: Recipe) -> Recipe:
    """Return the recipe with the bare name of its file as the source."""
    source = parse_source(recipe.data.source)
    if source.kind != "file":
        return recipe
    return recipe.replace(source=source_in_words(source.rest))
