"""What users ask of a sweep while another process runs it: to cut a trial, or to continue one.

A wish is a line of a journal beside the sweep's own. The process that runs the sweep reads it in a
second; if there is none, the next one does, which `rnntui sweep resume` starts. Needs no NumPy.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rnntui.errors import DataError, RunError
from rnntui.runs.store.files import shown
from rnntui.runs.store.journal import Journal, JournalReader, Line, whole

JOURNAL = "wishes"
HEARD = "wish"  # event of the sweep's journal for each wish that was dealt with

Wish = Literal["cut", "continue"]


def ask(directory: Path, trial: int, wish: Wish) -> None:
    """Note a wish about a trial of the sweep in a directory. Raises RunError."""
    why: list[str] = []
    journal = Journal(directory, JOURNAL, lambda _what, reason: why.append(reason or ""))
    journal.append({"trial": trial, "wish": wish})
    if not journal.close():
        raise RunError(f"cannot write to {shown(directory)}: {why[0]}")


class Wishes:
    """Reads the wishes that have not been dealt with."""

    def __init__(self, directory: Path, lines: Sequence[Line]) -> None:
        """`lines` of the sweep's journal say how many wishes were heard before."""
        self._reader = JournalReader(directory, JOURNAL)
        self._known = sum(line.get("event") == HEARD for line in lines)

    def read(self) -> list[tuple[int, Wish]]:
        """Return new wishes; none while they cannot be read."""
        lines: list[Line] = []
        with contextlib.suppress(OSError, DataError):
            lines = self._reader.read()
        new, self._known = lines[self._known :], max(0, self._known - len(lines))
        return [(whole(line, "trial") or 0, _wish(line)) for line in new]


def _wish(line: Line) -> Wish:
    return "continue" if line.get("wish") == "continue" else "cut"
