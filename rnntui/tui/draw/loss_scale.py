"""The y axis of the loss: the informative part of the curve, with round ends."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rnntui.tui.draw.axis import Scale, linear, logarithmic

_HEADROOM = 4.0  # a spike may use this many times the span of the rest of the curve
_ENOUGH = 8  # points needed to recognise a spike


def loss_scale(
    smooth: Sequence[float],
    mean: Sequence[float],
    validation: Sequence[float],
    levels: Sequence[float],
    log: bool,
) -> Scale:
    """Return a scale for losses that are finite and within LIMIT; linear if none is positive.

    Spikes are cut off. With the span from the lowest loss to the 90th percentile, the top is at
    most four spans above the lowest loss, or the highest smoothed loss if that is lower. The latest
    smoothed loss and validation are always inside, and so are nearby `levels` (floor, baselines).
    """
    kept = [*smooth, *mean, *validation]
    latest = [*smooth[-1:], *validation[-1:]]
    if log and any(value > 0 for value in kept):
        bounds = _range(_logs(kept), _logs(smooth), _logs(latest), _logs(levels))
        low, high = (10.0 ** max(-299.0, min(bound, 299.0)) for bound in bounds)
        return logarithmic(low, high)
    return linear(*_range(kept, smooth, latest, levels), positive=min(kept, default=0.0) >= 0)


def common_top(runs: Sequence[Sequence[float]], log: bool) -> float:
    """Return the highest loss that several runs need to be read beside each other.

    `runs` has the losses of each, of which half at least are taken to be usual: with the span from
    the lowest loss of all to the 90th percentile of a usual run, the top is four spans above the
    lowest, and at least four times as high (with a logarithmic axis, ten times).
    """
    known = [logs if log else list(run) for run in runs if (logs := _logs(run)) or not log]
    known = [losses for losses in known if losses]
    if not known:
        return math.inf
    low = min(map(min, known))
    calm = sorted(_percentile(losses, 0.9) for losses in known)[(len(known) - 1) // 2] - low
    top = low + max(_HEADROOM * calm, 1.0 if log else _HEADROOM * abs(low))
    return 10.0 ** min(top, 299.0) if log else top


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


def _logs(values: Sequence[float]) -> list[float]:
    return [math.log10(v) for v in values if v > 0]


def _range(
    values: Sequence[float],
    smooth: Sequence[float],
    latest: Sequence[float],
    levels: Sequence[float],
) -> tuple[float, float]:
    ordered = sorted(values) or [0.0]
    low, high = ordered[0], ordered[-1]
    if len(ordered) >= _ENOUGH:
        calm = _percentile(ordered, 0.9) - low
        bound = low + _HEADROOM * calm
        if calm > 0 and bound < high:
            high = max([min(bound, max(smooth, default=bound)), *latest])
    span = high - low
    near = [v for v in levels if low - 0.6 * span <= v <= high + 0.3 * span]
    return min([low, *near]), max([high, *near])
