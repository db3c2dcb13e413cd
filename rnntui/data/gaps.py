"""Missing values in the rows of a series, and values that look like marks for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rnntui.data.scaling import Range

Numbers = NDArray[np.float64]

LONGEST = 24  # rows together that are interpolated without being asked
MOST_LEADING = 0.2  # of the rows may be left out at the start because values are missing
MOST_MISSING = 0.5  # of a column; with more it is left out
LEAST_MARKS = 3
MOST_MARKS = 0.5  # of the cells
MARKS = frozenset(
    (
        *(
            -0.99,
            -1.0,
            -9.0,
            -9.99,
            -99.0,
            -200.0,
            -999.0,
            -9999.0,
            -99999.0,
            -99.9,
            -99.99,
            -999.9,
            -999.99,
        ),
        *(-9999.9, -9999.99, 99.0, 99.9, 99.99, 999.0, 999.9, 999.99, 9999.0, 9999.9, 9999.99),
        *(99999.0, 99999.9, 99999.99, 999999.0),
    )
)


def longest_gap(column: Numbers) -> tuple[int, int]:
    """The first row and the number of the most missing values (N,) one after the other."""
    missing = np.concatenate(([False], np.isnan(column), [False]))
    edges = np.flatnonzero(missing[1:] != missing[:-1])
    if not len(edges):
        return 0, 0
    starts, ends = edges[::2], edges[1::2]
    place = int(np.argmax(ends - starts))
    return int(starts[place]), int(ends[place] - starts[place])


def leading(rows: Numbers) -> int:
    """How many rows (N, D) come before every column has had a value."""
    there = ~np.isnan(rows)
    return int(there.argmax(axis=0).max()) if there.any(axis=0).all() else len(rows)


def late(rows: Numbers) -> NDArray[np.bool_]:
    """Which columns (D,) begin so late that too many of the others' rows would be lost with them.

    No column, if all of them do.
    """
    there = ~np.isnan(rows)
    found = (there.argmax(axis=0) > MOST_LEADING * len(there)) | ~there.any(axis=0)
    return np.zeros_like(found) if found.all() else found


def trailing(rows: Numbers) -> int:
    """How many rows (N, D) at the end hold no value at all."""
    return int((~np.isnan(rows[::-1])).any(axis=1).argmax())


def fill(rows: Numbers, boundary: int, carry: bool) -> Numbers:
    """The rows (N, D) with missing values filled in; the first row must have none.

    With `carry`, the last value before a gap is repeated, else values are interpolated. Rows from
    `boundary` on validate: no value of theirs is used for rows before.
    """
    filled = rows.copy()
    for index in np.flatnonzero(np.isnan(rows).any(axis=0)):
        filled[:boundary, index] = _filled(filled[:boundary, index], carry)
        start = max(0, boundary - 1)
        filled[start:, index] = _filled(filled[start:, index], carry)
    return filled


def _filled(column: Numbers, carry: bool) -> Numbers:
    there = ~np.isnan(column)
    if there.all():
        return column
    places = np.arange(len(column))
    if carry:
        last = np.maximum.accumulate(np.where(there, places, 0))
        return column[last]
    return np.interp(places, places[there], column[there])


def suspicious(
    names: Sequence[str], rows: Numbers, within: Range
) -> Iterator[tuple[str, float, int]]:
    """Columns of rows (N, D) in which a usual mark for missing values stands far from the others.

    `within` is their range. Yields name, value and count.
    """
    lows, highs = within.low.tolist(), within.high.tolist()
    for name, column, *ends in zip(names, rows.T, lows, highs, strict=True):
        for extreme in MARKS.intersection(ends):
            there = column[~np.isnan(column)]
            others = there[there != extreme]
            count = len(there) - len(others)
            if not LEAST_MARKS <= count <= MOST_MARKS * len(there) or not len(others):
                continue
            least, most = float(others.min()), float(others.max())
            distance = least - extreme if extreme < least else extreme - most
            if distance > most - least or (distance > 3 * others.std() and abs(extreme) >= 99):
                yield name, float(extreme), count
