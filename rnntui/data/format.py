"""Files that hold neither text nor plain numbers, known by their first bytes.

Compressed data look like noise to a network, so each gets one sentence that says what it is and how
to get at what it holds. Only `tokenizer = byte`, which is asked for by name, reads it as it is.
"""

from __future__ import annotations

import shlex
import zlib
from typing import Literal, NamedTuple

from rnntui.data.source import MOST_BYTES, NAME_TEXT
from rnntui.errors import DataError

Wanted = Literal["tokens", "values"]
START = 1 << 16  # bytes that are enough to know a format by


class Format(NamedTuple):
    """What a file is, and what to do about it; {name} stands for the file."""

    what: str
    hint: str


_UNPACK = "unpack it first ({} {{name}})"
_TABLE = "export the table as .csv or .npy"
_TEXT = "export its text as .txt in UTF-8"
_NUMBERS = "save the numbers with numpy.save, or as .csv"
_PICTURE = Format("an image", "rnntui learns only text and numbers")
_SOUND = Format("audio or video", "rnntui learns only text and numbers")

_BINARY = (
    (b"\x1f\x8b", "gzip-compressed", _UNPACK.format("gunzip -k")),
    (b"BZh", "bzip2-compressed", _UNPACK.format("bunzip2 -k")),
    (b"\xfd7zXZ\x00", "xz-compressed", _UNPACK.format("unxz -k")),
    (b"\x5d\x00\x00", "lzma-compressed", _UNPACK.format("unlzma -k")),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed", _UNPACK.format("unzstd")),
    (b"\x04\x22\x4d\x18", "lz4-compressed", _UNPACK.format("unlz4")),
    (b"\x1f\x9d", "compressed (.Z)", _UNPACK.format("uncompress -k")),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK.format("7z x")),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK.format("unrar x")),
    (b"PAR1", "a Parquet table", _TABLE),
    (b"ARROW1", "an Arrow table", _TABLE),
    (b"FEA1", "a Feather table", _TABLE),
    (b"ORC", "an ORC table", _TABLE),
    (b"Obj\x01", "an Avro file", _TABLE),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", _NUMBERS),
    (b"CDF\x01", "a NetCDF file", _NUMBERS),
    (b"CDF\x02", "a NetCDF file", _NUMBERS),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file", _NUMBERS),
    (b"SQLite format 3\x00", "an SQLite database", _TABLE),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Office file (.xls, .doc)",
        "save it as .csv or .txt",
    ),
    (b"%PDF-", "a PDF", "extract its text first (pdftotext {name})"),
    (b"\x80\x04\x95", "a Python pickle", _NUMBERS),
    (b"\x80\x05\x95", "a Python pickle", _NUMBERS),
    (b"\x80\x02", "a Python pickle", _NUMBERS),
    (b"\x80\x03", "a Python pickle", _NUMBERS),
    (b"\x89PNG\r\n\x1a\n", *_PICTURE),
    (b"\xff\xd8\xff", *_PICTURE),
    (b"GIF8", *_PICTURE),
    (b"II*\x00", *_PICTURE),
    (b"MM\x00*", *_PICTURE),
    (b"BM", *_PICTURE),
    (b"OggS", *_SOUND),
    (b"fLaC", *_SOUND),
    (b"ID3", *_SOUND),
    (b"\xff\xfb", *_SOUND),
    (b"\x1a\x45\xdf\xa3", *_SOUND),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_IN_ZIP = (
    (b".npy", "a .npz archive", "save one array with numpy.save as .npy"),
    (b"xl/workbook", "an Excel workbook", "save one sheet as .csv"),
    (b"word/document", "a Word document", _TEXT),
    (b"ppt/presentation", "a presentation", _TEXT),
    (b"opendocument.spreadsheet", "a spreadsheet", "save one sheet as .csv"),
    (b"opendocument", "an OpenDocument file", _TEXT),
    (b"epub+zip", "an e-book", _TEXT),
    (b"data.pkl", "a PyTorch file", _NUMBERS),
    (b"META-INF/", "a Java archive", _UNPACK.format("unzip")),
)
_RIFF = {b"WAVE": _SOUND, b"AVI ": _SOUND, b"WEBP": _PICTURE}
_ARRAY = b"\x93NUMPY"
GZIP = b"\x1f\x8b\x08"


def find_format(content: bytes) -> Format | None:
    """What a file is, by its content or the first part of it; None for text and anything unknown.

    Signatures of plain letters count only if what follows is not text.
    """
    start = content[:START]
    if start.startswith(_ZIP):
        return _in_zip(start + content[-START:])
    if start[257:262] == b"ustar":
        return Format("a tar archive", _UNPACK.format("tar -xf"))
    if _is_text(start):
        return None
    if start.startswith(b"RIFF"):
        return _RIFF.get(start[8:12])
    if start[4:8] == b"ftyp":
        return _SOUND
    for signature, what, hint in _BINARY:
        if start.startswith(signature):
            return Format(what, hint)
    return None


def refuse_format(content: bytes, name: str, wanted: Wanted) -> None:
    """Raise DataError in one line for a file of such a format; `name` must be safe to show."""
    if wanted == "tokens" and content.startswith(_ARRAY):
        advice = "--set task=values learns its numbers"
        raise DataError(f"{name}: is a NumPy array", advice, NAME_TEXT)
    found = find_format(content)
    if found is not None:
        file = "FILE" if name == "standard input" else shlex.quote(name)
        raise DataError(f"{name}: is {found.what}: {found.hint.format(name=file)}")


def unpacked(content: bytes, name: str) -> bytes:
    """What a file holds after gunzip, if it is one of gzip. Raises DataError in one line."""
    if not content.startswith(GZIP):
        return content
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(content, MOST_BYTES + 1)
    except zlib.error:
        raise DataError(f"{name}: is gzip-compressed, but damaged: copy it again") from None
    if len(found) > MOST_BYTES:
        raise DataError(f"{name}: more than {MOST_BYTES >> 20} MiB unpacked: train on a part of it")
    if not unpacker.eof:
        raise DataError(f"{name}: is gzip-compressed, but cut off: copy it again")
    if not found:
        raise DataError(f"{name}: is empty")
    return found


def format_note(content: bytes) -> tuple[str, ...]:
    """A note for bytes that are learned although they are of such a format."""
    found = find_format(content)
    if found is None:
        return ()
    return (f"the source is {found.what}: its bytes are learned as they are",)


def _in_zip(names: bytes) -> Format:
    for word, what, hint in _IN_ZIP:
        if word in names:
            return Format(what, hint)
    return Format("a zip archive", _UNPACK.format("unzip"))


def _is_text(start: bytes) -> bool:
    """Whether bytes are UTF-8 without NUL; a character at the end may be cut off."""
    if b"\0" in start:
        return False
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(start) == START and error.start > len(start) - 4
    return True
