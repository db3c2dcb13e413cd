"""Curves of true and predicted values over the steps, and the free-running forecast after them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rnntui.text import cell_width, fit, safe_text
from rnntui.tui.draw.axis import LIMIT, Scale, linear, round_up, ticks
from rnntui.tui.draw.canvas import Canvas, Point
from rnntui.tui.draw.frame import Layout, layout, sides, title_row, x_axis, y_labels
from rnntui.tui.draw.numbers import Number, count, finite, fixed, short
from rnntui.tui.draw.rows import Glyphs, Row, Rows, block, for_glyphs

# true, both true and predicted, predicted, forecast, start of the forecast
_SIGNS = {
    "braille": ("○", "●", "", "", "┊"),
    "blocks": ("○", "●", "", "", "┊"),
    "ascii": ("o", "@", "*", "+", "|"),
}
_LEGEND = {
    "braille": ("⣀⠤⠒", "⠤ ⠤"),
    "blocks": ("▄▄▀", "▄ ▄"),
    "ascii": ("***", "+++"),
}
_LEAST_ROWS = 2  # of one panel
_LEAST_STEPS = 4


@dataclass(frozen=True, eq=False)
class ValuePlot:
    """What the curves show: rows of (step, feature) values in the source's own units."""

    true: Sequence[Sequence[Number]] = ()
    predicted: Sequence[Sequence[Number]] = ()
    forecast: Sequence[Sequence[Number]] = ()  # free-running, after the last step
    features: Sequence[str] = ("value",)
    feature: int | None = None  # one of them, or None: all, stacked where there is room
    step: int = 0  # the update they belong to
    chosen: int | None = None  # a step to point at, 0 is the oldest


def value_plot(plot: ValuePlot, width: int, height: int, glyphs: Glyphs = "braille") -> Rows:
    """The curves in exactly `height` rows of `width` cells, title and legend in the first.

    Several features stand in panels under each other; those for which there is no room are left
    out, and the title says so.
    """
    if width < 1 or height < 1:
        return block([], width, height)
    place = layout(width, height, 0)
    shown = _shown(plot, place.plot)
    rows = [_title(plot, shown, width, glyphs)] if place.title else []
    if not plot.true and not plot.forecast:
        return block([*rows, [(" waiting for the first update", "muted")]], width, height, glyphs)
    for feature, panel in zip(shown, _panels(place, len(shown)), strict=True):
        rows += _panel(plot, feature, panel, glyphs, named=len(plot.features) > 1)
    return block(rows + _axis(plot, place, glyphs), width, height, glyphs)


def value_at(plot: ValuePlot, width: int, x: int) -> int | None:
    """The step that is drawn nearest to cell `x` of a plot of that width, or None."""
    place = layout(width, 9, 0)
    share = (x - place.left + 0.5) / place.width
    step = math.floor(share * _steps(plot))
    return step if 0 <= step < len(plot.true) else None


def _shown(plot: ValuePlot, rows: int) -> list[int]:
    """The features that get a panel."""
    if plot.feature is not None:
        return [max(0, min(plot.feature, len(plot.features) - 1))]
    return list(range(max(1, min(len(plot.features), rows // (_LEAST_ROWS + 1)))))


def _panels(place: Layout, number: int) -> list[Layout]:
    """The rows of the plot divided among panels, the first ones getting what is over."""
    share, over = divmod(place.plot, number)
    return [Layout(False, share + (n < over), 0, place.left, place.width, 0) for n in range(number)]


def _steps(plot: ValuePlot) -> float:
    """Steps across the whole width; room for the forecast grows in round numbers."""
    ahead = round_up(len(plot.forecast)) if plot.forecast else 0.0
    return max(_LEAST_STEPS, len(plot.true), len(plot.predicted)) + ahead


def _column(rows: Sequence[Sequence[Number]], feature: int) -> list[Number]:
    return [row[feature] if feature < len(row) else None for row in rows]


def _panel(plot: ValuePlot, feature: int, place: Layout, glyphs: Glyphs, named: bool) -> Rows:
    canvas = Canvas(place.width, place.plot, glyphs)
    curves = [_column(rows, feature) for rows in (plot.true, plot.predicted, plot.forecast)]
    scale = _scale(*curves)
    start = max(len(plot.true), len(plot.predicted))
    total = _steps(plot)
    true, predicted = (_points(curve, 0, total, scale) for curve in curves[:2])
    forecast = _points(curves[2], start, total, scale)
    ring, both, line, dash, border = _SIGNS[glyphs]
    if plot.forecast:
        for row in range(canvas.height):
            canvas.put(canvas.column(start / total), row, border, "muted")
    if plot.chosen is not None and 0 <= plot.chosen < start:
        for row in range(canvas.height):
            canvas.put(canvas.column((plot.chosen + 0.5) / total), row, border, "mark")
    canvas.line(predicted, "line", line)
    if forecast:
        # It sets out from the last value that was really there.
        canvas.line([*true[-1:], *forecast], "accent", dash, dash=2)
    for point in true:
        if point and 0 <= point[1] <= 1:
            column, row = canvas.column(point[0]), canvas.row(point[1])
            met = canvas.role(column, row) == "line"
            canvas.put(column, row, both if met else ring, "strong")
    if named:
        name = fit(for_glyphs(safe_text(plot.features[feature]), glyphs), place.width // 3)
        _name(canvas, name)
    return sides(canvas, place, y_labels(canvas, scale), {})


def _name(canvas: Canvas, name: str) -> None:
    """Write a name into the first corner where no curve is in the way."""
    right, bottom = canvas.width - cell_width(name) - 1, canvas.height - 1
    for column, row in ((1, 0), (right, 0), (1, bottom), (right, bottom)):
        if canvas.is_free(column, row, cell_width(name)):
            canvas.put(column, row, name, "muted")
            return


def _scale(true: list[Number], predicted: list[Number], forecast: list[Number]) -> Scale:
    """Around the true values; predictions may widen it to three times their span, not more."""
    known = [v for v in true if finite(v)]
    others = [v for v in [*predicted, *forecast] if finite(v)]
    low, high = min(known or others, default=0.0), max(known or others, default=1.0)
    low, high = max(low, -LIMIT), min(high, LIMIT)
    span = (high - low) or abs(high) or 1.0
    near = [v for v in others if low - span <= v <= high + span]
    return linear(min([low, *near]), max([high, *near]))


def _points(curve: Sequence[Number], start: int, total: float, scale: Scale) -> list[Point | None]:
    return [
        None if y is None else ((start + n + 0.5) / total, y)
        for n, y in enumerate(scale.shares(curve))
    ]


def _axis(plot: ValuePlot, place: Layout, glyphs: Glyphs) -> Rows:
    total = _steps(plot)
    canvas = Canvas(place.width, 1, glyphs)
    numbers = [v for v, _ in ticks(Scale(0, total), max(1, min(8, place.width // 12)))]
    columns = [
        (canvas.column((max(1.0, v) - 0.5) / total), short(max(1.0, v)))
        for v in numbers
        if float(v).is_integer() and v != 1  # the tick at 0 stands for the first step
    ]
    end = "steps" if not plot.forecast else "steps, then forecast"
    return x_axis(place, columns, [], end, glyphs)


def _error(plot: ValuePlot, shown: Sequence[int]) -> Number:
    """Root mean square error of the features shown; None where there is nothing to compare."""
    squares = [
        (min(LIMIT, abs(p - t)) / 1e150) ** 2
        for feature in shown
        for t, p in zip(_column(plot.true, feature), _column(plot.predicted, feature), strict=False)
        if finite(t) and finite(p)
    ]
    return math.sqrt(sum(squares) / len(squares)) * 1e150 if squares else None


def _title(plot: ValuePlot, shown: Sequence[int], width: int, glyphs: Glyphs) -> Row:
    ring, both, *_ = _SIGNS[glyphs]
    line, dashed = _LEGEND[glyphs]
    legend = [(ring, "strong", "true"), (line, "line", "predicted"), (both, "strong", "both")]
    if plot.forecast:
        legend.append((dashed, "accent", "forecast"))
    dot = "-" if glyphs == "ascii" else "·"
    details = [f"of update {count(plot.step)}"] if plot.step else []
    error = _error(plot, shown)
    if error is not None and width >= 60:
        details.append(f"root mean square error {fixed(error).strip()}")
    if len(shown) < len(plot.features):
        details.append(f"{len(shown)} of {len(plot.features)} columns")
    detail = f" {dot} ".join(details)
    return title_row("steps", detail, legend, width, glyphs)
