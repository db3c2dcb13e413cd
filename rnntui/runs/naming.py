"""What a run changes of its recipe, in words for its name: `gru`, `lr0.01`, `no-standardize`."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePath

from rnntui.recipe import Leaf, Recipe, Value, keys
from rnntui.runs.differing import setting_text
from rnntui.runs.store.names import slug

_LONGEST_TEXT = 16  # characters of a text
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.-]+")


def changed_words(recipe: Recipe) -> tuple[str, ...]:
    """Return a word for each setting that the user changed and that decides what is learned."""
    return tuple(
        _word(leaf, recipe.get(leaf.name))
        for leaf in keys()
        if leaf.name in recipe.changed
        and leaf.section != "sample"
        and leaf.rule.decides == "result"
    )


def _word(leaf: Leaf, value: Value) -> str:
    if isinstance(value, bool):
        return leaf.name if value else f"no-{leaf.name}"
    every = Counter(choice for other in keys() for choice in other.rule.choices)
    if value in leaf.rule.choices and every[str(value)] == 1:  # it says which setting it is
        return str(value)
    key = leaf.name.replace("_", "")
    if leaf.types == (str,):
        return f"{key}-{slug(PurePath(str(value)).name)[:_LONGEST_TEXT].strip('-')}"
    return key + _NOT_IN_NAMES.sub("", setting_text(value))
