"""The keys that drawn texts name, as the user has them."""

from __future__ import annotations

from collections.abc import Mapping

from rnntui.charset import Glyphs

ASCII_KEYS = {"←": "left", "→": "right", "↑": "up", "↓": "down"}
Keys = Mapping[str, str]  # by command, if they are not the usual ones; empty: the command has none


def printed(key: str, glyphs: Glyphs) -> str:
    """Return a key in ASCII if that is the glyph set."""
    return ASCII_KEYS.get(key, key) if glyphs == "ascii" else key


def key_of(keys: Keys, glyphs: Glyphs, command: str, usual: str, otherwise: str = "") -> str:
    """Return the key of a command as it is printed: its usual one, or the user's.

    For a command without a key, return `otherwise`, by default what finds it in the palette.
    """
    if key := keys.get(command, usual):
        return printed(key, glyphs)
    palette = keys.get("palette", "ctrl+p")
    return otherwise or f"{palette} {command.replace('_', ' ')}".strip()
