"""Defaults adapt to the settings that the user chose, and to the length of the data.

`Recipe.override` applies `adjustments`; the code that loads the data applies `fit_to_length`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnntui.recipe.rules import Get, Leaf, Need, Value
from rnntui.recipe.sampling import DRAWING_KEYS
from rnntui.recipe.schema import keys

if TYPE_CHECKING:
    from rnntui.recipe import Recipe


LEAST_STEPS = 8  # of a series that is too short for what was chosen for it


@dataclass(frozen=True)
class Conflict:
    """A value that contradicts other keys: its replacement, and why."""

    key: str
    value: Value
    causes: tuple[str, ...]
    why: str
    applies: Callable[[Get], bool]


def _unmet_needs() -> Iterator[Conflict]:
    """For each choice that needs other keys: the key returns to its default without them."""
    for leaf in keys():
        for choice, need in leaf.rule.needs.items():

            def arises(
                get: Get, leaf: Leaf = leaf, choice: str = choice, need: Need = need
            ) -> bool:
                return get(leaf.name) == choice and not need.met(get)

            yield Conflict(
                leaf.name, leaf.default, need.keys, f"{choice} needs {need.what}", arises
            )


CONFLICTS = (
    Conflict(
        "dropout",
        0.0,
        ("layers",),
        "dropout acts between layers, and there is only one",
        lambda get: get("layers") == 1 and bool(get("dropout")),
    ),
    *_unmet_needs(),
    Conflict(
        "samples",
        1,
        ("task",),
        "a forecast is deterministic",
        lambda get: get("task") == "values" and get("samples") != 1,
    ),
    Conflict(
        "loss_epsilon",
        0.0,
        ("task",),
        "it applies to tokens only",
        lambda get: get("task") == "values" and bool(get("loss_epsilon")),
    ),
    Conflict(
        "greedy",
        False,
        DRAWING_KEYS,
        "greedy generation would ignore the setting",
        lambda get: get("greedy") is True,
    ),
    Conflict(
        "workers",
        0,
        ("batch",),
        "each worker needs at least one stream",
        lambda get: int(get("workers")) > int(get("batch")),
    ),
)


def adjustments(get: Get, chosen: Mapping[str, Value]) -> dict[str, tuple[Value, str]]:
    """Return the keys that must change to fit the `chosen` ones: new value and reason of each.

    `get` looks up the previous value of a key; chosen values take precedence.
    """

    def current(name: str) -> Value:
        return chosen.get(name, get(name))

    return {
        conflict.key: (conflict.value, conflict.why)
        for conflict in CONFLICTS
        if conflict.key not in chosen
        and any(cause in chosen for cause in conflict.causes)
        and conflict.applies(current)
    }


def notes_on(before: Recipe, chosen: Mapping[str, Value], leaves: Collection[Leaf]) -> list[str]:
    """Return notes on the chosen settings: keys that were adjusted, and keys without effect.

    `leaves` are the chosen keys.
    """
    changed = adjustments(before.get, chosen)
    notes = [f"{key} = {_shown(value)}: {why}" for key, (value, why) in changed.items()]
    for leaf in leaves:
        if leaf.rule.only is None:
            continue
        other, values = leaf.rule.only
        actual = chosen.get(other, before.get(other))
        if actual not in values:
            wanted = " or ".join(values)
            notes.append(f"{leaf.name} has no effect with {other} = {actual} (only with {wanted})")
    return notes


def _shown(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def fit_to_length(recipe: Recipe, have: int, unit: str) -> tuple[Recipe, tuple[str, ...]]:
    """Reduce batch or seq_len to what `have` tokens can fill; return the recipe and a note.

    Only the one that the user did not choose is reduced; of values, if neither was chosen, first
    batch and then seq_len. If both or, of tokens, neither were chosen, the recipe is returned
    unchanged.
    """
    train, free = recipe.train, have - 1
    steps = 1 if isinstance(train.seq_len, str) else train.seq_len
    chosen = {"batch", "seq_len"}.intersection(recipe.chosen)
    if free < 1 or free >= train.batch * steps:
        return recipe, ()
    if not chosen and recipe.data.task == "values" and free >= LEAST_STEPS:
        steps = min(steps, free)
        length = {} if isinstance(train.seq_len, str) else {"seq_len": steps}
        return _shorter(recipe, {"batch": free // steps, **length}, have, unit)
    if len(chosen) != 1:
        return recipe, ()
    batch = free // steps if "seq_len" in chosen else train.batch
    if not 1 <= batch <= free:
        return recipe, ()
    changes = {"batch": batch} if "seq_len" in chosen else {"seq_len": free // batch}
    return _shorter(recipe, changes, have, unit)


def _shorter(
    recipe: Recipe, changes: dict[str, int], have: int, unit: str
) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe with a smaller batch or seq_len, and a note."""
    train = recipe.train
    changes = {key: value for key, value in changes.items() if value != getattr(train, key)}
    batch = changes.get("batch", train.batch)
    if train.workers > batch and "workers" not in recipe.chosen:
        changes["workers"] = 0
    listed = ", ".join(f"{key} = {value}" for key, value in changes.items())
    return recipe.replace(**changes), (f"{listed}: there are only {have:,} {unit}s to train on",)
