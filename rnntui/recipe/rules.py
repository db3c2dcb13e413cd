"""What a recipe key may hold: its rule, and how values are checked and parsed from text."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Literal

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.suggestions import nearest
from rnntui.text import safe_text

Value = str | int | float | bool

MAX_INTEGER = 2**53  # largest integer that floats and every JSON parser represent exactly


Get = Callable[[str], Value]  # the value of a key


@dataclass(frozen=True)
class Need:
    """What a choice requires of other keys: that all of `keys` are set, or any of them."""

    what: str
    keys: tuple[str, ...]
    every: bool
    advice: str

    def met(self, get: Get) -> bool:
        """Whether the keys that `get` looks up satisfy it."""
        return (all if self.every else any)(get(key) for key in self.keys)


@dataclass(frozen=True)
class Rule:
    """What a key may hold: one of `choices`, or a number from `least` to `most`, or one of `words`.

    `only`: another key, and those of its values with which this key has an effect. `aka`: names of
    the key in other programs. `for_zero`: what to do instead, if 0 is given but not accepted.
    `decides`: what depends on the key: the result, only when training ends, only what is recorded,
    or only the speed.
    """

    help: str
    choices: tuple[str, ...] = ()
    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf
    words: tuple[str, ...] = ()
    only: tuple[str, tuple[str, ...]] | None = None
    aka: tuple[str, ...] = ()
    for_zero: str = ""
    needs: Mapping[str, Need] = field(default_factory=dict)  # by choice
    decides: Literal["result", "end", "records", "speed"] = "result"


def key(default: Value, help: str, **limits: Any) -> Any:  # noqa: A002
    """Declare a recipe key: its default, help line and limits."""
    return field(default=default, metadata={"rule": Rule(help, **limits)})


@dataclass(frozen=True)
class Leaf:
    """A recipe key: its section, name, types, default and rule."""

    section: str
    name: str
    types: tuple[type, ...]
    default: Value
    rule: Rule

    def accepts(self) -> str:
        """Describe the accepted values in words."""
        rule = self.rule
        if rule.choices:
            return " | ".join(rule.choices)
        if bool in self.types:
            return " | ".join(["true", "false", *rule.words])
        if str in self.types and not rule.words:
            return "text"
        kind = "a whole number" if int in self.types else "a number"
        bounds = []
        if rule.above > -math.inf:
            bounds.append(f"above {rule.above:g}")
        if rule.least > -math.inf:
            bounds.append(f"from {rule.least:g}")
        if rule.most < math.inf:
            bounds.append(f"up to {rule.most:.10g}")
        return " | ".join([" ".join([kind, *bounds]), *rule.words])


def parse(leaf: Leaf, text: str) -> Value:
    """Parse a key's value from text. Raises UsageError."""
    text = text if leaf.types == (str,) and not leaf.rule.choices else text.strip()
    if str in leaf.types and (leaf.types == (str,) or text in leaf.rule.words):
        return text
    try:
        if bool in leaf.types:
            return {"true": True, "false": False}[text.lower()]
        return int(text) if int in leaf.types else float(text)
    except (KeyError, ValueError):
        raise _refusal(leaf, text) from None


def check(leaf: Leaf, value: Value) -> Value:
    """Return `value` if the key may hold it (an int becomes a float). Raises UsageError."""
    rule = leaf.rule
    if isinstance(value, bool) != (bool in leaf.types) and value not in rule.words:
        raise _refusal(leaf, value)
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise _refusal(leaf, value)
    if float in leaf.types and isinstance(value, int):
        value = float(value)
    if not isinstance(value, leaf.types):
        raise _refusal(leaf, value)
    if isinstance(value, str):
        allowed = rule.choices or (rule.words if leaf.types != (str,) else ())
        if allowed and value not in allowed:
            raise _refusal(leaf, value)
    elif not isinstance(value, bool):
        inside = rule.least <= value <= rule.most and value > rule.above
        if not (math.isfinite(value) and inside):
            raise _refusal(leaf, value)
    return value


def _refusal(leaf: Leaf, value: Value) -> UsageError:
    try:
        shown = safe_text(str(value))
    except ValueError:  # Python converts no longer ones
        shown = "a number of thousands of digits"
    shown = shown if len(shown) <= 40 else shown[:39] + "…"
    if leaf.rule.choices:
        return UsageError(f"unknown {leaf.name} '{shown}'{nearest(shown, leaf.rule.choices)}")
    hint = f": takes {leaf.accepts()}"
    if leaf.rule.for_zero and isinstance(value, int | float) and value == 0:
        hint += f"; {leaf.rule.for_zero}"
    return UsageError(f"{leaf.name} = {shown}{hint}")
