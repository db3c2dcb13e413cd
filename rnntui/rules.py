"""What a recipe key may hold: its rule, the check of a value, the reading of one from text."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from rnntui.errors import UsageError
from rnntui.text import safe_text

Value = str | int | float | bool

MOST_WHOLE = 2**53  # the largest whole number that floats and every reader of JSON keep exactly


@dataclass(frozen=True)
class Rule:
    """What a key may hold: one of `choices`, or a number `least` to `most`; `words` are extra."""

    help: str
    choices: tuple[str, ...] = ()
    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf
    words: tuple[str, ...] = ()


def key(default: Value, help: str, **limits: Any) -> Any:  # noqa: A002
    """A recipe key: its default, its line of help and its limits."""
    return field(default=default, metadata={"rule": Rule(help, **limits)})


@dataclass(frozen=True)
class Leaf:
    """One key: where it stands, its types and its rule."""

    section: str
    name: str
    types: tuple[type, ...]
    default: Value
    rule: Rule

    def accepts(self) -> str:
        """What the key takes, in words."""
        rule = self.rule
        if rule.choices:
            return " | ".join(rule.choices)
        if bool in self.types:
            return "true | false"
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
    """The value that `text` means for a key. Raises UsageError."""
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
    """`value` if the key may hold it (whole numbers become floats). Raises UsageError."""
    rule = leaf.rule
    if isinstance(value, bool) != (bool in leaf.types):
        raise _refusal(leaf, value)
    if isinstance(value, int) and abs(value) > MOST_WHOLE:
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
    shown = safe_text(str(value))
    shown = shown if len(shown) <= 40 else shown[:39] + "…"
    hint = nearest(shown, leaf.rule.choices) if leaf.rule.choices else f": takes {leaf.accepts()}"
    return UsageError(f"{leaf.name} = {shown}{hint}")


def nearest(word: str, known: Collection[str], otherwise: str = "") -> str:
    """A half-sentence that suggests what was meant, or says what there is or `otherwise`."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    if close:
        return f": did you mean '{close[0]}'?"
    if otherwise or len(known) > 12:
        return otherwise and f": {otherwise}"
    return f": there is {', '.join(known)}"
