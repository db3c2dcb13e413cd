"""When the next update is due: the pace, and the number of updates until a pause."""

from __future__ import annotations

CATCH_UP = 0.02  # seconds of updates to make up after falling behind the pace


class Pacer:
    """Schedules updates. All times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self.pace: float | None = None  # updates per second; None: full speed
        self._left: int | None = None  # updates until a pause; None: no limit
        self._due = 0.0

    def delay(self, now: float) -> float:
        """Return the seconds until the next update is due."""
        return max(0.0, self._due - now) if self.pace else 0.0

    def set_pace(self, pace: float | None, now: float) -> None:
        """Change the pace; the next update is due immediately."""
        self.pace, self._due = pace, now

    def restart(self, now: float) -> None:
        """Start after a pause: the next update is due immediately."""
        self._due = now

    def limit(self, count: int | None) -> None:
        """Set the number of updates until a pause; None: no limit."""
        self._left = count

    @property
    def is_needed(self) -> bool:
        """Whether there is a pace or a limit."""
        return self.pace is not None or self._left is not None

    @property
    def is_limited(self) -> bool:
        """Whether training is to pause after a number of updates."""
        return self._left is not None

    def count(self, now: float) -> bool:
        """Count an update; return whether to pause."""
        if self.pace is not None:
            self._due = max(self._due, now - CATCH_UP) + 1 / self.pace
        if self._left is None:
            return False
        self._left -= 1
        return self._left <= 0
