"""The speed of a run and its training time."""

from __future__ import annotations

from collections import deque

WINDOW = 2.0  # seconds the rate is taken over
INTERVAL = 0.1  # seconds between two readings kept


class Meter:
    """Counts updates over time, excluding pauses. Times are seconds of one monotonic clock."""

    def __init__(self, before: float = 0.0) -> None:
        self._before = before  # running time until the last pause, in seconds
        self._since: float | None = None  # when training last started
        self._readings: deque[tuple[float, int]] = deque()

    def run(self, now: float, step: int) -> None:
        """Start or continue the clock."""
        if self._since is None:
            self._since = now
            self._readings.clear()
            self._readings.append((now, step))

    def pause(self, now: float) -> None:
        """Stop the clock."""
        if self._since is not None:
            self._before += now - self._since
            self._since = None

    def elapsed(self, now: float) -> float:
        """Return the seconds of training so far."""
        return self._before + (now - self._since if self._since is not None else 0.0)

    def read(self, now: float, step: int) -> None:
        """Take a reading; cheap, and needed at least a few times a second."""
        readings = self._readings
        if self._since is None or now - readings[-1][0] < INTERVAL:
            return
        readings.append((now, step))
        while len(readings) > 2 and readings[1][0] <= now - WINDOW:
            readings.popleft()

    def rate(self, now: float, step: int) -> float:
        """Return the updates per second over the last two seconds; 0 while paused."""
        if self._since is None or not self._readings:
            return 0.0
        then, before = self._readings[0]
        return (step - before) / (now - then) if now > then else 0.0
