"""How a training process ended, for every viewer to report."""

from __future__ import annotations

from typing import Literal

from rnntui.dataclass import dataclass
from rnntui.runs.store.status import Ended, Status
from rnntui.text import safe_text


@dataclass(frozen=True)
class Ending:
    """The final `state`, and the reason as one safe line."""

    state: Literal[Ended, "crashed"]
    text: str
    status: Status | None = None  # the last one in its run's files, where it was written at the end

    @property
    def expected(self) -> bool:
        """Whether the run was stopped by a user or reached its bounds."""
        return self.state in ("stopped", "finished")


def ending_of(state: Ended, reason: str, step: int, saved: int | None, unsaved: str) -> Ending:
    """Describe how a saved run ended: the reason, and which update is on disk."""
    why = reason if state == "stopped" and reason else f"{state}: {reason}" if reason else state
    return Ending(state, f"{why}, {what_is_saved(step, saved, unsaved)}")


def what_is_saved(step: int, saved: int | None, unsaved: str) -> str:
    """Describe which update is on disk."""
    if unsaved:
        return f"but {unsaved}"
    if saved == step and step:
        return f"saved at update {step:,}"
    if saved is None:
        return "before the first update was saved" if step else "before its first update"
    return f"the last checkpoint is at update {saved:,}"


def after_failure(run: str = "") -> str:
    """Say how to continue after a failure that need not recur; `run` is "" if it isn't saved."""
    if run:
        return f"rnntui resume {safe_text(run)} continues from the last checkpoint"
    return "start again"
