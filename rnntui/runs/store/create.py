"""Create and remove run directories.

A new run is written and locked under a temporary name, then renamed: it appears complete and locked
or not at all, and of two runs that want the same name only one gets it.
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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rnntui.dataclass import dataclass
from rnntui.errors import DataError, RunError, RunExistsError, RunTakenError
from rnntui.runs.store.contents import ABANDONED, foreign_entry
from rnntui.runs.store.directory import (
    CHECKPOINTS,
    INFO,
    RECIPE,
    VOCABULARY,
    RunDirectory,
    RunInfo,
    briefly,
    prove_run,
    vocabulary_bytes,
)
from rnntui.runs.store.files import (
    FILES,
    Files,
    check_directory,
    failed,
    reason,
    remove_tree,
    sync_directory,
    write_new,
)
from rnntui.runs.store.json_record import to_bytes
from rnntui.runs.store.lock import RunLock, claim, take
from rnntui.runs.store.lock_owner import LOCK, live_lock_owner, taken
from rnntui.runs.store.names import check_name, names_for
from rnntui.runs.store.root import make_root
from rnntui.text import fit, safe_text

NEW, GONE = ".new-", ".del-"  # name prefixes: being created, being removed
_ABANDONED = 60.0  # seconds after which such a directory is abandoned, unless locked
_NAMES_TRIED = 10_000
_EFFECTIVE = os.access in os.supports_effective_ids
_EXISTS = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)


@dataclass(frozen=True)
class NewRun:
    """What is known about a run at its start. `vocabulary` consists of JSON values."""

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
    changes: Sequence[str] = (),
    terminal: str = "",
    files: Files = FILES,
) -> tuple[RunDirectory, RunLock]:
    """Create a run locked by this process.

    Without `name`, one is derived from `label` or the recipe, and from the words for its `changes`.
    Raises UsageError for an invalid or existing name, RunTakenError if that run is being trained,
    RunError if the disk fails.
    """
    if name is not None and is_there(root / check_name(name)):
        raise _name_taken(root / name)
    names = itertools.islice(names_for(label or new.recipe, changes), _NAMES_TRIED)
    make_root(root)
    sweep(root, files)
    beside = root / f"{NEW}{uuid.uuid4()}"
    lock: RunLock | None = None
    try:
        files.mkdir(beside)
        lock = take(beside, name or "being created", terminal=terminal, files=files)
        info = _fill(beside, new, files)
        path = _rename_to_free(root, beside, iter([name]) if name else names, files)
        lock.directory, lock.name = path, path.name
        sync_directory(files, root)
        return RunDirectory(path, info), lock
    except BaseException as error:
        if lock is not None:
            lock.release()
        with contextlib.suppress(OSError):  # a later run sweeps the leftovers
            remove_tree(files, beside)
        if isinstance(error, OSError):
            raise failed("create a run in", root, error) from None
        raise


def is_there(path: Path) -> bool:
    """Return whether there is anything of that name. Raises RunError if that is unknown."""
    try:
        return path.exists()
    except OSError as error:
        raise failed("look for", path, error) from None


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


def _rename_to_free(root: Path, beside: Path, names: Iterator[str], files: Files) -> Path:
    """Rename it to the first free name. Raises OSError, RunExistsError or RunTakenError."""
    path = root
    for name in names:
        path = root / name
        try:
            files.rename(beside, path)  # rename never replaces a non-empty directory
            return path
        except OSError as error:
            if error.errno not in _EXISTS:
                raise
    raise _name_taken(path)


def _name_taken(path: Path) -> RunExistsError | RunTakenError:
    try:
        held = live_lock_owner(path)
    except (OSError, DataError):
        held = None
    if held:
        return taken(path.name, path)
    text = f"run '{path.name}' already exists: rnntui resume {path.name} continues it"
    return RunExistsError(text)


def remove_runs(paths: Sequence[Path], files: Files = FILES) -> None:
    """Remove runs and their contents, unless any of them may not be removed.

    Raises RunTakenError while one is being trained, DataError or RunError for a directory that is
    not provably a run or contains other files. Each disappears atomically; a crash may leave
    remains for the next run to sweep.
    """
    with contextlib.ExitStack() as claims:
        for path in paths:
            check_removable(path)
            claims.enter_context(claim(path, files=files))
        for path in paths:
            remove_directory(path, files)


def check_removable(path: Path) -> None:
    """Raise DataError with the path unless a directory is a run without other files.

    Raises RunError if there is nothing of that name.
    """
    if not os.path.lexists(path):
        raise failed("remove", path, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
    try:
        prove_run(path)
        foreign = foreign_entry(path)
    except OSError as error:
        raise not_removed(path, f"cannot read all of it: {reason(error)}") from None
    except (DataError, RunError) as error:
        raise not_removed(path, briefly(path, str(error))) from None
    if foreign is not None:
        inner = fit(safe_text(str(foreign.relative_to(path))), 40)
        raise not_removed(path, f"it contains '{inner}', which rnntui did not create")
    check_writable(path)


def check_writable(path: Path) -> None:
    """Raise RunError if something in a directory, or the directory itself, may not be removed.

    Removing begins with renaming, which may be allowed where removing the contents is not.
    """
    for folder in (path.parent, path, *(inner for inner in path.rglob("*") if inner.is_dir())):
        if not os.access(folder, os.W_OK | os.X_OK, effective_ids=_EFFECTIVE):
            error = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            raise failed("remove", folder if folder != path.parent else path, error)


def not_removed(path: Path, why: str) -> DataError:
    """Return the error with the full path, so that the user can delete it."""
    shown_whole = safe_text(str(path))
    return DataError(f"not removed: {shown_whole} ({why}): delete it yourself if it is yours")


def remove_directory(path: Path, files: Files = FILES) -> None:
    """Remove a directory that was proven to be ours; it disappears atomically. Raises RunError."""
    gone = path.with_name(f"{GONE}{uuid.uuid4()}")
    try:
        files.rename(path, gone)
        remove_tree(files, gone)
    except OSError as error:
        raise failed("remove", path, error) from None


def sweep(root: Path, files: Files = FILES) -> None:
    """Remove leftovers of processes that died while creating or removing a run."""
    sweep_abandoned(root, lambda path: foreign_entry(path) is None, files)


def sweep_abandoned(folder: Path, is_ours: Callable[[Path], bool], files: Files = FILES) -> None:
    """Remove directories left by dead processes, if `is_ours` finds nothing foreign in them."""
    with contextlib.suppress(OSError):  # nothing to sweep, or no permission
        for path in folder.iterdir():
            if ABANDONED.fullmatch(path.name):
                _sweep(path, is_ours, files)


def _sweep(path: Path, is_ours: Callable[[Path], bool], files: Files) -> None:
    with contextlib.suppress(OSError, DataError):  # it is gone, or not ours
        check_directory(path)
        is_old = time.time() - path.lstat().st_mtime > _ABANDONED
        if is_old and not _is_locked(path) and is_ours(path):
            remove_tree(files, path)


def _is_locked(path: Path) -> bool:
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
