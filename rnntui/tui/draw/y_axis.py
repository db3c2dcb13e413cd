"""The y axis of a plot: a range in which equal differences are equal numbers of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from rnntui.dataclass import dataclass
from rnntui.tui.draw.axis import Scale, labels, short_label
from rnntui.tui.draw.canvas import Canvas

LABEL_WIDTH = 6  # cells
_MOST_TICKS = 10
_SPARE, _SPARE_LOG = 1.2, 1.25  # how much larger the range may be to get more ticks
_STEPS = (1.0, 2.0, 2.5, 5.0)
_HALVINGS = (
    0.125,
    0.25,
    0.5,
    1.0,
    2.0,
)  # tick distances below a power of ten, on a logarithmic axis
_LARGEST_POWER = 300.0


@dataclass(frozen=True)
class YAxis:
    """The scale of a plot, and the labels of its ticks by row."""

    scale: Scale
    labels: Mapping[int, str]


@dataclass(frozen=True)
class _Ticks:
    """Ticks `every` so many rows from the bottom, at (first + n) * step.

    The axis begins at `low`, half a row below the first tick, so that a tick is the middle of its
    row, and has the given `span`. On a logarithmic axis these are exponents of ten.
    """

    first: int
    step: float
    every: int
    low: float
    span: float
    count: int
    log: bool

    @cached_property
    def labels(self) -> tuple[str, ...]:
        values = [(self.first + n) * self.step for n in range(self.count)]
        if self.log:
            return tuple(short_label(10.0**value) for value in values)
        return tuple(labels(values, self.step))

    @property
    def readable(self) -> bool:
        distinct = len(set(self.labels)) == len(self.labels)
        return distinct and max(map(len, self.labels)) <= LABEL_WIDTH


def y_axis(wanted: Scale, canvas: Canvas) -> YAxis:
    """Return an axis on a canvas that contains the range of `wanted` and not much more.

    Ticks are in the middle of their rows, and an equal number of rows apart.
    """
    rows = canvas.height
    found = list(_candidates(wanted, rows, canvas.dots_per_row))
    if not found:
        ends = {rows - 1: _end_label(wanted.low), 0: _end_label(wanted.high)} if rows > 1 else {}
        return YAxis(wanted, ends)
    chosen = _chosen(found, _SPARE_LOG if wanted.log else _SPARE)
    ends_at = (chosen.low, chosen.low + chosen.span)
    low, high = (10.0**end for end in ends_at) if wanted.log else ends_at
    placed = {rows - 1 - n * chosen.every: label for n, label in enumerate(chosen.labels)}
    return YAxis(Scale(low, high, wanted.log), placed)


def _chosen(found: Sequence[_Ticks], spare: float) -> _Ticks:
    """Return the closest ticks whose range is not much larger than needed, readable if any are.

    Labels take longest to make, so only those of ticks that may be chosen are made.
    """
    by_span = sorted(found, key=lambda ticks: ticks.span)
    least = next((ticks for ticks in by_span if ticks.readable), None)
    limit = spare * (least or by_span[0]).span
    inside = [ticks for ticks in found if ticks.span <= limit]
    inside.sort(key=lambda ticks: (ticks.every, ticks.span))
    return next(ticks for ticks in inside if least is None or ticks.readable)


def _end_label(value: float) -> str:
    """Label the end of a range without ticks with as many digits as fit."""
    texts = [short_label(value), *(f"{value:.{digits}g}" for digits in (3, 2, 1))]
    return next((text for text in texts if len(text) <= LABEL_WIDTH), texts[-1])


def _candidates(wanted: Scale, rows: int, dots: int) -> Iterator[_Ticks]:
    low, high = wanted.low, wanted.high
    if wanted.log:
        low, high = math.log10(low), math.log10(high)
    nearest, farthest = 1 if rows < 5 else max(2, math.ceil((rows - 1) / _MOST_TICKS)), rows - 1
    if rows >= 7:
        farthest = max(nearest, (rows - 1) // 2)
    for step in _steps(high - low, rows, wanted.log):
        first = math.floor(low / step + 1e-9)
        for every in range(nearest, farthest + 1):
            span = (rows - 1 / dots) * step / every
            start = first * step - (dots - 1) / 2 * step / every / dots
            if start + span < high - 1e-9 * (high - low):
                continue
            if wanted.log and max(abs(start), abs(start + span)) > _LARGEST_POWER:
                continue
            count = (rows - 1) // every + 1
            yield _Ticks(first, step, every, start, span, count, wanted.log)


def _steps(span: float, rows: int, log: bool) -> Iterator[float]:
    """Yield round tick distances from one row to the whole range."""
    if log:
        yield from (math.log10(2) * factor for factor in _HALVINGS)
        yield from (factor * 10.0**power for power in range(3) for factor in (1.0, 2.0, 3.0, 5.0))
        return
    for power in range(math.floor(math.log10(span / rows)), math.ceil(math.log10(span)) + 1):
        yield from (factor * 10.0**power for factor in _STEPS)
