"""The trials of a sweep: their settings and recipes, and what speaks against them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

from rnntui.dataclass import dataclass
from rnntui.errors import UsageError
from rnntui.recipe import Recipe
from rnntui.recipe.sections.train import END_OF_RUN, VALIDATION_LOSS
from rnntui.runs.differing import setting_text
from rnntui.sweep.space import MOST_TRIALS, Axis, Draw, Settings, drawn, grid
from rnntui.text import safe_text

FEWEST_BETWEEN = 10  # updates between validations, at least, if halving decides on them
_PATIENCE = 50  # draws that are known already, in a row, until there are no others


@dataclass(frozen=True)
class Trial:
    """One run of a sweep. `number` counts from 1; `kernels`: what its network computes with."""

    number: int
    settings: Settings
    kernels: str = ""


def settings_of(
    axes: Sequence[Axis], draws: Sequence[Draw], count: int, seed: int
) -> list[Settings]:
    """Return the settings of the grid, then `count` random ones; none of them twice."""
    found = grid(axes)
    if draws:
        found += itertools.islice(new_ones(drawn(draws, seed), found), count)
    if not found:
        raise UsageError("nothing varies: add --grid KEY=VALUES, or --random N --draw KEY=RANGE")
    return found


def new_ones(source: Iterable[Settings], known: Sequence[Settings]) -> Iterator[Settings]:
    """Yield what is not known yet, until nothing new comes."""
    seen, again = {frozenset(settings.items()) for settings in known}, 0
    for settings in source:
        one = frozenset(settings.items())
        if one in seen:
            again += 1
            if again >= _PATIENCE:
                return
            continue
        again = 0
        seen.add(one)
        yield settings


def with_seeds(settings: Sequence[Settings], seeds: int, first: int) -> list[Settings]:
    """Repeat each of the settings with `seeds` random seeds. Raises UsageError."""
    if seeds > 1:
        if any("seed" in one for one in settings):
            raise UsageError("--seeds cannot be combined with a varied seed")
        settings = [{**one, "seed": first + n} for one in settings for n in range(seeds)]
    if len(settings) > MOST_TRIALS:
        raise UsageError(f"{len(settings):,} trials are more than {MOST_TRIALS:,}")
    return list(settings)


def recipe_for(base: Recipe, settings: Settings) -> Recipe:
    """Return a trial's recipe; other keys are adjusted as by --set. Raises UsageError."""
    return base.override({key: setting_text(value) for key, value in settings.items()})


def described(settings: Settings) -> str:
    """Describe settings in one safe line: "lr=0.001 hidden=64"."""
    return " ".join(f"{key}={safe_text(setting_text(value))}" for key, value in settings.items())


def fit_base(recipe: Recipe, halving: Sequence[int]) -> tuple[Recipe, list[str]]:
    """Return the recipe that the trials share, and notes on what was adapted. Raises UsageError.

    A trial keeps its last checkpoints and the best, has one process unless `workers` is set, and is
    validated at every rung.
    """
    notes: list[str] = []
    changes: Settings = {}
    if recipe.data.source == "-":
        raise UsageError("several trials cannot read standard input: save it to a file")
    if not END_OF_RUN.met(recipe.get):
        raise UsageError("a trial needs an end: add --steps or --seconds")
    if not VALIDATION_LOSS.met(recipe.get):
        raise UsageError(f"trials are ranked by validation loss: {VALIDATION_LOSS.advice}")
    if "keep" not in recipe.chosen:
        changes["keep"] = 0
    if "workers" not in recipe.chosen or not recipe.train.workers:
        changes["workers"] = 1
    every = _validations(recipe, halving)
    if every != recipe.train.eval_every:
        changes["eval_every"] = every
        notes.append(f"eval_every = {every}: a validation is needed at each halving")
    return recipe.replace(**changes), notes


def _validations(recipe: Recipe, halving: Sequence[int]) -> int:
    """Return how many updates apart validations are, so that each rung has one."""
    every = recipe.train.eval_every
    if not halving:
        return every
    if list(halving) != sorted(set(halving)) or halving[0] < 1:
        raise UsageError("--halving takes increasing numbers of updates, as in 80,160")
    if "steps" in recipe.chosen or "steps" not in recipe.by_size:
        check_last_rung(recipe, halving)
    if all(rung % every == 0 for rung in halving):
        return every
    if "eval_every" in recipe.chosen:
        raise UsageError(f"--halving needs validations there: eval_every is {every}")
    common = math.gcd(*halving)
    fewer = max(n for n in range(1, min(common, every) + 1) if common % n == 0)
    if fewer < min(FEWEST_BETWEEN, every):
        raise UsageError("--halving: use updates with a common divisor, as in 80,160,320")
    return fewer


def check_last_rung(recipe: Recipe, halving: Sequence[int]) -> None:
    """Raise UsageError if trials end before the last rung."""
    if halving and 0 < recipe.train.steps <= halving[-1]:
        raise UsageError(
            f"--halving {halving[-1]}: a trial ends after {recipe.train.steps} updates already"
        )


def check_trials(base: Recipe, settings: Sequence[Settings]) -> list[str]:
    """Return notes on keys that are adjusted or have no effect. Raises UsageError.

    The error names the first contradiction and how many trials have one.
    """
    notes: dict[str, None] = {}
    wrong: list[str] = []
    for one in settings:
        texts = {key: setting_text(value) for key, value in one.items()}
        try:
            _check_dropout(recipe_for(base, one))
            notes.update(dict.fromkeys(base.notes_on(texts)))
        except UsageError as error:
            wrong.append(f"{described(one)}: {error}")
    if wrong:
        others = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise UsageError(f"{len(wrong)} of {len(settings)} trials contradict: {wrong[0]}{others}")
    return list(notes)


def _check_dropout(recipe: Recipe) -> None:
    if recipe.model.dropout and recipe.model.layers == 1:
        raise UsageError("dropout acts between layers, and there is only one")


def varied(settings: Sequence[Settings]) -> tuple[str, ...]:
    """Return the keys that the trials set, in order."""
    return tuple(dict.fromkeys(key for one in settings for key in one))
