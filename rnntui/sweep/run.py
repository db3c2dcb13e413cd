"""Run and show sweeps: what the commands call."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable

from rnntui.data import Dataset
from rnntui.foreground.stopping import Stopped, stoppable
from rnntui.runs.job import this_terminal
from rnntui.sweep.board import current_progress
from rnntui.sweep.driver import Driver, More
from rnntui.sweep.measure import Expected, KnownKernels
from rnntui.sweep.report import JsonSweep, PlainSweep
from rnntui.sweep.space import parse_draw
from rnntui.sweep.store import Sweep
from rnntui.sweep.tpe import TpeTrials, check_optuna
from rnntui.sweep.workers import workers_for

ALL_FAILED = 1  # exit code

LoadData = Callable[[], Dataset]


def run_sweep(
    sweep: Sweep,
    as_json: bool,
    data: LoadData,
    jobs: int | None = None,
    expected: Expected | None = None,
    on: str = "",
) -> int:
    """Run the trials that have not ended, with lines on stdout; return the exit code.

    `data` loads them if a sampler needs them; `jobs` and `on` replace what the sweep says.
    """
    if jobs:
        sweep.info = dataclasses.replace(sweep.info, jobs=jobs)
    if on:
        sweep.info = dataclasses.replace(sweep.info, on=on)
    report = JsonSweep(sweep) if as_json else PlainSweep(sweep)
    with sweep.hold(this_terminal()), contextlib.ExitStack() as stack, stoppable() as stopping:
        progress = current_progress(sweep)
        try:
            with stopping:  # a signal waits until what is being started can be ended
                workers = stack.enter_context(contextlib.closing(workers_for(sweep)))
            driver = Driver(sweep, workers, report, _sampler(sweep, data))
            progress = driver.progress
            report.follow(progress)
            report.begin(expected)
            driver.run(stopping)
        except Stopped as stop:
            report.end(progress, stop.name)
            return stop.code
        report.end(progress)
    states = {one.state for one in progress.values()}
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
