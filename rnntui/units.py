"""What tokens are called, and how a speed in them is written: one rule for all that show one."""

from __future__ import annotations

from collections.abc import Mapping

VALUE = "value"
_UNITS = {"char": "character", "byte": "byte", "word": "word"}
_BRIEF = {"character": "char/s", "byte": "byte/s", "word": "word/s"}


def unit_of(task: object, tokenizer: object) -> str:
    """Return the name of what one loss is about: a "character", "byte", "word" or "value"."""
    return VALUE if task == "values" else _UNITS.get(str(tokenizer), "token")


def speed_unit(unit: str, brief: bool = False) -> str:
    """Return the unit of a speed: "characters/s", or "rows/s", which hold a value per column."""
    if unit == VALUE:
        return "rows/s"
    return _BRIEF[unit] if brief and unit in _BRIEF else f"{unit}s/s"


def speed_unit_of(settings: Mapping[str, object] | None, brief: bool = False) -> str:
    """Return the unit of the speed of a run with these settings; "tokens/s" if they are unknown."""
    if not settings:
        return speed_unit("token")
    return speed_unit(unit_of(settings.get("task"), settings.get("tokenizer")), brief)
