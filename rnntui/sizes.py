"""Sizes in words."""

from __future__ import annotations


def size_in_words(count: float) -> str:
    """So many bytes with three digits and a unit: 1.07 GB."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.0f} PB"
