"""NumPy's .npy files, from people one does not know: nothing is run, nothing believed."""

from __future__ import annotations

import io
import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data.column_numbers import EXACT, ROUNDED
from rnntui.dataclass import dataclass
from rnntui.errors import DataError

MAGIC = b"\x93NUMPY"
MOST_COMPARED = 100_000  # whole numbers, with the floats they became


@dataclass(frozen=True, eq=False)
class Array:
    """The rows (N, D) of a file, and the precision that they were computed with."""

    rows: NDArray[np.float64]
    epsilon: float
    notes: tuple[str, ...] = ()


def parse_npy(content: bytes, name: str) -> NDArray[np.float64]:
    """The rows (N, D) of a .npy file, as `read_array` gives them."""
    return read_array(content, name).rows


def read_array(content: bytes, name: str) -> Array:
    """The array of a .npy file; one dimension becomes one column.

    Reads numbers only, and only as many as the file holds, whatever its header says. `name` must be
    safe to show. Raises DataError in one line.
    """
    file = io.BytesIO(content)
    shape, fortran, dtype = _header(file, name)
    if dtype.kind not in "biuf":
        kind = {"O": "objects", "c": "complex numbers"}.get(dtype.kind, "no plain numbers")
        raise DataError(f"{name}: holds {kind}: save real numbers, e.g. with array.astype(float)")
    if len(shape) not in (1, 2):
        raise DataError(f"{name}: has {len(shape)} dimensions: expected 1, or 2 (rows, columns)")
    count = math.prod(shape)
    need, have = count * dtype.itemsize, len(content) - file.tell()
    if min(shape) < 0 or need != have:
        raise DataError(f"{name}: damaged: its header says {need} bytes of numbers, it has {have}")
    if count == 0:
        raise DataError(f"{name}: is empty: its shape is {shape}")
    numbers = np.frombuffer(content, dtype, count, file.tell())
    table = numbers.reshape(shape, order="F" if fortran else "C")
    with np.errstate(over="ignore"):
        rows = _finite(table.astype(np.float64).reshape(len(table), -1), name)
    epsilon = float(np.finfo(np.float64).eps)
    if dtype.kind == "f":
        epsilon = max(epsilon, float(np.finfo(dtype).eps))
    return Array(rows, epsilon, (ROUNDED,) if _is_rounded(table, rows) else ())


def _is_rounded(table: NDArray[Any], rows: NDArray[np.float64]) -> bool:
    """Whether whole numbers lost digits as floats."""
    if table.dtype.kind not in "iu":
        return False
    large = np.abs(rows).reshape(table.shape) >= EXACT
    exact, floats = table[large][:MOST_COMPARED], rows.reshape(table.shape)[large][:MOST_COMPARED]
    return any(a != int(b) for a, b in zip(exact.tolist(), floats.tolist(), strict=True))


def _header(file: io.BytesIO, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        # A dtype that NumPy is about to drop makes it warn; the file is not ours to fix.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = np.lib.format.read_magic(file)
            if version == (1, 0):
                return np.lib.format.read_array_header_1_0(file)
            return np.lib.format.read_array_header_2_0(file)
    except Exception:
        # NumPy reads the header with Python's own tokenizer and parser: a hostile one brings up
        # any of their errors, and all mean the same.
        raise DataError(f"{name}: not a valid .npy file: save it with numpy.save") from None


def _finite(table: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    wrong = np.argwhere(~np.isfinite(table))
    if len(wrong):
        row, column = wrong[0].tolist()
        shown = table[row, column]
        raise DataError(f"{name}: row {row}, column {column + 1} is {shown}, not a finite number")
    return table
