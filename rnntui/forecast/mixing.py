"""The mean of methods that forecasts, chosen by their errors at the inner origins of a backtest."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from rnntui.dataclass import dataclass
from rnntui.forecast.intervals import HALF_LIFE, half_widths
from rnntui.forecast.methods import ADAPTIVE, CHANGES, NETWORK, REGRESSION

Numbers = NDArray[np.float64]

DOUBT, DOUBTED = 4.0, 1.2  # horizons in which a network is believed to err so much more
STRONG = 0.5  # of the steadiest method's squared error: a method that is better by far
LEAST_RATIO = 1e-6  # of two squared errors
NEAR = 5.0  # times the least squared error, for a method to take part in the mean
ANCHOR, ANCHOR_SHARE = ADAPTIVE, 0.7  # the steadiest method, and its part of the mean
PARTS = (REGRESSION, CHANGES)  # of the anchor: they take part on their own only without it
REACH = 0.8  # the interval around the anchor that the network's part may not leave
LAST = "last value"
SIGNALS = (CHANGES, "theta")  # of where a random walk goes
BETTER = (ANCHOR, REGRESSION, NETWORK)  # one of which forecasts any other series clearly better
CLEARLY = 0.95  # its squared error over that of the last value
TRUST, LEAST_STEP = 0.7, 0.1  # of the way to a signal that would have been best, and at least
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Mean:
    """A mean of methods with `shares`. The network's part stays within `reach` (H,) of `anchor`.

    A network knows the rows that it was trained on, so errors there say little about how far off
    it is on others; those of simple methods, fitted on fewer rows, do.
    """

    shares: dict[str, float]
    anchor: str = ""
    reach: Numbers | None = None

    def of(self, parts: Mapping[str, Numbers]) -> Numbers:
        """The mean of forecasts, or of their errors, (…, H) by method."""
        found: Numbers = np.sum([s * self._kept(n, parts) for n, s in self.shares.items()], axis=0)
        return found

    def _kept(self, name: str, parts: Mapping[str, Numbers]) -> Numbers:
        if name != NETWORK or self.reach is None:
            return parts[name]
        anchor = parts[self.anchor]
        kept: Numbers = anchor + np.clip(parts[name] - anchor, -self.reach, self.reach)
        return kept


@dataclass(frozen=True, eq=False)
class Unseen:
    """Errors (K, H) on rows that the network was not trained on, of the network and the anchor.

    The anchor is fitted on all of the part trained on, as what is linear in the network is.
    `seen` is the number of horizons that these rows hold.
    """

    network: Numbers
    anchor: Numbers
    seen: float

    def ratio(self, reach: Numbers) -> float:
        """The network's squared error over the anchor's: the fewer horizons, the more doubt.

        The network stays within reach of the anchor unless it is better by far without that.
        """
        free = self._doubted(None)
        return free if free < STRONG else max(self._doubted(reach), STRONG)

    def _doubted(self, reach: Numbers | None) -> float:
        errors = {NETWORK: self.network, ANCHOR: self.anchor}
        kept = Mean({NETWORK: 1.0}, ANCHOR, reach).of(errors)
        ratio = mean_square(kept) / max(mean_square(self.anchor), _TINY)
        weighed = self.seen * math.log(max(ratio, LEAST_RATIO)) + DOUBT * math.log(DOUBTED)
        return math.exp(weighed / (self.seen + DOUBT))


def choose_mean(errors: Mapping[str, Numbers], wanders: bool, unseen: Unseen | None = None) -> Mean:
    """The mean of methods by their errors (K, H) at the inner origins, of which there are some.

    Of a series that `wanders` and that nothing forecasts clearly better than the last value does,
    only what forecasts a random walk takes part: an autoregression would return to a mean that
    such a series may never see again.
    """
    squares = {name: _recent_square(found) for name, found in errors.items()}
    anchor, free = anchor_of(errors), False
    reach = half_widths(errors[anchor], REACH)
    if NETWORK in errors:
        if unseen is None:
            kept = Mean({NETWORK: 1.0}, anchor, reach).of(errors)
            squares[NETWORK] = _recent_square(kept)
        else:
            ratio = unseen.ratio(reach)
            squares[NETWORK], free = ratio * squares[anchor], ratio < STRONG
    better = [squares[name] for name in BETTER if name in squares]
    if wanders and min(better) > CLEARLY * squares[LAST]:
        return Mean(_steps(errors))
    alone = {n: s for n, s in squares.items() if anchor != ANCHOR or n not in PARTS}
    return Mean(_shares(alone, anchor), anchor, None if free else reach)


def _steps(errors: Mapping[str, Numbers]) -> dict[str, float]:
    """The last value, and a step from there to what each signal forecasts.

    A signal is weak beside the noise of a random walk: the whole way often errs more than none at
    all, while a part of it rarely does. Of the way that would have been best at the inner origins,
    a part is taken: it was chosen there.
    """
    signals = [name for name in SIGNALS if name in errors]
    shares = {}
    for name in signals:
        way = errors[name] - errors[LAST]
        ages = _ages(way)
        best = -float(((way * errors[LAST]).sum(axis=1) * ages).sum())
        best /= max(float((np.square(way).sum(axis=1) * ages).sum()), _TINY)
        shares[name] = max(LEAST_STEP, TRUST * min(max(best, 0.0), 1.0)) / len(signals)
    return {LAST: 1 - sum(shares.values()), **shares}


def anchor_of(errors: Mapping[str, Numbers]) -> str:
    """The steadiest method: the autoregression unless another is better by far."""
    squares = {name: _recent_square(found) for name, found in errors.items() if name != NETWORK}
    least = min(squares, key=lambda name: squares[name])
    return ANCHOR if squares.get(ANCHOR, math.inf) <= NEAR * squares[least] else least


def _shares(squares: Mapping[str, float], anchor: str = "") -> dict[str, float]:
    """Half is the anchor's, or less if another method is more than twice as good.

    Methods that are nearly as good as the best share the rest by the inverse of their squared
    errors, squared (after Bates and Granger 1969).
    """
    least = max(min(squares.values()), _TINY)
    near = {name: (least / max(s, least)) ** 2 for name, s in squares.items() if s <= NEAR * least}
    total = sum(near.values())
    part = ANCHOR_SHARE * least / max(least, STRONG * squares[anchor]) if anchor in near else 0.0
    shares = {name: (1 - part) * weight / total for name, weight in near.items()}
    if part:
        shares[anchor] += part
    return shares


def mean_square(errors: Numbers) -> float:
    """The mean square of errors; infinity without any."""
    return float(np.square(errors).mean()) if errors.size else math.inf


def _recent_square(errors: Numbers) -> float:
    """The mean square of errors (K, H), of which those at recent origins weigh more."""
    return float(np.average(np.square(errors).mean(axis=1), weights=_ages(errors)))


def _ages(errors: Numbers) -> Numbers:
    """What errors (K, H) at each origin weigh: (K,)."""
    found: Numbers = 0.5 ** (np.arange(len(errors))[::-1] / HALF_LIFE)
    return found
