"""How a training process ended, for whoever looked at it until then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rnntui.run.status import Ended


@dataclass(frozen=True)
class Ending:
    """`state` as the dashboard shows it, and why in one line that is safe to show."""

    state: Literal[Ended, "crashed"]
    text: str

    @property
    def sound(self) -> bool:
        """Whether somebody wanted it, or its bounds were reached."""
        return self.state in ("stopped", "finished")
