"""Signs of runs: a recorded history up to an update, and histories made by hand."""

from __future__ import annotations

import math

from rnntui.insight.history import Activity, Facts, History, Reach, Validated
from rnntui.recipe import Recipe

CHANCE, UNIGRAM = 4.0, 3.0


def until(history: History, step: int) -> History:
    """The history as it was after an update."""
    found = History(history.clip, first=history.first, first_norm=history.first_norm)
    for name in History.LISTS:
        entries = [entry for entry in getattr(history, name) if entry.step <= step]
        setattr(found, name, entries)
    found.best = found.samples[-1].best if found.samples else math.inf
    return found


def facts(**given: object) -> Facts:
    recipe = given.pop("recipe", Recipe())
    known = {"window": 32, "streams": 16, "parameters": 50_000, "size": 100_000}
    given = {"chance": CHANCE, "frequencies": UNIGRAM} | given
    return Facts(recipe=recipe, **(known | given))  # type: ignore[arg-type]


def values(**given: object) -> Facts:
    recipe = Recipe().replace(task="values", standardize=False)
    known: dict[str, object] = {"frequencies": math.inf, "chance": 0.5}
    return facts(recipe=recipe, **(known | given))


def record(
    history: History,
    step: int,
    loss: float,
    norm: float = 0.5,
    rate: float = 0.01,
    trouble: str = "",
) -> bool:
    """Record an update; whether that completed a sample."""
    history.losses.append(loss)
    history.norms.append(norm)
    completed = history.is_full(step)
    if completed:
        history.complete(step, rate, trouble)
    return completed


def lived(losses: list[float], norm: float = 0.5, trouble: str = "", **given: float) -> History:
    """A history of updates with these losses, and measurements that stay the same."""
    history = History(clip=given.pop("clip", 1.0), tokens_per_update=512)
    known = {"update": 0.003, "saturated": 0.1, "constant": 0.0, "zero": 0.0}
    known |= {name: given[name] for name in known if name in given}
    for step, loss in enumerate(losses, 1):
        if record(history, step, loss, norm, 0.002, trouble):
            history.add_activity(Activity(step, layer=0, **known))
            history.add_reach(Reach(step, int(given.get("reach", 20)), 32, given.get("end", 0.01)))
    return history


def validated(history: History, losses: list[float], training: list[float]) -> History:
    for n, (loss, trained) in enumerate(zip(losses, training, strict=True), 1):
        history.add_validation(Validated(250 * n, loss, trained))
    return history
