"""Tables that hold several series one below the other, told apart by a column of names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnntui.data.rows import Rows, count_rows

LEAST_ROWS = 4  # of a series, on average
MOST_DIFFERENT = 0.75  # of the times, if they come again
MOST_BACK = 0.01  # of the steps may go back in time within a series


def come_again(times: NDArray[Any]) -> bool:
    """Whether many times come more than once."""
    return len(np.unique(times)) <= MOST_DIFFERENT * len(times)


def tells_apart(labels: Sequence[str] | NDArray[Any], times: NDArray[Any]) -> bool:
    """Whether rows with one label have times in order that other rows have, too.

    They are several series then: without the labels, times come more than once.
    """
    names, groups = np.unique(np.array(labels), return_inverse=True)
    if not 1 < len(names) <= len(labels) / LEAST_ROWS:
        return False
    if not come_again(times):
        return False
    order = np.argsort(groups, kind="stable")
    same = np.diff(groups[order]) == 0
    gaps = np.diff(times[order])[same]
    forward = (gaps > 0).mean() if len(gaps) else 0.0
    backward = (gaps < 0).mean() if len(gaps) else 0.0
    return bool(max(forward, backward) >= 1 - MOST_BACK)


def side_by_side(
    table: Rows, labels: Sequence[str], features: Sequence[str]
) -> tuple[Rows, tuple[str, ...], tuple[str, ...]]:
    """One row for each time, with the columns of every series; NaN where a series has no row.

    Also the names of the columns, and the series of each. Of several rows with one time and label
    the last one counts.
    """
    names = list(dict.fromkeys(labels))
    number = {name: n for n, name in enumerate(names)}
    groups = np.array([number[label] for label in labels])
    times, places = np.unique(table.times, return_inverse=True)
    width = len(features)
    rows = np.full((len(times), len(names), width), np.nan)
    rows[places, groups] = table.rows
    origin = np.full(len(times), -1, np.int64)
    origin[places] = table.origin
    lost = len(table.times) - len(set(zip(places.tolist(), groups.tolist(), strict=True)))
    doubled = f"{count_rows(lost)} the name and the time of another one; the last one counts"
    notes = (*table.notes, doubled) if lost else table.notes
    wide = Rows(rows.transpose(0, 2, 1).reshape(len(times), -1), times, origin, notes)
    columns = tuple(f"{f} ({name})" for f in features for name in names)
    return wide, columns, tuple(name for _ in features for name in names)
