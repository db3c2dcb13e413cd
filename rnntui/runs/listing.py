"""The runs of a directory with their settings: filtered, sorted and told apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic

from rnntui.dataclass import dataclass
from rnntui.errors import RnntuiError
from rnntui.recipe import Recipe, Value, keys
from rnntui.runs.best_update import with_best_update
from rnntui.runs.differing import Settings, differing, selected
from rnntui.runs.filtering.facts import facts_of
from rnntui.runs.filtering.language import Facts, Filter
from rnntui.runs.store.directory import RECIPE, briefly
from rnntui.runs.store.summary import RunSummary, list_runs, summarize
from rnntui.runs.stored_recipe import stored_recipe
from rnntui.text import fit, safe_text

MOST_DIFFERENCES = 8  # settings; more are those of different recipes
PATIENCE = 0.5  # seconds for the journals of runs of older versions; the rest is read next time
_LONGEST = 200  # characters of a problem


@dataclass(frozen=True)
class ListedRun:
    """A run and its settings; None if its recipe cannot be read."""

    summary: RunSummary
    settings: Settings | None

    def facts(self, now: float) -> Facts:
        """Return what filters can ask; `now` is in seconds since 1970."""
        return facts_of(self.summary, self.settings or {}, now)


def read_runs(root: Path, measure: bool = True) -> list[ListedRun]:
    """List every run, the last one started or resumed first. Raises RunError for the root only.

    `measure`: determine their sizes.
    """
    until = monotonic() + PATIENCE
    return [_complete(run, until) for run in list_runs(root, measure=measure)]


def read_run(path: Path, measure: bool = True) -> ListedRun:
    """Return one run, whatever is wrong with it."""
    return _complete(summarize(path, measure=measure), monotonic() + PATIENCE)


def _complete(run: RunSummary, until: float) -> ListedRun:
    """Add what its small files do not say; `until` is a monotonic time."""
    if not run.usable:
        return ListedRun(run, None)
    run = with_best_update(run, until)
    try:
        return ListedRun(run, settings_of(stored_recipe(run.path)))
    except (RnntuiError, OSError) as error:
        why = fit(safe_text(f"{RECIPE}: {briefly(run.path, str(error))}"), _LONGEST)
        return ListedRun(replace(run, problem=run.problem or why), None)


def settings_of(recipe: Recipe) -> dict[str, Value]:
    """Return the value of every recipe key."""
    return {leaf.name: recipe.get(leaf.name) for leaf in keys()}


def matching(runs: Iterable[ListedRun], wanted: Filter, now: float) -> list[ListedRun]:
    """Return the runs that match a filter; `now` is in seconds since 1970."""
    return [run for run in runs if wanted.matches(run.facts(now))]


# ---- order ----------------------------------------------------------------------------------

SORTS: dict[str, Callable[[RunSummary], float | None]] = {
    "best": lambda run: run.best,
    "loss": lambda run: run.loss,
    "age": lambda run: -run.updated,
    "size": lambda run: -run.size,
}


def ordered(runs: Iterable[ListedRun], by: str) -> list[ListedRun]:
    """Sort by one of SORTS: the lowest loss, the newest or the largest first, the unknown last."""

    def rank(run: ListedRun) -> float:
        value = SORTS[by](run.summary)
        return value if value is not None and not math.isnan(value) else math.inf

    return sorted(runs, key=rank)


# ---- differences ----------------------------------------------------------------------------


def differences(runs: Sequence[ListedRun]) -> list[dict[str, Value]]:
    """Return for each run the settings in which the runs differ.

    Recipes differ in many settings, which say less than their names: if there are too many, a run
    has its recipe and the settings in which runs of the same recipe differ.
    """
    names = differing(run.settings for run in runs if run.settings)
    if len(names) <= MOST_DIFFERENCES:
        return [selected(run.settings or {}, names) for run in runs]
    groups: dict[str, list[Settings]] = {}
    for run in runs:
        groups.setdefault(run.summary.recipe, []).append(run.settings or {})
    own = {recipe: differing(group) for recipe, group in groups.items()}
    return [
        {"recipe": run.summary.recipe, **selected(run.settings or {}, own[run.summary.recipe])}
        if run.settings
        else {}
        for run in runs
    ]
