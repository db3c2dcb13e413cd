"""Take in a bundle: checked under a temporary name, then renamed to a run that appears at once."""

from __future__ import annotations

import contextlib
import os
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path

from rnntui.data import TokenData
from rnntui.errors import DataError, RnntuiError, RunError, UsageError
from rnntui.export.archive import Entry, Manifest, Reader
from rnntui.runs.store import checkpoint
from rnntui.runs.store.checkpoint import MODEL
from rnntui.runs.store.create import NEW, sweep
from rnntui.runs.store.directory import (
    CHECKPOINTS,
    INFO,
    RECIPE,
    VOCABULARY,
    briefly,
    open_run,
    prove_run,
)
from rnntui.runs.store.files import FILES, reason, remove_tree, shown, sync_directory, write_all
from rnntui.runs.store.names import check_name
from rnntui.runs.store.root import make_root
from rnntui.runs.stored_recipe import stored_recipe
from rnntui.runs.trained_model import load_model
from rnntui.runs.vocabulary import rebuild

_SPARE = 64 << 20  # bytes that stay free


def import_bundle(file: Path, root: Path, name: str | None = None) -> Path:
    """Unpack a bundle into a new run and return its directory.

    Raises DataError for a file that is no valid bundle, UsageError for a name that is taken, or
    RunError if the disk fails; nothing is left behind then.
    """
    if name is not None:
        _check_free(root / check_name(name))
    descriptor = _open(file)
    with os.fdopen(descriptor, "rb") as stream:
        try:
            reader = Reader(stream, os.fstat(descriptor).st_size)
            run = root / (name or reader.manifest.name)
            _check_complete(reader.manifest)
            _check_free(run)
            make_root(root)
            sweep(root)
            _check_space(root, reader.manifest)
            return _unpack(reader, root, run)
        except DataError as error:
            raise DataError(f"{shown(file)} is not imported: {error}") from None
        except OSError as error:
            raise RunError(f"cannot import {shown(file)}: {reason(error)}") from None


def _open(file: Path) -> int:
    """Open a regular file. Raises UsageError."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "not a path"
        raise UsageError(f"cannot open {shown(file)}: {why}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UsageError(f"{shown(file)} is not a file")
    return descriptor


def _check_free(run: Path) -> None:
    if os.path.lexists(run):
        raise UsageError(f"run '{run.name}' already exists: choose another name with --name")


def _check_complete(manifest: Manifest) -> None:
    """Raise DataError unless the files that every run has are there, and are listed first."""
    first = [entry.path for entry in manifest.files[:3]]
    if first != [RECIPE, INFO, VOCABULARY]:
        raise DataError(f"it does not begin with {RECIPE}, {INFO} and {VOCABULARY}")


def _check_space(root: Path, manifest: Manifest) -> None:
    """Raise RunError if the disk has no room for what the bundle declares."""
    disk, needed = os.statvfs(root), sum(entry.size for entry in manifest.files)
    if disk.f_bavail * disk.f_frsize < needed + _SPARE:
        raise RunError(f"no room for {needed / 1e6:,.0f} MB in {shown(root)}")


def _unpack(reader: Reader, root: Path, run: Path) -> Path:
    beside = root / f"{NEW}{uuid.uuid4()}"
    try:
        FILES.mkdir(beside)
        FILES.mkdir(beside / CHECKPOINTS)
        for entry, pieces in reader.files():
            path = beside / entry.path
            if not path.parent.exists():
                FILES.mkdir(path.parent)
            _write(path, pieces)
        _check_run(beside, reader.manifest.files)
        for folder in (*(beside / CHECKPOINTS).iterdir(), beside / CHECKPOINTS, beside):
            sync_directory(FILES, folder)
        _check_free(run)
        FILES.rename(beside, run)
        sync_directory(FILES, root)
    except BaseException:
        with contextlib.suppress(OSError):
            remove_tree(FILES, beside)
        raise
    return run


def _write(path: Path, pieces: Iterator[bytes]) -> None:
    """Write a new file and sync it to disk."""
    descriptor = FILES.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        for piece in pieces:
            write_all(FILES, descriptor, piece)
        FILES.fsync(descriptor)
    finally:
        FILES.close(descriptor)


def _check_run(run: Path, files: tuple[Entry, ...]) -> None:
    """Raise DataError unless the files are those of a run, and its network can be loaded."""
    try:
        prove_run(run)
        recipe, data = stored_recipe(run), rebuild(open_run(run).vocabulary())
        width = data.tokenizer.vocab_size if isinstance(data, TokenData) else len(data.features)
        hidden, layers = recipe.model.hidden, recipe.model.layers
        models = [entry.size for entry in files if entry.path.endswith(f"/{MODEL}")]
        # Fewer numbers than any cell has: memory for the others is not asked for before.
        if models and min(models) < 4 * hidden * (width + layers * hidden):
            raise DataError("its recipe asks for a larger network than it has")
        if checkpoint.paths(run / CHECKPOINTS):
            load_model(run)
    except RnntuiError as error:
        raise DataError(_without_path(run, str(error))) from None


def _without_path(run: Path, text: str) -> str:
    """Return an error without the temporary path of the run."""
    return briefly(run, text).replace(f"run {run.name}: ", "")
