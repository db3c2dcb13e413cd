"""Since when the loss has hardly fallen."""

from __future__ import annotations

import math

LEAST_FALL = 0.01  # relative: a smaller fall is none
FEWEST = 200  # updates without a fall
SHARE = 0.25  # of all updates so far, likewise


class Plateau:
    """Follows the mean of the last losses. A resumed run starts from scratch."""

    def __init__(self) -> None:
        self._lowest = math.inf
        self._fell = 0  # the update after which the loss last fell

    def see(self, step: int, recent: float) -> None:
        """Take the mean of the last losses after an update; a few times a second is enough."""
        fell = recent < self._lowest - LEAST_FALL * abs(self._lowest)
        if fell or self._lowest == math.inf or step < self._fell:
            self._lowest, self._fell = recent if math.isfinite(recent) else math.inf, step

    def restart(self) -> None:
        """Earlier weights have been restored."""
        self._lowest, self._fell = math.inf, 0

    def since(self, step: int) -> int:
        """Return the update since which the loss has hardly fallen; 0 if it is falling."""
        flat = step - self._fell
        return self._fell if flat >= max(FEWEST, SHARE * step) and self._fell else 0
