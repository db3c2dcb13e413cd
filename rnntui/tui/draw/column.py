"""The row above a view that is shown beside another one."""

from __future__ import annotations

from rnntui.tui.draw.keys import Keys
from rnntui.tui.draw.rows import Glyphs, Row
from rnntui.tui.draw.views.bar import VIEWS

_RULES = {"braille": ("━", "─"), "blocks": ("━", "─"), "ascii": ("=", "-")}


def column_head(
    name: str, focused: bool, width: int, glyphs: Glyphs, keys: Keys | None = None
) -> Row:
    """Return the name of a view in a rule, which is heavy while its keys are the active ones.

    `keys` are those that the user gave to views.
    """
    heavy, light = _RULES[glyphs]
    rule, role = (heavy, "accent") if focused else (light, "muted")
    usual: dict[str, str] = {view: str(key) for key, view in enumerate(VIEWS, 1)}
    key = (keys or {}).get(name, usual.get(name, ""))
    words = f" {key} {name} " if key else f" {name} "
    rest = rule * max(0, width - 2 - len(words))
    return [(rule * 2, role), (words, role), (rest, role)]
