"""Run and show sweeps: what the commands call."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from rnntui.data import Dataset
from rnntui.errors import UsageError
from rnntui.foreground.json_report import json_line
from rnntui.foreground.stopping import Stopped, stoppable
from rnntui.runs.job import this_terminal
from rnntui.runs.store.files import shown
from rnntui.sweep.board import Row, counts, current_progress, importance_lines, rows_of, table
from rnntui.sweep.driver import Driver, More
from rnntui.sweep.local import LocalWorkers
from rnntui.sweep.measure import Expected, KnownKernels
from rnntui.sweep.report import JsonSweep, PlainSweep
from rnntui.sweep.space import parse_draw
from rnntui.sweep.store import Sweep, open_sweep, sweep_names
from rnntui.sweep.tpe import TpeTrials, check_optuna, importance

ALL_FAILED = 1  # exit code

LoadData = Callable[[], Dataset]


def run_sweep(
    sweep: Sweep,
    as_json: bool,
    data: LoadData,
    jobs: int | None = None,
    expected: Expected | None = None,
) -> int:
    """Run the trials that have not ended, with lines on stdout; return the exit code.

    `data` loads them if a sampler needs them.
    """
    if jobs:
        sweep.info = dataclasses.replace(sweep.info, jobs=jobs)
    report = JsonSweep(sweep) if as_json else PlainSweep(sweep)
    with sweep.hold(this_terminal()):
        workers, more = LocalWorkers(sweep.info.jobs), _sampler(sweep, data)
        driver = Driver(sweep, workers, report, more)
        report.follow(driver.progress)
        report.begin(expected)
        with stoppable() as stopping:
            try:
                driver.run(stopping)
            except Stopped as stop:
                report.end(driver.progress, stop.name)
                return stop.code
        report.end(driver.progress)
    states = {one.state for one in driver.progress.values()}
    return ALL_FAILED if states == {"failed"} else 0


def _sampler(sweep: Sweep, data: LoadData) -> More | None:
    """Return what chooses further trials; None if all are known."""
    info = sweep.info
    if info.sampler != "tpe":
        return None
    check_optuna("--sampler tpe")
    kernels = KnownKernels(sweep.recipe, sweep.trials, data)
    return TpeTrials(
        [parse_draw(text) for text in info.draws], info.trials, info.draw_seed, kernels
    )


def show_sweep(root: Path, name: str | None, as_json: bool, weigh: bool) -> int:
    """Print the table of a sweep, or of the newest one; return the exit code.

    `weigh`: also print the importance of each setting.
    """
    if weigh:
        check_optuna("--importance")
    names = sweep_names(root)
    if name is None and not names:
        raise UsageError(f"no sweeps in {shown(root)}: rnntui sweep SOURCE --grid KEY=VALUES")
    sweep = open_sweep(root, name if name is not None else names[0])
    live = sweep.held
    rows = rows_of(sweep, current_progress(sweep), live)
    shares = importance(_results(rows)) if weigh else {}
    if as_json:
        state = "running" if live else "ended" if _is_over(rows) else "interrupted"
        about = {"name": sweep.name, "state": state, "trials": [row.as_json() for row in rows]}
        lines = [json_line({**about, "importance": shares} if weigh else about)]
    else:
        lines = [f"sweep {sweep.name}: {counts(rows)}", "", *table(rows)]
        lines += ["", *importance_lines(shares)] if weigh else []
    for line in lines:
        print(line)
    return 0


def _results(rows: Sequence[Row]) -> list[tuple[dict[str, str | int | float | bool], float]]:
    finished = [row for row in rows if row.state == "finished"]
    return [(row.settings, row.result.best) for row in finished if row.result.best is not None]


def _is_over(rows: Sequence[Row]) -> bool:
    return not any(row.state == "stopped" and not row.reason for row in rows)
