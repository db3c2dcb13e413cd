"""Bytes to text: strict UTF-8, with one line that says what is wrong and where."""

from __future__ import annotations

from rnntui.errors import DataError

READS_ANY = "--set tokenizer=byte reads any file"
SAVE_AS = "save it as UTF-8"

_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


def decode_text(content: bytes, name: str, cure: str = READS_ANY) -> tuple[str, tuple[str, ...]]:
    """The text of a file and what its user should know about it.

    A byte order mark is dropped and line ends become newlines. `name` must be safe to show; `cure`
    ends the line of a DataError.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            raise DataError(f"{name}: is {encoding}, not UTF-8: save it as UTF-8, or {READS_ANY}")
    zero = content.find(0)
    if zero >= 0:
        raise DataError(f"{name}: NUL at byte {zero}: looks binary: {cure}")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not UTF-8 at byte {error.start}: {cure}") from None
    text = text.removeprefix("\ufeff")
    if not text:
        raise DataError(f"{name}: is empty but for a byte order mark")
    return unify_lines(text)


def unify_lines(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with line ends of Windows, or of old Macs, as newlines, and a note if it had any."""
    if "\r\n" in text:
        return text.replace("\r\n", "\n"), ("line ends CR LF are read as newlines",)
    if "\r" in text and "\n" not in text:
        return text.replace("\r", "\n"), ("line ends CR are read as newlines",)
    return text, ()
