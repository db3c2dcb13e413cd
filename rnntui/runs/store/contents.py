"""What a run's directory may contain. rnntui never removes anything else.

A new kind of file in a run's directory must be added here, or `rnntui rm` refuses the run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from os import DirEntry, scandir
from pathlib import Path

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FILES = (
    r"run\.json|recipe\.toml|vocab\.json|lock|lock\.json|status\.json|door|stop"
    r"|view\.json|labels\.json|metrics\.index"
    r"|(?:metrics|events|samples|signs)(?:-\d{5})?\.jsonl"
)
_STEP = r"step-\d{8,15}(?:-\d{1,4})?"
_PARTS = r"model\.safetensors|optim\.safetensors|state\.json|manifest\.json"
# Files created automatically by the desktop and NFS.
_LITTERED = r"\.DS_Store|\.nfs[0-9a-f]+"

_FILE = re.compile(rf"{_FILES}|\.(?:{_FILES})\.new|{_LITTERED}")
UNFINISHED = re.compile(rf"\.tmp-\d{{8,15}}-{_UUID}|\.del-{_STEP}-{_UUID}")  # checkpoints
ABANDONED = re.compile(rf"\.(?:new|del)-{_UUID}")  # runs
_CHECKPOINTS = re.compile(rf"{_STEP}|damaged-{_STEP}-[0-9a-f]{{8}}|{UNFINISHED.pattern}")
# What a run is without its process and caches.
_PORTABLE = re.compile(
    r"run\.json|recipe\.toml|vocab\.json|status\.json|view\.json|labels\.json"
    rf"|(?:metrics|events|samples|signs)(?:-\d{{5}})?\.jsonl|checkpoints/{_STEP}/(?:{_PARTS})"
)
_LITTER = re.compile(_LITTERED)
_PART = re.compile(rf"{_PARTS}|\.(?:{_PARTS})\.new|{_LITTERED}")


def foreign_entry(run: Path) -> Path | None:
    """Return an entry of a run's directory that rnntui did not create. Raises OSError."""
    return next(_foreign(run), None)


def _foreign(run: Path) -> Iterator[Path]:
    for entry in _entries(run):
        if entry.name == "checkpoints" and entry.is_dir(follow_symlinks=False):
            yield from _foreign_checkpoints(Path(entry.path))
        elif not _is_file(entry, _FILE):
            yield Path(entry.path)


def _foreign_checkpoints(directory: Path) -> Iterator[Path]:
    for entry in _entries(directory):
        if entry.is_dir(follow_symlinks=False) and _CHECKPOINTS.fullmatch(entry.name):
            yield from (Path(e.path) for e in _entries(Path(entry.path)) if not _is_file(e, _PART))
        elif not _is_file(entry, _LITTER):
            yield Path(entry.path)


def is_run_file(path: str) -> bool:
    """Return whether a relative path is that of a file that a bundle may have."""
    return _PORTABLE.fullmatch(path) is not None


def bundled_files(run: Path) -> list[str]:
    """Return the names of the journals and small files that a bundle has. Raises OSError."""
    written_once = ("run.json", "recipe.toml", "vocab.json")
    names = sorted(entry.name for entry in _entries(run) if _is_file(entry, _FILE))
    return [name for name in names if is_run_file(name) and name not in written_once]


def holds_parts_only(checkpoint: Path) -> bool:
    """Return whether a directory contains only parts of a checkpoint."""
    try:
        return not checkpoint.is_symlink() and all(
            _is_file(entry, _PART) for entry in _entries(checkpoint)
        )
    except NotADirectoryError:
        return False


def _entries(path: Path) -> list[DirEntry[str]]:
    with scandir(path) as entries:
        return list(entries)


def _is_file(entry: DirEntry[str], names: re.Pattern[str]) -> bool:
    return names.fullmatch(entry.name) is not None and entry.is_file(follow_symlinks=False)
