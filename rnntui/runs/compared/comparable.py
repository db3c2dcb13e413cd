"""Whether the losses of runs can be compared: only if they were taken on the same data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rnntui.recipe import Value
from rnntui.runs.compared.run import ComparedRun
from rnntui.runs.differing import setting_text
from rnntui.text import fit, safe_text

# Settings that decide what a loss is taken on, by what they are called in a reason. A hash of the
# tokens or values shows any other difference.
_DECIDING = {
    "task": "tasks",
    "tokenizer": "tokenizers",
    "max_words": "sizes of the vocabulary",
    "target": "targets",
    "inputs": "inputs",
    "series": "series",
    "difference": "settings of difference",
    "standardize": "settings of standardize",
}
_MOST_NAMED, _LONGEST = 3, 24


def why_not(runs: Iterable[ComparedRun]) -> str:
    """Return why the losses of runs cannot be compared, in one safe line; empty: they can."""
    found = [run for run in runs if run.readable]
    settings = [run.recorded.effective for run in found]
    for key, words in _DECIDING.items():
        if values := _different(one.get(key) for one in settings):
            return f"different {words}: {_named(values)}"
    if not _different(run.recorded.source_sha256 for run in found):
        return ""
    if sources := _different(run.recorded.source for run in found):
        return f"different sources: {_named(sources)}"
    if splits := _different(one.get("split") for one in settings):
        return f"different splits: {_named(splits)}"
    return f"the source {_named([found[0].recorded.source])} has changed between the runs"


def _different(values: Iterable[Value | None]) -> list[Value | None]:
    """Return the different values, or none if there is a single one."""
    known = list(dict.fromkeys(values))
    return known if len(known) > 1 else []


def _named(values: Sequence[Value | None]) -> str:
    texts = [setting_text(value) if value not in (None, "") else "none" for value in values]
    shown = ", ".join(fit(safe_text(text), _LONGEST) for text in texts[:_MOST_NAMED])
    more = len(values) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
