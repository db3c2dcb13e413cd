"""Make a run's directory, and remove it.

A new run is written under another name and locked there, then given its own: it appears as a whole
and held, or not at all, and of two that want the same name one gets it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import itertools
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnntui.errors import DataError, RunTakenError, UsageError
from rnntui.run.directory import (
    CHECKPOINTS,
    INFO,
    RECIPE,
    VOCABULARY,
    RunDirectory,
    RunInfo,
    vocabulary_bytes,
)
from rnntui.run.files import (
    FILES,
    Files,
    check_directory,
    failed,
    remove_tree,
    sync_directory,
    write_new,
)
from rnntui.run.holder import LOCK, living_holder, taken
from rnntui.run.lock import RunLock, take
from rnntui.run.names import check_name, names_for
from rnntui.run.record import to_bytes
from rnntui.run.root import make_root

NEW, GONE = ".new-", ".del-"  # beginnings of names: being made, being removed
_ABANDONED = 60.0  # seconds after which neither is any more, unless locked
_NAMES_TRIED = 100
_EXISTS = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)


@dataclass(frozen=True)
class NewRun:
    """What is known about a run when it begins. `vocabulary` is what JSON can hold."""

    recipe: str  # its name
    recipe_toml: str
    vocabulary: dict[str, Any]
    source: str
    source_size: int  # bytes
    source_sha256: str
    parameters: int
    argv: tuple[str, ...]
    versions: dict[str, str]
    machine: dict[str, str]


def create_run(
    root: Path,
    new: NewRun,
    name: str | None = None,
    *,
    label: str = "",
    terminal: str = "",
    files: Files = FILES,
) -> tuple[RunDirectory, RunLock]:
    """A new run, held by this process; without `name` it gets one from `label` or the recipe.

    Raises UsageError for a wrong name or one that a run has, RunTakenError where that one is
    being trained, RunError where the disk refuses.
    """
    if name is not None and (root / check_name(name)).exists():
        raise _has_it(root / name)
    names = itertools.islice(names_for(label or new.recipe), _NAMES_TRIED)
    make_root(root)
    sweep(root, files)
    beside = root / f"{NEW}{uuid.uuid4()}"
    lock: RunLock | None = None
    try:
        files.mkdir(beside)
        lock = take(beside, name or "being made", terminal=terminal, files=files)
        info = _fill(beside, new, files)
        path = _settle(root, beside, iter([name]) if name else names, files)
        lock.directory, lock.name = path, path.name
        sync_directory(files, root)
        return RunDirectory(path, info), lock
    except BaseException as error:
        if lock is not None:
            lock.release()
        with contextlib.suppress(OSError):  # what is left is swept by a later run
            remove_tree(files, beside)
        if isinstance(error, OSError):
            raise failed("make a run in", root, error) from None
        raise


def _fill(directory: Path, new: NewRun, files: Files) -> RunInfo:
    vocabulary = vocabulary_bytes(new.vocabulary)
    info = RunInfo(
        uuid=str(uuid.uuid4()),
        started=time.time(),
        recipe=new.recipe,
        source=new.source,
        source_size=new.source_size,
        source_sha256=new.source_sha256,
        vocabulary_sha256=hashlib.sha256(vocabulary).hexdigest(),
        parameters=new.parameters,
        argv=new.argv,
        versions=new.versions,
        machine=new.machine,
    )
    write_new(files, directory / VOCABULARY, vocabulary)
    write_new(files, directory / RECIPE, new.recipe_toml.encode())
    write_new(files, directory / INFO, to_bytes(info))
    files.mkdir(directory / CHECKPOINTS)
    sync_directory(files, directory)
    return info


def _settle(root: Path, beside: Path, names: Iterator[str], files: Files) -> Path:
    """Give it the first name that is free. Raises OSError, UsageError or RunTakenError."""
    path = root
    for name in names:
        path = root / name
        try:
            files.rename(beside, path)  # a directory that is not empty is never replaced
            return path
        except OSError as error:
            if error.errno not in _EXISTS:
                raise
    raise _has_it(path)


def _has_it(path: Path) -> UsageError | RunTakenError:
    try:
        held = living_holder(path)
    except (OSError, DataError):
        held = None
    if held:
        return taken(path.name, path)
    return UsageError(
        f"there is a run '{path.name}' already: rnntui resume {path.name} goes on with it"
    )


def remove_run(path: Path, files: Files = FILES) -> None:
    """Remove a run and all it holds. Raises RunTakenError while it is trained, RunError, DataError.

    It is gone at once; a crash may leave some of its bytes for the next run to sweep.
    """
    try:
        check_directory(path)
        lock = take(path, files=files)
        gone = path.with_name(f"{GONE}{uuid.uuid4()}")
        try:
            files.rename(path, gone)
            lock.directory = gone
            remove_tree(files, gone)
        finally:
            lock.release()
    except OSError as error:
        raise failed("remove", path, error) from None


def sweep(root: Path, files: Files = FILES) -> None:
    """Remove what processes that died left behind while they made or removed a run."""
    for path in [*root.glob(f"{NEW}*"), *root.glob(f"{GONE}*")]:
        with contextlib.suppress(OSError, DataError):  # it went away, or is not ours
            check_directory(path)
            if time.time() - path.lstat().st_mtime > _ABANDONED and not _is_held(path):
                remove_tree(files, path)


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
