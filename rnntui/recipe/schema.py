"""All recipe keys, found by name; the modules of `recipe.sections` declare them.

Leaf names are unique: `hidden=64` needs no section.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from rnntui.errors import UsageError
from rnntui.recipe.rules import Leaf, Value
from rnntui.recipe.sections.data import Data
from rnntui.recipe.sections.model import Model
from rnntui.recipe.sections.sample import Sample
from rnntui.recipe.sections.train import Train
from rnntui.suggestions import nearest
from rnntui.text import safe_text

# Types by declared name: every command imports this module, and `get_type_hints` is slow.
_TYPES: dict[str, type] = {kind.__name__: kind for kind in (str, int, float, bool)}
SECTIONS: dict[str, type] = {"data": Data, "model": Model, "train": Train, "sample": Sample}


def _leaves() -> Iterator[Leaf]:
    for section, kind in SECTIONS.items():
        for f in dataclasses.fields(kind):
            types = tuple(_TYPES[name] for name in str(f.type).split(" | "))
            default: Value = f.default  # type: ignore[assignment]
            yield Leaf(section, f.name, types, default, f.metadata["rule"])


_LEAVES = {leaf.name: leaf for leaf in _leaves()}


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


_BY_PLAIN_NAME = {_plain(name): leaf for name, leaf in _LEAVES.items()}
_ALSO_KNOWN = {_plain(name): leaf.name for leaf in _LEAVES.values() for name in leaf.rule.aka}


def keys() -> tuple[Leaf, ...]:
    """Return every recipe key, in order of declaration."""
    return tuple(_LEAVES.values())


def keys_of(name: str, choice: str) -> tuple[Leaf, ...]:
    """The keys that take effect only with `name = choice`, and perhaps with other choices."""
    return tuple(
        leaf
        for leaf in _LEAVES.values()
        if leaf.rule.only and leaf.rule.only[0] == name and choice in leaf.rule.only[1]
    )


def leaf_called(name: str) -> Leaf | None:
    """Return the key that a user means: "top k", "Learning-Rate"; None if there is none."""
    plain = _plain(name)
    return _BY_PLAIN_NAME.get(plain) or _LEAVES.get(_ALSO_KNOWN.get(plain, ""))


def find(name: str) -> Leaf:
    """Return the key of that name. Raises UsageError that suggests the closest name."""
    if name in _LEAVES:
        return _LEAVES[name]
    meant = _ALSO_KNOWN.get(_plain(name))
    hint = nearest(meant or name, _LEAVES, "'rnntui recipes NAME' lists them all")
    raise UsageError(f"unknown key '{safe_text(name)}'{hint}")
