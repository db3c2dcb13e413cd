"""What a user means who types a setting and a value: "lr 0.01", "top k = 5", "batch 8". Pure."""

from __future__ import annotations

import re

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.recipe import DIALS, Leaf, Value, check, keys, parse
from rnntui.recipe.schema import leaf_called

LIVE = ("lr", *DIALS)  # what can change during training
_SIGNS = re.compile(r"\s*[=:]\s*")
_DECIMAL_COMMA = re.compile(r"([+-]?\d*),(\d+)")
_SWITCHES = {"on": "true", "yes": "true", "1": "true", "off": "false", "no": "false", "0": "false"}


@dataclass(frozen=True)
class Typed:
    """A recipe key and what was typed for it: the value, or why it cannot be that."""

    leaf: Leaf
    text: str
    value: Value | None = None
    wrong: str = ""

    @property
    def name(self) -> str:
        """The key in words, such as "top-k"."""
        return setting_name(self.leaf)


def setting_name(leaf: Leaf) -> str:
    """Return how a key is called on the screen."""
    if leaf.name == "lr":
        return "learning rate"
    dial = DIALS.get(leaf.name)
    return dial.label if dial else leaf.name.replace("_", " ")


def typed_value(typed: str) -> Typed | None:
    """Return the setting and the value that were typed, or None if no setting is meant.

    A setting is meant by its name, by one that other programs use, or, if it can change during
    training, by the beginning of its name.
    """
    words = _SIGNS.sub(" ", typed).split()
    if typed_name(typed):
        return None
    for count in range(len(words) - 1, 0, -1):
        if leaf := leaf_called(" ".join(words[:count])):
            return _checked(leaf, " ".join(words[count:]))
    if len(words) > 1 and (leaf := _begun(" ".join(words[:-1]))):
        found = _checked(leaf, words[-1])
        return None if found.value is None else found  # other words than a setting's were meant
    return None


def typed_name(typed: str) -> Leaf | None:
    """Return the setting whose name was typed without a value, or None."""
    return leaf_called(_SIGNS.sub(" ", typed).strip())


def typed_pairs(typed: str) -> list[Typed] | None:
    """Return the settings in "lr=0.01, batch=8" or "with batch 8"; None if they make no sense."""
    text = re.sub(r"\s*=\s*", "=", typed.strip())
    text = text.removeprefix("with ").strip()
    parts = text.replace(",", " ").split() if "=" in text else [text]
    found = [typed_value(part) for part in parts]
    known = [one for one in found if one is not None]
    return known if known and len(known) == len(found) else None


def _begun(name: str) -> Leaf | None:
    """Return the first setting for training or sampling whose name begins so."""
    by_name = {leaf.name: leaf for leaf in keys()}
    return next(
        (by_name[key] for key in LIVE if setting_name(by_name[key]).startswith(name.lower())), None
    )


def _checked(leaf: Leaf, text: str) -> Typed:
    if bool in leaf.types:
        text = _SWITCHES.get(text.lower(), text)
    elif str not in leaf.types:
        text = _DECIMAL_COMMA.sub(r"\1.\2", text) if _DECIMAL_COMMA.fullmatch(text) else text
    try:
        return Typed(leaf, text, check(leaf, parse(leaf, text)))
    except UsageError as error:
        return Typed(leaf, text, wrong=str(error))
