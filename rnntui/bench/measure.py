"""The measurements, in order, and the settings that they suggest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice

from numpy.random import RandomState

from rnntui.bench.clock import Timing, time_runs
from rnntui.bench.machine import Machine, this_machine
from rnntui.bench.products import Peak, peak
from rnntui.bench.workload import GENERATION, TRAINING, Workload, random_text
from rnntui.data import TokenData
from rnntui.dataclass import dataclass
from rnntui.generation.generate import Generator, writer
from rnntui.training.loop import start, train

BATCHES = {
    128: (8, 16, 32, 64, 128),
    512: (16, 32, 64),
}  # to try, by hidden units
SWEPT, SWEPT_STEPS = "gru", 50
GOOD_ENOUGH = 0.9  # fraction of the highest rate; a smaller batch learns more per token


@dataclass(frozen=True)
class Started:
    """The first result: the machine and its peak."""

    machine: Machine
    peak: Peak


@dataclass(frozen=True)
class Next:
    """The measurement that starts now."""

    what: str


@dataclass(frozen=True)
class Trained:
    """A network's training speed with a number of processes."""

    workload: Workload
    workers: int
    timing: Timing  # of an update
    peak: float  # of one core, in operations per second

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return self.workload.tokens / self.timing.median

    @property
    def share(self) -> float:
        """Fraction of the peak of as many cores."""
        return self.workload.operations / self.timing.median / self.peak / self.workers


@dataclass(frozen=True)
class Generated:
    """A network's generation speed, one character at a time."""

    workload: Workload
    timing: Timing  # of a character

    @property
    def rate(self) -> float:
        """Characters per second."""
        return 1 / self.timing.median


@dataclass(frozen=True)
class Suggestion:
    """Suggested settings for a number of hidden units: the smallest fast batch, and workers.

    `rates` are tokens per second by batch in one process; `all_cores_rate` is the rate of the
    suggested batch with one process per core.
    """

    hidden: int
    batch: int
    workers: int
    rates: tuple[tuple[int, float], ...]
    all_cores_rate: float


Finding = Started | Next | Trained | Generated | Suggestion


def measure(seconds: float) -> Iterator[Finding]:
    """Measure everything in about `seconds`, yielding each result when it is available."""
    machine, text = this_machine(), random_text()
    sweeps = sum(len(batches) + 1 for batches in BATCHES.values())
    share = seconds / (3 + 2 * len(TRAINING) + len(GENERATION) + sweeps)
    yield Next("matrix products")
    best = peak(3 * share)
    yield Started(machine, best)
    for workload in TRAINING:
        for workers in dict.fromkeys((1, min(machine.cores, workload.batch))):
            yield Next(f"training {describe(workload)}, {workers} workers")
            timing = time_training(workload, text, share, workers)
            yield Trained(workload, workers, timing, best.rate)
    for workload in GENERATION:
        yield Next(f"generating {describe(workload)}")
        yield Generated(workload, time_generation(workload, text, share))
    for hidden, batches in BATCHES.items():
        yield from _suggest(hidden, batches, machine.cores, text, share)


def _suggest(
    hidden: int, batches: tuple[int, ...], cores: int, text: TokenData, seconds: float
) -> Iterator[Finding]:
    rates = []
    for batch in batches:
        workload = Workload(SWEPT, batch, hidden, SWEPT_STEPS)
        yield Next(f"training {describe(workload)}, batch {batch}")
        rates.append((batch, workload.tokens / time_training(workload, text, seconds).median))
    batch = smallest_fast(rates)
    workload, workers = Workload(SWEPT, batch, hidden, SWEPT_STEPS), min(cores, batch)
    all_cores_rate = workload.tokens / time_training(workload, text, seconds, workers).median
    suggested = workers if all_cores_rate > dict(rates)[batch] else 1
    yield Suggestion(hidden, batch, suggested, tuple(rates), all_cores_rate)


def smallest_fast(rates: Sequence[tuple[int, float]]) -> int:
    """Return the first batch whose rate is close to the highest."""
    fastest = max(rate for _, rate in rates)
    return next(batch for batch, rate in rates if rate >= GOOD_ENOUGH * fastest)


def time_training(workload: Workload, text: TokenData, seconds: float, workers: int = 1) -> Timing:
    """Time one update, made as by `rnntui train`."""
    recipe = workload.recipe(workers)
    with closing(start(recipe, text)) as state:
        updates = train(recipe, text, state)

        def run(n: int) -> None:
            for _ in islice(updates, n):
                pass

        return time_runs(run, seconds)


def time_generation(workload: Workload, text: TokenData, seconds: float) -> Timing:
    """Time the generation of one character, as from a prompt with a trained network."""
    author = Generator(
        parameters=start(workload.recipe(), text).parameters,
        prompt_random=RandomState(1),
    )
    characters = writer(author, text)

    def run(n: int) -> None:
        for _ in islice(characters, n):
            pass

    return time_runs(run, seconds)


def describe(workload: Workload) -> str:
    """Format the size of a network: `lstm 2 x 128`."""
    return f"{workload.cell:<4} {workload.layers} x {workload.hidden}"
