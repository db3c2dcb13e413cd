"""The update at the cursor of the loss plot, in words: its losses and events."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rnntui.numbers import count, fixed
from rnntui.protocol.messages import Event
from rnntui.text import safe_text
from rnntui.tui.draw.loss import LossPlot
from rnntui.tui.draw.rows import Row


def point_row(plot: LossPlot, at: int, events: Sequence[Event], near: int) -> Row:
    """Return the losses around update `at`, and the latest event within `near` updates of it."""
    size = 2**plot.bins.level
    n = (at - 1) // size - plot.bins.start
    row: Row = [(" update ", "title"), (count(at), "strong")]
    smooth, mean = _of(plot.bins.smooth, n), _of(plot.bins.mean, n)
    row += [("   smoothed ", "muted"), (fixed(smooth).strip(), "line")]
    if size == 1:
        row += [("   raw ", "muted"), (fixed(mean).strip(), "")]
    else:
        low, high = (fixed(_of(c, n)).strip() for c in (plot.bins.low, plot.bins.high))
        row += [("   raw ", "muted"), (low, ""), (" to ", "muted"), (high, "")]
    known = [(update, loss) for update, loss in plot.validations if update <= at]
    if known:
        row += [("   validation ", "muted"), (fixed(known[-1][1]).strip(), "validation")]
    there = [event for event in events if abs(event.step - at) <= near]
    if there:
        row.append((f"   {event_words(there[-1])}", "mark"))
    return row


def event_words(event: Event) -> str:
    """Describe an event: what happened, who did it, and when."""
    text = safe_text(event.text)
    if event.who:
        text += f", by {safe_text(event.who)}"
    return f"{text}, {clock(event.at)}" if event.at else text


def clock(at: float) -> str:
    """Format seconds since 1970 as local time, with the date unless it is today."""
    moment = time.localtime(min(max(at, 0.0), 4e9))
    today = moment[:3] == time.localtime()[:3]
    return time.strftime("%H:%M" if today else "%b %d %H:%M", moment)


def _of(column: Sequence[float | None], n: int) -> float | None:
    return column[n] if 0 <= n < len(column) else None
