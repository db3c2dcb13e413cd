"""What is measured, in its order, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from rnntui.bench.clock import Timing, time_runs
from rnntui.bench.machine import Machine, this_machine
from rnntui.bench.products import Peak, peak
from rnntui.bench.workload import TRAINING, WRITING, Workload, made_up_text
from rnntui.data import TokenData
from rnntui.trainer import start, train, writer

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
    """A network's training speed in one process, and what share of the peak that is."""

    workload: Workload
    timing: Timing  # of an update
    share: float

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return self.workload.tokens / self.timing.median


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
    """The smallest batch that is almost as fast as the fastest one, for a number of units."""

    hidden: int
    batch: int
    rates: tuple[tuple[int, float], ...]  # tokens per second by batch


Finding = Started | Next | Trained | Wrote | Suggestion


def measure(seconds: float) -> Iterator[Finding]:
    """Measure everything in about `seconds`, telling each finding as soon as it is known."""
    sweep = [(hidden, batch) for hidden, batches in BATCHES.items() for batch in batches]
    share = seconds / (3 + len(TRAINING) + len(WRITING) + len(sweep))
    yield Next("matrix products")
    best = peak(3 * share)
    yield Started(this_machine(), best)
    text = made_up_text()
    for workload in TRAINING:
        yield Next(f"training {describe(workload)}")
        timing = time_training(workload, text, share)
        yield Trained(workload, timing, workload.operations / timing.median / best.rate)
    for workload in WRITING:
        yield Next(f"writing {describe(workload)}")
        yield Wrote(workload, time_writing(workload, text, share))
    for hidden, batches in BATCHES.items():
        rates = []
        for batch in batches:
            workload = Workload(SWEPT, batch, hidden, SWEPT_STEPS)
            yield Next(f"training {describe(workload)}")
            rates.append((batch, workload.tokens / time_training(workload, text, share).median))
        yield suggestion(hidden, tuple(rates))


def suggestion(hidden: int, rates: tuple[tuple[int, float], ...]) -> Suggestion:
    """What the rates by batch, in rising order, suggest."""
    fastest = max(rate for _, rate in rates)
    batch = next(batch for batch, rate in rates if rate >= GOOD_ENOUGH * fastest)
    return Suggestion(hidden, batch, rates)


def time_training(workload: Workload, text: TokenData, seconds: float) -> Timing:
    """Of one update, as `rnntui train` makes it."""
    recipe = workload.recipe()
    updates = train(recipe, text, start(recipe, text))

    def run(n: int) -> None:
        for _ in islice(updates, n):
            pass

    return time_runs(run, seconds)


def time_writing(workload: Workload, text: TokenData, seconds: float) -> Timing:
    """Of one character, as `rnntui` writes from a prompt."""
    characters = writer(start(workload.recipe(), text), text)

    def run(n: int) -> None:
        for _ in islice(characters, n):
            pass

    return time_runs(run, seconds)


def describe(workload: Workload) -> str:
    """`lstm 2 x 128`."""
    return f"{workload.cell:<4} {workload.layers} x {workload.hidden}"
