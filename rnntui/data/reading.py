"""A large file, read from its beginning to its end in blocks, as often as is needed."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from io import FileIO

from rnntui.data.progress import Work
from rnntui.data.stamp import Stamp
from rnntui.data.tokenfile import BLOCK
from rnntui.errors import DataError


class LargeFile:
    """A file with a name that is safe to show; `stamp` is how it was when it was opened."""

    def __init__(self, file: FileIO, name: str) -> None:
        self._file, self.name = file, name
        self.stamp = Stamp.of(file.fileno())
        self.digest = b""  # SHA-256, once it has been read to its end

    def blocks(self, work: Work) -> Iterator[bytes]:
        """All of it; `work` is told. Raises DataError if it changes meanwhile."""
        digest, left = sha256(), self.stamp.size
        self._seek()
        while left:
            block = self._read(min(BLOCK, left))
            if not block:
                raise self.changed()
            digest.update(block)
            left -= len(block)
            yield block
            work.add(len(block))
        if Stamp.of(self._file.fileno()) != self.stamp:
            raise self.changed()
        if self.digest and self.digest != digest.digest():
            raise self.changed()
        self.digest = digest.digest()

    def _seek(self) -> None:
        self._file.seek(0)

    def _read(self, most: int) -> bytes:
        try:
            return self._file.read(most)
        except OSError as error:
            raise DataError(f"{self.name}: {error.strerror or 'cannot be read'}") from None

    def changed(self) -> DataError:
        """The line for a file that somebody writes to while it is read."""
        return DataError(f"{self.name}: changed while it was read: wait until it is complete")
