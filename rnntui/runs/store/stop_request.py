"""The file that names who asked a process to stop, when only a signal can reach it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from rnntui.errors import DataError
from rnntui.runs.store.files import FILES, read_file, replace
from rnntui.text import fit, safe_text

ASKED = "stop"
_LONGEST, _SHOWN = 400, 80


def record_requester(run: Path, how: str) -> None:
    """Record a text that completes "stopped"; a failure is ignored."""
    with contextlib.suppress(OSError):
        replace(FILES, run / ASKED, how.encode("utf-8", "replace"), sync=False)


def take_requester(run: Path) -> str:
    """Read and remove the recorded text; empty if there is none."""
    path = run / ASKED
    try:
        how = fit(safe_text(read_file(path, _LONGEST).decode("utf-8", "replace")), _SHOWN)
        FILES.unlink(path)
    except (OSError, DataError):
        return ""
    return how
