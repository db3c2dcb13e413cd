"""What there is to tell of a run's disk: once that it fails, once that it works again."""

from __future__ import annotations

CALM = 1.0  # seconds without trouble: a full disk still takes a line now and then


class DiskWatch:
    """Follows what cannot be written. `trouble` is that, one safe line; empty: all is well."""

    def __init__(self) -> None:
        self.trouble = ""
        self._well_since: float | None = None

    def see(self, trouble: str, now: float) -> str:
        """The news at `now`, in seconds of a monotonic clock; empty where there is none."""
        if trouble:
            self._well_since = None
            is_new, self.trouble = not self.trouble, trouble
            return f"{trouble}; training goes on" if is_new else ""
        if not self.trouble:
            return ""
        if self._well_since is None:
            self._well_since = now
        if now - self._well_since < CALM:
            return ""
        self.trouble, self._well_since = "", None
        return "the disk takes what is saved again"
