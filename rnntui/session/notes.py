"""Log the events of a run: for its viewers, and in its journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rnntui.protocol.messages import EventKind
from rnntui.runs.edits import PLANNED, planned
from rnntui.runs.opening import Opened
from rnntui.session.run_history import RunHistory
from rnntui.session.run_log import RunLog
from rnntui.text import safe_text
from rnntui.training.state import TrainState

PLANNED_AT_ONCE = 5000  # edits per journal line


class Notes:
    """Adds events at the update and the time of now."""

    def __init__(
        self,
        state: TrainState,
        run_history: RunHistory,
        run_log: RunLog,
        elapsed: Callable[[], float],
    ) -> None:
        """`elapsed` returns the seconds of training so far."""
        self._state, self._elapsed = state, elapsed
        self._run_history, self._run_log = run_history, run_log
        self.silent = False  # what is done now is in the journal already

    def add(
        self,
        kind: EventKind,
        text: str,
        value: float | str | None = None,
        edit: str | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Log an event; with `edit` it is a change that a resumed run or a replay repeats.

        `more`: further fields of the journal's line.
        """
        step = self._state.step
        if self.silent or self._run_log.knows(step, kind, text):
            return
        event = self._run_history.events.add(step, self._elapsed(), kind, text)
        self._run_log.note(event, edit, value, more)

    def plan(self, opened: Opened) -> None:
        """Log the edits that a replay will make, in case it is stopped and resumed."""
        edits = planned(opened.edits)
        many = f"{len(edits)} change{'' if len(edits) == 1 else 's'}"
        text = safe_text(f"replaying {opened.replayed} with the {many} made to it")
        for first in range(0, len(edits), PLANNED_AT_ONCE):
            self.add("resume", text, more={PLANNED: edits[first : first + PLANNED_AT_ONCE]})
