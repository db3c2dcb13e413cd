"""The season of a series: how many rows until it repeats itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

LONGEST = 400  # rows, unless a season of the calendar is longer
MOST_ROWS = 20_000  # the last ones are looked at
LEAST_SEEN = 3  # times that a season must have been seen
CLEAR, DOUBT = 0.2, 1.5  # likeness of one season and another: less is no season of the calendar,
UNNAMED_CLEAR, UNNAMED_DOUBT = 0.3, 3.0  # and of the many others chance alone makes some alike
LIKELY = 0.8  # of the greatest likeness is enough for a season of the calendar
NEARLY = 0.93  # of it is enough for a shorter one: two seasons are alike, too
_SPANS = (1, 4, 16)  # rows over which changes are looked at: long seasons change little in one
_PEAKS = 4  # lags that are tried for each of these


def find_season(values: Numbers, likely: Sequence[int] = ()) -> int:
    """The season of values (N,) in rows, 0 for none; `likely` ones of the calendar are preferred.

    Where the changes repeat themselves, the values without their trend are compared, season with
    season.
    """
    values = values[-MOST_ROWS:]
    most = min(len(values) // LEAST_SEEN, max([LONGEST, *likely]))
    usual = {lag for lag in likely if 2 <= lag <= most}
    likeness = {lag: _likeness(values, lag) for lag in usual.union(_peaks(values, most))}
    needed = {lag: _needed(len(values) // lag, lag in usual) for lag in likeness}
    clear = {lag: r for lag, r in likeness.items() if r >= needed[lag]}
    if not clear:
        return 0
    best = max(clear.values())
    named = [lag for lag in usual & clear.keys() if clear[lag] >= LIKELY * best]
    if named:
        top = max(clear[lag] for lag in named)
        return min(lag for lag in named if clear[lag] >= NEARLY * top)
    return min(lag for lag, r in clear.items() if r >= NEARLY * best)


def _needed(seen: int, usual: bool) -> float:
    """The least likeness of seasons that were `seen` so often; doubt is spread over them."""
    clear, doubt = (CLEAR, DOUBT) if usual else (UNNAMED_CLEAR, UNNAMED_DOUBT)
    return max(clear, doubt / (seen - 1))


def _likeness(values: Numbers, season: int) -> float:
    """The mean correlation of one season with another, after a mean over a season is removed."""
    width = season + (season + 1) % 2
    weights = np.ones(width)
    if season % 2 == 0:
        weights[[0, -1]] = 0.5
    sums = np.convolve(values, weights / season, "valid")
    start = width // 2
    off = values[start : start + len(sums)] - sums
    seen = len(off) // season
    if seen < 2:
        return 0.0
    seasons = off[len(off) - seen * season :].reshape(seen, season)
    within = float(np.square(seasons).mean())
    if not within > 1e-18 * float(np.square(values).mean() + 1e-300):
        return 0.0
    together = float(np.square(seasons.mean(axis=0)).mean())
    return (seen * together / within - 1) / (seen - 1)


def _peaks(values: Numbers, most: int) -> Iterator[int]:
    """Lags at which the changes over some rows are most like themselves."""
    for span in _SPANS:
        if 4 * span > most:
            return
        changes = values[span:] - values[:-span]
        r = _autocorrelation(changes - changes.mean(), min(most, len(changes) - 1))
        places = range(max(2, span), len(r) - 1)
        peaks = [lag for lag in places if r[lag] >= r[lag - 1] and r[lag] >= r[lag + 1]]
        yield from sorted(peaks, key=lambda lag: -r[lag])[:_PEAKS]


def _autocorrelation(changes: Numbers, most: int) -> Numbers:
    """Autocorrelations (most + 1,) from lag 0 on, by the fast Fourier transform."""
    power = float(changes @ changes)
    if not power > 0:
        return np.zeros(0)
    size = 1 << (2 * len(changes) - 1).bit_length()
    spectrum = np.fft.rfft(changes, size)
    found: Numbers = np.fft.irfft(spectrum * spectrum.conj(), size)[: most + 1] / power
    return found
