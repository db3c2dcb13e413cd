"""Whether a text without the name of a table holds a table of numbers. Imports no NumPy."""

from __future__ import annotations

import io
import stat
import zlib
from pathlib import Path
from typing import TextIO

from rnntui.data.decode import marked_encoding
from rnntui.data.format import GZIP
from rnntui.data.recognise import is_numeric
from rnntui.data.source import parse_source

SUFFIXES = (".txt", ".dat", ".data", ".asc", ".prn", ".tab", ".out", "")
START = 1 << 16  # bytes that are looked at


def holds_numbers(source: str) -> bool:
    """Whether a file that could be text looks like a table of numbers; no file raises nothing."""
    parsed = parse_source(source)
    path = Path(parsed.rest)
    kind = Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix
    if parsed.kind != "file" or kind.lower() not in SUFFIXES:
        return False
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return looks_numeric(file.read(START))
    except (OSError, ValueError):
        return False


def looks_numeric(start: bytes) -> bool:
    """Whether the first bytes of a text, perhaps gzip-compressed, are lines of numbers."""
    if start.startswith(GZIP):
        try:
            start = zlib.decompressobj(wbits=31).decompress(start, START)
        except zlib.error:
            return False
    try:
        text = start.decode(marked_encoding(start) or "utf-8-sig")
    except UnicodeDecodeError:
        return False
    if len(start) >= START:  # the last line is cut
        text = text.rpartition("\n")[0]
    return "\0" not in text and is_numeric(text.replace("\r\n", "\n"))


class Peeked(io.RawIOBase):
    """The bytes of a text stream, of which the first have been looked at and are read again."""

    def __init__(self, text: TextIO) -> None:
        self._text = text  # closes its bytes when it goes
        self._stream = text.buffer
        self.start = self._stream.read(START)
        self._left = self.start

    def readable(self) -> bool:
        """Always."""
        return True

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer with the first bytes, then with those of the stream."""
        if not self._left:
            self._left = self._stream.read(len(buffer))
        piece, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)
