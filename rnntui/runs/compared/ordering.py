"""The order of compared runs, and their groups. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from rnntui.dataclass import dataclass
from rnntui.recipe import Value
from rnntui.runs.compared.run import ComparedRun
from rnntui.runs.differing import setting_text

SEED = "seed"
Key = Callable[[ComparedRun], Value | None]


@dataclass(frozen=True)
class Measure:
    """Something that runs are ordered by; `falling`: the largest first."""

    name: str
    value: Key
    falling: bool = False


MEASURES = {
    measure.name: measure
    for measure in (
        Measure("best", lambda run: run.best_loss),
        Measure("at", lambda run: run.best.update if run.best else None),
        Measure("update", lambda run: run.update, falling=True),
        Measure("time", lambda run: run.seconds),
        Measure("parameters", lambda run: run.summary.parameters or None),
        Measure("speed", lambda run: run.speed, falling=True),
        Measure("ratio", lambda run: run.ratio),
        Measure("started", lambda run: run.summary.started, falling=True),
        Measure("name", lambda run: run.name),
        Measure("state", lambda run: run.state),
    )
}
RANKING = ("best", "ratio")  # these make no sense if losses cannot be compared


def measures(differing: Iterable[str]) -> tuple[str, ...]:
    """Return what runs can be ordered by: the measures, then the settings that differ."""
    return (*MEASURES, *(name for name in differing if name not in MEASURES))


def ordered(runs: Iterable[ComparedRun], by: str, reverse: bool = False) -> list[ComparedRun]:
    """Return the runs in the order of a measure or a setting; those without a value last."""
    measure = MEASURES.get(by) or Measure(by, lambda run: _setting(run, by))
    known: list[tuple[ComparedRun, Value]] = []
    unknown: list[ComparedRun] = []
    for run in runs:
        value = measure.value(run)
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            unknown.append(run)
        else:
            known.append((run, value))
    numbers = all(isinstance(value, int | float) for _, value in known)
    known.sort(
        key=lambda pair: pair[1] if numbers else _folded(pair[1]),
        reverse=measure.falling != reverse,
    )
    return [*(run for run, _ in known), *unknown]


def _folded(value: Value) -> str:
    return setting_text(value).lower()


def _setting(run: ComparedRun, name: str) -> Value | None:
    return run.recorded.effective.get(name) if run.readable else None


@dataclass(frozen=True, eq=False)
class Group:
    """Runs that have some settings in common, the best first, if they can be compared."""

    words: str  # "lr 0.003"; empty: all runs in one group
    runs: tuple[ComparedRun, ...]

    @cached_property
    def losses(self) -> list[float]:
        """The best losses of the runs, as far as known."""
        return [run.best_loss for run in self.runs if run.best_loss is not None]

    @cached_property
    def mean(self) -> float | None:
        """The mean of the best losses."""
        return sum(self.losses) / len(self.losses) if self.losses else None

    @property
    def deviation(self) -> float | None:
        """The standard deviation of the best losses, of at least two runs."""
        losses, mean = self.losses, self.mean
        if len(losses) < 2 or mean is None:
            return None
        return math.sqrt(sum((loss - mean) ** 2 for loss in losses) / (len(losses) - 1))


def groupings(differing: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return by which settings runs can be grouped: by none, by each, and by all but the seed."""
    others = tuple(name for name in differing if name != SEED)
    single = tuple((name,) for name in others)
    return ((), *([others] if SEED in differing and len(others) > 1 else []), *single)


def grouped(runs: Sequence[ComparedRun], by: Sequence[str]) -> list[Group]:
    """Return the groups, in the order of their first runs."""
    if not by:
        return [Group("", tuple(runs))] if runs else []
    found: dict[str, list[ComparedRun]] = {}
    for run in runs:
        found.setdefault(_words(run, by), []).append(run)
    return [Group(words, tuple(members)) for words, members in found.items()]


def _words(run: ComparedRun, by: Sequence[str]) -> str:
    if not run.readable:
        return "unknown settings"
    values = ((name, _setting(run, name)) for name in by)
    return "  ".join(
        f"{name} {'–' if value is None else setting_text(value) or 'none'}"
        for name, value in values
    )
