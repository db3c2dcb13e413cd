"""The keys of filters: what is known about a run, and every recipe key."""

from __future__ import annotations

from functools import cache
from typing import Literal

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.recipe import Leaf, keys
from rnntui.recipe.schema import leaf_called
from rnntui.runs.store.summary import STATES
from rnntui.suggestions import closest
from rnntui.text import fit, safe_text

# `words` is a set of words, such as tags. `size` is in bytes, `time` in seconds.
Kind = Literal["text", "words", "choice", "switch", "number", "size", "time"]
NUMBERS: tuple[Kind, ...] = ("number", "size", "time")


@dataclass(frozen=True)
class FilterKey:
    """A key of filters. `choices` are all of its values; `words` are those beside its numbers."""

    name: str
    kind: Kind
    help: str
    choices: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


NAME = FilterKey("name", "text", "name of the run")

FIELDS = (
    NAME,
    FilterKey("state", "choice", "state of the run", choices=STATES),
    FilterKey("tag", "words", "tags given with rnntui tag"),
    FilterKey("note", "text", "note given with rnntui tag"),
    FilterKey("recipe", "text", "name of the recipe"),
    FilterKey("update", "number", "last update"),
    FilterKey("loss", "number", "training loss per token"),
    FilterKey("validation", "number", "last validation loss per token"),
    FilterKey("best", "number", "best validation loss per token"),
    FilterKey("best_update", "number", "update of the best validation loss"),
    FilterKey("baseline", "number", "validation loss of the best simple method"),
    FilterKey("parameters", "number", "number of parameters"),
    FilterKey("speed", "number", "tokens per second"),
    FilterKey("age", "time", "time since the last change: 30min, 12h, 7d"),
    FilterKey("elapsed", "time", "time spent training"),
    FilterKey("size", "size", "size on disk: 500kB, 10MB"),
    FilterKey("finding", "words", "findings that hold"),
)
_ALSO_KNOWN = {"step": "update", "best_step": "best_update", "tags": "tag", "findings": "finding"}


@cache
def filter_keys() -> tuple[FilterKey, ...]:
    """Return every key. A recipe key that shares its name with a field has its section in front."""
    return (*FIELDS, *map(_of_leaf, keys()))


def setting_key(leaf: Leaf) -> str:
    """Return the filter key of a recipe key: `lr`, but `train.state`."""
    clash = any(field.name == leaf.name for field in FIELDS)
    return f"{leaf.section}.{leaf.name}" if clash else leaf.name


def find_key(name: str) -> FilterKey:
    """Return the key that a user names: "lr", "learning_rate", "train.lr".

    Raises UsageError that suggests the closest key.
    """
    known = {key.name: key for key in filter_keys()}
    plain = name.strip().lower().replace("-", "_")
    plain = _ALSO_KNOWN.get(plain, plain)
    if plain in known:
        return known[plain]
    section, _, rest = plain.rpartition(".")
    leaf = leaf_called(rest)
    if leaf is not None and section in ("", leaf.section):
        return known[setting_key(leaf)]
    meant = closest(plain, _spellings())
    hint = f"did you mean '{_spellings()[meant]}'?" if meant else "rnntui guide runs lists the keys"
    raise UsageError(f"unknown key '{fit(safe_text(name), 40)}' in the filter: {hint}")


@cache
def _spellings() -> dict[str, str]:
    """Return the key that each known spelling stands for."""
    also = {name: setting_key(leaf) for leaf in keys() for name in leaf.rule.aka}
    return {**also, **_ALSO_KNOWN, **{key.name: key.name for key in filter_keys()}}


def _of_leaf(leaf: Leaf) -> FilterKey:
    kind: Kind = "number"
    choices = leaf.rule.choices
    if bool in leaf.types:
        kind, choices = "switch", ("true", "false", *leaf.rule.words)
    elif choices:
        kind = "choice"
    elif leaf.types == (str,):
        kind = "text"
    return FilterKey(setting_key(leaf), kind, leaf.rule.help, choices, leaf.rule.words)
