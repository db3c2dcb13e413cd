"""What filters can ask about a run, by filter key."""

from __future__ import annotations

from rnntui.recipe import find
from rnntui.runs.differing import Settings
from rnntui.runs.filtering.keys import setting_key
from rnntui.runs.filtering.language import Fact, Facts
from rnntui.runs.store.summary import RunSummary


def facts_of(run: RunSummary, settings: Settings, now: float) -> Facts:
    """Return the facts about a run; `now` is in seconds since 1970.

    Without settings, because its recipe cannot be read, a run has no value for any recipe key.
    """
    fields: dict[str, Fact] = {
        "name": run.name,
        "state": run.state,
        "recipe": run.recipe or None,
        "update": run.step,
        "loss": run.loss,
        "validation": run.validation,
        "best": run.best,
        "parameters": run.parameters or None,
        "speed": run.tokens_per_second or None,
        "age": max(0.0, now - run.updated),
        "size": run.size,
        "finding": run.findings,
        "tag": run.tags,
        "note": run.note or None,
        "best_update": run.best_step,
        "baseline": run.baseline,
        "elapsed": run.elapsed,
    }
    return {**{setting_key(find(key)): value for key, value in settings.items()}, **fields}
