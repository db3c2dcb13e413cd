"""The changes made during a run, mostly by a user, for resumed runs and replays to repeat."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.recipe import SAMPLING_KEYS
from rnntui.runs.store.event_log import EventLog
from rnntui.runs.store.journal import number, whole

PLANNED = "planned"  # key of the journal lines that list the edits of a replay
# Not a user's changes, but the results of trials, on which all later updates depend.
WORKERS, KERNELS = "workers", "kernels"
BY_TRIALS = (WORKERS, KERNELS)
EDIT_KINDS = ("lr", "pace", "mend", *BY_TRIALS, *SAMPLING_KEYS)

Entry = tuple[int, str, float | str | None]  # of the journal: step, kind, value


@dataclass(frozen=True)
class Edit:
    """A change made after update `step`; `value` is exact, not rounded for display.

    `lr` is the learning rate before the schedule's factor; a pace of None is full speed. The value
    of `kernels` is a text, all others are numbers.
    `journaled`: the run's own journal has it, from before the run was resumed.
    """

    step: int
    kind: str  # one of EDIT_KINDS
    value: float | str | None = None
    journaled: bool = False

    @property
    def number(self) -> float | None:
        """The value, if it is a number."""
        return None if isinstance(self.value, str) else self.value


# Events that occur again when the same updates are repeated.
REPEATED_KINDS = ("skip", "rollback", "alert", "note", "sample", "finding")
# Texts that identify lines of edits, of repeated events and of plans.
EDIT_WORDS = ('"edit"',)
REPEATED_WORDS = tuple(f'"{kind}"' for kind in REPEATED_KINDS)
PLAN_WORDS = (f'"{PLANNED}"',)


def edits_of(lines: Iterable[Mapping[str, Any]]) -> list[Edit]:
    """Return the edits among a journal's events."""
    return [edit for line in lines if (edit := _edit(line)) is not None]


def edits_to_repeat(log: EventLog, step: int, count: int) -> list[Edit]:
    """Return the edits that a run resumed after update `step` has to repeat.

    These are its own later edits, and those that a replay has yet to make. Edits after exactly this
    update are already in the state if they are among the first `count` events.
    """
    made = [(number, edit) for number, line in log.every if (edit := _edit(line)) is not None]
    later = [edit for _, edit in made if edit.step > step]
    later += [edit for number, edit in made if edit.step == step and number >= count]
    planned = [Edit(*entry) for line in log.always for entry in _entries(line.get(PLANNED))]
    for _, edit in made:
        if edit in planned:
            planned.remove(edit)
    since = [replace(edit, journaled=True) for edit in later]
    return [*since, *(edit for edit in planned if edit.step >= step)]


def later_workers(edits: Iterable[Edit]) -> int:
    """Return how many processes will share the updates according to the edits; 0: not known."""
    return max((int(edit.number or 0) for edit in edits if edit.kind == WORKERS), default=0)


def choose_kernels(edits: Iterable[Edit]) -> bool:
    """Return whether the edits choose kernels, so that no trial is to be held."""
    return any(edit.kind == KERNELS for edit in edits)


def planned(edits: Iterable[Edit]) -> list[Entry]:
    """Return the edits of a replay as its journal stores them."""
    return [(edit.step, edit.kind, edit.value) for edit in edits]


def journaled(lines: Iterable[Mapping[str, Any]]) -> set[tuple[int, str, str]]:
    """Return step, kind and text of the events that repeating the same updates repeats."""
    found = set()
    for line in lines:
        step, kind, text = whole(line, "step"), line.get("kind"), line.get("text")
        if step is not None and kind in REPEATED_KINDS and isinstance(text, str):
            found.add((step, str(kind), text))
    return found


def _edit(line: Mapping[str, Any]) -> Edit | None:
    entries = _entries([[line.get("step"), line.get("edit"), line.get("value")]])
    return Edit(*entries[0]) if entries else None


def _entries(found: Any) -> list[Entry]:
    """Return step, kind and value of each valid edit."""
    entries: list[Entry] = []
    for entry in found if isinstance(found, list) else []:
        if not isinstance(entry, list) or len(entry) != 3:
            continue
        line = dict(zip(("step", "edit", "value"), entry, strict=True))
        step, kind, value = whole(line, "step"), line["edit"], number(line, "value")
        if step is None or kind not in EDIT_KINDS:
            continue
        if kind == KERNELS:
            if isinstance(line["value"], str):
                entries.append((step, kind, line["value"]))
        elif value is not None or line["value"] is None:
            entries.append((step, kind, value))
    return entries


class Pending:
    """Edits waiting for their update."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._waiting = deque(sorted(edits, key=lambda edit: edit.step))

    def is_due(self, step: int) -> bool:
        """Return whether an edit is due after update `step`."""
        return bool(self._waiting) and self._waiting[0].step <= step

    def take(self, step: int) -> list[Edit]:
        """Remove and return the edits due after update `step`, in order."""
        taken = []
        while self._waiting and self._waiting[0].step <= step:
            taken.append(self._waiting.popleft())
        return taken
