"""A large file, read from start to end in blocks, as often as needed."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from io import FileIO

from rnntui.data.file_signature import FileSignature
from rnntui.data.format import START
from rnntui.data.progress import Work
from rnntui.data.tokenfile import BLOCK
from rnntui.errors import DataError


class LargeFile:
    """A file with a name that is safe to show; `signature` is how it was when it was opened."""

    def __init__(self, file: FileIO, name: str) -> None:
        self._file, self.name = file, name
        self.signature = FileSignature.of(file.fileno())
        self._start = b""
        self.digest = b""  # SHA-256, once it has been read to its end

    def blocks(self, work: Work) -> Iterator[bytes]:
        """Yield all of it; `work` counts progress. Raises DataError if it changes meanwhile."""
        digest, left = sha256(), self.signature.size
        self._seek()
        while left:
            block = self._read(min(BLOCK, left))
            if not block:
                raise self.changed()
            digest.update(block)
            left -= len(block)
            yield block
            work.add(len(block))
        if FileSignature.of(self._file.fileno()) != self.signature:
            raise self.changed()
        if self.digest and self.digest != digest.digest():
            raise self.changed()
        self.digest = digest.digest()

    def start(self) -> bytes:
        """The first bytes, enough to know a format by. Raises DataError."""
        if not self._start:
            self._seek()
            self._start = self._read(START)
        return self._start

    def _seek(self) -> None:
        self._file.seek(0)

    def _read(self, most: int) -> bytes:
        try:
            return self._file.read(most)
        except OSError as error:
            raise DataError(f"{self.name}: {error.strerror or 'cannot be read'}") from None

    def changed(self) -> DataError:
        """The error for a file that changes while it is read."""
        return DataError(f"{self.name}: changed while it was read: wait until it is complete")
