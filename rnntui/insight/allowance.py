"""Limit a repeated measurement to a small share of the training thread's time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import thread_time


class Allowance:
    """A share of this thread's CPU time, some of which can be saved up, in seconds.

    A measurement is allowed once what the earlier ones took has been earned back.
    """

    def __init__(self, share: float, most: float, clock: Callable[[], float] = thread_time) -> None:
        """`share` of the time may be spent; up to `most` seconds are saved up, as at the start."""
        self.share, self._most, self._clock = share, most, clock
        self._left, self._seen = most, clock()

    @property
    def allows(self) -> bool:
        """Whether a measurement may be made now."""
        now = self._clock()
        self._left = min(self._most, self._left + self.share * (now - self._seen))
        self._seen = now
        return self._left > 0

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Count the time that the block takes."""
        began = self._clock()
        try:
            yield
        finally:
            self._left -= self._clock() - began
