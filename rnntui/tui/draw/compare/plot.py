"""The losses of several runs in one plot, over updates, tokens or time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Literal, get_args

from rnntui.numbers import Number, count, duration, finite, fixed, plural, short
from rnntui.runs.store.curve import Curve, Series
from rnntui.runs.store.curve import Point as LossPoint
from rnntui.text import cell_width
from rnntui.tui.draw.axis import LIMIT, Scale, round_step, round_up, ticks
from rnntui.tui.draw.canvas import (
    Canvas,
    Cell,
    Columns,
    Masks,
    Point,
    every_other,
    graph,
    last_dots,
    masks_of,
    united,
)
from rnntui.tui.draw.frame import Layout, layout, sides, spread, title_row, x_axis
from rnntui.tui.draw.loss_scale import common_top, loss_scale
from rnntui.tui.draw.rows import Glyphs, Row, Rows, block, exactly, spelled
from rnntui.tui.draw.y_axis import YAxis, y_axis

Axis = Literal["updates", "tokens", "time"]
Shown = Literal["both", "validation", "training"]
Standing = Literal["other", "pinned", "selected"]
Name = Literal["training", "validation"]
AXES: tuple[Axis, ...] = get_args(Axis)
SHOWN: tuple[Shown, ...] = get_args(Shown)

MOST_TRACES = 2048  # lines whose dots are kept
_SAMPLES = 2000  # losses that decide the y axis
_MOST_NAMED = 3  # lines above the plot
_MANY = 12  # lines from which the others step back behind the selected one
_ROLES: dict[Standing, tuple[str, str]] = {  # of the validation and the training loss
    "other": ("muted", "raw"),
    "pinned": ("mark", "mark"),
    "selected": ("line", "line"),
}
_SOLID = {"braille": "⠤⠤⠤", "blocks": "▄▄▄", "ascii": "***"}
_DOTS = {"braille": "⠄⠄⠄", "blocks": "▗▗▗", "ascii": "..."}
_LEVEL = {"braille": "┈", "blocks": "┈", "ascii": "~"}
_BEST = {"braille": "●", "blocks": "●", "ascii": "o"}
_END_WIDTH = 8  # cells of a loss at the end of its line
_SOON = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0)  # round distances in time, in seconds


@dataclass(frozen=True, eq=False)
class Line:
    """The losses of a run, and the letters that name it."""

    mark: str
    curve: Curve
    standing: Standing = "other"


@dataclass(frozen=True, eq=False)
class ComparePlot:
    """What the plot shows; the last lines are drawn above the others."""

    lines: Sequence[Line] = ()
    axis: Axis = "updates"
    shown: Shown = "both"
    log: bool = False
    unit: str = "nats per character"
    baseline: Number = None
    hint: str = "no run is shown"
    letters: int = field(default=1)  # of the longest mark


@lru_cache(maxsize=2)
def compare_plot(plot: ComparePlot, width: int, height: int, glyphs: Glyphs = "braille") -> Rows:
    """Draw the plot in exactly `height` rows of `width` cells, title and legend in the first.

    The rows are kept, to be drawn again: do not change them.
    """
    if width < 1 or height < 1:
        return block([], width, height)
    place = layout(width, height, plot.letters + _END_WIDTH + 2)
    lines = [line for line in plot.lines if _length(line.curve, plot.axis)]
    curves = [line.curve for line in lines]
    drawn = (_losses(curve, name) for curve in curves for name in _drawn(curve, plot.shown))
    if not any(series.losses for series in drawn):
        rows: Rows = [[]] * ((place.plot + place.axis - 1) // 2)
        rows.append(exactly([(f" {plot.hint}".center(width), "muted")], width))
        beyond = ""
    else:
        rows, beyond = _plot_rows(plot, lines, place, glyphs)
    head = [_title(plot, width, glyphs, beyond)] if place.title else []
    return block([*head, *rows], width, height, glyphs)


def prepare(plot: ComparePlot, width: int, height: int, glyphs: Glyphs) -> Iterator[None]:
    """Compute what drawing the plot needs, a little at each step, to be kept until it is drawn."""
    if width < 1 or height < 1:
        return
    curves = frozenset(line.curve for line in plot.lines)
    look = (plot.axis, plot.shown, plot.log, plot.baseline, plot.letters, width, height, glyphs)
    preparation = _preparation(curves, look)
    if not preparation.done:
        yield from _prepare(plot, width, height, glyphs)
        preparation.done = True


def _prepare(plot: ComparePlot, width: int, height: int, glyphs: Glyphs) -> Iterator[None]:
    place = layout(width, height, plot.letters + _END_WIDTH + 2)
    lines = [line for line in plot.lines if _length(line.curve, plot.axis)]
    for line in lines:
        if plot.shown != "validation":
            line.curve.smoothed  # noqa: B018 - computed once, then kept
            yield
    if not lines:
        return
    frame, _ = _framed(plot, lines, Canvas(place.width, place.plot, glyphs))
    for line in lines:
        _last(frame, line.curve, plot.shown)
        for name in _drawn(line.curve, plot.shown):
            if glyphs == "ascii":
                _cells(line.curve, frame, name, _is_dotted(line.curve, name, plot.shown))
            else:
                _trace(line.curve, frame, name)
            yield
    if glyphs != "ascii":
        for dotted in (True, False):
            _together(frozenset(line.curve for line in lines), frame, plot.shown, dotted)
            yield


@dataclass(eq=False)
class _Preparation:
    """Whether all is computed that some curves need to look in one way."""

    done: bool = False


@lru_cache(maxsize=64)
def _preparation(curves: frozenset[Curve], look: object) -> _Preparation:
    """Return the one of these curves for this look."""
    return _Preparation()


def _drawn(curve: Curve, shown: Shown) -> list[Name]:
    """Return the losses to draw, from the bottom up.

    A run that holds nothing out for validation shows its training loss instead.
    """
    found: list[Name] = []
    if shown != "validation" or not curve.validated:
        found.append("training")
    if shown != "training" and curve.validated:
        found.append("validation")
    return found


def _losses(curve: Curve, name: Name) -> Series:
    return curve.smoothed if name == "training" else curve.validations


def _is_dotted(curve: Curve, name: Name, shown: Shown) -> bool:
    """Return whether it is a training loss that accompanies a validation loss."""
    return name == "training" and curve.validated and shown == "both"


def _length(curve: Curve, axis: Axis) -> float:
    """Return the end of the run on the x axis; 0 if it has no place there."""
    return _factor(curve, axis) * (curve.seconds if axis == "time" else curve.update)


def _factor(curve: Curve, axis: Axis) -> float:
    return float(curve.tokens_per_update) if axis == "tokens" else 1.0


def _plot_rows(
    plot: ComparePlot, lines: Sequence[Line], place: Layout, glyphs: Glyphs
) -> tuple[Rows, str]:
    """Return the rows below the title, and words for the lines that end above the plot."""
    canvas = Canvas(place.width, place.plot, glyphs)
    frame, axis = _framed(plot, lines, canvas)
    end = frame.end
    _draw_level(canvas, plot, axis.scale)
    _draw_lines(canvas, frame, plot, lines)
    gutter = _end_labels(canvas, frame, plot, lines)
    if not place.gutter:
        _name_lines(canvas, frame, plot, lines)
    rows = sides(canvas, place, axis.labels, gutter if place.gutter else {})
    places = [(canvas.column(value / end), text) for value, text in _x_ticks(end, plot.axis, place)]
    rows += x_axis(place, places, [], _axis_name(plot.axis), glyphs)
    return rows, _beyond(frame, plot, lines)


def _beyond(frame: _Frame, plot: ComparePlot, lines: Sequence[Line]) -> str:
    """Name the lines that end above the plot, in its order."""
    ends = ((line.mark, _last(frame, line.curve, plot.shown)) for line in lines)
    marks = sorted(mark for mark, found in ends if found is not None and _is_above(found[0][1]))
    if not marks:
        return ""
    named = ", ".join(marks) if len(marks) <= _MOST_NAMED else plural(len(marks), "run")
    return f"above the axis: {named}"


def _is_above(share: float) -> bool:
    return share > 1 + 1e-6


def _framed(plot: ComparePlot, lines: Sequence[Line], canvas: Canvas) -> tuple[_Frame, YAxis]:
    """Return where the losses of lines are on a canvas, and the axis at its left."""
    end = _end(max(_length(line.curve, plot.axis) for line in lines), plot.axis)
    curves = frozenset(line.curve for line in lines)
    wanted = _scale(curves, plot.shown, plot.baseline, plot.log)
    axis = _y_axis(wanted, canvas.width, canvas.height, canvas.glyphs)
    frame = _frame(plot.axis, end, axis.scale, canvas.width, canvas.height, canvas.glyphs)
    return frame, axis


def _end(longest: float, axis: Axis) -> float:
    """Return the end of the x axis, which changes rarely while a run grows."""
    return round_up(max(longest, 1e-3 if axis == "time" else 10.0))


def _axis_name(axis: Axis) -> str:
    return {"updates": "update", "tokens": "token", "time": "time"}[axis]


def _x_ticks(end: float, axis: Axis, place: Layout) -> list[tuple[float, str]]:
    most = max(1, min(8, place.width // 12))
    if axis != "time":
        values = [value for value, _ in ticks(Scale(0.0, end), most)]
        texts = [short(value) for value in values]
        if len(set(texts)) < len(texts):
            texts = [count(round(value)) for value in values]
        return list(zip(values, texts, strict=True))
    step = next((step for step in _SOON if end / step <= most), 0.0)
    step = step if end >= most else round_step(end, most)
    step = step or 60.0 * round_step(end / 60.0, most)
    values = [n * step for n in range(int(end / step + 1e-6) + 1)]
    return [(value, duration(value) if step >= 1 else f"{value:.3g} s") for value in values]


# ---- the y axis ---------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _scale(curves: frozenset[Curve], shown: Shown, baseline: Number, log: bool) -> Scale:
    """Return a scale from some of the losses, with the last and the best of each run.

    The worst of the best losses is inside, whatever is cut off, but not that of a run far above the
    others, which would flatten them all.
    """
    found = {curve: [_losses(curve, name) for name in _drawn(curve, shown)] for curve in curves}
    total = sum(len(series.losses) for several in found.values() for series in several)
    stride = max(1, total // _SAMPLES)
    runs = [run for several in found.values() if (run := _sampled(several, stride))]
    top = common_top(runs, log)
    usual = [run for run in runs if max(run) <= top] or runs
    lowest = _numbers(curve.lowest.loss for curve in curves if curve.lowest is not None)
    best = [loss for loss in lowest if loss <= top]
    ends = [run[-1] for run in runs]
    kept = [loss for loss in (*best, *ends, *itertools.chain(*usual)) if loss <= top]
    return loss_scale([], kept, [max(best)] if best else [], _numbers([baseline]), log)


def _sampled(several: Iterable[Series], stride: int) -> list[float]:
    """Return every so many losses of a run's lines, with the last ones, that are numbers."""
    found: list[float] = []
    for series in several:
        latest = _latest(series)
        found += _numbers([*series.losses[::stride], latest.loss if latest else None])
    return found


@lru_cache(maxsize=16)
def _y_axis(wanted: Scale, width: int, height: int, glyphs: Glyphs) -> YAxis:
    return y_axis(wanted, Canvas(width, height, glyphs))


def _latest(series: Series) -> LossPoint | None:
    """Return the last loss that is a number."""
    known = (n for n in range(len(series.losses) - 1, -1, -1) if series.losses[n] is not None)
    at = next(known, None)
    if at is None:
        return None
    return LossPoint(series.updates[at], series.seconds[at], series.losses[at])


def _numbers(values: Iterable[Number]) -> list[float]:
    return [v for v in values if v is not None and -LIMIT < v < LIMIT]


# ---- lines --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Frame:
    """Where losses are on the canvas. A frame always gives the same dots for the same curve."""

    axis: Axis
    end: float
    scale: Scale
    width: int
    height: int
    glyphs: Glyphs

    def place(self, curve: Curve, point: LossPoint) -> Point | None:
        """Return the place of a loss; None if it cannot be drawn."""
        (share,) = self.scale.shares([point.loss])
        (x,) = self._xs(curve, Series.of([point]))
        return None if share is None else (x, share)

    def _xs(self, curve: Curve, series: Series) -> list[float]:
        factor = _factor(curve, self.axis) / self.end
        places = series.seconds if self.axis == "time" else series.updates
        return [place * factor for place in places]

    def dots(self, curve: Curve, series: Series) -> Columns:
        """Return the dots of losses, with gaps for those that are unknown."""
        shares = self.scale.shares(series.losses)
        return graph(
            self._xs(curve, series), shares, *last_dots(self.width, self.height, self.glyphs)
        )


@lru_cache(maxsize=64)
def _frame(axis: Axis, end: float, scale: Scale, width: int, height: int, glyphs: Glyphs) -> _Frame:
    """Return the one frame that is like this, so that dots are found by what it is."""
    return _Frame(axis, end, scale, width, height, glyphs)


@lru_cache(maxsize=MOST_TRACES)
def _trace(curve: Curve, frame: _Frame, name: Name) -> Columns:
    """Return the dots of a curve."""
    return frame.dots(curve, _losses(curve, name))


def forget_traces() -> None:
    """Forget the dots of curves that were drawn."""
    kept = (_trace, _cells, _together, _last, _scale, _y_axis)
    for cached in (compare_plot, _preparation, *kept):
        cached.cache_clear()


@lru_cache(maxsize=32)
def _together(curves: frozenset[Curve], frame: _Frame, shown: Shown, dotted: bool) -> Masks:
    """Return the dots of all solid, or all dotted, lines of some curves."""
    found = united(
        [
            _trace(curve, frame, name)
            for curve in curves
            for name in _drawn(curve, shown)
            if _is_dotted(curve, name, shown) == dotted
        ]
    )
    return masks_of(every_other(found) if dotted else found, frame.glyphs)


def _lines_of(curve: Curve, frame: _Frame, shown: Shown) -> Iterator[tuple[Columns, bool]]:
    """Yield the dots of the lines of a run, from the bottom up, and whether each is dotted."""
    for name in _drawn(curve, shown):
        dotted, dots = _is_dotted(curve, name, shown), _trace(curve, frame, name)
        yield every_other(dots) if dotted else dots, dotted


def _draw_lines(canvas: Canvas, frame: _Frame, plot: ComparePlot, lines: Sequence[Line]) -> None:
    """Draw the lines: of all runs, whose dots share cells, then the pinned and selected ones."""
    if frame.glyphs == "ascii":
        _draw_letters(canvas, frame, plot, lines)
        return
    faint = len(lines) >= _MANY
    curves = frozenset(line.curve for line in lines)
    for dotted in (True, False):
        role = _ROLES["other"][dotted or faint]
        canvas.stamp(_together(curves, frame, plot.shown, dotted), role)
    for line in _by_standing(lines):
        if line.standing != "other":
            for dots, dotted in _lines_of(line.curve, frame, plot.shown):
                canvas.stamp_columns(dots, _ROLES[line.standing][dotted])
    _draw_best(canvas, frame, plot, lines)


def _draw_letters(canvas: Canvas, frame: _Frame, plot: ComparePlot, lines: Sequence[Line]) -> None:
    """Draw each line with its letter, below them training losses that accompany one, with dots."""
    for dotted in (True, False):
        shown: dict[Cell, tuple[str, str]] = {}
        for line in _by_standing(lines):
            letter = "." if dotted else line.mark[:1] or "*"
            cell = (letter, _ROLES[line.standing][dotted])
            for name in _drawn(line.curve, plot.shown):
                if _is_dotted(line.curve, name, plot.shown) == dotted:
                    shown.update(dict.fromkeys(_cells(line.curve, frame, name, dotted), cell))
        canvas.put_cells(shown)
    _draw_best(canvas, frame, plot, lines)


@lru_cache(maxsize=MOST_TRACES)
def _cells(curve: Curve, frame: _Frame, name: Name, dotted: bool) -> tuple[Cell, ...]:
    """Return the cells that a curve crosses."""
    dots = _trace(curve, frame, name)
    return tuple(masks_of(every_other(dots) if dotted else dots, frame.glyphs))


def _by_standing(lines: Sequence[Line]) -> list[Line]:
    """Return the lines from the bottom up."""
    order: list[Standing] = ["other", "pinned", "selected"]
    return sorted(lines, key=lambda line: order.index(line.standing))


def _draw_best(canvas: Canvas, frame: _Frame, plot: ComparePlot, lines: Sequence[Line]) -> None:
    """Mark the best validation of the selected run."""
    for line in lines:
        best = line.curve.best
        if line.standing != "selected" or best is None or plot.shown == "training":
            continue
        place = frame.place(line.curve, best)
        if place is not None and 0 <= place[1] <= 1:
            column, row = canvas.column(min(1.0, place[0])), canvas.row(place[1])
            canvas.put(column, row, _BEST[frame.glyphs], "line")


def _draw_level(canvas: Canvas, plot: ComparePlot, scale: Scale) -> None:
    share = scale.share(plot.baseline) if finite(plot.baseline) else -1.0
    if 0 <= share <= 1:
        sign = _LEVEL[canvas.glyphs]
        canvas.put(0, canvas.row(share), sign * canvas.width, "floor")


@lru_cache(maxsize=MOST_TRACES)
def _last(frame: _Frame, curve: Curve, shown: Shown) -> tuple[Point, float] | None:
    """Return the place and the loss at the end of a line."""
    series = [_losses(curve, name) for name in _drawn(curve, shown)]
    known = next((_latest(one) for one in reversed(series) if one.losses), None)
    if known is None or known.loss is None:
        return None
    place = frame.place(curve, known)
    return (place, known.loss) if place else None


def _end_labels(
    canvas: Canvas, frame: _Frame, plot: ComparePlot, lines: Sequence[Line]
) -> dict[int, tuple[str, str]]:
    """Return mark and latest loss of each line for its right end; the most important first."""
    order = {"selected": 0, "pinned": 1, "other": 2}
    wanted: list[tuple[int, float, float, str, str]] = []  # rank, loss, share, mark, role
    for line in lines:
        if (found := _last(frame, line.curve, plot.shown)) is not None:
            (_, share), loss = found
            role = "line" if line.standing == "selected" else _ROLES[line.standing][0]
            mark = f"{line.mark:<{plot.letters}}"
            if _is_above(share):
                mark += " ^" if frame.glyphs == "ascii" else " ↑"
            wanted.append((order[line.standing], loss, min(1.0, max(0.0, share)), mark, role))
    if finite(plot.baseline):
        share = frame.scale.share(plot.baseline)
        if 0 <= share <= 1:
            wanted.append((1, plot.baseline, share, " " * plot.letters, "floor"))
    wanted.sort(key=itemgetter(0, 1))
    few = len(wanted) <= canvas.height // 3
    if not few:
        # Of many labels those are shown that have room beside the ends of their lines.
        first: dict[int, tuple[int, float, float, str, str]] = {}
        for label in wanted:
            first.setdefault(canvas.row(label[2]), label)
        wanted = [*first.values()]
    labels = [
        (share, f"{mark} {fixed(loss).strip()}", role) for _, loss, share, mark, role in wanted
    ]
    if few:
        return spread(canvas, labels)
    return {canvas.row(share): (text, role) for share, text, role in labels}


def _name_lines(canvas: Canvas, frame: _Frame, plot: ComparePlot, lines: Sequence[Line]) -> None:
    """Draw the mark of each line at its end, where there is no column of labels."""
    for line in lines:
        if (found := _last(frame, line.curve, plot.shown)) is not None:
            (x, share), _ = found
            column = min(canvas.column(min(1.0, x)) + 1, canvas.width - cell_width(line.mark))
            canvas.put(column, canvas.row(min(1.0, max(0.0, share))), line.mark, "strong")


def _title(plot: ComparePlot, width: int, glyphs: Glyphs, beyond: str) -> Row:
    """Return the title; `beyond` names the lines that end above the plot."""
    unit = f"{plot.unit}{', log scale' if plot.log else ''}{'; ' if beyond else ''}{beyond}"
    legend = []
    if plot.shown != "training":
        legend.append((_SOLID[glyphs], "muted", "validation"))
    if plot.shown != "validation":
        dotted = plot.shown == "both"
        sign = (_DOTS if dotted else _SOLID)[glyphs]
        legend.append((sign, "raw" if dotted else "muted", "training, smoothed"))
    if any(line.standing == "selected" for line in plot.lines):
        legend.append((_BEST[glyphs], "line", "best"))
    if finite(plot.baseline):
        legend.append((_LEVEL[glyphs], "floor", f"baseline {fixed(plot.baseline).strip()}"))
    return title_row("loss", spelled(unit, glyphs), legend, width, glyphs)
