"""One update of the loss plot in words: the losses there, and what happened then."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rnntui.engine.protocol import Event
from rnntui.text import safe_text
from rnntui.tui.draw.loss import LossPlot
from rnntui.tui.draw.numbers import count, fixed
from rnntui.tui.draw.rows import Row


def point_row(plot: LossPlot, at: int, events: Sequence[Event], near: int) -> Row:
    """The losses around update `at`, and the latest event within `near` updates of it."""
    size = 2**plot.bins.level
    n = (at - 1) // size
    row: Row = [(" update ", "title"), (count(at), "strong")]
    smooth, mean = _of(plot.bins.smooth, n), _of(plot.bins.mean, n)
    row += [("   smoothed ", "muted"), (fixed(smooth).strip(), "line")]
    if size == 1:
        row += [("   raw ", "muted"), (fixed(mean).strip(), "")]
    else:
        low, high = (fixed(_of(c, n)).strip() for c in (plot.bins.low, plot.bins.high))
        row += [("   raw ", "muted"), (low, ""), (" to ", "muted"), (high, "")]
    known = [(step, loss) for step, loss in plot.validations if step <= at]
    if known:
        row += [("   validation ", "muted"), (fixed(known[-1][1]).strip(), "validation")]
    there = [event for event in events if abs(event.step - at) <= near]
    if there:
        row.append((f"   {event_words(there[-1])}", "mark"))
    return row


def event_words(event: Event) -> str:
    """What happened, who did it, and when."""
    told = safe_text(event.text)
    if event.who:
        told += f", by {safe_text(event.who)}"
    return f"{told}, {clock(event.at)}" if event.at else told


def clock(at: float) -> str:
    """A moment, in seconds since 1970, as local time; with its day unless that is today."""
    moment = time.localtime(min(max(at, 0.0), 4e9))
    today = moment[:3] == time.localtime()[:3]
    return time.strftime("%H:%M" if today else "%b %d %H:%M", moment)


def _of(column: Sequence[float | None], n: int) -> float | None:
    return column[n] if 0 <= n < len(column) else None
