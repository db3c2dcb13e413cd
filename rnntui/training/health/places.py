"""The largest gradient at each place of the last pass, so that a hard place is known again."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from rnntui.dataclass import dataclass

SLOTS = 256  # places that a pass is divided into


@dataclass(eq=False)
class Places:
    """Norms by their place in a pass of `size` updates, including those of updates left out.

    A pass may begin anywhere in the data.
    """

    size: int
    at: int = 0  # updates into the present pass
    now: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        slots = min(self.size, SLOTS)
        self.now, self.before = [0.0] * slots, [0.0] * slots

    @property
    def known(self) -> float:
        """The largest norm of the last pass where the next update is; 0 during the first pass."""
        return self.before[self.at * len(self.before) // self.size]

    def add(self, norm: float) -> None:
        """Record the norm of one more update."""
        slot = self.at * len(self.now) // self.size
        if self.now[slot] < norm < float("inf"):
            self.now[slot] = norm
        self.at += 1
        if self.at >= self.size:
            self.at, self.before, self.now = 0, self.now, [0.0] * len(self.now)

    def capture(self) -> dict[str, Any]:
        """Everything but the size, as plain values."""
        return {"at": self.at, "now": list(self.now), "before": list(self.before)}

    def restore(self, captured: dict[str, Any]) -> None:
        """Return to a captured state; one that belongs to another size is ignored."""
        if len(captured.get("now", ())) == len(self.now):
            self.at = captured["at"]
            self.now, self.before = list(captured["now"]), list(captured["before"])
