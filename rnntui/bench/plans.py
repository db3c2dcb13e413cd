"""The kernels that trials choose on this machine, and what they gain."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from statistics import median
from time import thread_time

import numpy as np

from rnntui.bench.measure import Next, describe
from rnntui.bench.workload import TRAINING, Workload, random_text
from rnntui.dataclass import dataclass
from rnntui.nn.kernels.blas import OneThread
from rnntui.nn.kernels.choice import REFERENCE, Kernels
from rnntui.nn.trial import Tried
from rnntui.training.loop import start
from rnntui.training.planning import trial_of
from rnntui.training.workers.plan import Plan
from rnntui.training.workers.pool import WorkerPool
from rnntui.training.workers.updater import Updater

FEWEST, SECONDS = 5, 1.5  # rounds of whole gradients, and the time they may take beyond


@dataclass(frozen=True)
class Planned:
    """A trial: what was tried, what was chosen, and what that gains."""

    workload: Workload
    tried: tuple[Tried, ...]
    kernels: Kernels
    seconds: float  # that the trial took
    gain: float  # time of a gradient with the reference kernels ÷ with those chosen, one process


def measure_plans() -> Iterator[Planned | Next]:
    """Hold the trial of each network, and compare whole gradients, yielding each result."""
    text = random_text()
    for workload in TRAINING:
        yield Next(f"kernels of {describe(workload)}")
        state = start(workload.recipe(), text)
        batch, plan = state.stream.next(), state.updater.plan
        with OneThread()(), np.errstate(all="ignore"):
            trial = trial_of(plan)
            kernels = trial.finish()
            gain = _gain(plan, kernels, batch.inputs, batch.targets)
        yield Planned(workload, tuple(trial.tried), kernels, trial.spent, gain)


def _gain(plan: Plan, kernels: Kernels, inputs: np.ndarray, targets: np.ndarray) -> float:
    """How many times as fast the kernels are: in turns, so that both meet the same machine."""
    if kernels == REFERENCE:
        return 1.0
    updaters = [Updater(plan, WorkerPool()) for _ in range(2)]
    updaters[1].use(kernels)

    def rounds() -> Iterator[float]:
        while True:
            times = []
            for updater in updaters:
                began = thread_time()
                updater.gradient(inputs, targets)
                times.append(thread_time() - began)
            yield times[0] / times[1]

    made = rounds()
    next(made)  # touches the memory
    began = thread_time()
    ratios = list(islice(made, FEWEST))
    for ratio in made:
        ratios.append(ratio)
        if thread_time() - began > SECONDS:
            break
    return median(ratios)
