"""What is said while a large file is being read."""

from __future__ import annotations

from time import perf_counter

from rnntui.data.progress import Progress
from rnntui.foreground.report import Report
from rnntui.sizes import size_in_words

FIRST, APART = 1.0, 5.0  # seconds until the first note, and from one to the next


class Waiting:
    """Tells a report now and then how far it is; called with each progress."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._due = perf_counter() + FIRST

    def __call__(self, progress: Progress) -> None:
        now = perf_counter()
        if now >= self._due:
            self._due = now + APART
            rate = size_in_words(progress.rate)
            self._report.note(f"{progress.doing}: {progress.fraction:.0%}, {rate}/s")
