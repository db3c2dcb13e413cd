"""The process that trains a trial: a session in the foreground, which prints JSON to its sweep.

It ends at the update that it was given, after saving. Without a reader of its output it ends too,
so a sweep that is killed leaves nothing behind.
"""

from __future__ import annotations

import sys
from time import monotonic
from typing import Any

from rnntui.errors import OutputError, RnntuiError, RunError, RunExistsError, RunTakenError
from rnntui.foreground.json_report import json_line
from rnntui.foreground.loop import train_reporting
from rnntui.foreground.report import Lines, Run
from rnntui.foreground.stopping import Stopped
from rnntui.session.findings import Change
from rnntui.streams import discard
from rnntui.sweep.task import End, Task, task_from_json
from rnntui.training.loop import Chunk, Result

APART = 0.5  # seconds between the updates that are reported


class RungReached(Stopped):
    """The trial has made the updates that it was to make for now."""

    def __init__(self, step: int) -> None:
        BaseException.__init__(self)
        self.code, self.name = 0, f"its sweep at update {step}"


class TrialReport:
    """Prints updates now and then and every validation; ends the run at update `until`."""

    def __init__(self, lines: Lines, until: int | None) -> None:
        self._lines, self._until = lines, until
        self._due = 0.0
        self.finished = False

    def begin(self, run: Run) -> None:
        """Print that the trial trains, and from which update on; end it if it is there already."""
        self._run = run
        self._print("begin", step=run.step, total=run.total, parameters=run.parameters)
        if self._until is not None and run.step >= self._until:
            raise RungReached(run.step)

    def see(self, chunk: Chunk) -> None:
        """Print an update if it is time to, or if it was validated."""
        now = monotonic()
        if chunk.validation is not None:
            best = self._run.best
            self._print("eval", step=chunk.step, loss=chunk.validation, best=best)
        elif now >= self._due:
            self._due = now + APART
            self._print("step", step=chunk.step, loss=chunk.loss_per_token)
        if chunk.step == self._until:
            raise RungReached(chunk.step)

    def note(self, text: str) -> None:
        """Print a note."""
        self._print("note", text=text)

    def change(self, change: Change) -> None:
        """Print a finding's title."""
        state, title = change.state, change.finding.title
        self._print("finding", id=change.finding.id, state=state, step=change.step, title=title)

    def end(self, result: Result) -> None:
        """Note that the trial has reached its bounds."""
        self.finished = True

    def stop(self, reason: str) -> None:
        """Do nothing: `main` reports how the trial ended."""

    def ended(self, end: End, text: str = "") -> None:
        """Print how the task ended, as the last line."""
        self._print("ended", end=end, text=text)

    def _print(self, event: str, **fields: Any) -> None:
        self._lines.write(json_line({"event": event, **fields}))


def main(_argument: str) -> int:
    """Train the task on standard input and return the exit status."""
    task = task_from_json(sys.stdin.buffer.readline())
    report = TrialReport(Lines(sys.stdout), task.until)
    try:
        end, text, code = train_task(task, report)
        report.ended(end, text)
    except (BrokenPipeError, OutputError):  # the sweep is gone; the run is saved
        discard(sys.stdout.fileno())
        return 0
    return code


def train_task(task: Task, report: TrialReport) -> tuple[End, str, int]:
    """Train a task; return how that ended, why, and the exit status."""
    try:
        train_reporting(task.job, report)
    except RungReached:
        return "rung", "", 0
    except Stopped as stop:
        return "stopped", f"stopped by {stop.name}", stop.code
    except (BrokenPipeError, OutputError):
        raise
    except RunTakenError as error:
        return "busy", str(error), error.exit_code
    except RunExistsError as error:
        return "exists", str(error), error.exit_code
    except RunError as error:
        return "disk", str(error), error.exit_code
    except RnntuiError as error:
        return "failed", str(error), error.exit_code
    return "finished", "", 0
