"""Where a run's training process listens: the path of its socket, in the run's directory."""

from __future__ import annotations

import contextlib
from pathlib import Path

from rnntui.errors import DataError
from rnntui.run.files import FILES, read_file, replace

DOOR = "door"
_LONGEST = 4096  # bytes


def write_door(run: Path, socket: Path) -> None:
    """Say where it listens. Without that nobody finds it, which is no reason not to train."""
    with contextlib.suppress(OSError):
        replace(FILES, run / DOOR, bytes(str(socket), "utf-8", "surrogateescape"), sync=False)


def read_door(run: Path) -> Path | None:
    """Where a process that holds the run would listen; None where it does not say."""
    try:
        return Path(read_file(run / DOOR, _LONGEST).decode("utf-8", "surrogateescape"))
    except (OSError, DataError):
        return None
