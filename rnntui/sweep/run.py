"""Start, resume and show sweeps: what the commands call."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rnntui.data import Dataset, load
from rnntui.data.source import lasting_source, parse_source
from rnntui.errors import DataError, RunError, UsageError
from rnntui.foreground.json_report import json_line
from rnntui.foreground.stopping import Stopped, stoppable
from rnntui.foreground.waiting import Waiting
from rnntui.numbers import size_in_words
from rnntui.recipe import Recipe
from rnntui.runs.fingerprint import fingerprint
from rnntui.runs.job import this_terminal
from rnntui.runs.store.files import shown
from rnntui.sweep.board import Row, counts, current_progress, rows_of, table
from rnntui.sweep.driver import Driver
from rnntui.sweep.local import LocalWorkers
from rnntui.sweep.measure import Expected, expect
from rnntui.sweep.report import JsonSweep, PlainSweep
from rnntui.sweep.space import Settings
from rnntui.sweep.store import (
    FORMAT,
    Sweep,
    SweepInfo,
    check_free,
    create,
    free_name,
    open_sweep,
    sweep_names,
)
from rnntui.sweep.trials import Trial, check_trials, fit_base, recipe_for

Note = Callable[[str], None]
ALL_FAILED = 1  # exit code


@dataclass(frozen=True)
class Plan:
    """A sweep that is to be started. `recipe`: what the trials share."""

    recipe: Recipe
    settings: Sequence[Settings]
    jobs: int
    halving: tuple[int, ...] = ()
    name: str = ""
    notes: tuple[str, ...] = ()  # on the recipe


def prepare(plan: Plan, root: Path, argv: Sequence[str], note: Note) -> tuple[Sweep, Expected]:
    """Check a sweep, measure its networks and store it. Raises RnntuiError before any trial."""
    base, notes = fit_base(_lasting(plan.recipe), plan.halving)
    count = len(plan.settings)
    name = check_free(root, plan.name, count) if plan.name else free_name(root, base.name, count)
    for text in (*plan.notes, *notes, *check_trials(base, plan.settings)):
        note(text)
    data = load(base, None, Waiting(note))
    recipes = [recipe_for(base, settings) for settings in plan.settings]
    expected = expect(recipes, data, plan.halving, plan.jobs)
    _check_disk(root, expected.disk)
    trials = [
        Trial(number, settings, kernels)
        for number, (settings, kernels) in enumerate(
            zip(plan.settings, expected.kernels, strict=True), 1
        )
    ]
    info = SweepInfo(
        format=FORMAT,
        name=name,
        recipe=base.name,
        started=time.time(),
        jobs=plan.jobs,
        halving=plan.halving,
        source_sha256=fingerprint(data)[0],
        argv=tuple(argv),
    )
    return create(root, info, base, trials), expected


def _lasting(recipe: Recipe) -> Recipe:
    """Return the recipe with a source that is valid in any working directory."""
    source = parse_source(recipe.data.source)
    if source.kind != "file":
        return recipe
    return recipe.replace(source=lasting_source(source.rest))


def _check_disk(root: Path, needed: int) -> None:
    """Raise RunError if the trials may need more than the disk has free."""
    import shutil

    there = next(path for path in (root, *root.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise RunError(
            f"the trials may need {size_in_words(needed)}, and {size_in_words(free)} are free: "
            "use fewer trials, or another --runs-dir"
        )


def check_source(sweep: Sweep, note: Note) -> None:
    """Raise DataError if the source has changed since the sweep was started."""
    data: Dataset = load(sweep.recipe, None, Waiting(note))
    if fingerprint(data)[0] != sweep.info.source_sha256:
        raise DataError(
            f"{data.name} has changed since the sweep started: restore the file, or start a new one"
        )


def run_sweep(sweep: Sweep, as_json: bool, jobs: int | None, expected: Expected | None) -> int:
    """Run the trials that have not ended, with lines on stdout; return the exit code."""
    if jobs:
        sweep.info = dataclasses.replace(sweep.info, jobs=jobs)
    report = JsonSweep(sweep) if as_json else PlainSweep(sweep)
    with sweep.hold(this_terminal()):
        driver = Driver(sweep, LocalWorkers(sweep.info.jobs), report)
        report.follow(driver.progress)
        if expected is None:
            report.begin(None, None)
        else:
            report.begin(expected.seconds, expected.disk)
        with stoppable() as stopping:
            try:
                driver.run(stopping)
            except Stopped as stop:
                report.end(driver.progress, stop.name)
                return stop.code
        report.end(driver.progress)
    states = {one.state for one in driver.progress.values()}
    return ALL_FAILED if states == {"failed"} else 0


def show_sweep(root: Path, name: str | None, as_json: bool) -> int:
    """Print the table of a sweep, or of the newest one; return the exit code."""
    names = sweep_names(root)
    if name is None and not names:
        raise UsageError(f"no sweeps in {shown(root)}: rnntui sweep SOURCE --grid KEY=VALUES")
    sweep = open_sweep(root, name if name is not None else names[0])
    live = sweep.held
    rows = rows_of(sweep, current_progress(sweep), live)
    if as_json:
        state = "running" if live else "ended" if _is_over(rows) else "interrupted"
        trials = [row.as_json() for row in rows]
        lines = [json_line({"name": sweep.name, "state": state, "trials": trials})]
    else:
        lines = [f"sweep {sweep.name}: {counts(rows)}", "", *table(rows)]
    for line in lines:
        print(line)
    return 0


def _is_over(rows: Sequence[Row]) -> bool:
    return not any(row.state == "stopped" and not row.reason for row in rows)
