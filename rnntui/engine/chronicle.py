"""What a run has been through so far: its losses, its validations, its events."""

from __future__ import annotations

import math
from typing import Any

from rnntui.engine.events import Events
from rnntui.engine.history import LossHistory, ValidationHistory
from rnntui.trainer import Chunk


class Chronicle:
    """Grows with each update; all of it can be kept and taken up again."""

    def __init__(self) -> None:
        self.losses, self.validations, self.events = LossHistory(), ValidationHistory(), Events()

    def see(self, chunk: Chunk) -> None:
        """One more update."""
        self.losses.add(chunk.loss_per_token)
        if chunk.response == "rollback":
            self.losses.smooth_anew()
        if chunk.validation is not None:
            self.validations.add(chunk.step, chunk.validation)

    @property
    def best(self) -> float | None:
        """The lowest smoothed loss so far; the present one while there is none."""
        best, smooth = self.losses.best, self.losses.smooth
        found = best if math.isfinite(best) else smooth
        return found if math.isfinite(found) else None

    def capture(self) -> dict[str, Any]:
        """Losses and validations as plain values. Events have a journal of their own."""
        return {"losses": self.losses.capture(), "validations": self.validations.capture()}

    def restore(self, captured: dict[str, Any]) -> None:
        """Become what was captured."""
        self.losses.restore(captured["losses"])
        self.validations.restore(captured["validations"])
