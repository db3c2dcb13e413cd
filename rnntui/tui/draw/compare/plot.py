"""The losses of several runs in one plot, over updates, tokens or time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import field
from functools import lru_cache
from operator import itemgetter
from typing import Literal, NamedTuple, get_args

from rnntui.dataclass import dataclass
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
Name = Literal["training", "validation"]
AXES: tuple[Axis, ...] = get_args(Axis)
SHOWN: tuple[Shown, ...] = get_args(Shown)

MOST_TRACES = 2048  # lines whose dots are kept
_MOST_LOOKS = 24  # plots of all lines of which a drawing is kept
_SAMPLES = 2000  # losses that decide the y axis
_MOST_NAMED = 3  # lines above the plot
_MANY = 12  # lines from which the others step back behind the selected one
_ROLES = ("muted", "raw")  # of lines that are neither selected nor pinned: solid and dotted
_SOLID = {"braille": "⠤⠤⠤", "blocks": "▄▄▄", "ascii": "***"}
_DOTS = {"braille": "⠄⠄⠄", "blocks": "▗▗▗", "ascii": "..."}
_LEVEL = {"braille": "┈", "blocks": "┈", "ascii": "~"}
_BEST = {"braille": "●", "blocks": "●", "ascii": "o"}
_END_WIDTH = 8  # cells of a loss at the end of its line
_SOON = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0)  # round distances in time, in seconds


class Line(NamedTuple):
    """The losses of a run, and the letters that name it."""

    mark: str
    curve: Curve


Lines = tuple[Line, ...]


@dataclass(frozen=True, eq=False)
class ComparePlot:
    """What the plot shows; the last lines are drawn above the others.

    Lines of the `pinned` and `selected` curves are above them all.
    """

    lines: Lines = ()
    selected: Curve | None = None
    pinned: Curve | None = None
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
    lines = _placed(plot.lines, plot.axis)
    if not _some(lines, plot.shown):
        rows: Rows = [[]] * ((place.plot + place.axis - 1) // 2)
        rows.append(exactly([(f" {plot.hint}".center(width), "muted")], width))
        beyond = ""
    else:
        rows, beyond = _plot_rows(plot, lines, place, glyphs)
    head = [_title(plot, width, glyphs, beyond)] if place.title else []
    return block([*head, *rows], width, height, glyphs)


@lru_cache(maxsize=8)
def _placed(lines: Lines, axis: Axis) -> Lines:
    """Return the lines that have a place on an axis."""
    return tuple(line for line in lines if _length(line.curve, axis))


def _some(lines: Lines, shown: Shown) -> bool:
    """Return whether there are losses to draw."""
    curves = (line.curve for line in lines)
    drawn = (_losses(curve, name) for curve in curves for name in _drawn(curve, shown))
    return any(series.losses for series in drawn)


def prepare(plot: ComparePlot, width: int, height: int, glyphs: Glyphs) -> Iterator[None]:
    """Compute what drawing the plot needs, a little at each step, to be kept until it is drawn."""
    if width < 1 or height < 1:
        return
    look = (plot.axis, plot.shown, plot.log, plot.baseline, plot.letters, width, height, glyphs)
    preparation = _preparation(plot.lines, look)
    if not preparation.done:
        yield from _prepare(plot, width, height, glyphs)
        preparation.done = True


def _prepare(plot: ComparePlot, width: int, height: int, glyphs: Glyphs) -> Iterator[None]:
    place = layout(width, height, plot.letters + _END_WIDTH + 2)
    lines = _placed(plot.lines, plot.axis)
    for line in lines:
        if plot.shown != "validation":
            line.curve.smoothed  # noqa: B018 - computed once, then kept
            yield
    if not _some(lines, plot.shown):
        return
    frame, _ = _framed(plot, lines, place, glyphs)
    for line in lines:
        for name in _drawn(line.curve, plot.shown):
            if glyphs == "ascii":
                _cells(line.curve, frame, name, _is_dotted(line.curve, name, plot.shown))
            else:
                _trace(line.curve, frame, name)
            yield
    if glyphs != "ascii":
        for dotted in (True, False):
            _together(_curves(lines), frame, plot.shown, dotted)
            yield
    _ends(lines, frame, plot.shown)
    yield
    _ground(lines, frame, plot.shown, plot.baseline)


@dataclass(eq=False)
class _Preparation:
    """Whether all is computed that some lines need to look in one way."""

    done: bool = False


@lru_cache(maxsize=_MOST_LOOKS)
def _preparation(lines: Lines, look: object) -> _Preparation:
    """Return the one of these lines for this look."""
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


def _plot_rows(plot: ComparePlot, lines: Lines, place: Layout, glyphs: Glyphs) -> tuple[Rows, str]:
    """Return the rows below the title, and words for the lines that end above the plot."""
    frame, axis = _framed(plot, lines, place, glyphs)
    ground = _ground(lines, frame, plot.shown, plot.baseline)
    canvas, end = ground.copy(), frame.end
    _draw_chosen(canvas, frame, plot, lines)
    gutter = _end_labels(ground, frame, plot, lines)
    if not place.gutter:
        _name_lines(canvas, frame, plot, lines)
    rows = sides(canvas, place, axis.labels, gutter if place.gutter else {})
    places = [(canvas.column(value / end), text) for value, text in _x_ticks(end, plot.axis, place)]
    rows += x_axis(place, places, [], _axis_name(plot.axis), glyphs)
    return rows, _beyond(frame, plot, lines)


def _beyond(frame: _Frame, plot: ComparePlot, lines: Lines) -> str:
    """Name the lines that end above the plot, in its order."""
    ends = _ends(lines, frame, plot.shown)
    marks = sorted(end.mark for end in ends if _is_above(end.share))
    if not marks:
        return ""
    named = ", ".join(marks) if len(marks) <= _MOST_NAMED else plural(len(marks), "run")
    return f"above the axis: {named}"


def _is_above(share: float) -> bool:
    return share > 1 + 1e-6


def _framed(plot: ComparePlot, lines: Lines, place: Layout, glyphs: Glyphs) -> tuple[_Frame, YAxis]:
    """Return where the losses of lines are on their canvas, and the axis at its left."""
    end = _end(_longest(lines, plot.axis), plot.axis)
    wanted = _scale(_curves(lines), plot.shown, plot.baseline, plot.log)
    axis = _y_axis(wanted, place.width, place.plot, glyphs)
    frame = _frame(plot.axis, end, axis.scale, place.width, place.plot, glyphs)
    return frame, axis


@lru_cache(maxsize=8)
def _longest(lines: Lines, axis: Axis) -> float:
    return max(_length(line.curve, axis) for line in lines)


@lru_cache(maxsize=8)
def _curves(lines: Lines) -> frozenset[Curve]:
    return frozenset(line.curve for line in lines)


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
    of_curves = (_trace, _cells, _last, _scale, _y_axis, _together)
    of_lines = (_placed, _longest, _curves, _ends, _ground, _other_labels, _preparation)
    for cached in (compare_plot, *of_curves, *of_lines):
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


@lru_cache(maxsize=_MOST_LOOKS)
def _ground(lines: Lines, frame: _Frame, shown: Shown, baseline: Number) -> Canvas:
    """Return the baseline and the lines of all runs, whose dots share cells: draw on copies."""
    canvas = Canvas(frame.width, frame.height, frame.glyphs)
    _draw_level(canvas, baseline, frame.scale)
    faint = len(lines) >= _MANY and frame.glyphs != "ascii"
    for dotted in (True, False):
        role = _ROLES[dotted or faint]
        if frame.glyphs != "ascii":
            canvas.stamp(_together(_curves(lines), frame, shown, dotted), role)
            continue
        for line in lines:
            _draw_letters(canvas, frame, line, shown, dotted, role)
    return canvas


def _draw_chosen(canvas: Canvas, frame: _Frame, plot: ComparePlot, lines: Lines) -> None:
    """Draw the pinned line, and above it the selected one with its best validation."""
    chosen = [
        (line, role)
        for curve, role in ((plot.pinned, "mark"), (plot.selected, "line"))
        for line in lines
        if line.curve is curve
    ]
    if frame.glyphs == "ascii":
        for dotted in (True, False):
            for line, role in chosen:
                _draw_letters(canvas, frame, line, plot.shown, dotted, role)
    else:
        for line, role in chosen:
            _draw_dots(canvas, frame, line.curve, plot.shown, role)
    _draw_best(canvas, frame, plot, lines)


def _draw_dots(canvas: Canvas, frame: _Frame, curve: Curve, shown: Shown, role: str) -> None:
    for name in _drawn(curve, shown):
        dots = _trace(curve, frame, name)
        dotted = _is_dotted(curve, name, shown)
        canvas.stamp_columns(every_other(dots) if dotted else dots, role)


def _draw_letters(
    canvas: Canvas, frame: _Frame, line: Line, shown: Shown, dotted: bool, role: str
) -> None:
    """Draw a line with its letter, or a training loss that accompanies one with dots.

    Letters are above all dots.
    """
    sign = ("." if dotted else line.mark[:1] or "*", role)
    for name in _drawn(line.curve, shown):
        if _is_dotted(line.curve, name, shown) == dotted:
            cells = _cells(line.curve, frame, name, dotted)
            free = (cell for cell in cells if canvas.role(*cell) != _ROLES[0])
            canvas.put_cells(dict.fromkeys(free if dotted else cells, sign))


@lru_cache(maxsize=MOST_TRACES)
def _cells(curve: Curve, frame: _Frame, name: Name, dotted: bool) -> tuple[Cell, ...]:
    """Return the cells that a curve crosses."""
    dots = _trace(curve, frame, name)
    return tuple(masks_of(every_other(dots) if dotted else dots, frame.glyphs))


def _draw_best(canvas: Canvas, frame: _Frame, plot: ComparePlot, lines: Lines) -> None:
    """Mark the best validation of the selected run."""
    curve = plot.selected
    if curve is None or curve.best is None or plot.shown == "training":
        return
    place = frame.place(curve, curve.best) if curve in _curves(lines) else None
    if place is not None and 0 <= place[1] <= 1:
        column, row = canvas.column(min(1.0, place[0])), canvas.row(place[1])
        canvas.put(column, row, _BEST[frame.glyphs], "line")


def _draw_level(canvas: Canvas, baseline: Number, scale: Scale) -> None:
    share = scale.share(baseline) if finite(baseline) else -1.0
    if 0 <= share <= 1:
        sign = _LEVEL[canvas.glyphs]
        canvas.put(0, canvas.row(share), sign * canvas.width, "floor")


class _End(NamedTuple):
    """Where a line ends."""

    loss: float
    mark: str
    x: float  # fraction of the width
    share: float  # of the height; above 1 if it is above the plot
    curve: Curve


@lru_cache(maxsize=_MOST_LOOKS)
def _ends(lines: Lines, frame: _Frame, shown: Shown) -> tuple[_End, ...]:
    """Return the ends of lines, the lowest loss first."""
    found = [(line, _last(frame, line.curve, shown)) for line in lines]
    ends = [_End(at[1], line.mark, *at[0], line.curve) for line, at in found if at is not None]
    return tuple(sorted(ends, key=itemgetter(0)))


@lru_cache(maxsize=MOST_TRACES)
def _last(frame: _Frame, curve: Curve, shown: Shown) -> tuple[Point, float] | None:
    """Return the place and the loss at the end of a line."""
    series = [_losses(curve, name) for name in _drawn(curve, shown)]
    known = next((_latest(one) for one in reversed(series) if one.losses), None)
    if known is None or known.loss is None:
        return None
    place = frame.place(curve, known)
    return (place, known.loss) if place else None


class _Label(NamedTuple):
    """A label at the right end of the plot."""

    loss: float
    share: float  # of the height
    text: str
    role: str


def _end_labels(
    ground: Canvas, frame: _Frame, plot: ComparePlot, lines: Lines
) -> dict[int, tuple[str, str]]:
    """Return mark and latest loss of each line for its right end.

    Of many labels those are shown that have room beside the ends of their lines.
    """
    ends, above = _ends(lines, frame, plot.shown), _first_labels(frame, plot, lines)
    apart = (plot.selected, plot.pinned)
    others = sum(end.curve not in apart for end in ends)
    if len(above) + others <= ground.height // 3:
        below = [
            _label(end, frame, plot.letters, _ROLES[0]) for end in ends if end.curve not in apart
        ]
        return spread(ground, [label[1:] for label in (*above, *below)])
    found = dict(_other_labels(ground, lines, frame, plot.shown, plot.letters))
    for label in reversed(above):
        found[ground.row(label.share)] = (label.text, label.role)
    return found


def _first_labels(frame: _Frame, plot: ComparePlot, lines: Lines) -> list[_Label]:
    """Return the labels of the selected line, the pinned one and the baseline, in their order."""
    found = {end.curve: end for end in _ends(lines, frame, plot.shown)}
    selected, pinned = (found.get(one) if one else None for one in (plot.selected, plot.pinned))
    labels = [_label(pinned, frame, plot.letters, "mark")] if pinned else []
    if finite(plot.baseline) and 0 <= (share := frame.scale.share(plot.baseline)) <= 1:
        text = f"{' ' * plot.letters} {fixed(plot.baseline).strip()}"
        labels.append(_Label(plot.baseline, share, text, "floor"))
    labels.sort(key=itemgetter(0))
    return [_label(selected, frame, plot.letters, "line"), *labels] if selected else labels


@lru_cache(maxsize=_MOST_LOOKS)
def _other_labels(
    ground: Canvas, lines: Lines, frame: _Frame, shown: Shown, letters: int
) -> dict[int, tuple[str, str]]:
    """Return the label of the lowest loss for each row in which lines end."""
    found: dict[int, tuple[str, str]] = {}
    for end in _ends(lines, frame, shown):
        row = ground.row(min(1.0, max(0.0, end.share)))
        if row not in found:
            label = _label(end, frame, letters, _ROLES[0])
            found[row] = (label.text, label.role)
    return found


def _label(end: _End, frame: _Frame, letters: int, role: str) -> _Label:
    mark = f"{end.mark:<{letters}}"
    if _is_above(end.share):
        mark += " ^" if frame.glyphs == "ascii" else " ↑"
    share = min(1.0, max(0.0, end.share))
    return _Label(end.loss, share, f"{mark} {fixed(end.loss).strip()}", role)


def _name_lines(canvas: Canvas, frame: _Frame, plot: ComparePlot, lines: Lines) -> None:
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
    if plot.selected in _curves(plot.lines):
        legend.append((_BEST[glyphs], "line", "best"))
    if finite(plot.baseline):
        legend.append((_LEVEL[glyphs], "floor", f"baseline {fixed(plot.baseline).strip()}"))
    return title_row("loss", spelled(unit, glyphs), legend, width, glyphs)
