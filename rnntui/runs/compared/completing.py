"""Completions of a filter that is being typed. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.runs.filtering.completion import complete_filter
from rnntui.runs.filtering.language import Facts


def completions(typed: str, runs: Sequence[Facts], first: Sequence[str] = ()) -> list[str]:
    """Return what the last word of a filter may become: keys named `first`, other keys, names.

    After an operator these are values.
    """
    word = typed.rpartition(" ")[2]
    found = [text for text, _ in complete_filter(word, runs) if text.lower() != word.lower()]
    found = [text for text in found if text.lower().startswith(word.lower())]
    rank = {f"{name}=": number for number, name in enumerate(first)}
    others = len(rank)
    return sorted(found, key=lambda text: rank.get(text, others + (not text.endswith("="))))


def completed(typed: str, completion: str) -> str:
    """Return a filter with its last word completed; after a value, another word may follow."""
    head, space, _ = typed.rpartition(" ")
    return f"{head}{space}{completion}{'' if completion.endswith('=') else ' '}"
