"""Every change a run makes to the file system, and how its files are read back.

The changes go through one small object, `Files`, under which the tests put a failing disk. Nothing
here follows a link; what is read must be a plain file of this user that nobody else can write.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

from rnntui.errors import DataError, RunError
from rnntui.text import safe_text

# What is being written, and why that fails just now; None when it works again.
Report = Callable[[str, str | None], None]

_BLOCK = 1 << 22  # bytes of a write: other threads run while the system copies them
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_MOST_SHOWN = 60


class Files:
    """The calls that change something on disk, as the system has them."""

    def open(self, path: Path, flags: int) -> int:
        """A descriptor that neither follows links nor outlives an exec."""
        return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def write(self, descriptor: int, data: memoryview) -> int:
        """Bytes written, perhaps fewer than there are."""
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        """Wait until it is on the disk."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """Network file systems report here what they could not write."""
        os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Give it another name at once, in place of what has that name."""
        source.rename(target)

    def mkdir(self, path: Path) -> None:
        """A directory for this user alone."""
        path.mkdir(0o700)

    def unlink(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def rmdir(self, path: Path) -> None:
        """Remove an empty directory."""
        path.rmdir()


FILES = Files()


def write_all(files: Files, descriptor: int, data: bytes) -> None:
    """Write the whole of it, however little the system takes at a time. Raises OSError."""
    rest = memoryview(data)
    while rest:
        taken = files.write(descriptor, rest[:_BLOCK])
        if taken <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rest = rest[taken:]


def write_new(files: Files, path: Path, data: bytes, sync: bool = True) -> None:
    """Make a file with that content, on the disk when this returns. Raises OSError."""
    descriptor = files.open(path, _NEW)
    try:
        write_all(files, descriptor, data)
        if sync:
            files.fsync(descriptor)
    except BaseException:
        with contextlib.suppress(OSError):  # the first failure is the one to tell
            files.close(descriptor)
        raise
    files.close(descriptor)


def replace(files: Files, path: Path, data: bytes, sync: bool = True) -> None:
    """Put a file with that content in place of `path` at once: readers see the old or the new.

    Only one process may do so: the name it is first written under is fixed. Raises OSError.
    """
    beside = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        files.unlink(beside)
    write_new(files, beside, data, sync)
    files.rename(beside, path)
    if sync:
        sync_directory(files, path.parent)


def sync_directory(files: Files, path: Path) -> None:
    """Wait until the names in a directory are on the disk. Raises OSError."""
    descriptor = files.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        files.fsync(descriptor)
    finally:
        files.close(descriptor)


def remove_tree(files: Files, path: Path) -> None:
    """Remove a directory and what is in it; links are removed, not followed. Raises OSError."""
    with os.scandir(path) as entries:
        found = [(Path(entry.path), entry.is_dir(follow_symlinks=False)) for entry in entries]
    for inner, is_directory in found:
        if is_directory:
            remove_tree(files, inner)
        else:
            files.unlink(inner)
    files.rmdir(path)


def read_file(path: Path, most: int) -> bytes:
    """A whole file of at most `most` bytes.

    Raises OSError, or DataError for what is no plain file, too large or not this user's alone.
    """
    descriptor = open_to_read(path)
    try:
        size = os.fstat(descriptor).st_size
        if size > most:
            raise DataError(f"{shown(path)}: {size:,} bytes, more than the {most:,} it may have")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(descriptor)


def open_to_read(path: Path) -> int:
    """A descriptor of a plain file of this user. Raises OSError or DataError, as `read_file`."""
    # A FIFO without a writer would block.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{shown(path)}: not a plain file")
        check_owner(path, status)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def check_owner(path: Path, status: os.stat_result) -> None:
    """Raise DataError where somebody else owns a file or directory, or could change it."""
    if status.st_uid != os.geteuid():
        raise DataError(
            f"{shown(path)} belongs to another user (id {status.st_uid}): only their owner may "
            "use a run's files"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise DataError(
            f"{shown(path)}: others may write there (mode {stat.S_IMODE(status.st_mode):o}); "
            "if you trust it: chmod -R go-w"
        )


def check_directory(path: Path) -> None:
    """Raise OSError or DataError unless it is a directory that this user alone can change."""
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise DataError(f"{shown(path)}: not a directory")
    check_owner(path, status)


def shown(path: Path) -> str:
    """A path, safe to show; of a long one the end."""
    text = safe_text(str(path))
    return text if len(text) <= _MOST_SHOWN else "…" + text[1 - _MOST_SHOWN :]


def reason(error: OSError) -> str:
    """Why the system refused, safe to show and short."""
    return safe_text(error.strerror or str(error))[:80]


def failed(action: str, path: Path, error: OSError) -> RunError:
    """The line for a user: what could not be done, where and why."""
    return RunError(f"cannot {action} {shown(path)}: {reason(error)}")
