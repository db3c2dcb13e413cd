"""Find the directories of runs, and measure them."""

from __future__ import annotations

import os
from pathlib import Path

from rnntui.runs.store.directory import INFO, RECIPE, VOCABULARY
from rnntui.runs.store.files import failed


def run_paths(root: Path) -> list[Path]:
    """List the directories of runs; none without a root. Raises RunError."""
    try:
        with os.scandir(root) as entries:
            names = [entry.name for entry in entries if _may_be_run(entry)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise failed("read", root, error) from None
    return [root / name for name in sorted(names) if _looks_like_run(root / name)]


def _may_be_run(entry: os.DirEntry[str]) -> bool:
    try:
        return not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
    except OSError:  # it is gone
        return False


def _looks_like_run(path: Path) -> bool:
    """Return whether to list it: it has a run's files, or is not readable."""
    try:
        return _is_there(path / INFO) or (_is_there(path / RECIPE) and _is_there(path / VOCABULARY))
    except OSError:
        return True


def _is_there(path: Path) -> bool:
    """Return whether the path exists, even as a broken link. Raises OSError."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def size_of(path: Path) -> int:
    """Return the bytes of all readable files in a directory."""
    total, waiting = 0, [path]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                found = list(entries)
        except OSError:  # it is gone, or not readable
            continue
        for entry in found:
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                else:
                    total += entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue
    return total
