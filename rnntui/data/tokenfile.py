"""A file of tokens that can be mapped: the ids, what they mean, and a digest of both.

    ids, little-endian | JSON of `Contents` | SHA-256 of both | length of the JSON | MAGIC

It is written beside its place and renamed into it, so that it is complete or absent.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data.file_signature import FileSignature
from rnntui.data.progress import Work
from rnntui.dataclass import dataclass

MAGIC = b"rnntok01"
UNFINISHED = ".part"
BLOCK = 1 << 18  # bytes: a small part of the time in which a signal is to be noticed
MOST_UNSYNCED = 8 << 20  # likewise
MOST_JSON = 64 << 20
_LENGTH, _DIGEST = 8, 32
_TAIL = _DIGEST + _LENGTH + len(MAGIC)

Ids = NDArray[Any]


@dataclass(frozen=True)
class Contents:
    """What a file of tokens says of them. `symbols` are what the ids stand for, in their order."""

    kind: str  # of tokenizer
    symbols: tuple[str, ...]
    width: int  # bytes of an id
    count: int
    digest: str  # SHA-256 of the ids, in hexadecimal
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TokenFile:
    """A mapped file of tokens: `ids` (count,) are read when they are looked at."""

    contents: Contents
    ids: Ids
    signature: FileSignature


class Writer:
    """Takes ids piece by piece. Raises OSError."""

    def __init__(self, file: FileIO, path: Path) -> None:
        self._file, self._path = file, path
        self._digest = sha256()
        self._unsynced = 0
        self.count = 0

    def add(self, ids: Ids) -> None:
        """The next ids, all of one unsigned type."""
        self.count += len(ids)
        self._write(ids.astype(ids.dtype.newbyteorder("<"), copy=False).tobytes())

    @property
    def digest(self) -> str:
        """SHA-256 of the ids so far, in hexadecimal."""
        return self._digest.hexdigest()

    def finish(self, contents: Contents, place: Path) -> FileSignature:
        """Add the description, move the file into place, and return its signature there."""
        about = json.dumps(asdict(contents)).encode()
        self._write(about)
        self._write(self._digest.digest() + len(about).to_bytes(_LENGTH, "little") + MAGIC)
        self._path.chmod(0o400)  # to cut a mapped file short would end whoever reads it
        os.fsync(self._file.fileno())
        self._path.replace(place)
        _sync_folder(place.parent)
        return FileSignature.of(self._file.fileno())

    def _write(self, content: bytes) -> None:
        self._digest.update(content)
        rest = memoryview(content)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._unsynced += len(content)
        if self._unsynced > MOST_UNSYNCED:
            os.fsync(self._file.fileno())
            self._unsynced = 0


@contextlib.contextmanager
def writer(folder: Path) -> Iterator[Writer]:
    """Write a file of tokens in a folder. What is not finished does not stay. Raises OSError."""
    import tempfile

    descriptor, name = tempfile.mkstemp(UNFINISHED, dir=folder)
    path = Path(name)
    try:
        with FileIO(descriptor, "wb") as file:
            yield Writer(file, path)
    finally:
        path.unlink(missing_ok=True)


def open_tokens(
    path: Path, trusted: FileSignature | None = None, work: Work | None = None
) -> TokenFile | None:
    """Map a file of tokens. None if it is missing, not ours, or damaged.

    Its content is read and compared with its digest unless its signature is the `trusted` one;
    `work` counts the bytes read.
    """
    try:
        with FileIO(path) as file:
            signature = FileSignature.of(file.fileno())
            if not _is_ours(file) or (
                signature != trusted and not _is_valid(file, signature, work)
            ):
                return None
            contents = _contents(file, signature.size)
            if contents is None:
                return None
            mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError:
        return None
    ids = np.frombuffer(mapping, f"<u{contents.width}", contents.count)
    return TokenFile(contents, ids, signature)


def _is_ours(file: FileIO) -> bool:
    """Whether only this user can have written it."""
    if not hasattr(os, "geteuid"):
        return True
    about = os.fstat(file.fileno())
    return about.st_uid == os.geteuid() and not about.st_mode & 0o022


def _contents(file: FileIO, size: int) -> Contents | None:
    """What the end of the file says, if the file is as long as that makes it."""
    file.seek(size - _LENGTH - len(MAGIC))
    length = int.from_bytes(file.read(_LENGTH), "little")
    if length > min(MOST_JSON, size - _TAIL):
        return None
    file.seek(size - _TAIL - length)
    try:
        found = json.loads(file.read(length))
        symbols, notes = tuple(found.pop("symbols")), tuple(found.pop("notes"))
        contents = Contents(symbols=symbols, notes=notes, **found)
    except (ValueError, TypeError, KeyError):
        return None
    return contents if contents.width * contents.count == size - _TAIL - length else None


def _is_valid(file: FileIO, signature: FileSignature, work: Work | None) -> bool:
    """Whether the content matches its digest."""
    digest, left = sha256(), signature.size - _TAIL
    if left < 0:
        return False
    file.seek(0)
    while left:
        block = file.read(min(BLOCK, left))
        if not block:
            return False
        digest.update(block)
        left -= len(block)
        if work is not None:
            work.add(len(block))
    same = file.read(_DIGEST) == digest.digest()
    return same and file.read()[_LENGTH:] == MAGIC and FileSignature.of(file.fileno()) == signature


def _sync_folder(folder: Path) -> None:
    """Make a rename in it last; not every system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
