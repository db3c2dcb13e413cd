"""The loss plot: smoothed and raw losses, validation, floor and baselines, marks of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import NamedTuple

from rnntui.dataclass import dataclass
from rnntui.numbers import Number, count, finite, fixed, short
from rnntui.text import cell_width, fit, safe_text
from rnntui.tui.draw.axis import LIMIT, Scale, round_up, ticks
from rnntui.tui.draw.canvas import Canvas, Point
from rnntui.tui.draw.frame import Layout, layout, sides, spread, title_row, x_axis
from rnntui.tui.draw.loss_overlay import ROLE as OVERLAY
from rnntui.tui.draw.loss_overlay import LossOverlay
from rnntui.tui.draw.loss_scale import loss_scale
from rnntui.tui.draw.rows import Glyphs, Row, Rows, block, exactly, for_glyphs
from rnntui.tui.draw.y_axis import y_axis

# smoothed, raw, validation, floor, baseline, column with a non-finite loss
_SIGNS = {
    "braille": ("", "", "●", "┄", "┈", "┊"),
    "blocks": ("", "·", "●", "┄", "┈", "┊"),
    "ascii": ("*", ".", "o", "-", "~", ":"),
}
_LEGEND = {"braille": ("⣀⠤⠒", "⠌⢂⠡"), "blocks": ("▄▄▀", "···"), "ascii": ("***", "...")}
_LEVEL_NAME = 14  # cells
_FEWEST = 10  # smallest number of updates on the x axis


@dataclass(frozen=True, eq=False)
class Bins:
    """The loss in bins of `2**level` updates, starting at bin `start`, one sequence per column.

    Bin 0 starts at update 1. `bad` counts the non-finite losses of a bin. None and NaN both mean
    "no value".
    """

    level: int = 0
    mean: Sequence[Number] = ()
    low: Sequence[Number] = ()
    high: Sequence[Number] = ()
    smooth: Sequence[Number] = ()
    bad: Sequence[int] = ()
    start: int = 0


@dataclass(frozen=True, eq=False)
class LossPlot:
    """Everything the plot shows; `update` is the latest one, the x axis starts at `first`."""

    bins: Bins = field(default_factory=Bins)
    update: int = 0
    validations: Sequence[tuple[int, Number]] = ()  # (update, loss)
    marks: Sequence[tuple[int, str]] = ()  # (update, short label such as "lr")
    floor: Number = None
    baselines: Sequence[tuple[str, float]] = ()
    unit: str = "nats per character"
    log: bool = False
    first: int = 0
    total: int | None = None  # updates of the whole run, if known
    at: int | None = None  # the update at the cursor
    last: int | None = None  # the end of the x axis; None: a little after the latest update
    hint: str = "waiting for the first update"  # shown if there is no curve yet
    overlay: LossOverlay | None = None  # a second run


def loss_plot(plot: LossPlot, width: int, height: int, glyphs: Glyphs = "braille") -> Rows:
    """Draw the plot in exactly `height` rows of `width` cells, title and legend in the first."""
    if width < 1 or height < 1:
        return block([], width, height)
    place = layout(width, height, _gutter_width(plot))
    rows = [_title(plot, width, glyphs)] if place.title else []
    visible = _Visible(plot)
    if visible.empty:
        rows += [[]] * ((place.plot + place.axis - 1) // 2)
        rows.append(exactly([(f" {plot.hint}".center(width), "muted")], width))
    else:
        rows += _plot_rows(visible, place, glyphs)
    return block(rows, width, height, glyphs)


def loss_at(plot: LossPlot, width: int, x: int) -> int | None:
    """Return the update drawn at cell `x` of a plot of that width, or None."""
    place, visible = layout(width, 9, _gutter_width(plot)), _Visible(plot)
    share = (x - place.left + 0.5) / place.width
    step = round(visible.first + share * (visible.end - visible.first))
    inside = 0 <= share <= 1 and not visible.empty
    return max(1, step) if inside and step <= visible.last else None


def updates_a_cell(plot: LossPlot, width: int) -> int:
    """Return how many updates a cell of a plot of that width represents; at least 1."""
    place, visible = layout(width, 9, _gutter_width(plot)), _Visible(plot)
    return max(1, round((visible.end - visible.first) / place.width))


class _Level(NamedTuple):
    """A horizontal line with a name: the floor or a baseline."""

    name: str
    loss: float
    is_floor: bool

    @property
    def text(self) -> str:
        return f"{self.name} {fixed(self.loss).strip()}"


def _levels(plot: LossPlot, glyphs: Glyphs) -> list[_Level]:
    """Return the floor, then the baselines, if finite."""
    named = [
        (fit(for_glyphs(safe_text(n), glyphs), _LEVEL_NAME), loss) for n, loss in plot.baselines
    ]
    levels = [_Level("floor", plot.floor, True)] if finite(plot.floor) else []
    return levels + [_Level(name, loss, False) for name, loss in named if finite(loss)]


class _Visible:
    """The visible part of the history, with its positions on the x axis."""

    def __init__(self, plot: LossPlot) -> None:
        bins = plot.bins
        self.plot = plot
        self.size: int = 2 ** max(0, min(bins.level, 60))
        self.first = max(0, plot.first)
        shown = plot.update if plot.last is None else min(plot.update, plot.last)
        self.last = max(shown, self.first + 1)
        # Each new end repaints the whole plot, so change it rarely.
        self.end = self.first + round_up(max(self.last - self.first, _FEWEST), seldom=True)
        if plot.total is not None and self.last <= plot.total < self.end:
            self.end = float(max(plot.total, self.first + 1))
        if plot.last is not None:
            self.end = float(self.last)
        self.start = max(self.first // self.size, bins.start)
        inside = slice(self.start - bins.start, max(0, -(-self.last // self.size) - bins.start))
        self.smooth, self.mean, self.low, self.high = (
            column[inside] for column in (bins.smooth, bins.mean, bins.low, bins.high)
        )
        self.validation = [(s, v) for s, v in plot.validations if self.first <= s <= self.end]
        self.bad = [n for n, bad in enumerate(bins.bad[inside], self.start) if bad > 0]
        known = any(map(finite, self.smooth)) or any(map(finite, self.mean))
        self.empty = plot.update < 1 or not (known or self.bad)

    def x(self, update: float) -> float:
        """Return the position of an update as a fraction of the width."""
        return (update - self.first) / (self.end - self.first)

    def span(self, n: int) -> tuple[int, int]:
        """Return the first and last update of bin `n`; the last bin may be incomplete."""
        start = n * self.size + 1
        return start, max(start, min(start + self.size - 1, self.last))

    def places(self, count: int, middle: bool) -> list[float]:
        """Return the positions of the middles, or ends, of the first `count` visible bins."""
        size, scale = self.size, 1 / (self.end - self.first)
        offset = (size + 1) / 2 if middle else float(size)
        zero = self.start * size + offset - self.first
        xs = [(zero + n * size) * scale for n in range(count)]
        if xs:
            start, end = self.span(self.start + count - 1)
            xs[-1] = self.x((start + end) / 2 if middle else end)
        return xs


def _numbers(values: Sequence[Number]) -> list[float]:
    return [v for v in values if v is not None and -LIMIT < v < LIMIT]


def _plot_rows(visible: _Visible, place: Layout, glyphs: Glyphs) -> Rows:
    plot = visible.plot
    smooth, mean = _numbers(visible.smooth), _numbers(visible.mean)
    validation = _numbers([loss for _, loss in visible.validation])
    if plot.overlay is not None:
        mean = [*mean, *_numbers(plot.overlay.inside(visible.first, visible.end))]
    levels = _numbers([level.loss for level in _levels(plot, glyphs)])
    canvas = Canvas(place.width, place.plot, glyphs)
    axis = y_axis(loss_scale(smooth, mean, validation, levels, plot.log), canvas)
    scale = axis.scale
    _draw(canvas, visible, scale, glyphs, labelled=not place.gutter)
    _note_cut(canvas, visible, scale, glyphs)
    gutter = _end_labels(canvas, visible, scale, smooth or mean, validation, glyphs)
    rows = sides(canvas, place, axis.labels, gutter if place.gutter else {})
    x_ticks = ticks(Scale(visible.first, visible.end), max(1, min(8, place.width // 12)))
    places = [canvas.column(visible.x(step)) for step, _ in x_ticks]
    columns = list(zip(places, _update_labels([step for step, _ in x_ticks]), strict=True))
    marks = [
        (canvas.column(visible.x(update)), for_glyphs(safe_text(label), glyphs))
        for update, label in plot.marks
        if visible.first <= update <= visible.end
    ]
    end = short(plot.update) if plot.last is None else count(visible.last)
    return rows + x_axis(place, columns, marks, f"update {end}", glyphs)


def _update_labels(steps: Sequence[float]) -> list[str]:
    """Labels of ticks on the x axis, in full where the short ones would be alike: "36M"."""
    labels = [short(step) for step in steps]
    return labels if len(set(labels)) == len(labels) else [count(round(step)) for step in steps]


def _draw(canvas: Canvas, visible: _Visible, scale: Scale, glyphs: Glyphs, labelled: bool) -> None:
    smoothed, raw, dot, floor, baseline, hatch = _SIGNS[glyphs]
    bad = _bad_columns(canvas, visible)
    for column in bad:
        for row in range(1, canvas.height):
            canvas.put(column, row, hatch, "warning")
    if (at := visible.plot.at) is not None and visible.first <= at <= visible.end:
        for row in range(canvas.height):
            canvas.put(canvas.column(visible.x(at)), row, hatch, "mark")
    levels = [
        (canvas.row(scale.share(level.loss)), floor if level.is_floor else baseline, level)
        for level in reversed(_levels(visible.plot, glyphs))
        if 0 <= scale.share(level.loss) <= 1
    ]
    for row, glyph, _ in levels:
        canvas.put(0, row, glyph * canvas.width, "floor")
    canvas.dots(_raw(visible, scale), "raw", raw)
    if visible.plot.overlay is not None:
        visible.plot.overlay.draw(canvas, visible.x, scale)
    canvas.line(_smoothed(canvas, visible, scale), "line", smoothed)
    shares = scale.shares(loss for _, loss in visible.validation)
    # At most one dot per few columns, so that they remain dots; the latest is always included.
    dots = {
        canvas.column(visible.x(update)) // 4: (update, y)
        for (update, _), y in zip(visible.validation, shares, strict=True)
        if y is not None and 0 <= y <= 1
    }
    for update, y in dots.values():
        canvas.put(canvas.column(visible.x(update)), canvas.row(y), dot, "validation")
    if labelled:
        for row, glyph, level in levels:
            _name_level(canvas, row, level.text, glyph)
    for column in bad:
        canvas.put(column, 0, "!", "warning")


def _bad_columns(canvas: Canvas, visible: _Visible) -> set[int]:
    columns: set[int] = set()
    for n in visible.bad:
        start, end = (canvas.column(max(0.0, visible.x(u))) for u in visible.span(n))
        columns.update(range(start, end + 1))
    return columns


def _raw(visible: _Visible, scale: Scale) -> list[Point]:
    """Return the points of the mean, lowest and highest loss of each bin."""
    points: list[Point] = []
    # Bins of one update have only a mean.
    columns = [visible.mean, visible.low, visible.high] if visible.size > 1 else [visible.mean]
    for column in columns:
        places = visible.places(len(column), middle=True)
        shares = scale.shares(column)
        points += [(x, y) for x, y in zip(places, shares, strict=True) if y is not None]
    return points


def _smoothed(canvas: Canvas, visible: _Visible, scale: Scale) -> list[Point | None]:
    """Return the smoothed curve, one point per column of dots; None breaks it.

    A point lies in the middle of its bin.
    """
    places = visible.places(len(visible.smooth), middle=True)
    points: dict[int, Point | None] = {}
    for x, y in zip(places, scale.shares(visible.smooth), strict=True):
        points[int(x * canvas.finest)] = None if y is None else (x, y)
    return list(points.values())


def _name_level(canvas: Canvas, row: int, text: str, glyph: str) -> None:
    """Draw the name of a level on its line where there is free space."""
    text = f" {text} "
    width = cell_width(text)
    for column in (2, canvas.width - width - 1):
        if canvas.is_free(column, row, width, glyph + " "):
            canvas.put(column, row, text, "floor")
            return


def _note_cut(canvas: Canvas, visible: _Visible, scale: Scale, glyphs: Glyphs) -> None:
    """Label a curve that leaves the plot with its highest loss."""
    loss = max(_numbers(visible.mean), default=scale.low)
    if scale.share(loss) > 1 + 1e-6:
        n = list(visible.mean).index(loss)
        text = f"{'^' if glyphs == 'ascii' else '↑'} {fixed(loss).strip()}"
        column = canvas.column(visible.x(visible.span(visible.start + n)[0])) + 2
        if canvas.is_free(column, 0, len(text) + 1):
            canvas.put(column, 0, text, "muted")


def _gutter_width(plot: LossPlot) -> int:
    """Return the width of the end labels; it depends only on the names, so it does not change."""
    names = [cell_width(level.name) for level in _levels(plot, "braille")]
    # The end label of a second run has a name of up to six cells.
    return 2 + max([11, *(width + 8 for width in names), 14 if plot.overlay else 0])


def _end_labels(
    canvas: Canvas,
    visible: _Visible,
    scale: Scale,
    smooth: Sequence[float],
    validation: Sequence[float],
    glyphs: Glyphs,
) -> dict[int, tuple[str, str]]:
    """Return the latest value of each line for its right end, with an arrow if off the plot."""
    plot = visible.plot
    up, down = ("^", "v") if glyphs == "ascii" else ("↑", "↓")
    wanted: list[tuple[float, str, str]] = []

    def want(loss: float, text: str, role: str) -> None:
        share = scale.share(loss)
        arrow = up + " " if share > 1 else down + " " if share < 0 else ""
        wanted.append((min(1.0, max(0.0, share)), arrow + text, role))

    if smooth:
        now = "now " if plot.last is None else ""
        want(smooth[-1], f"{now}{fixed(smooth[-1]).strip()}", "line")
    if validation:
        text = f"{_SIGNS[glyphs][2]} {fixed(validation[-1]).strip()}"
        want(validation[-1], text, "validation")
    if plot.overlay and (end := plot.overlay.end_label(visible.first, visible.end, glyphs)):
        want(*end, OVERLAY)
    for level in _levels(plot, glyphs):
        want(level.loss, level.text, "floor" if level.is_floor else "muted")
    return spread(canvas, wanted)


def _title(plot: LossPlot, width: int, glyphs: Glyphs) -> Row:
    line, raw = _LEGEND[glyphs]
    _, _, dot, floor, baseline, _ = _SIGNS[glyphs]
    legend = [(line, "line", "smoothed")]
    if plot.overlay is not None:
        legend.append(plot.overlay.legend(glyphs))
    if any(finite(loss) for _, loss in plot.validations):
        legend.append((dot, "validation", "validation"))
    legend.append((raw, "raw", "raw"))
    if finite(plot.floor):
        legend.append((floor, "floor", f"floor {fixed(plot.floor).strip()}"))
    if plot.baselines:
        legend.append((baseline, "floor", "baseline"))
    detail = for_glyphs(plot.unit, glyphs) + (", log scale" if plot.log else "")
    return title_row("loss", detail, legend, width, glyphs)
