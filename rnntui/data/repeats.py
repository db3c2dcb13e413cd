"""Rows that come twice: copies, and the hour that is repeated when clocks are set back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnntui.data.clock import Clock, Times
from rnntui.data.moments import DAY, HOUR
from rnntui.data.rows import Rows, count_places

CHANGE_MONTHS = (3, 4, 9, 10, 11)  # in which clocks are set back, north and south
LATEST_CHANGE = 3 * HOUR  # of the night
LEAST_SUMMER = 100  # days from one such change to the next


def clocks_back(table: Rows, clock: Clock) -> Rows:
    """The rows with the means of an hour that comes twice because clocks are set back.

    Local times do not say so themselves: in autumn and in the night, an hour is repeated at once.
    """
    size = clock.step.size if clock.step and clock.step.kind == "fixed" else 0
    if not 0 < size <= HOUR or HOUR % size or (clock.format and clock.format.zone):
        return table
    each = HOUR // size
    jumps = np.flatnonzero(np.diff(table.times) == size - HOUR) + 1
    jumps = jumps[[_is_autumn_night(table.times, int(place), each) for place in jumps]]
    days = np.diff(table.times[jumps]) / DAY
    if not len(jumps) or (days < LEAST_SUMMER).any():
        return table
    second = (jumps[:, None] + np.arange(each)).ravel()
    rows = table.rows.copy()
    pair = np.stack([rows[second - each], rows[second]])
    there = ~np.isnan(pair)
    total = np.where(there, pair, 0.0).sum(axis=0)
    counts = there.sum(axis=0)
    rows[second - each] = np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
    kept = np.ones(len(rows), bool)
    kept[second] = False
    where = f"{count_places(len(jumps))} where clocks are set back"
    note = f"an hour comes twice at {where}; its mean is taken"
    return replace(table, rows=rows).take(kept, note)


def _is_autumn_night(times: Times, place: int, each: int) -> bool:
    """Whether the `each` rows from a place on have the times of those before, in such a night."""
    if place < each or place + each > len(times):
        return False
    again = times[place : place + each]
    month = int(again[0].astype("M8[us]").astype("M8[M]").astype(np.int64)) % 12 + 1
    night = again[0] % DAY <= LATEST_CHANGE
    return (
        bool(night)
        and month in CHANGE_MONTHS
        and bool((times[place - each : place] == again).all())
    )


def without_copies(table: Rows) -> Rows:
    """Without rows that repeat the one before them, if all rows with equal times do."""
    same = np.diff(table.times) == 0
    before, after = table.rows[:-1][same], table.rows[1:][same]
    equal = (before == after) | (np.isnan(before) & np.isnan(after))
    if not same.any() or not equal.all():
        return table
    count = int(same.sum())
    copies = "row is a copy" if count == 1 else "rows are copies"
    kept = np.concatenate(([True], np.logical_not(same)))
    return table.take(kept, f"{count:,} {copies} of the row before, and left out")
