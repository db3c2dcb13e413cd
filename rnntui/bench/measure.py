"""What is measured, in its order, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from numpy.random import RandomState

from rnntui.bench.clock import Timing, time_runs
from rnntui.bench.machine import Machine, this_machine
from rnntui.bench.products import Peak, peak
from rnntui.bench.workload import TRAINING, WRITING, Workload, made_up_text
from rnntui.data import TokenData
from rnntui.trainer import start, train
from rnntui.writing import Author, writer

BATCHES = {128: (8, 16, 32, 64, 128), 512: (16, 32, 64)}  # tried by hidden units
SWEPT, SWEPT_STEPS = "gru", 50
GOOD_ENOUGH = 0.9  # of the fastest: a smaller batch learns more from each token


@dataclass(frozen=True)
class Started:
    """First of all: the machine and its peak."""

    machine: Machine
    peak: Peak


@dataclass(frozen=True)
class Next:
    """What is measured now."""

    what: str


@dataclass(frozen=True)
class Trained:
    """A network's training speed with a number of processes."""

    workload: Workload
    workers: int
    timing: Timing  # of an update
    peak: float  # of a core, in operations per second

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return self.workload.tokens / self.timing.median

    @property
    def share(self) -> float:
        """Of the peak of as many cores."""
        return self.workload.operations / self.timing.median / self.peak / self.workers


@dataclass(frozen=True)
class Wrote:
    """How fast a network writes, a character at a time."""

    workload: Workload
    timing: Timing  # of a character

    @property
    def rate(self) -> float:
        """Characters per second."""
        return 1 / self.timing.median


@dataclass(frozen=True)
class Suggestion:
    """For a number of units: the smallest batch that is almost as fast as the fastest, and workers.

    `rates` are tokens per second by batch in one process, `crew_rate` is that of this batch with as
    many processes as there are cores.
    """

    hidden: int
    batch: int
    workers: int
    rates: tuple[tuple[int, float], ...]
    crew_rate: float


Finding = Started | Next | Trained | Wrote | Suggestion


def measure(seconds: float) -> Iterator[Finding]:
    """Measure everything in about `seconds`, telling each finding as soon as it is known."""
    machine, text = this_machine(), made_up_text()
    sweeps = sum(len(batches) + 1 for batches in BATCHES.values())
    share = seconds / (3 + 2 * len(TRAINING) + len(WRITING) + sweeps)
    yield Next("matrix products")
    best = peak(3 * share)
    yield Started(machine, best)
    for workload in TRAINING:
        for workers in dict.fromkeys((1, min(machine.cores, workload.batch))):
            yield Next(f"training {describe(workload)}, {workers} workers")
            timing = time_training(workload, text, share, workers)
            yield Trained(workload, workers, timing, best.rate)
    for workload in WRITING:
        yield Next(f"writing {describe(workload)}")
        yield Wrote(workload, time_writing(workload, text, share))
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
    crew_rate = workload.tokens / time_training(workload, text, seconds, workers).median
    suggested = workers if crew_rate > dict(rates)[batch] else 1
    yield Suggestion(hidden, batch, suggested, tuple(rates), crew_rate)


def smallest_fast(rates: Sequence[tuple[int, float]]) -> int:
    """The first batch whose rate is almost the highest."""
    fastest = max(rate for _, rate in rates)
    return next(batch for batch, rate in rates if rate >= GOOD_ENOUGH * fastest)


def time_training(workload: Workload, text: TokenData, seconds: float, workers: int = 1) -> Timing:
    """Of one update, as `rnntui train` makes it."""
    recipe = workload.recipe(workers)
    with closing(start(recipe, text)) as state:
        updates = train(recipe, text, state)

        def run(n: int) -> None:
            for _ in islice(updates, n):
                pass

        return time_runs(run, seconds)


def time_writing(workload: Workload, text: TokenData, seconds: float) -> Timing:
    """Of one character, as a trained network writes from a prompt."""
    author = Author(
        parameters=start(workload.recipe(), text).parameters,
        prompt_random=RandomState(1),
        temperature=1.0,
        top_k=0,
        top_p=1.0,
    )
    characters = writer(author, text)

    def run(n: int) -> None:
        for _ in islice(characters, n):
            pass

    return time_runs(run, seconds)


def describe(workload: Workload) -> str:
    """`lstm 2 x 128`."""
    return f"{workload.cell:<4} {workload.layers} x {workload.hidden}"
