"""Report disk failures: once when writing fails, once when it works again."""

from __future__ import annotations

CALM = 1.0  # seconds without failures: a full disk still accepts a line now and then


class DiskWatch:
    """Tracks write failures. `trouble` is the current one as a safe line, or empty."""

    def __init__(self) -> None:
        self.trouble = ""
        self._well_since: float | None = None

    def see(self, trouble: str, now: float) -> str:
        """Return what to report at `now` (monotonic seconds), or an empty string."""
        if trouble:
            self._well_since = None
            is_new, self.trouble = not self.trouble, trouble
            return f"{trouble}; training continues" if is_new else ""
        if not self.trouble:
            return ""
        if self._well_since is None:
            self._well_since = now
        if now - self._well_since < CALM:
            return ""
        self.trouble, self._well_since = "", None
        return "the disk can be written to again"
