"""Start a sweep: check what is asked, measure its networks, store what is to be trained."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rnntui.data import load
from rnntui.data.source import lasting_source, parse_source
from rnntui.dataclass import dataclass
from rnntui.errors import DataError, RunError, UsageError
from rnntui.foreground.waiting import Waiting
from rnntui.numbers import plural, size_in_words
from rnntui.recipe import Recipe
from rnntui.runs.fingerprint import fingerprint
from rnntui.runs.store.create import is_there
from rnntui.sweep.measure import Expected, expect
from rnntui.sweep.remote.place import LOCAL, SLURM, Place
from rnntui.sweep.request import Request
from rnntui.sweep.space import Settings, check_keys, grid
from rnntui.sweep.store import FORMAT, Sweep, SweepInfo, check_free, create, free_name
from rnntui.sweep.tpe import check_optuna
from rnntui.sweep.trials import (
    Trial,
    check_last_rung,
    check_trials,
    fit_base,
    recipe_for,
    settings_of,
    with_seeds,
)
from rnntui.training.loop import sized

Note = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """A sweep that is to be started. `recipe`: what the trials share.

    `settings`: those of each trial. Of a sampler that learns from results, only the first `fixed`
    are trained; the others stand for those that it will choose.
    """

    request: Request
    recipe: Recipe
    settings: tuple[Settings, ...]
    fixed: int
    jobs: int
    notes: tuple[str, ...]
    on: str = LOCAL

    @classmethod
    def of(cls, request: Request, recipe: Recipe, cores: int, notes: Sequence[str]) -> Plan:
        """Make the plan of a request with its recipe. Raises UsageError."""
        request.check()
        check_keys(request.axes, request.draws)
        if request.sampler == "tpe":
            check_optuna("--sampler tpe")
        base, more = fit_base(_lasting(recipe), request.halving)
        found = settings_of(request.axes, request.draws, request.count, request.draw_seed)
        settings = with_seeds(found, request.seeds, recipe.train.seed)
        size = len(grid(request.axes))
        few = _fewer(len(found) - size, request.count)
        every = (*notes, *more, *few, *check_trials(base, settings))
        fixed = size if request.sampler == "tpe" else len(settings)
        jobs = min(request.jobs or cores, len(settings))
        return cls(request, base, tuple(settings), fixed, jobs, every)

    def at(self, place: Place, root: Path, note: Note) -> Plan:
        """Return the plan for another place, whose hosts are checked. Raises RnntuiError."""
        if place.kind == SLURM and not self.request.jobs:
            raise UsageError("--on slurm needs --jobs N: how many jobs of Slurm train at a time")
        cores = check_hosts(place, self.recipe, root, note)
        jobs = min(self.request.jobs or cores, len(self.settings))
        return replace(self, jobs=jobs, on=place.text)


def _fewer(draws: int, wished: int) -> list[str]:
    """Return a note if there are fewer different draws than wished."""
    if draws >= wished:
        return []
    new = plural(draws, "new trial")
    return [f"--random {wished:,} gives only {new}: the other draws repeat trials"]


def prepare(
    plan: Plan, root: Path, name: str, argv: Sequence[str], note: Note
) -> tuple[Sweep, Expected]:
    """Measure the networks of a sweep and store it. Raises RnntuiError before any trial."""
    base, request, count = plan.recipe, plan.request, len(plan.settings)
    name = check_free(root, name, count) if name else free_name(root, base.name, count)
    for text in plan.notes:
        note(text)
    data = load(base, None, Waiting(note))
    base, by_size = sized(base, data)
    check_last_rung(base, request.halving)
    for text in by_size:
        note(text)
    recipes = [recipe_for(base, settings) for settings in plan.settings]
    expected = expect(recipes, data, request.halving, plan.jobs)
    _check_disk(root, expected.disk)
    chosen = list(zip(plan.settings, expected.kernels, strict=True))[: plan.fixed]
    info = SweepInfo(
        format=FORMAT,
        name=name,
        recipe=base.name,
        started=time.time(),
        jobs=plan.jobs,
        halving=request.halving,
        source_sha256=fingerprint(data)[0],
        trials=count,
        sampler=request.sampler,
        draws=tuple(draw.text for draw in request.draws),
        draw_seed=request.draw_seed,
        argv=tuple(argv),
        on=plan.on,
    )
    trials = [Trial(number, *one) for number, one in enumerate(chosen, 1)]
    return create(root, info, base, trials), expected


def _lasting(recipe: Recipe) -> Recipe:
    """Return the recipe with a source that is valid in any working directory."""
    source = parse_source(recipe.data.source)
    if source.kind != "file":
        return recipe
    return recipe.replace(source=lasting_source(source.rest))


def _check_disk(root: Path, needed: int) -> None:
    """Raise RunError if the trials may need more than the disk has free."""
    there = next(path for path in (root, *root.parents) if is_there(path))
    free = shutil.disk_usage(there).free
    if needed > free:
        raise RunError(
            f"the trials may need {size_in_words(needed)}, and {size_in_words(free)} are free: "
            "use fewer trials, or another --runs-dir"
        )


def check_hosts(place: Place, recipe: Recipe, root: Path, note: Note) -> int:
    """Check the hosts of a place, each with a note; return their cores. Raises RnntuiError."""
    if place.kind == SLURM:
        from rnntui.sweep.remote.slurm_cluster import check_slurm

        check_slurm()
    if not place.hosts:
        return 0
    from rnntui.sweep.remote.ssh_cluster import survey

    return sum(host.facts.cores for host in survey(place.hosts, recipe, root, note))


def check_source(sweep: Sweep, note: Note) -> None:
    """Raise DataError if the data of a sweep have changed since it was started."""
    data = load(sweep.recipe, None, Waiting(note))
    if fingerprint(data)[0] != sweep.info.source_sha256:
        raise DataError(
            f"{data.name} has changed since the sweep started: restore the file, or start a new one"
        )
