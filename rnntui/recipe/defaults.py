"""Defaults adapt to the settings that the user chose, and to the size of the data.

`Recipe.override` applies `adjustments`; the code that loads the data applies `fit_to_size`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from rnntui.dataclass import dataclass
from rnntui.recipe.rules import Get, Leaf, Need, Value
from rnntui.recipe.sampling import DRAWING_KEYS
from rnntui.recipe.schema import keys
from rnntui.recipe.sizing import Size, choose
from rnntui.suffixes import WIDEST

if TYPE_CHECKING:
    from rnntui.recipe import Recipe, Train


LEAST_STEPS = 8  # of a series that is too short for what was chosen for it
LEAST_CHUNKS = 8  # of a stream that takes turns: with fewer it would hardly carry its state


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
        "suffix",
        0,
        ("output",),
        "it adds logits to a full softmax",
        lambda get: get("output") == "adaptive" and bool(get("suffix")),
    ),
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


def fit_to_size(recipe: Recipe, size: Size) -> tuple[Recipe, tuple[str, ...]]:
    """Choose what the recipe leaves to the size of the data, and reduce what they cannot fill.

    Returns the recipe and notes on what changed.
    """
    notes: tuple[str, ...] = ()
    for fit in (choose, _fit_to_alphabet):
        recipe, more = fit(recipe, size)
        notes += more
    recipe, more = fit_to_length(recipe, size.tokens, size.unit)
    return recipe, (*notes, *more)


def _fit_to_alphabet(recipe: Recipe, size: Size) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe without a suffix table, unless the user chose it, where there is none so wide."""
    if not recipe.model.suffix or "suffix" in recipe.chosen or size.different <= WIDEST:
        return recipe, ()
    why = f"a suffix table takes at most {WIDEST:,} different {size.unit}s"
    return recipe.replace(suffix=0), (f"suffix = 0: {why}, and there are {size.different:,}",)


def fit_to_length(recipe: Recipe, have: int, unit: str) -> tuple[Recipe, tuple[str, ...]]:
    """Reduce turns, batch or seq_len to what `have` tokens can fill; return the recipe and a note.

    First `turns`, unless the user chose it. Of the others, only the one that the user did not
    choose is reduced; of values, if neither was chosen, first batch and then seq_len. If both or,
    of tokens, neither were chosen, they are returned unchanged.
    """
    train, free = recipe.train, have - 1
    if free < 1:
        return recipe, ()
    turns = train.turns if "turns" in recipe.chosen else _most_turns(train, free)
    changes = {"turns": turns} | _sizes(recipe, free // turns)
    return _shorter(recipe, changes, have, unit)


def _most_turns(train: Train, free: int) -> int:
    """The recipe's turns, or as many as leave each stream some chunks to carry its state over."""
    least = 1 if isinstance(train.seq_len, str) else LEAST_CHUNKS * train.seq_len
    return max(1, min(train.turns, free // (train.batch * least)))


def _sizes(recipe: Recipe, free: int) -> dict[str, int]:
    """The batch and the seq_len that `free` tokens can fill, as far as they must change."""
    train = recipe.train
    steps = 1 if isinstance(train.seq_len, str) else train.seq_len
    if free >= train.batch * steps:
        return {}
    chosen = {"batch", "seq_len"}.intersection(recipe.chosen)
    if not chosen and recipe.data.task == "values" and free >= LEAST_STEPS:
        steps = min(steps, free)
        length = {} if isinstance(train.seq_len, str) else {"seq_len": steps}
        return {"batch": free // steps, **length}
    if len(chosen) != 1:
        return {}
    batch = free // steps if "seq_len" in chosen else train.batch
    if not 1 <= batch <= free:
        return {}
    return {"batch": batch} if "seq_len" in chosen else {"seq_len": free // batch}


def _shorter(
    recipe: Recipe, changes: dict[str, int], have: int, unit: str
) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe with smaller sizes, and a note; unchanged where they are its own."""
    train = recipe.train
    changes = {key: value for key, value in changes.items() if value != getattr(train, key)}
    if not changes:
        return recipe, ()
    batch = changes.get("batch", train.batch)
    if train.workers > batch and "workers" not in recipe.chosen:
        changes["workers"] = 0
    listed = ", ".join(f"{key} = {value}" for key, value in changes.items())
    return recipe.replace(**changes), (f"{listed}: there are only {have:,} {unit}s to train on",)
