"""A sweep as a list of runs for the screen that compares them. Needs no NumPy."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from rnntui.errors import RnntuiError
from rnntui.numbers import rounded
from rnntui.runs.compared.following import Listed
from rnntui.runs.store.journal import Line, number, signature, whole
from rnntui.sweep.board import counts, rows_of
from rnntui.sweep.halving import is_over
from rnntui.sweep.progress import Progress, progress_of
from rnntui.sweep.store import JOURNAL, open_sweep
from rnntui.sweep.trials import described
from rnntui.text import safe_text

MOST_NEWS = 20
_EVENTS = {
    "start": "is training", "rung": "reached update", "finished": "finished", "failed": "failed",
    "stopped": "was stopped",
}  # fmt: skip


class SweepList:
    """The trials of a sweep that have been started, what each waits for, and what happened."""

    def __init__(self, root: Path, name: str) -> None:
        """Raises UsageError, DataError or RunError."""
        self.sweep = open_sweep(root, name)
        self._seen: object = None
        self._progress: dict[int, Progress] = {}
        self._settings: dict[int, str] = {}
        self._look()

    def _look(self) -> None:
        """Read the journal again if it has grown."""
        seen = signature(self.sweep.directory, JOURNAL)
        if seen == self._seen:
            return
        with contextlib.suppress(RnntuiError):  # it is being removed: what is known stays
            self.sweep = open_sweep(self.sweep.root, self.sweep.name)
            self._seen = seen
        trials = self.sweep.trials
        self._settings = {trial.number: described(trial.settings) for trial in trials}
        self._progress = progress_of(self._settings, self.sweep.lines)

    @property
    def title(self) -> str:
        """The name and how many trials there are in each state."""
        live = self.sweep.held
        rows = rows_of(self.sweep, self._progress, live)
        state = "" if live else ", not running"
        return f"sweep {self.sweep.name}: {counts(rows, self.sweep.info.trials)}{state}"

    def listed(self) -> Sequence[Listed]:
        """Return the runs of the trials, with what each of them waits for."""
        self._look()
        live = self.sweep.held
        over = is_over(self._progress, self.sweep.info.halving)
        return tuple(
            Listed(self.sweep.run_path(trial), label_of(progress, over, live))
            for trial, progress in self._progress.items()
            if progress.started and _may_exist(self.sweep.run_path(trial))
        )

    def news(self) -> Sequence[str]:
        """Return lines about what happened to trials, the newest last."""
        found = [self._told(line) for line in self.sweep.lines[-4 * MOST_NEWS :]]
        return [line for line in found if line][-MOST_NEWS:]

    def _told(self, line: Line) -> str:
        trial, words = whole(line, "trial"), _EVENTS.get(str(line.get("event")))
        if line.get("through"):
            words = "is to continue to its end"
        moment = number(line, "time")
        if trial not in self._settings or words is None or moment is None:
            return ""
        text = f"{time.strftime('%H:%M:%S', time.localtime(moment))}  {trial} {words}"
        if line.get("event") == "rung":
            text += f" {whole(line, 'step'):,}"
        if line.get("event") == "start" and (until := whole(line, "until")):
            text += f" to update {until:,}"
        if (best := number(line, "best")) is not None:
            text += f" with {rounded(best)}"
        reason = line.get("reason")
        text += f"  {self._settings[trial]}"
        return safe_text(f"{text}: {reason}" if isinstance(reason, str) else text)


def _may_exist(path: Path) -> bool:
    """Return whether there is something, or it cannot be known: then it is shown as unreadable."""
    try:
        return path.exists()
    except OSError:
        return True


def label_of(progress: Progress, over: bool, live: bool) -> str:
    """Return a state for the table, with the next rung; empty: the run's own state.

    `over`: no trial continues any more; `live`: the sweep is being run.
    """
    if progress.state == "paused":
        return f"cut at {progress.until:,}" if over else f"waits at {progress.until:,}"
    if progress.state == "training" and live:
        return "training" if progress.until is None else f"next rung {progress.until:,}:"
    return "failed" if progress.state == "failed" else ""
