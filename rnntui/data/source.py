"""Where data come from: what a source means, whether it can be read, and its bytes.

This module does not import NumPy: a command checks a source with it before anything heavy starts.
"""

from __future__ import annotations

import os
import select
import stat
from io import BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO, Literal

from rnntui.data.corpus import find_corpus
from rnntui.data.generated import tasks
from rnntui.data.generated.task import SeriesTask, TextTask
from rnntui.dataclass import dataclass
from rnntui.errors import DataError, UsageError
from rnntui.text import fit, safe_text

Kind = Literal["corpus", "text", "values", "stdin", "file"]

MOST_BYTES = 256 << 20  # of what is read into memory as a whole
LARGE = 16 << 20  # bytes: from here on a file of text is read in blocks, into the cache
MOST_LARGE = 64 << 30
WRITER_WAIT = 1.0  # seconds
SHOWN = 48
VALUE_SUFFIXES = (".csv", ".tsv", ".npy", ".csv.gz", ".tsv.gz")
NAME_TEXT = "name a text, which the run was trained on"
NAME_TABLE = "name a table of numbers, which the run was trained on"
_PREFIXED: tuple[Kind, ...] = ("corpus", "text", "values")
_ESCAPED = "path:"  # a file whose name is no text, with %FF for such bytes
PREFIXES = (*(f"{kind}:" for kind in _PREFIXED), _ESCAPED)


@dataclass(frozen=True)
class Source:
    """A source taken apart: `rest` is the corpus' name, the text, the numbers or the path."""

    kind: Kind
    rest: str

    @property
    def name(self) -> str:
        """A short name that is safe to show."""
        if self.kind == "corpus":
            return show(self.rest)
        if self.kind == "file":
            return show(Path(self.rest).name or self.rest)
        return {"text": "inline text", "values": "inline values"}.get(self.kind, "standard input")


def show(foreign: str, width: int = SHOWN) -> str:
    """A foreign string, safe and short enough for a line."""
    return fit(safe_text(foreign), width)


def parse_source(source: str) -> Source:
    """Take a source apart. Raises UsageError for an empty one."""
    for kind in _PREFIXED:
        if source.startswith(f"{kind}:"):
            return Source(kind, source[len(kind) + 1 :])
    if source.startswith(_ESCAPED) and source != _ESCAPED:
        from urllib.parse import unquote_to_bytes

        return Source("file", os.fsdecode(unquote_to_bytes(source[len(_ESCAPED) :])))
    if source == "-":
        return Source("stdin", "")
    if source in ("", _ESCAPED):
        raise UsageError("source is empty: expected a file, '-', corpus:NAME, text:…, values:1,2,3")
    return Source("file", source)


def lasting_source(path: str) -> str:
    """The source that means the file at `path` from any directory, as text that TOML can hold."""
    path = os.path.abspath(path)  # noqa: PTH100, not resolve(): links stay what they are made of
    try:
        path.encode()
    except UnicodeEncodeError:
        from urllib.parse import quote

        return _ESCAPED + quote(os.fsencode(path))
    return path


def guess_task(source: str) -> Literal["tokens", "values"]:
    """What a source most likely holds, by its name alone."""
    parsed = parse_source(source)
    if parsed.kind == "values":
        return "values"
    if parsed.kind == "corpus":
        return "values" if find_corpus(parsed.rest).kind == "values" else "tokens"
    is_table = parsed.kind == "file" and parsed.rest.lower().endswith(VALUE_SUFFIXES)
    return "values" if is_table else "tokens"


def generated_task(source: str) -> TextTask | SeriesTask | None:
    """The generated corpus that a source means; None for all other sources."""
    parsed = parse_source(source)
    return tasks().get(parsed.rest) if parsed.kind == "corpus" else None


def precheck(source: str) -> None:
    """Raise the DataError or UsageError that needs no loading, if there is one."""
    parsed = parse_source(source)
    if parsed.kind == "corpus":
        find_corpus(parsed.rest)
    elif parsed.kind in ("text", "values") and not parsed.rest:
        raise DataError(f"{parsed.kind}: is empty: write what to learn after the colon")
    elif parsed.kind == "file" and not is_pipe(source):
        with open_file(parsed) as file:
            if not _read(file, parsed, 1):
                raise DataError(f"{parsed.name}: is empty")


def is_pipe(source: str) -> bool:
    """Whether a source can be read only once: standard input or a named pipe.

    Another process cannot read it again: whoever starts one reads the bytes and hands them on.
    """
    parsed = parse_source(source)
    if parsed.kind != "file":
        return parsed.kind == "stdin"
    try:
        return stat.S_ISFIFO(Path(parsed.rest).stat().st_mode)
    except (OSError, ValueError):
        return False


def read(parsed: Source, stdin: BinaryIO | None = None) -> bytes:
    """The bytes of a file or of standard input. Raises DataError in one line."""
    if parsed.kind == "stdin":
        if stdin is None:
            raise DataError("standard input: no input: name a file instead of '-'")
        content = stdin.read(MOST_BYTES + 1)
    else:
        with BufferedReader(open_file(parsed)) as file:
            if os.fstat(file.fileno()).st_size > MOST_BYTES:
                raise _too_large(parsed, MOST_BYTES)
            content = _read(file, parsed, MOST_BYTES + 1)
    if not content:
        raise DataError(f"{parsed.name}: is empty")
    if len(content) > MOST_BYTES:
        raise _too_large(parsed, MOST_BYTES)
    return content


def open_large(parsed: Source) -> FileIO | None:
    """The source opened to be read in blocks, if it is a large file. Raises DataError."""
    if parsed.kind != "file" or is_pipe(parsed.rest):  # a pipe that is opened twice is read once
        return None
    file = open_file(parsed)
    if os.fstat(file.fileno()).st_size > LARGE:
        return file
    file.close()
    return None


def open_file(parsed: Source) -> FileIO:
    """Open a file for reading after checking its type: a device might never end."""
    path = Path(parsed.rest)
    shown = show(parsed.rest)
    try:
        mode = path.stat()
        if stat.S_ISDIR(mode.st_mode):
            raise DataError(f"{shown}: is a directory: name a file in it")
        if not (stat.S_ISREG(mode.st_mode) or stat.S_ISFIFO(mode.st_mode)):
            raise DataError(f"{shown}: is a device or a socket, not a file: pipe it in with '-'")
        if mode.st_size > MOST_LARGE:
            raise _too_large(parsed, MOST_LARGE)
        # Opening a pipe would otherwise block until its other end is opened.
        file = FileIO(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)))
        if stat.S_ISFIFO(mode.st_mode):
            _await_writer(file, shown)
        return file
    except FileNotFoundError:
        raise DataError(f"{shown}: no such file{_similar(path)}") from None
    except OSError as error:
        raise DataError(f"{shown}: {error.strerror or 'cannot be read'}") from None
    except ValueError:
        raise DataError(f"{shown}: not a file name") from None


def _await_writer(file: FileIO, shown: str) -> None:
    """Wait briefly for the other end of a named pipe, which may not exist."""
    waiting = select.poll()
    waiting.register(file, select.POLLIN)
    if not waiting.poll(1000 * WRITER_WAIT) and file.read(1) is not None:
        file.close()
        raise DataError(f"{shown}: nothing is writing to this pipe: start the writer first")
    os.set_blocking(file.fileno(), True)


def _read(file: BinaryIO, parsed: Source, most: int) -> bytes:
    try:
        return file.read(most)
    except OSError as error:
        raise DataError(f"{parsed.name}: {error.strerror or 'cannot be read'}") from None


def _too_large(parsed: Source, limit: int) -> DataError:
    most = f"{limit >> 30} GiB" if limit >= 1 << 30 else f"{limit >> 20} MiB"
    return DataError(
        f"{parsed.name}: more than {most}: train on a part of it, e.g. from head -c 100M"
    )


def _similar(path: Path) -> str:
    """A half-sentence with the file that was probably meant."""
    from difflib import get_close_matches

    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    close = get_close_matches(path.name, names, n=1, cutoff=0.6)
    return f": did you mean '{show(close[0])}'?" if close else ""
