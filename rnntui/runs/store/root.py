"""The directory of all runs."""

from __future__ import annotations

import os
from pathlib import Path

from rnntui.errors import UsageError
from rnntui.runs.store.files import check_umask, failed, shown

VARIABLE = "RNNTUI_RUNS"


def runs_root(given: str | Path | None = None) -> Path:
    """Return the directory of runs: `given`, $RNNTUI_RUNS, or in the user's data directory."""
    chosen = given or os.environ.get(VARIABLE)
    if chosen:
        try:
            return Path(chosen).expanduser().absolute()
        except (RuntimeError, ValueError):
            raise UsageError(f"{shown(Path(chosen))}: no such home directory") from None
    from platformdirs import user_data_path  # slow to import, so only if needed

    return user_data_path("rnntui", appauthor=False) / "runs"


def make_root(root: Path) -> None:
    """Create the directory if missing, for this user only. Raises RunError."""
    check_umask()
    try:
        missing = [path for path in (root, *root.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(0o700, exist_ok=True)
        if not root.is_dir():
            raise NotADirectoryError(20, "Not a directory")
    except (OSError, ValueError) as error:
        error = error if isinstance(error, OSError) else OSError(22, "Invalid path")
        raise failed("create", root, error) from None
