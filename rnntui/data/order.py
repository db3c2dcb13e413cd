"""Rows in order of time: sorted, on an even grid where rows are missing, and what was odd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rnntui.data.clock import Clock, Times
from rnntui.data.repeats import clocks_back, without_copies
from rnntui.data.rows import Rows, count_places, count_rows
from rnntui.data.source import show
from rnntui.data.steps import OFF

Numbers = NDArray[np.float64]

MOST_INSERTED = 0.1  # of the rows; more only if the recipe asks for it
MOST_UNEVEN = 0.02  # of the rows may be off the grid
MOST_ROWS = 4  # times as many rows as there were, at most
NEWEST_FIRST = 0.98  # of the steps go back
_IN_TURN = "rows are taken one after the other"


def in_order(table: Rows, clock: Clock, is_named: bool, once: bool = True) -> Rows:
    """The rows from the oldest to the newest; with `once`, without what comes twice.

    Numbers that go down are only reversed if they are `is_named` like time.
    """
    newest = _newest_first(table, clock, is_named)
    table = table if newest is None else newest
    if once:
        table = clocks_back(table, clock)
    table = _sorted(table, clock)
    return without_copies(table) if once else table


def _newest_first(table: Rows, clock: Clock, is_named: bool) -> Rows | None:
    """The rows turned round, if they go back in time."""
    gaps = np.diff(table.times)
    if not len(gaps) or (gaps >= 0).all() or (gaps <= 0).mean() < NEWEST_FIRST:
        return None
    if not clock.is_date and not (is_named and (gaps < 0).all()):
        return None
    return table.take(slice(None, None, -1), "rows were newest first; sorted by time")


def _sorted(table: Rows, clock: Clock) -> Rows:
    gaps = np.diff(table.times)
    if not len(gaps) or (gaps >= 0).all():
        return table
    if not clock.is_date:
        return table
    wrong = int((gaps < 0).sum())
    order = np.argsort(table.times, kind="stable")
    return table.take(order, f"rows out of order at {count_places(wrong)}; sorted by time")


def on_grid(table: Rows, clock: Clock, wanted: bool) -> Rows:
    """The rows with empty ones (NaN) where their times leave rows out, and notes on uneven times.

    Unless they are `wanted`, only a few are put in, and none among uneven times.
    """
    double = len(table.times) - len(np.unique(table.times))
    notes = [f"{count_rows(double)} the time of another one"] if double else []
    if clock.step is None or len(table.times) < 3:
        return replace(table, notes=(*table.notes, *notes, *_uneven_counts(table.times, clock)))
    places = clock.step.places(table.times)
    nearest = np.rint(places).astype(np.int64)
    uneven = int((abs(places - nearest) > OFF).sum())
    jumps = np.diff(nearest)
    missing = int((jumps[jumps > 1] - 1).sum())
    if uneven:
        notes.append(f"times are uneven: {uneven:,} of {len(places):,} rows are off {clock.words}")
    if missing and clock.step.kind != "business":
        longest = int(jumps.max()) - 1
        about = f"{count_rows(missing, 'is', 'are')} missing ({clock.words}"
        about += f", at most {longest:,} together)"
        few = missing <= MOST_INSERTED * len(places) and uneven <= MOST_UNEVEN * len(places)
        allowed = missing + len(places) <= MOST_ROWS * len(places)
        if (few or wanted) and allowed and not double:
            table = _inserted(table, clock, nearest)
            notes.append(about)
        else:
            advice = (
                ""
                if wanted or double or not allowed
                else "; --set missing=interpolate puts them in"
            )
            notes.append(f"{about}; {_IN_TURN}{advice}")
    return replace(table, notes=(*table.notes, *notes))


def _uneven_counts(times: Times, clock: Clock) -> Iterator[str]:
    """Notes on numbers that leave rows out, or are not as far from each other as usual."""
    gaps = np.diff(times)
    if len(gaps) < 2 or clock.every <= 0 or not ((gaps > 0).all() or (gaps < 0).all()):
        return
    steps = abs(gaps) / clock.every
    nearest = np.rint(steps)
    uneven = int((abs(steps - nearest) > OFF).sum())
    missing = nearest[nearest > 1] - 1
    if uneven > MOST_UNEVEN * len(times):
        what = f"{uneven:,} of {len(gaps):,} are not {clock.words}"
        yield f"steps of {show(clock.name, 24)} are uneven: {what}; {_IN_TURN}"
    elif len(missing):
        about = f"{count_rows(int(missing.sum()), 'is', 'are')} missing ({clock.words}"
        yield f"{about}, at most {int(missing.max()):,} together); {_IN_TURN}"


def _inserted(table: Rows, clock: Clock, nearest: NDArray[np.int64]) -> Rows:
    """The table with a row of NaN for each place of the grid that has none."""
    assert clock.step is not None
    count = int(nearest[-1]) + 1
    rows = np.full((count, table.rows.shape[1]), np.nan)
    rows[nearest] = table.rows
    origin = np.full(count, -1, np.int64)
    origin[nearest] = table.origin
    times = np.zeros(count, np.int64)
    times[nearest] = table.times
    for place in np.flatnonzero(origin < 0):
        times[place] = clock.step.after(int(times[place - 1]))
    return Rows(rows, times, origin, table.notes)
