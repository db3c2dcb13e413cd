"""The archive of a bundle: a manifest, then the run's files, as a plain tar in gzip.

`tar` opens it. The reader here takes nothing but what the writer writes: regular files with the
names, in the order and of the sizes that the manifest declares. No link, device, path or
compressed flood can be expressed in what it accepts.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from rnntui import __version__
from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.runs.store.contents import is_run_file
from rnntui.runs.store.names import LONGEST as LONGEST_NAME
from rnntui.runs.store.names import check_name

MANIFEST, FOLDER, FORMAT = "bundle.json", "run", 1
MOST_MANIFEST, MOST_FILES = 4 << 20, 10_000
MOST_BYTES = 16 << 30  # of all files
MOST_FILE = (8 << 30) - 1  # bytes that the header of a file can express
MOST_EXPANSION = 200  # bytes per compressed byte; weights do not compress, journals tenfold
_BLOCK = 512
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Entry:
    """A file of the run: its path in the run, size and SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a bundle declares: the run's name and its files."""

    name: str
    files: tuple[Entry, ...]


class Writer:
    """Writes a bundle: `add` each file, then `close` with the run's name."""

    def __init__(self, target: Path, scratch: IO[bytes], name: str) -> None:
        """`scratch`: a temporary file for the contents, which the manifest precedes."""
        self._target, self._scratch, self._name = target, scratch, name
        self._entries: list[Entry] = []

    def add(self, path: str, content: bytes) -> None:
        """Add a file of the run. Raises OSError, or DataError if it is too large."""
        if len(content) > MOST_FILE:
            raise DataError(f"{path} is larger than a bundle's files may be")
        self._scratch.write(content)
        self._entries.append(Entry(path, len(content), hashlib.sha256(content).hexdigest()))

    def close(self) -> None:
        """Write the archive. Raises OSError."""
        about = {
            "format": FORMAT,
            "rnntui": __version__,
            "name": self._name[:LONGEST_NAME],
            "files": [vars(entry) for entry in self._entries],
        }
        manifest = json.dumps(about, indent=1).encode() + b"\n"
        self._scratch.seek(0)
        with (
            self._target.open("xb") as file,
            gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as zipped,
            tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
        ):
            tar.addfile(_header(MANIFEST, len(manifest)), io.BytesIO(manifest))
            for entry in self._entries:
                tar.addfile(_header(f"{FOLDER}/{entry.path}", entry.size), self._scratch)


def _header(name: str, size: int) -> tarfile.TarInfo:
    """Return a header without this machine's users and times."""
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    return header


class Reader:
    """Reads a bundle front to back. Raises DataError for anything that `Writer` does not write."""

    def __init__(self, file: IO[bytes], compressed: int) -> None:
        """`compressed`: the size of the file in bytes."""
        self._stream = _Inflated(file, compressed * MOST_EXPANSION + (1 << 20))
        size = self._header(MANIFEST)
        if size > MOST_MANIFEST:
            raise DataError(f"its list of files is too long ({size:,} bytes)")
        content = self._stream.exactly(size)
        self._stream.padding(size)
        self.manifest = _manifest(content)

    def files(self) -> Iterator[tuple[Entry, Iterator[bytes]]]:
        """Yield each file with its content in pieces, to be consumed before the next."""
        for entry in self.manifest.files:
            size = self._header(f"{FOLDER}/{entry.path}")
            if size != entry.size:
                raise DataError(f"{entry.path} has {size:,} bytes, not {entry.size:,} as declared")
            yield entry, self._content(entry)
            self._stream.padding(size)
        self._stream.end()

    def _content(self, entry: Entry) -> Iterator[bytes]:
        found, left = hashlib.sha256(), entry.size
        while left:
            piece = self._stream.exactly(min(left, 1 << 20))
            found.update(piece)
            left -= len(piece)
            yield piece
        if found.hexdigest() != entry.sha256:
            raise DataError(f"{entry.path} is damaged: its checksum differs")

    def _header(self, expected: str) -> int:
        """Read the header of a regular file of that name and return its size."""
        block = self._stream.exactly(_BLOCK)
        total = sum(block) - sum(block[148:156]) + 8 * ord(" ")
        name = (block[345:500].rstrip(b"\0") + b"/" + block[:100].rstrip(b"\0")).lstrip(b"/")
        if block[257:262] != b"ustar" or _octal(block[148:156]) != total:
            raise DataError("its archive is damaged, or not one that rnntui wrote")
        if block[156:157] not in (b"0", b"\0"):
            raise DataError("it contains something else than plain files, such as a link")
        if block[:1] == b"/" or name != expected.encode():
            raise DataError("its archive contains other files than its list declares")
        return _octal(block[124:136])


def _octal(field: bytes) -> int:
    digits = field.rstrip(b"\0 ").lstrip(b" ")
    if not digits or digits.strip(b"01234567"):
        raise DataError("its archive is damaged, or not one that rnntui wrote")
    return int(digits, 8)


class _Inflated:
    """The bytes of a gzip file, at most `most` of them."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._left = file, most
        self._unzip = zlib.decompressobj(wbits=31)
        self._buffer = bytearray()

    def exactly(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        while len(self._buffer) < count:
            if not self._more():
                raise DataError("it ends too early: copy it again")
        found = bytes(self._buffer[:count])
        del self._buffer[:count]
        return found

    def padding(self, size: int) -> None:
        """Read the zeros after a file of that size."""
        if any(self.exactly(-size % _BLOCK)):
            raise DataError("its archive is damaged, or not one that rnntui wrote")

    def end(self) -> None:
        """Read the zeros that end the archive. Raises DataError for anything else."""
        while True:
            if any(self._buffer):
                raise DataError("its archive contains other files than its list declares")
            self._buffer.clear()
            if not self._more():
                return

    def _more(self) -> bool:
        """Inflate some more; return False at the end."""
        if self._unzip.eof:
            if self._unzip.unused_data or self._file.read(1):
                raise DataError("something follows its archive")
            return False
        data = self._unzip.unconsumed_tail or self._file.read(1 << 16)
        if not data:
            raise DataError("it ends too early: copy it again")
        try:
            piece = self._unzip.decompress(data, 1 << 20)
        except zlib.error:
            raise DataError("it is not a gzip file, or damaged: copy it again") from None
        self._left -= len(piece)
        if self._left < 0:
            raise DataError("it expands far more than a run does")
        self._buffer += piece
        return True


def _manifest(content: bytes) -> Manifest:
    """Decode the list of files. Raises DataError."""
    try:
        table = json.loads(content)
    except (ValueError, RecursionError):
        raise DataError("its list of files cannot be read") from None
    if not isinstance(table, dict) or type(table.get("format")) is not int:
        raise DataError("it is not a bundle of rnntui")
    if table["format"] != FORMAT:
        raise DataError(f"format {table['format']} needs another version of rnntui")
    name, rows = table.get("name"), table.get("files")
    if not isinstance(name, str) or not isinstance(rows, list) or len(rows) > MOST_FILES:
        raise DataError("its list of files cannot be read")
    files = tuple(map(_entry, rows))
    if len({entry.path for entry in files}) < len(files):
        raise DataError("it lists a file twice")
    if sum(entry.size for entry in files) > MOST_BYTES:
        raise DataError(f"it declares more than {MOST_BYTES >> 30} GiB")
    return Manifest(check_name(name), files)


def _entry(row: Any) -> Entry:
    """Decode one entry; its path must be that of a run's file."""
    path, size, sha256 = (
        (row.get(key) for key in ("path", "size", "sha256"))
        if isinstance(row, dict)
        else (None, None, None)
    )
    if not isinstance(path, str) or not is_run_file(path):
        raise DataError(f"it lists {json.dumps(path)[:60]}, which is not a file of a run")
    if type(size) is not int or not 0 <= size <= MOST_FILE:
        raise DataError(f"it declares an impossible size of {path}")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise DataError(f"it declares no checksum of {path}")
    return Entry(path, size, sha256)
