"""The curves of one column of values: true, predicted, and forecast with its intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rnntui.dataclass import dataclass
from rnntui.numbers import Number, finite
from rnntui.protocol.forecasts import Outlook
from rnntui.tui.draw.axis import LIMIT, Scale, linear, round_up
from rnntui.tui.draw.bands import Shade, draw_shade, ends, shade
from rnntui.tui.draw.canvas import Canvas, Point
from rnntui.tui.draw.frame import Layout, sides
from rnntui.tui.draw.rows import Glyphs, Rows
from rnntui.tui.draw.y_axis import y_axis

# true, both true and predicted, predicted, forecast, start of the forecast
SIGNS = {
    "braille": ("○", "●", "", "", "┊"),
    "blocks": ("○", "●", "", "", "┊"),
    "ascii": ("o", "@", "*", "+", "|"),
}
_LEAST_STEPS = 4
_NARROW = 1e-3  # relative range below which labels of six cells cannot distinguish values


@dataclass(frozen=True, eq=False)
class ValuePlot:
    """The values of the curves, indexed by [time step][feature], in their original scale."""

    true: Sequence[Sequence[Number]] = ()
    predicted: Sequence[Sequence[Number]] = ()
    forecast: Sequence[Sequence[Number]] = ()  # free-running, after the last time step
    features: Sequence[str] = ("value",)
    feature: int | None = None  # the one shown; None: all, stacked if there is room
    update: int = 0  # the update they belong to
    first: int = 0  # the first one, if they are those of several
    selected: int | None = None  # the marked time step; 0 is the oldest
    times: Sequence[str] = ()  # of the true values, as many of the last ones as are known
    outlook: Outlook | None = None  # what is known of the forecast


def time_steps(plot: ValuePlot) -> float:
    """Return the number of time steps across the width, rounded up for the forecast."""
    ahead = round_up(len(plot.forecast)) if plot.forecast else 0.0
    return max(_LEAST_STEPS, len(plot.true), len(plot.predicted)) + ahead


def is_dense(plot: ValuePlot, width: int) -> bool:
    """Return whether the time steps are too close together for a sign each."""
    return width < 2 * time_steps(plot)


def column(rows: Sequence[Sequence[Number]], feature: int) -> list[Number]:
    """Return the values of one feature."""
    return [row[feature] if feature < len(row) else None for row in rows]


def panel(plot: ValuePlot, feature: int, place: Layout, height: int, glyphs: Glyphs) -> Rows:
    """Return the curves of a column in `height` rows, as wide as the layout."""
    canvas = Canvas(place.width, height, glyphs)
    base = base_of(plot, feature)
    curves = [
        _above(base, column(rows, feature)) for rows in (plot.true, plot.predicted, plot.forecast)
    ]
    start, total = max(len(plot.true), len(plot.predicted)), time_steps(plot)
    earlier = _above(base, earlier_values(plot, feature))
    shades = _shades(plot, feature, earlier, curves[2])
    axis = y_axis(_scale(curves[0], [*curves[1], *earlier, *curves[2], *ends(shades)]), canvas)
    scale = axis.scale
    for one in shades:
        draw_shade(canvas, one, total, scale)
    true, predicted = (_points(curve, 0, total, scale) for curve in curves[:2])
    forecast = _points(curves[2], start, total, scale)
    ring, both, line, dash, _ = SIGNS[glyphs]
    _borders(canvas, plot, start, len(earlier), glyphs)
    dense = is_dense(plot, place.width)
    if dense or not (plot.predicted or plot.forecast):
        canvas.line(true, "strong", ring)
    canvas.line(predicted, "line", line)
    if earlier:
        before = start - len(earlier)
        points = _points(earlier, before, total, scale)
        canvas.line([*true[before - 1 : before], *points], "accent", dash, dash=2)
    if forecast:
        # It starts from the last true value.
        canvas.line([*true[-1:], *forecast], "accent", dash, dash=2)
    for point in () if dense else true:
        if point and 0 <= point[1] <= 1:
            x, y = canvas.column(point[0]), canvas.row(point[1])
            met = canvas.role(x, y) == "line"
            canvas.put(x, y, both if met else ring, "strong")
    return sides(canvas, place, axis.labels, {})


def _borders(canvas: Canvas, plot: ValuePlot, start: int, earlier: int, glyphs: Glyphs) -> None:
    """Draw where forecasts start, with names if there is room, and the selected time step."""
    border, total = SIGNS[glyphs][4], time_steps(plot)
    marks = [(start / total, "muted")] if plot.forecast else []
    marks += [((start - earlier) / total, "muted")] if earlier else []
    if plot.selected is not None and 0 <= plot.selected < start + len(plot.forecast):
        marks.append(((plot.selected + 0.5) / total, "mark"))
    for x, role in marks:
        for row in range(canvas.height):
            canvas.put(canvas.column(x), row, border, role)
    spans = [((start - earlier) / total, start / total, "held out")] if earlier else []
    spans += [(start / total, 1.0, "ahead")] if plot.forecast and earlier else []
    for first, last, name in spans:
        column = canvas.column(first) + 2
        if canvas.is_free(column, 0, len(name) + 1) and column + len(name) < canvas.column(last):
            canvas.put(column, 0, name, "muted")


def earlier_values(plot: ValuePlot, feature: int) -> list[Number]:
    """Return what would have been forecast for the last true values; empty if it is unknown."""
    known = plot.outlook.earlier if plot.outlook is not None else ()
    values = list(known[feature].values) if feature < len(known) else []
    return values if len(values) < len(plot.true) else []


def _shades(
    plot: ValuePlot, feature: int, earlier: Sequence[Number], forecast: Sequence[Number]
) -> list[Shade]:
    """Return the intervals of both forecasts, as far as they are known."""
    outlook = plot.outlook
    if outlook is None:
        return []
    start = len(plot.true)
    found = []
    if earlier:
        found.append(shade(start - len(earlier), earlier, outlook.earlier[feature].band))
    if forecast and feature < len(outlook.bands):
        found.append(shade(start, forecast, outlook.bands[feature]))
    return found


def _scale(true: list[Number], predicted: list[Number]) -> Scale:
    """Return a scale around the true values, which predictions widen to at most three times."""
    known = [v for v in true if finite(v)]
    others = [v for v in predicted if finite(v)]
    low, high = min(known or others, default=0.0), max(known or others, default=1.0)
    low, high = max(low, -LIMIT), min(high, LIMIT)
    span = (high - low) or abs(high) or 1.0
    near = [v for v in others if low - span <= v <= high + span]
    return linear(min([low, *near]), max([high, *near]))


def base_of(plot: ValuePlot, feature: int) -> float:
    """Return the axis's base value: 0, or a round value close to numbers that barely differ."""
    known = [v for v in column(plot.true or plot.forecast, feature) if finite(v)]
    if not known or max(map(abs, known)) >= LIMIT:
        return 0.0
    low, high = min(known), max(known)
    spread = high - low
    if spread <= 0 or spread >= _NARROW * max(abs(low), abs(high)):
        return 0.0
    unit = 10.0 ** math.ceil(math.log10(spread))
    return math.floor(low / unit) * unit


def _above(base: float, column: list[Number]) -> list[Number]:
    return [v - base if finite(v) else v for v in column] if base else column


def _points(curve: Sequence[Number], start: int, total: float, scale: Scale) -> list[Point | None]:
    return [
        None if y is None else ((start + n + 0.5) / total, y)
        for n, y in enumerate(scale.shares(curve))
    ]


def error_of(plot: ValuePlot, feature: int) -> Number:
    """Return the root mean square error of a feature; None if there is nothing to compare."""
    squares = [
        (min(LIMIT, abs(p - t)) / 1e150) ** 2
        for t, p in zip(column(plot.true, feature), column(plot.predicted, feature), strict=False)
        if finite(t) and finite(p)
    ]
    return math.sqrt(sum(squares) / len(squares)) * 1e150 if squares else None
