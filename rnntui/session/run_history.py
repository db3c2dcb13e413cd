"""The history of a run: losses, validations and events."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rnntui.session.events import Events
from rnntui.session.loss_history import RECENT, LossHistory, ValidationHistory
from rnntui.training.loop import Chunk


class RunHistory:
    """Losses, validations and events of a run, which checkpoints store and restore.

    `last_pass` is the summed loss of the last complete pass over the source; NaN before that.
    """

    def __init__(self, chunks_per_pass: int = RECENT) -> None:
        """If a pass is short, losses are averaged over a pass, so that each mean is exact."""
        self.losses = LossHistory(window=min(RECENT, chunks_per_pass))
        self.validations, self.events = ValidationHistory(), Events()
        self.last_pass = self._pass = math.nan

    def see(self, chunk: Chunk, validated_at_end: bool = False) -> None:
        """Add an update; `validated_at_end`: it was validated only because the run ended."""
        self.losses.add(chunk.loss_per_token)
        if chunk.response == "rollback":
            self.losses.break_off()
        self._pass = chunk.loss if chunk.starts_epoch else self._pass + chunk.loss
        if chunk.ends_epoch:
            self.last_pass = self._pass
        self.validations.forget_final()
        if chunk.validation is not None:
            add = self.validations.add_final if validated_at_end else self.validations.add
            add(chunk.step, chunk.validation)

    @property
    def best(self) -> float | None:
        """The lowest recent loss so far, or else the current one."""
        best, recent = self.losses.best, self.losses.recent
        found = best if math.isfinite(best) else recent
        return found if math.isfinite(found) else None

    def capture(self) -> dict[str, Any]:
        """Return losses and validations as plain values; events have their own journal."""
        return {
            "losses": self.losses.capture(),
            "validations": self.validations.capture(),
            "final_validation": self.validations.capture_final(),
            "pass": [self._pass, self.last_pass],
        }

    def restore(self, captured: Mapping[str, Any]) -> None:
        """Restore captured values, including those of older versions."""
        self.losses.restore(captured["losses"])
        self.validations.restore(captured["validations"], captured.get("final_validation"))
        self._pass, self.last_pass = captured.get("pass", (math.nan, math.nan))
