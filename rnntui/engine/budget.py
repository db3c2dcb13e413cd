"""How much of the training process's time others may take."""

from __future__ import annotations


class Budget:
    """A share of the time, of which some may be saved up. All times are seconds of one clock."""

    def __init__(self, share: float, most: float) -> None:
        """`share` of the time may be spent, `most` seconds at once."""
        self._share, self._most = share, most
        self._left = most
        self._seen = 0.0

    def spend(self, began: float, now: float) -> float:
        """Take note that the time from `began` to `now` was spent; the wait until there is more."""
        self._left = min(self._most, self._left + self._share * (now - self._seen))
        self._left -= now - began
        self._seen = now
        return max(0.0, -self._left / self._share)
