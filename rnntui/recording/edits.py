"""What a user changed while a run went on, so that a later one can be changed in the same way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

EditKind = Literal["lr", "pace", "mend", "temperature", "top_k", "top_p", "greedy", "samples"]


@dataclass(frozen=True)
class Edit:
    """A change made after update `step`. `value` is exact: the state's number, not the shown one.

    `lr` is the learning rate before the schedule's factor; a pace of None is flat out.
    """

    step: int
    kind: EditKind
    value: float | None = None


def edits_of(lines: Iterable[Mapping[str, Any]], after: int = 0) -> list[Edit]:
    """The edits among a journal's events, without the first `after` events."""
    found = []
    for number, line in enumerate(lines):
        kind, step, value = line.get("edit"), line.get("step"), line.get("value")
        known = kind in get_args(EditKind) and isinstance(step, int)
        if number >= after and known and isinstance(value, int | float | None):
            found.append(Edit(int(str(step)), kind, value))  # type: ignore[arg-type]
    return found


class Pending:
    """Edits that wait for their update."""

    def __init__(self, edits: Iterable[Edit], journaled: bool = False) -> None:
        """`journaled`: they stand in the run's own journal already."""
        self._waiting = deque(sorted(edits, key=lambda edit: edit.step))
        self.journaled = journaled

    def is_due(self, step: int) -> bool:
        """Whether one is to be made after update `step`."""
        return bool(self._waiting) and self._waiting[0].step <= step

    def take(self, step: int) -> list[Edit]:
        """Those to be made after update `step`, in their order."""
        taken = []
        while self._waiting and self._waiting[0].step <= step:
            taken.append(self._waiting.popleft())
        return taken
