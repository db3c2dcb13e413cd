"""What is stored of a sweep, and what killed processes leave beside sweeps."""

from __future__ import annotations

import re
from pathlib import Path

from rnntui.runs.store.create import sweep_abandoned

_STORED = r"sweep\.json|recipe\.toml|lock|lock\.json|log|(?:trials|wishes)(?:-\d{5})?\.jsonl"
_FILE = re.compile(rf"{_STORED}|\.(?:{_STORED})\.new|\.DS_Store|\.nfs[0-9a-f]+")


def foreign_name(directory: Path) -> str | None:
    """Return the name of something that rnntui did not create, or None. Raises OSError."""
    return next((p.name for p in sorted(directory.iterdir()) if not _is_stored(p)), None)


def _is_stored(path: Path) -> bool:
    return _FILE.fullmatch(path.name) is not None and path.is_file() and not path.is_symlink()


def sweep_leftovers(folder: Path) -> None:
    """Remove leftovers of processes that died while creating or removing a sweep."""
    sweep_abandoned(folder, lambda path: foreign_name(path) is None)
