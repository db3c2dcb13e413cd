"""Small sweeps: workers that train in this process, and what a driver tells."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnntui.data import load
from rnntui.foreground.report import Lines
from rnntui.recipe import Recipe
from rnntui.runs.fingerprint import fingerprint
from rnntui.sweep.child import TrialReport, train_task
from rnntui.sweep.progress import Progress
from rnntui.sweep.space import Settings
from rnntui.sweep.store import FORMAT, Sweep, SweepInfo, create
from rnntui.sweep.task import Report, Task, TaskEnded
from rnntui.sweep.trials import Trial

TINY = Recipe(name="tiny").replace(
    source="text:the quick brown fox jumps over the lazy dog. ", repeat=20, hidden=4, layers=1,
    seq_len=8, batch=2, steps=8, eval_every=2, checkpoint_every=2, workers=1, split=0.2, keep=0,
)  # fmt: skip
RATES: tuple[Settings, ...] = ({"lr": 0.001}, {"lr": 0.01}, {"lr": 0.03}, {"lr": 0.1})

Intercept = Callable[[Task], TaskEnded | None]


class HereWorkers:
    """Trains tasks in this process, one after the other, when their report is asked for."""

    def __init__(self, jobs: int = 2, intercept: Intercept = lambda _task: None) -> None:
        """`intercept` may return a report instead of training a task."""
        self._jobs, self.intercept = jobs, intercept
        self._waiting: deque[Task] = deque()
        self.tasks: list[Task] = []
        self._cut: list[int] = []

    @property
    def free(self) -> int:
        return self._jobs - len(self._waiting)

    def start(self, task: Task) -> None:
        self._waiting.append(task)
        self.tasks.append(task)

    def cut(self, trial: int) -> None:
        self._waiting = deque(task for task in self._waiting if task.trial != trial)
        self._cut.append(trial)

    def next(self, seconds: float) -> Report | None:
        if self._cut:
            return TaskEnded(self._cut.pop(), "stopped")
        task = self._waiting.popleft()
        if (instead := self.intercept(task)) is not None:
            return instead
        end, text, _ = train_task(task, TrialReport(Lines(io.StringIO()), task.until))
        return TaskEnded(task.trial, end, text)

    def stop(self) -> None:
        self._waiting.clear()

    def close(self) -> None: ...


@dataclass
class Heard:
    """What a driver has told: started and changed trials by number, and notes."""

    begun: list[tuple[int, int | None, bool]] = field(default_factory=list)
    ends: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def started(self, trial: Trial, until: int | None, resumed: bool) -> None:
        self.begun.append((trial.number, until, resumed))

    def said(self, trial: Trial, event: Mapping[str, Any]) -> None: ...

    def changed(self, trial: Trial, progress: Progress) -> None:
        self.ends.append((trial.number, progress.state))

    def note(self, text: str) -> None:
        self.notes.append(text)


def tiny_sweep(
    root: Path,
    settings: Sequence[Settings] = RATES,
    halving: tuple[int, ...] = (),
    name: str = "s",
    recipe: Recipe = TINY,
) -> Sweep:
    """Store a sweep of small networks."""
    info = SweepInfo(
        format=FORMAT, name=name, recipe=recipe.name, started=1.0, jobs=2, halving=halving,
        source_sha256=fingerprint(load(recipe))[0], trials=len(settings),
    )  # fmt: skip
    trials = [Trial(number, one) for number, one in enumerate(settings, 1)]
    return create(root, info, recipe, trials)
