"""What a sweep prints while it runs: rows of text, or JSON objects."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from time import monotonic
from typing import Any

from rnntui import __version__
from rnntui.foreground.json_report import json_line
from rnntui.foreground.report import Lines
from rnntui.numbers import duration, rounded
from rnntui.sweep.board import best_row, counts, keys_of, rows_of, table
from rnntui.sweep.measure import Expected
from rnntui.sweep.progress import Progress
from rnntui.sweep.store import Sweep
from rnntui.sweep.trials import Trial, described
from rnntui.text import fit, safe_text

APART = 10.0  # seconds between rows while nothing ends
WIDTH = 100


class JsonSweep:
    """Prints objects: sweep, trial, eval, note, and done with every trial."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep, self._lines = sweep, Lines(sys.stdout)
        self._began = monotonic()

    def follow(self, progress: Mapping[int, Progress]) -> None:
        """Take over what is known from before the sweep was resumed: nothing is printed of it."""

    def begin(self, expected: Expected | None) -> None:
        """Print what the sweep is, and what it will take if that was measured."""
        sweep = self._sweep
        self._print(
            "sweep",
            name=sweep.name,
            trials=sweep.info.trials,
            varied=list(keys_of(sweep)),
            jobs=sweep.info.jobs,
            halving=list(sweep.info.halving),
            sampler=sweep.info.sampler,
            expected_seconds=None if expected is None else round(expected.seconds, 1),
            expected_bytes=None if expected is None else expected.disk,
        )

    def started(self, trial: Trial, until: int | None, resumed: bool) -> None:
        """Print that a trial is being trained, and to which update (null: its end)."""
        state = "resumed" if resumed else "started"
        self._trial(trial, state, until=until)

    def said(self, trial: Trial, event: Mapping[str, Any]) -> None:
        """Print a validation, a note or a finding of a trial."""
        if event["event"] in ("eval", "note", "finding"):
            run = self._sweep.run_name(trial.number)
            self._lines.write(json_line({"event": event["event"], "run": run, **event}))

    def changed(self, trial: Trial, progress: Progress) -> None:
        """Print that a trial has ended or pauses at a rung."""
        result = progress.result
        more = {"reason": progress.reason} if progress.reason else {}
        self._trial(
            trial, progress.state, step=result.step, best=result.best,
            best_step=result.best_step, **more,
        )  # fmt: skip

    def _trial(self, trial: Trial, state: str, **more: Any) -> None:
        run = self._sweep.run_name(trial.number)
        self._print("trial", run=run, settings=trial.settings, state=state, **more)

    def note(self, text: str) -> None:
        """Print a note."""
        self._print("note", text=text)

    def end(self, progress: Mapping[int, Progress], stopped: str = "") -> None:
        """Print every trial with its result."""
        trials = [row.as_json() for row in rows_of(self._sweep, progress)]
        more = {"stopped": stopped} if stopped else {}
        seconds = round(monotonic() - self._began, 3)
        line = {"event": "done", "name": self._sweep.name, "seconds": seconds, **more}
        self._lines.last(json_line({**line, "trials": trials}))

    def _print(self, event: str, **fields: Any) -> None:
        self._lines.write(json_line({"event": event, **fields}))


class PlainSweep:
    """Prints a heading, a row whenever a trial ends, and the table at the end."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep, self._lines = sweep, Lines(sys.stdout)
        self._began = monotonic()
        self._due = self._began + APART
        self._at: dict[int, int] = {}  # update of each trial in training
        self._progress: dict[int, Progress] = {}

    def begin(self, expected: Expected | None) -> None:
        """Print what the sweep is, what it will take, and the heads of the columns."""
        sweep, count = self._sweep, self._sweep.info.trials
        keys = " × ".join(keys_of(sweep))
        halving = ", ".join(map(str, sweep.info.halving))
        self._line(f"rnntui {__version__} · sweep {sweep.name}")
        chosen = "; chosen by TPE" if sweep.info.sampler == "tpe" else ""
        self._line(f"  trials    {count}: {keys}; {sweep.info.jobs} at a time{chosen}")
        if halving:
            self._line(f"  halving   the better half continues after update {halving}")
        if expected is not None:
            self._line(f"  expected  {expected.text}")
        last = f" … {sweep.run_name(count)}" if count > 1 else ""
        self._line(f"  stored as {sweep.run_name(1)}{last}")
        self._line("")
        self._line(f"  {'time':>7}  {'ended':>7}  {'best':>8}  event")

    def started(self, trial: Trial, until: int | None, resumed: bool) -> None:
        """Remember that a trial is being trained."""
        self._at[trial.number] = 0

    def said(self, trial: Trial, event: Mapping[str, Any]) -> None:
        """Print a row now and then while nothing ends."""
        if isinstance(step := event.get("step"), int):
            self._at[trial.number] = step
        if monotonic() >= self._due:
            at = ", ".join(f"{number} at {step:,}" for number, step in sorted(self._at.items()))
            self._row(f"training {at}")

    def changed(self, trial: Trial, progress: Progress) -> None:
        """Print a row: a trial has ended or pauses at a rung."""
        self._at.pop(trial.number, None)
        self._progress[trial.number] = progress
        state = f"at {progress.until:,}" if progress.state == "paused" else progress.state
        loss = f" {rounded(progress.result.best)}" if progress.result.best is not None else ""
        reason = f": {progress.reason}" if progress.reason else ""
        self._row(f"{trial.number} {state}{loss}  {described(trial.settings)}{reason}")

    def _row(self, event: str) -> None:
        now = monotonic()
        self._due = now + APART
        ended = sum(one.state not in ("waiting", "training", "paused") for one in self._known())
        losses = [one.result.best for one in self._known() if one.result.best is not None]
        best = rounded(min(losses)) if losses else "–"
        time = duration(now - self._began)
        count = f"{ended}/{self._sweep.info.trials}"
        self._line(f"  {time:>7}  {count:>7}  {best:>8}  {event}")

    def _known(self) -> list[Progress]:
        return list(self._progress.values())

    def follow(self, progress: Mapping[int, Progress]) -> None:
        """Take over what is known from before the sweep was resumed."""
        self._progress.update(progress)

    def note(self, text: str) -> None:
        """Print a note."""
        self._line(f"  note: {text}")

    def end(self, progress: Mapping[int, Progress], stopped: str = "") -> None:
        """Print the table and what can be done next."""
        rows = rows_of(self._sweep, progress)
        name = self._sweep.name
        self._line("")
        for line in table(rows):
            self._line(line)
        self._line("")
        head = f"stopped by {stopped}" if stopped else "done"
        time = duration(monotonic() - self._began)
        self._lines.last(fit(f"{head} after {time}: {counts(rows)}", WIDTH))
        if stopped:
            self._lines.last(f"rnntui sweep resume {name} continues it")
        elif best := best_row(rows):
            self._lines.last(f"rnntui attach {best.run} shows the best")

    def _line(self, text: str) -> None:
        self._lines.write(fit(safe_text(text), WIDTH))
