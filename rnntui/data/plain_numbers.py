"""Large tables of nothing but numbers, read by NumPy: as fast, and in as little memory.

Whatever is not that simple (dates, quotes, comments, gaps, other letters) is left to `cells`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data.cells import Cells
from rnntui.data.decode import CR_LF_NOTE
from rnntui.data.headers import are_names
from rnntui.data.lines import delimiter_of, is_header
from rnntui.data.moments import formats_of
from rnntui.data.signs_around import Bare
from rnntui.data.source import MOST_BYTES
from rnntui.data.timecolumn import is_date
from rnntui.data.written_numbers import are_thousands, is_number
from rnntui.dataclass import dataclass

LEAST_BYTES = 1 << 18  # smaller files are read quickly enough cell by cell
MOST_SAMPLED = 200  # rows that are looked at as text
EXACT = 2.0**53
_BLOCK = 1 << 20
_START = 1 << 16
_FEED = ord("\n")

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NumberCells(Cells):
    """A table of finite numbers; only the first rows are there as text, in `rows`."""

    table: Numbers | None = None

    def numbers(self, index: int) -> Numbers:
        """The numbers (N,) of a column."""
        assert self.table is not None
        return self.table[:, index]

    def count(self, index: int) -> int:
        """All of them."""
        assert self.table is not None
        return len(self.table)

    def is_grouped(self, index: int) -> bool:
        """Never: such tables are read cell by cell."""
        return False

    def signs(self, index: int) -> Bare | None:
        """None: there are only plain numbers."""
        return None

    def matrix(self, indices: Sequence[int], column: Callable[[int], Numbers]) -> Numbers:
        """Some columns as (N, D), without a copy if these are all."""
        assert self.table is not None
        if list(indices) == list(range(self.table.shape[1])):
            return self.table
        return self.table[:, list(indices)]


def read_plain(file: FileIO, name: str) -> NumberCells | None:
    """The table in an open file; None if it is not one of plain numbers, or small."""
    if not LEAST_BYTES <= os.fstat(file.fileno()).st_size <= MOST_BYTES:
        return None
    head = _head(file)
    if head is None:
        return None
    lines = _lines(file)
    if lines is None:
        return None
    table = _load(file, head)
    if table is None or len(table) != lines - head.named or not _is_plain(table):
        return None
    header = tuple(f"column {i}" for i in range(1, table.shape[1] + 1))
    if head.named:
        header = tuple(c.strip() or h for c, h in zip(head.names, header, strict=True))
    notes: tuple[str, ...] = (CR_LF_NOTE,) if head.returns else ()
    if not head.named and len(header) > 1:
        notes = (*notes, f"no header: the columns are called column 1 to column {len(header)}")
    numbers = list(range(1 + head.named, 1 + head.named + len(head.rows)))
    comma = head.delimiter != ","
    return NumberCells(name, header, head.named, head.rows, numbers, comma, notes, table=table)


@dataclass(frozen=True)
class _Head:
    """What the first lines show."""

    names: list[str]
    named: bool
    delimiter: str
    rows: list[list[str]]
    returns: bool


def _head(file: FileIO) -> _Head | None:
    file.seek(0)
    start = file.read(_START)
    if not start.isascii():
        return None
    lines = start.decode("ascii").split("\n")[: MOST_SAMPLED + 1]
    returns = lines[0].endswith("\r")
    lines = [line.removesuffix("\r") for line in lines]
    delimiter = delimiter_of("\n".join(lines[:2]))
    rows = [line.split() if delimiter == " " else line.split(delimiter) for line in lines[:-1]]
    if len(rows) < 3:
        return None
    named = is_header(rows[0])
    if are_names(rows, delimiter != ","):
        return None
    data = rows[named:]
    if any(len(row) != len(rows[0]) or not all(is_number(c, False) for c in row) for row in data):
        return None
    columns = [[cell.strip() for cell in column] for column in zip(*data, strict=True)]
    if delimiter == ";" and any(map(are_thousands, columns)):
        return None
    if any(all(map(is_date, column)) or formats_of(column) for column in columns):
        return None
    return _Head(rows[0], named, delimiter, data, returns)


def _lines(file: FileIO) -> int | None:
    """How many lines there are; None if there is something that NumPy would read differently."""
    file.seek(0)
    feeds = returns = 0
    last = b""
    while block := file.read(_BLOCK):
        if not block.isascii() or any(mark in block for mark in b"\"#_'\0"):
            return None
        # For lines as short as those of numbers, faster than counting in the bytes themselves.
        feeds += int(np.count_nonzero(np.frombuffer(block, np.uint8) == _FEED))
        if b"\r" in block:  # looking for one is faster than counting all
            returns += block.count(b"\r")
        last = block[-1:]
    if returns not in (0, feeds):
        return None
    return feeds + (last != b"\n")


def _load(file: FileIO, head: _Head) -> Numbers | None:
    """The numbers of the file, or None if NumPy cannot read them all."""
    file.seek(0)
    source: Any = f"/dev/fd/{file.fileno()}"
    opened = None if Path(source).exists() else os.fdopen(os.dup(file.fileno()), "r")
    try:
        return np.loadtxt(
            opened or source,
            delimiter=None if head.delimiter == " " else head.delimiter,
            skiprows=int(head.named),
            comments=None,
            ndmin=2,
            encoding="ascii",
        )
    except (ValueError, OSError):
        return None
    finally:
        if opened is not None:
            opened.close()


def _is_plain(table: Numbers) -> bool:
    """Whether all numbers are finite, and whole ones exact."""
    low, high = float(table.min()), float(table.max())
    return -EXACT < low <= high < EXACT
