"""All changes that a run makes to the file system, and safe reading of its files.

Changes go through the small class `Files`, which tests replace to simulate a failing disk. Nothing
here follows links; files read must be regular files of this user that nobody else can write.
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

# Called with what is being written and why that fails; None once it works again.
Report = Callable[[str, str | None], None]

DESCRIPTORS = Path("/proc/self/fd")  # paths through it survive renames

_BLOCK = 1 << 22  # bytes per write, which releases the GIL
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_MOST_SHOWN = 60


class ForeignError(DataError):
    """A file or directory that another user owns or could change."""


class Files:
    """The system calls that change something on disk."""

    def open(self, path: Path, flags: int) -> int:
        """Open a file without following links; the descriptor is closed on exec.

        Raises OSError, or DataError for a writable file with further hard links.
        """
        # A path through a descriptor is no user-made link, so it is followed.
        followed = f"{path}/." if path.parent == DESCRIPTORS else path
        descriptor = os.open(followed, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if flags & (os.O_WRONLY | os.O_RDWR):
            try:
                check_single(path, os.fstat(descriptor))
            except BaseException:
                os.close(descriptor)
                raise
        return descriptor

    def write(self, descriptor: int, data: memoryview) -> int:
        """Write and return the number of bytes written, possibly not all."""
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        """Sync a file to disk."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """Close a file; network file systems may report write errors here."""
        os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Rename atomically, replacing the target."""
        source.rename(target)

    def mkdir(self, path: Path) -> None:
        """Create a directory that only this user may enter."""
        path.mkdir(0o700)

    def unlink(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def rmdir(self, path: Path) -> None:
        """Remove an empty directory."""
        path.rmdir()


FILES = Files()


def write_all(files: Files, descriptor: int, data: bytes) -> None:
    """Write all data, in as many calls as it takes. Raises OSError."""
    rest = memoryview(data)
    while rest:
        taken = files.write(descriptor, rest[:_BLOCK])
        if taken <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rest = rest[taken:]


def write_new(files: Files, path: Path, data: bytes, sync: bool = True) -> None:
    """Create a file and sync it to disk. Raises OSError."""
    descriptor = files.open(path, _NEW)
    try:
        write_all(files, descriptor, data)
        if sync:
            files.fsync(descriptor)
    except BaseException:
        with contextlib.suppress(OSError):  # the first failure is the one to report
            files.close(descriptor)
        raise
    files.close(descriptor)


def replace(files: Files, path: Path, data: bytes, sync: bool = True) -> None:
    """Replace a file atomically: readers see the old or the new content.

    Only one process may do so at a time: the temporary name is fixed. Raises OSError.
    """
    beside = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        files.unlink(beside)
    write_new(files, beside, data, sync)
    files.rename(beside, path)
    if sync:
        sync_directory(files, path.parent)


def overwrite(files: Files, path: Path, data: bytes) -> None:
    """Overwrite a file in place, padded with spaces to its length.

    This works on a full disk if the data fits. Raises OSError or DataError.
    """
    descriptor = files.open(path, os.O_WRONLY)
    try:
        check_owner(path, os.fstat(descriptor))
        write_all(files, descriptor, data.ljust(os.fstat(descriptor).st_size))
    finally:
        files.close(descriptor)


def sync_directory(files: Files, path: Path) -> None:
    """Sync a directory's entries to disk. Raises OSError."""
    descriptor = files.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        files.fsync(descriptor)
    finally:
        files.close(descriptor)


def remove_tree(files: Files, path: Path) -> None:
    """Remove a directory and its contents; links are not followed. Raises OSError."""
    with os.scandir(path) as entries:
        found = [(Path(entry.path), entry.is_dir(follow_symlinks=False)) for entry in entries]
    for inner, is_directory in found:
        if is_directory:
            remove_tree(files, inner)
        else:
            files.unlink(inner)
    files.rmdir(path)


def read_file(path: Path, most: int) -> bytes:
    """Read a complete file of at most `most` bytes.

    Raises OSError, or DataError if it is not a regular file, too large or not private.
    """
    descriptor = open_to_read(path)
    try:
        size = os.fstat(descriptor).st_size
        if size > most:
            raise DataError(f"{shown(path)}: {size:,} bytes, more than the limit of {most:,}")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(descriptor)


def open_to_read(path: Path) -> int:
    """Open a regular file of this user. Raises OSError or DataError, as `read_file`."""
    # A FIFO without a writer would block.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{shown(path)}: not a regular file")
        check_owner(path, status)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def check_owner(path: Path, status: os.stat_result) -> None:
    """Raise ForeignError if another user owns a file or directory, or could change it."""
    if status.st_uid != os.geteuid():
        raise ForeignError(
            f"{shown(path)} belongs to another user (id {status.st_uid}): only its owner may "
            "use a run's files"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ForeignError(
            f"{shown(path)}: others may write there (mode {stat.S_IMODE(status.st_mode):o}); "
            "if you trust it: chmod -R go-w"
        )


def check_single(path: Path, status: os.stat_result) -> None:
    """Raise DataError for a file with further hard links, which would change with it."""
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
        raise DataError(
            f"{shown(path)} has another hard link, which would change with it: replace it "
            "with a copy (cp, then mv)"
        )


def check_umask() -> None:
    """Raise RunError if the umask denies the user access to new files."""
    mask = os.umask(0o077)  # setting it is the only portable way to read it
    os.umask(mask)
    if mask & stat.S_IRWXU:
        raise RunError(
            f"the umask ({mask:03o}) denies you access to your own new files: run 'umask 077' first"
        )


def check_directory(path: Path) -> None:
    """Raise OSError or DataError unless it is a directory that only this user can change."""
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise DataError(f"{shown(path)}: not a directory")
    check_owner(path, status)


def shown(path: Path) -> str:
    """Return a path as a safe text, cut to its end if long."""
    text = safe_text(str(path))
    return text if len(text) <= _MOST_SHOWN else "…" + text[1 - _MOST_SHOWN :]


def reason(error: OSError) -> str:
    """Return the system's reason as a short safe text."""
    return safe_text(error.strerror or str(error))[:80]


def failed(action: str, path: Path, error: OSError) -> RunError:
    """Return an error for the user: what failed, where and why."""
    return RunError(f"cannot {action} {shown(path)}: {reason(error)}")
