"""Write an export so that it appears complete or not at all, and replaces nothing by accident."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from rnntui.errors import OutputError, UsageError
from rnntui.export.format import Export, Format
from rnntui.runs.store.directory import INFO
from rnntui.runs.store.files import reason, shown

STDOUT = Path("-")
DEVICES = Path("/dev")


def write_export(chosen: Format, export: Export, out: Path, force: bool = False) -> None:
    """Write a run in a format to `out`, by way of a temporary sibling.

    `force` replaces a file, or a folder with nothing in it that the format would not write again.
    Raises RnntuiError with one line; nothing is left behind then.
    """
    write_whole(lambda beside: chosen.create(export, beside), out, export.run, force)


def write_whole(
    create: Callable[[Path], None], out: Path, run: Path, force: bool, option: str = "--out"
) -> None:
    """Have `create` write a path of its own, and rename it to `out`, which an option named.

    Raises RnntuiError with one line; nothing is left behind then.
    """
    check_target(out, run, force, option)
    with failures(out):
        beside = out.with_name(f".{out.name[:100]}.{uuid.uuid4().hex[:12]}")
        try:
            create(beside)
            _sync(beside)
            put(beside, out, force, option)
        finally:
            remove(beside)


def check_target(out: Path, run: Path, force: bool, option: str = "--out") -> None:
    """Raise UsageError if `out` exists or is inside the run, OutputError without its directory."""
    if not out.name or out.name in (".", ".."):
        raise UsageError(f"{option} {shown(out)}: name a file or folder")
    with failures(out):
        if not out.parent.is_dir():
            raise UsageError(f"{option} {shown(out)}: no directory {shown(out.parent)}")
        inside = [out.parent.resolve(), *out.parent.resolve().parents]
        if run.resolve() in inside or any((path / INFO).is_file() for path in inside[:2]):
            raise UsageError(f"{option} {shown(out)} is inside a run: choose another place")
        _check_replaceable(out, option)
        if os.path.lexists(out) and not force:
            raise _taken(out, option)


def _check_replaceable(out: Path, option: str) -> None:
    """Raise UsageError for a device, a pipe or a socket, or a link to one: renaming destroys it.

    /dev/stdout may lead to a file, but is not one to replace.
    """
    special = out.exists() and not (out.is_file() or out.is_dir())
    place = out.parent.resolve()
    if special or place == DEVICES or place.is_relative_to("/proc"):
        raise UsageError(f"{option} {shown(out)}: is a device, a pipe or a socket; name a file")


def _taken(out: Path, option: str) -> UsageError:
    return UsageError(f"{shown(out)} already exists: choose another {option}, or add --force")


def put(beside: Path, out: Path, force: bool, option: str = "--out") -> None:
    """Rename what was written to its name. Raises UsageError if that would replace anything else.

    Raises OSError.
    """
    _check_replaceable(out, option)
    if not os.path.lexists(out):
        beside.rename(out)
    elif not force:
        raise _taken(out, option)
    elif out.is_dir() and not out.is_symlink():
        _replace_folder(beside, out)
    elif beside.is_dir():
        raise UsageError(f"{shown(out)} is not a folder: remove it first, or choose another --out")
    else:
        beside.replace(out)


def _replace_folder(beside: Path, out: Path) -> None:
    """Replace a folder that an earlier export wrote; one with anything else in it stays."""
    new = set(_entries(beside)) if beside.is_dir() else set()
    foreign = sorted(set(_entries(out)) - new)
    if foreign or not beside.is_dir():
        what = f" with {shown(Path(foreign[0]))} in it" if foreign else ""
        raise UsageError(
            f"{shown(out)} is a folder{what}: remove it first, or choose another --out"
        )
    old = out.with_name(f".{out.name[:100]}.{uuid.uuid4().hex[:12]}")
    out.rename(old)
    try:
        beside.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _entries(folder: Path) -> Iterator[str]:
    """Yield the relative path of everything in a folder."""
    for path in folder.rglob("*"):
        yield str(path.relative_to(folder))


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Sync what was written to disk, where a full disk may be reported. Raises OSError."""
    for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
        if stat.S_ISREG(each.lstat().st_mode):
            descriptor = os.open(each, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


@contextlib.contextmanager
def failures(out: Path) -> Iterator[None]:
    """Report a failing disk in one line."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {shown(out)}: {reason(error)}") from None


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as CSV, with names and numbers in full. Raises OSError."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_files(folder: Path, files: dict[str, bytes | Callable[[], bytes]]) -> None:
    """Create a folder with these files. Raises OSError."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content() if callable(content) else content)
