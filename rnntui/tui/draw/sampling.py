"""Descriptions of sampling settings."""

from __future__ import annotations

from rnntui.protocol.messages import SamplingKey
from rnntui.recipe import DIALS, SamplingSettings


def sampling_words(key: SamplingKey, value: float, unit: str) -> str:
    """Describe a changed setting."""
    return DIALS[key].describe(value, unit)


def sampling_note(settings: SamplingSettings | None, separator: str) -> str:
    """Describe all settings: "temperature 0.8 · top-k 40 · top-p 0.9", or "greedy"."""
    if settings is None:
        return ""
    notes = {key: dial.noted(getattr(settings, key)) for key, dial in DIALS.items()}
    void = [key for key, dial in DIALS.items() if dial.drawing and settings.greedy]
    return separator.join(note for key, note in notes.items() if note and key not in void)
