"""The part of a series before a moment, as if the file had ended there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnntui.data.dataset import ValueData
from rnntui.data.find_time import ORDERS, begins
from rnntui.data.moments import NONE, formats_of
from rnntui.data.source import show
from rnntui.errors import UsageError

LEAST_LEFT = 2  # rows before the moment
MOST_AHEAD = 100_000  # rows from the end of the source to the moment


def moment_of(data: ValueData, text: str, order: str = "") -> float:
    """The time that a text means, as the source writes it or in any usual format.

    `order` is the recipe's `time_format`, where day and month could be confused. Raises UsageError,
    also for data without times.
    """
    clock, times = data.clock, data.times
    if clock is None or times is None:
        raise UsageError("the rows of this run have no times")
    found = clock.read(text)
    if found is None and clock.is_date:
        formats = formats_of([text.strip()])
        wanted = [form for form in formats if order in ORDERS and begins(form, ORDERS[order])]
        read = [form.read([text.strip()]) for form in wanted or formats]
        moments = [int(one[0]) for one in read if one is not None and one[0] != NONE]
        # Where day and month could be confused, the moment nearer to the source's end is meant.
        found = min(moments, key=lambda moment: abs(moment - times[-1].item()), default=None)
    if found is None:
        like = clock.write(times[-1].item())
        raise UsageError(f"'{show(text, 30)}' is not a time such as {show(like, 30)}")
    return found


def rows_before(data: ValueData, moment: float) -> int:
    """How many of the source's own rows, which have times, come before a moment."""
    assert data.times is not None
    return int(np.searchsorted(data.times, moment))


def before(data: ValueData, moment: float) -> ValueData:
    """The rows before a moment; scale, columns and clock stay those of all rows.

    Raises UsageError if fewer than two are left.
    """
    assert data.clock is not None and data.times is not None
    rows = rows_before(data, moment)
    count = rows - (data.levels is not None)  # those that the network reads
    if count < LEAST_LEFT:
        raise UsageError(f"fewer than two rows are known before {data.clock.write(moment)}")
    if rows == len(data.times):
        return data
    return replace(
        data,
        values=data.values[:count],
        validation=data.validation[: max(0, count - len(data.values))],
        levels=None if data.levels is None else data.levels[:rows],
        times=data.times[:rows],
        ahead=None if data.ahead is None else data.ahead[:count],
    )


def steps_to(data: ValueData, moment: float) -> int:
    """How many rows after the last one come before a moment. Raises UsageError if too many do."""
    assert data.clock is not None and data.times is not None
    last = data.times[-1].item()
    for count in range(MOST_AHEAD + 1):
        if data.clock.after(last, count + 1) >= moment:
            return count
    raise UsageError(f"more than {MOST_AHEAD:,} rows after the last one: give an earlier time")
