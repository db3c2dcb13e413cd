"""What is known of each trial, from the journal of its sweep: pure functions of its lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Literal

from rnntui.dataclass import dataclass
from rnntui.runs.store.journal import Line, number, whole

State = Literal["waiting", "training", "paused", "finished", "failed", "stopped"]
_ENDS: tuple[State, ...] = ("finished", "failed", "stopped")


@dataclass(frozen=True)
class Result:
    """The best validation loss of a trial so far, the update it is from, and the last update."""

    best: float | None = None
    best_step: int | None = None
    step: int = 0


@dataclass(frozen=True)
class Progress:
    """How far a trial is. `paused`: it waits at a rung to be continued; `next_rung` then is None.

    `reached`: the best loss when it arrived at each rung; infinite if it failed on the way.
    """

    state: State = "waiting"
    started: bool = False
    result: Result = Result()
    reached: Mapping[int, float] = field(default_factory=dict)
    until: int | None = None  # the rung it trains to, or waits at; None: to its end
    through: bool = False  # a user wants it to be trained to its end
    reason: str = ""


def progress_of(trials: Iterable[int], lines: Sequence[Line]) -> dict[int, Progress]:
    """Return the progress of each trial. A trial that was training when all ended is `waiting`."""
    found = {trial: Progress() for trial in trials}
    for line in lines:
        trial = whole(line, "trial")
        if trial in found:
            found[trial] = after(found[trial], line)
    return found


def after(before: Progress, line: Line) -> Progress:
    """Return the progress after an event of the journal."""
    event = line.get("event")
    result = Result(number(line, "best"), whole(line, "best_step"), whole(line, "step") or 0)
    if event == "start":
        return replace(before, state="training", started=True, until=whole(line, "until"))
    if event == "rung":
        rung = whole(line, "step") or 0
        loss = math.inf if result.best is None else result.best
        reached = {**before.reached, rung: loss}
        return replace(before, state="paused", result=result, reached=reached, until=rung)
    if event in _ENDS:
        reached = dict(before.reached)
        if event != "finished" and before.until is not None:
            reached[before.until] = math.inf  # it takes nobody's place in the better half
        reason = line.get("reason")
        text = reason if isinstance(reason, str) else ""
        return replace(before, state=event, result=result, reached=reached, reason=text)
    if event == "again":
        reached = {rung: loss for rung, loss in before.reached.items() if math.isfinite(loss)}
        through = before.through or line.get("through") is True
        return replace(before, state="waiting", reached=reached, through=through, reason="")
    return before
