"""Completion of filters, for shells and for the field in which a filter is typed."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.errors import UsageError
from rnntui.runs.differing import setting_text
from rnntui.runs.filtering.keys import NUMBERS, FilterKey, filter_keys, find_key
from rnntui.runs.filtering.language import OPERATOR, Fact, Facts

MOST_VALUES = 50


def complete_filter(word: str, runs: Sequence[Facts]) -> list[tuple[str, str]]:
    """Complete the last word of a filter; return each candidate with a description.

    Without an operator, these are the names of runs, and the keys. After an operator they are
    values: the choices of the key, and those that the runs have. After a comma, another value.
    """
    found = OPERATOR.search(word)
    if found is None:
        names = [(str(run["name"]), "") for run in runs]
        keys = [(f"{key.name}=", key.help) for key in filter_keys()]
        return [*names, *keys]
    begun = word[: found.end()]
    try:
        key = find_key(word[: found.start()])
    except UsageError:
        return []
    before, comma, _ = word[found.end() :].rpartition(",")
    taken = before.split(",")
    return [(f"{begun}{before}{comma}{v}", "") for v in _values(key, runs) if v not in taken]


def _values(key: FilterKey, runs: Sequence[Facts]) -> list[str]:
    """Return the values of a key without spaces: its choices, and those of the runs."""
    facts = [run.get(key.name) for run in runs]
    if key.kind in NUMBERS:
        numbers = {f for f in facts if isinstance(f, int | float) and not isinstance(f, bool)}
        known = [setting_text(number) for number in sorted(numbers)]
    else:
        known = sorted({text for fact in facts for text in _texts(fact)})
    every = dict.fromkeys((*key.choices, *key.words, *known))
    return [value for value in every if value and not any(c in value for c in " ,'\"\\")][
        :MOST_VALUES
    ]


def _texts(fact: Fact) -> tuple[str, ...]:
    if isinstance(fact, tuple):
        return fact
    return () if fact is None else (setting_text(fact),)
