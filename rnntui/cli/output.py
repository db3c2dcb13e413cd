"""Generated text on stdout: its bytes, or safe text on a terminal."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO, TextIO

from rnntui.text import MAX_MARKS, safe_text, to_bytes

_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")


class TextOutput:
    """Write pieces of text as they arrive, never splitting a character between two writes.

    Bytes that are not UTF-8 are represented by `surrogateescape`; `as_bytes` restores them. `safe`
    shows them, and all control characters, as visible signs.
    """

    def __init__(self, stream: TextIO, safe: bool, as_bytes: bool) -> None:
        self._stream, self._safe = stream, safe
        self._buffer: BinaryIO | None = None
        if as_bytes and not safe:
            self._buffer = getattr(stream, "buffer", None)
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._before = ""  # the end of the text so far: a combining character may follow

    def write(self, piece: str) -> None:
        """Write the complete characters; keep part of a character until the rest arrives."""
        self._put(self._decode(to_bytes(piece)))

    def finish(self, newline: bool = True) -> None:
        """Write the rest, complete or not, and a newline."""
        self._put(self._decode(b"", True))
        self._put("\n" if newline else "")

    def _put(self, text: str) -> None:
        if not text:
            return
        if self._buffer is not None:
            self._stream.flush()
            self._buffer.write(text.encode("utf-8", "surrogateescape"))
            self._buffer.flush()
            return
        self._stream.write(self._shown(text) if self._safe else text)
        self._stream.flush()

    def _shown(self, text: str) -> str:
        """Return `text` as safe text that follows the text already written."""
        text = _ESCAPED_BYTE.sub(lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", text)
        joined = self._before + text
        shown = safe_text(joined, newlines=True)[len(safe_text(self._before, newlines=True)) :]
        self._before = joined[-MAX_MARKS - 1 :]
        return shown
