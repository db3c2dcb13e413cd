"""Limit the share of the training process's time that other work may take."""

from __future__ import annotations

from time import monotonic, thread_time


class Budget:
    """A share of the time, some of which can be saved up, in seconds of this thread's CPU time."""

    def __init__(self, share: float, most: float) -> None:
        """`share` of the time may be spent, `most` seconds at once."""
        self._share, self._most = share, most
        self._left = most
        self._seen = monotonic()
        self._began = 0.0

    def begin(self) -> None:
        """Start counting."""
        self._began = thread_time()

    def end(self) -> float:
        """Stop counting; return the seconds to wait until the budget is positive again."""
        now = monotonic()
        self._left = min(self._most, self._left + self._share * (now - self._seen))
        self._left -= thread_time() - self._began
        self._seen = now
        return max(0.0, -self._left / self._share)
