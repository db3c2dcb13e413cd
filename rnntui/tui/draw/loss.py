"""The loss plot: smoothed over raw, validation, floor and baselines, marks of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rnntui.text import cell_width, fit, safe_text
from rnntui.tui.draw.axis import LIMIT, Scale, round_up, ticks
from rnntui.tui.draw.canvas import Canvas, Point
from rnntui.tui.draw.frame import Layout, layout, sides, spread, title_row, x_axis, y_labels
from rnntui.tui.draw.loss_scale import loss_scale
from rnntui.tui.draw.numbers import Number, finite, fixed, short
from rnntui.tui.draw.rows import Glyphs, Row, Rows, block, exactly, for_glyphs

# smoothed, raw, validation, floor, baseline, column with a loss that is not finite
_SIGNS = {
    "braille": ("", "", "●", "┄", "┈", "┊"),
    "blocks": ("", "·", "●", "┄", "┈", "┊"),
    "ascii": ("*", ".", "o", "-", "~", ":"),
}
_LEGEND = {"braille": ("⣀⠤⠒", "⠌⢂⠡"), "blocks": ("▄▄▀", "···"), "ascii": ("***", "...")}
_FEWEST = 10  # updates the x axis shows at least


@dataclass(frozen=True, eq=False)
class Bins:
    """The loss as bins of `2**level` updates from update 1 on, one sequence per column.

    `bad` counts the losses of a bin that were not finite. None and NaN both mean "no value".
    """

    level: int = 0
    mean: Sequence[Number] = ()
    low: Sequence[Number] = ()
    high: Sequence[Number] = ()
    smooth: Sequence[Number] = ()
    bad: Sequence[int] = ()


@dataclass(frozen=True, eq=False)
class LossPlot:
    """Everything the plot shows. `step` is the latest update; the x axis starts at `first_step`."""

    bins: Bins = field(default_factory=Bins)
    step: int = 0
    validations: Sequence[tuple[int, Number]] = ()  # (step, loss)
    marks: Sequence[tuple[int, str]] = ()  # (step, short label such as "lr")
    floor: Number = None
    baselines: Sequence[tuple[str, float]] = ()
    unit: str = "nats per character"
    log: bool = False
    first_step: int = 0
    total: int | None = None  # updates of the whole run, where that is known
    at: int | None = None  # an update to point at


def loss_plot(plot: LossPlot, width: int, height: int, glyphs: Glyphs = "braille") -> Rows:
    """The plot in exactly `height` rows of `width` cells, its title and legend in the first."""
    if width < 1 or height < 1:
        return block([], width, height)
    place = layout(width, height, _gutter_width(plot))
    rows = [_title(plot, width, glyphs)] if place.title else []
    visible = _Visible(plot)
    if visible.empty:
        rows += [[]] * ((place.plot + place.axis - 1) // 2)
        rows.append(exactly([(" waiting for the first update".center(width), "muted")], width))
    else:
        rows += _plot_rows(visible, place, glyphs)
    return block(rows, width, height, glyphs)


def loss_at(plot: LossPlot, width: int, x: int) -> int | None:
    """The update that is drawn at cell `x` of a plot of that width, or None."""
    place, visible = layout(width, 9, _gutter_width(plot)), _Visible(plot)
    share = (x - place.left + 0.5) / place.width
    step = round(visible.first + share * (visible.end - visible.first))
    inside = 0 <= share <= 1 and not visible.empty
    return max(1, step) if inside and step <= visible.last else None


def updates_a_cell(plot: LossPlot, width: int) -> int:
    """How many updates a cell of a plot of that width stands for; 1 at least."""
    place, visible = layout(width, 9, _gutter_width(plot)), _Visible(plot)
    return max(1, round((visible.end - visible.first) / place.width))


class _Level(NamedTuple):
    """A horizontal line with a name: the floor, or a baseline to beat."""

    name: str
    loss: float
    is_floor: bool

    @property
    def text(self) -> str:
        return f"{self.name} {fixed(self.loss).strip()}"


def _levels(plot: LossPlot, glyphs: Glyphs) -> list[_Level]:
    """The floor, then the baselines, as far as they are finite."""
    named = [(fit(for_glyphs(safe_text(n), glyphs), 12), loss) for n, loss in plot.baselines]
    levels = [_Level("floor", plot.floor, True)] if finite(plot.floor) else []
    return levels + [_Level(name, loss, False) for name, loss in named if finite(loss)]


class _Visible:
    """The part of the history right of `first_step`, with its places on the x axis."""

    def __init__(self, plot: LossPlot) -> None:
        bins = plot.bins
        self.plot = plot
        self.size: int = 2 ** max(0, min(bins.level, 60))
        self.first = max(0, plot.first_step)
        self.last = max(plot.step, self.first + 1)
        # Each new end repaints the whole plot.
        self.end = self.first + round_up(max(self.last - self.first, _FEWEST), seldom=True)
        if plot.total is not None and self.last <= plot.total < self.end:
            self.end = float(max(plot.total, self.first + 1))
        self.start = self.first // self.size
        self.smooth, self.mean, self.low, self.high = (
            column[self.start :] for column in (bins.smooth, bins.mean, bins.low, bins.high)
        )
        self.validation = [(s, v) for s, v in plot.validations if self.first <= s <= self.end]
        self.bad = [n for n in range(self.start, len(bins.bad)) if bins.bad[n] > 0]
        known = any(map(finite, self.smooth)) or any(map(finite, self.mean))
        self.empty = plot.step < 1 or not (known or self.bad)

    def x(self, step: float) -> float:
        """The share of the width at which an update stands."""
        return (step - self.first) / (self.end - self.first)

    def span(self, n: int) -> tuple[int, int]:
        """The first and last update of bin `n`; the last bin may still be filling."""
        start = n * self.size + 1
        return start, max(start, min(start + self.size - 1, self.last))

    def places(self, count: int, middle: bool) -> list[float]:
        """The share of the width of the middles, or ends, of the first `count` bins shown."""
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
    levels = _numbers([level.loss for level in _levels(plot, glyphs)])
    scale = loss_scale(smooth, mean, validation, levels, plot.log)
    canvas = Canvas(place.width, place.plot, glyphs)
    _draw(canvas, visible, scale, glyphs, labelled=not place.gutter)
    _note_cut(canvas, visible, scale, glyphs)
    gutter = _end_labels(canvas, plot, scale, smooth or mean, validation, glyphs)
    rows = sides(canvas, place, y_labels(canvas, scale), gutter if place.gutter else {})
    x_ticks = ticks(Scale(visible.first, visible.end), max(1, min(8, place.width // 12)))
    columns = [(canvas.column(visible.x(step)), short(step)) for step, _ in x_ticks]
    marks = [
        (canvas.column(visible.x(step)), for_glyphs(safe_text(label), glyphs))
        for step, label in plot.marks
        if visible.first <= step <= visible.end
    ]
    return rows + x_axis(place, columns, marks, f"update {short(plot.step)}", glyphs)


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
    canvas.line(_smoothed(canvas, visible, scale), "line", smoothed)
    shares = scale.shares(loss for _, loss in visible.validation)
    # One dot for a few columns at most, so that they stay dots; the latest is always among them.
    dots = {
        canvas.column(visible.x(step)) // 4: (step, y)
        for (step, _), y in zip(visible.validation, shares, strict=True)
        if y is not None and 0 <= y <= 1
    }
    for step, y in dots.values():
        canvas.put(canvas.column(visible.x(step)), canvas.row(y), dot, "validation")
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
    """The mean, lowest and highest loss of each bin."""
    points: list[Point] = []
    # Bins of one update have nothing but their mean.
    columns = [visible.mean, visible.low, visible.high] if visible.size > 1 else [visible.mean]
    for column in columns:
        places = visible.places(len(column), middle=True)
        shares = scale.shares(column)
        points += [(x, y) for x, y in zip(places, shares, strict=True) if y is not None]
    return points


def _smoothed(canvas: Canvas, visible: _Visible, scale: Scale) -> list[Point | None]:
    """The smoothed curve, the last point for each column of dots; None where it breaks off."""
    places = visible.places(len(visible.smooth), middle=False)
    points: dict[int, Point | None] = {}
    for x, y in zip(places, scale.shares(visible.smooth), strict=True):
        points[int(x * canvas.finest)] = None if y is None else (x, y)
    return list(points.values())


def _name_level(canvas: Canvas, row: int, text: str, glyph: str) -> None:
    """Write the name of a level on its line where nothing else is in the way."""
    text = f" {text} "
    width = cell_width(text)
    for column in (2, canvas.width - width - 1):
        if canvas.is_free(column, row, width, glyph + " "):
            canvas.put(column, row, text, "floor")
            return


def _note_cut(canvas: Canvas, visible: _Visible, scale: Scale, glyphs: Glyphs) -> None:
    """Say how high the curve went where it leaves the plot."""
    loss = max(_numbers(visible.mean), default=scale.low)
    if scale.share(loss) > 1 + 1e-6:
        n = list(visible.mean).index(loss)
        text = f"{'^' if glyphs == 'ascii' else '↑'} {fixed(loss).strip()}"
        column = canvas.column(visible.x(visible.span(visible.start + n)[0])) + 2
        if canvas.is_free(column, 0, len(text) + 1):
            canvas.put(column, 0, text, "muted")


def _gutter_width(plot: LossPlot) -> int:
    """Room for the end labels; it depends on the names alone, so that it stays."""
    names = [cell_width(level.name) for level in _levels(plot, "braille")]
    return 2 + max([11, *(width + 8 for width in names)])


def _end_labels(
    canvas: Canvas,
    plot: LossPlot,
    scale: Scale,
    smooth: Sequence[float],
    validation: Sequence[float],
    glyphs: Glyphs,
) -> dict[int, tuple[str, str]]:
    """What each line stands at, beside its right end; an arrow for those off the plot."""
    up, down = ("^", "v") if glyphs == "ascii" else ("↑", "↓")
    wanted: list[tuple[float, str, str]] = []

    def want(loss: float, text: str, role: str) -> None:
        share = scale.share(loss)
        arrow = up + " " if share > 1 else down + " " if share < 0 else ""
        wanted.append((min(1.0, max(0.0, share)), arrow + text, role))

    if smooth:
        want(smooth[-1], f"now {fixed(smooth[-1]).strip()}", "line")
    if validation:
        text = f"{_SIGNS[glyphs][2]} {fixed(validation[-1]).strip()}"
        want(validation[-1], text, "validation")
    for level in _levels(plot, glyphs):
        want(level.loss, level.text, "floor" if level.is_floor else "muted")
    return spread(canvas, wanted)


def _title(plot: LossPlot, width: int, glyphs: Glyphs) -> Row:
    line, raw = _LEGEND[glyphs]
    _, _, dot, floor, baseline, _ = _SIGNS[glyphs]
    legend = [(line, "line", "smoothed")]
    if any(finite(loss) for _, loss in plot.validations):
        legend.append((dot, "validation", "validation"))
    legend.append((raw, "raw", "raw"))
    if finite(plot.floor):
        legend.append((floor, "floor", f"floor {fixed(plot.floor).strip()}"))
    if plot.baselines:
        legend.append((baseline, "floor", "to beat"))
    detail = for_glyphs(plot.unit, glyphs) + (", log scale" if plot.log else "")
    return title_row("loss", detail, legend, width, glyphs)
