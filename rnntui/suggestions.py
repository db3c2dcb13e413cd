"""Suggestions for misspelled words."""

from __future__ import annotations

from collections.abc import Collection

CLOSE = 0.72  # similarity from 0 to 1; a poor suggestion is worse than none


def closest(word: str, known: Collection[str]) -> str | None:
    """Return the known word that is closest to `word`, or None if none is close.

    Leading dashes are ignored.
    """
    from difflib import get_close_matches

    plain = {name.lstrip("-"): name for name in known}
    close = get_close_matches(word.lstrip("-"), list(plain), n=1, cutoff=CLOSE)
    return plain[close[0]] if close else None


def nearest(word: str, known: Collection[str], otherwise: str = "") -> str:
    """End an error message with the closest known word, or with `otherwise`, or with all words."""
    if found := closest(word, known):
        return f": did you mean '{found}'?"
    if otherwise or len(known) > 12:
        return otherwise and f": {otherwise}"
    return f" (choose {listing(known)})"


def listing(words: Collection[str]) -> str:
    """Join words as alternatives: "rnn, gru or lstm"."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
