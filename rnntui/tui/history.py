"""The losses of a run as the dashboard has received them, assembled from their parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnntui.protocol.messages import History
from rnntui.tui.draw.loss import Bins


def join_history(bins: Bins, new: History) -> Bins:
    """Return the bins, replaced from `new.start` on, or all of them if the level has changed."""
    same = new.level == bins.level and bins.start <= new.start <= bins.start + len(bins.mean)
    start = new.start - bins.start if same else 0

    def joined(old: Sequence[Any], fresh: Sequence[Any]) -> tuple[Any, ...]:
        return (*old[:start], *fresh)

    return Bins(
        level=new.level,
        mean=joined(bins.mean, new.mean),
        low=joined(bins.low, new.low),
        high=joined(bins.high, new.high),
        smooth=joined(bins.smooth, new.smooth),
        bad=joined(bins.bad, new.bad),
        start=bins.start,
    )
