"""Bytes to text: strict UTF-8, with one line that says what is wrong and where."""

from __future__ import annotations

import codecs
from codecs import utf_8_decode
from collections.abc import Iterable, Iterator

from rnntui.errors import DataError, UsageError
from rnntui.text import safe_text

READS_ANY = "--set tokenizer=byte reads any file"
SAVE_AS = "save it as UTF-8"
OR_ENCODING = "save it as UTF-8, or --set encoding=latin-1"
BYTE_ORDER_MARK = "\ufeff"
CR_LF_NOTE = "line ends CR LF are read as newlines"
CR_NOTE = "line ends CR are read as newlines"

_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


def decode_text(
    content: bytes, name: str, hint: str = READS_ANY, encoding: str = "utf-8"
) -> tuple[str, tuple[str, ...]]:
    """The text of a file and what its user should know about it.

    A byte order mark is dropped and line ends become newlines. `name` must be safe to show; `hint`
    ends the line of a DataError.
    """
    if not _is_utf8(encoding):
        text, notes = unify_lines(_decoded(content, name, encoding))
        return text.removeprefix(BYTE_ORDER_MARK), notes
    _refuse_marks(content, name, hint)
    _refuse_zeros(content, 0, name, hint)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(error.start, name, hint) from None
    text = text.removeprefix(BYTE_ORDER_MARK)
    if not text:
        raise _only_a_mark(name)
    text, notes = unify_lines(text)
    return text, (*mark_note(content), *notes)


def decode_table(content: bytes, name: str, encoding: str) -> tuple[str, tuple[str, ...]]:
    """As `decode_text`, for a table: in another encoding if the file begins with its mark."""
    if not (marked := marked_encoding(content)):
        return decode_text(content, name, OR_ENCODING, encoding)
    text, notes = decode_text(content, name, OR_ENCODING, marked)
    return text, (f"read as {marked}, by the byte order mark at the start", *notes)


def marked_encoding(content: bytes) -> str:
    """The encoding other than UTF-8 that a byte order mark tells; empty without one."""
    return next((encoding for mark, encoding in _MARKS if content.startswith(mark)), "")


def _is_utf8(encoding: str) -> bool:
    try:
        found = codecs.lookup(encoding.strip() or "utf-8")
    except (LookupError, ValueError):
        shown = safe_text(encoding)[:30]
        raise UsageError(f"encoding = {shown}: takes utf-8, latin-1, cp1252, utf-16 …") from None
    if not found._is_text_encoding:
        raise UsageError(f"encoding = {found.name}: is no encoding of text")
    return found.name == "utf-8"


def _decoded(content: bytes, name: str, encoding: str) -> str:
    try:
        text = content.decode(encoding.strip())
    except UnicodeError as error:
        at = f" at byte {error.start}" if isinstance(error, UnicodeDecodeError) else ""
        raise DataError(f"{name}: not {safe_text(encoding)[:30]}{at}") from None
    if "\0" in text:
        raise DataError(f"{name}: NUL in it: looks binary, or has another encoding")
    if not text:
        raise DataError(f"{name}: is empty")
    return text


def mark_note(start: bytes) -> tuple[str, ...]:
    """A note if a file begins with a byte order mark, which is left out."""
    marked = start.startswith(BYTE_ORDER_MARK.encode())
    return ("the byte order mark at the start is left out",) if marked else ()


def decode_blocks(blocks: Iterable[bytes], name: str, hint: str = READS_ANY) -> Iterator[str]:
    """The text of a file that comes in blocks, in pieces, with its line ends as they are.

    As `decode_text`; what is wrong is found when its block comes. The first block holds four bytes
    or all there are; no piece is empty.
    """
    at, rest, begun, given = 0, b"", False, False  # `at` is where in the file `rest` begins
    for block in blocks:
        if not at:
            _refuse_marks(rest + block, name, hint)
        _refuse_zeros(block, at + len(rest), name, hint)
        content = rest + block
        try:
            piece, used = utf_8_decode(content, "strict", False)
        except UnicodeDecodeError as error:
            raise _not_utf8(at + error.start, name, hint) from None
        at, rest = at + used, content[used:]
        if piece and not begun:
            piece, begun = piece.removeprefix(BYTE_ORDER_MARK), True
        if piece:
            given = True
            yield piece
    if rest:
        raise _not_utf8(at, name, hint)
    if not given:
        raise _only_a_mark(name)


def _refuse_marks(start: bytes, name: str, hint: str) -> None:
    if encoding := marked_encoding(start):
        more = "" if hint == SAVE_AS else f", or {hint}"
        raise DataError(f"{name}: is {encoding}, not UTF-8", f"{SAVE_AS}{more}", SAVE_AS)


def _refuse_zeros(content: bytes, at: int, name: str, hint: str) -> None:
    zero = content.find(0)
    if zero >= 0:
        raise DataError(f"{name}: NUL at byte {at + zero}: looks binary", hint, SAVE_AS)


def _not_utf8(at: int, name: str, hint: str) -> DataError:
    return DataError(f"{name}: not UTF-8 at byte {at}", hint, SAVE_AS)


def _only_a_mark(name: str) -> DataError:
    return DataError(f"{name}: contains nothing but a byte order mark")


def unify_lines(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with line ends of Windows, or of old Macs, as newlines, and a note if it had any."""
    if "\r\n" in text:
        return text.replace("\r\n", "\n"), (CR_LF_NOTE,)
    if "\r" in text and "\n" not in text:
        return text.replace("\r", "\n"), (CR_NOTE,)
    return text, ()


class LineEnds:
    """The same for a text that comes in pieces: all are seen first, and made newlines then."""

    def __init__(self) -> None:
        self._feeds = self._returns = self._pairs = 0
        self._after_return = False

    def see(self, piece: str) -> None:
        """Look at the next piece, which is not empty."""
        self._feeds += piece.count("\n")
        if "\r" in piece:
            self._returns += piece.count("\r")
            self._pairs += piece.count("\r\n")
        self._pairs += self._after_return and piece[0] == "\n"
        self._after_return = piece[-1] == "\r"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know: nothing, where nothing is changed."""
        if self._pairs:
            return (CR_LF_NOTE,)
        return (CR_NOTE,) if self._returns and not self._feeds else ()

    def unified(self, symbols: set[str]) -> set[str]:
        """The text's different characters with newlines for line ends, from those it has."""
        if not self.notes:
            return symbols
        kept = {"\r"} if self._pairs and self._returns > self._pairs else set()
        return symbols - {"\r"} | {"\n"} | kept

    def unify(self, pieces: Iterable[str]) -> Iterator[str]:
        """The pieces of the text that was seen, with newlines for line ends."""
        if CR_LF_NOTE in self.notes:
            return self._join_pairs(pieces)
        if self.notes:
            return (piece.replace("\r", "\n") for piece in pieces)
        return iter(pieces)

    def _join_pairs(self, pieces: Iterable[str]) -> Iterator[str]:
        held = ""  # a CR at the end of a piece may be half of a line end
        for piece in pieces:
            piece = held + piece
            held = "\r" if piece[-1] == "\r" else ""
            piece = piece[: len(piece) - len(held)].replace("\r\n", "\n")
            if piece:
                yield piece
        if held:
            yield held
