"""Curves of true and predicted values over the steps, and the free-running forecast after them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rnntui.text import cell_width, fit, pad, safe_text
from rnntui.tui.draw.axis import LIMIT, Scale, linear, round_up, ticks
from rnntui.tui.draw.canvas import Canvas, Point
from rnntui.tui.draw.frame import Layout, layout, sides, title_row, x_axis, y_labels
from rnntui.tui.draw.numbers import Number, count, finite, fixed, short
from rnntui.tui.draw.rows import Glyphs, Row, Rows, Run, block, for_glyphs

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
_LEAST_ROWS = 3  # of one panel, with one free row between two
_LEAST_STEPS = 4
_NAMED_FROM, _LONGEST_NAME = 48, 16  # cells: of a plot with names beside it, and of a name


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

    Several features stand in panels under each other, with their names on the left; those for
    which there is no room are left out, and the title says so.
    """
    if width < 1 or height < 1:
        return block([], width, height)
    names = _names_width(plot, width, glyphs)
    place = layout(width - names, height, 0)
    shown = _shown(plot, place.plot)
    rows = [_title(plot, shown, width, glyphs)] if place.title else []
    if not plot.true and not plot.forecast:
        return block([*rows, [(" steps show while it trains", "muted")]], width, height, glyphs)
    for number, (feature, panel) in enumerate(zip(shown, _panels(place, len(shown)), strict=True)):
        rows += [[]] * (number > 0)
        rows += _beside(_label(plot, feature, glyphs), _panel(plot, feature, panel, glyphs), names)
    rows += _beside([], _axis(plot, place, glyphs), names)
    return block(rows, width, height, glyphs)


def value_at(plot: ValuePlot, width: int, x: int) -> int | None:
    """The step that is drawn nearest to cell `x` of a plot of that width, or None."""
    names = _names_width(plot, width, "braille")
    place = layout(width - names, 9, 0)
    share = (x - names - place.left + 0.5) / place.width
    step = math.floor(share * _steps(plot))
    return step if 0 <= step < len(plot.true) else None


def _shown(plot: ValuePlot, rows: int) -> list[int]:
    """The features that get a panel."""
    if plot.feature is not None:
        return [max(0, min(plot.feature, len(plot.features) - 1))]
    return list(range(max(1, min(len(plot.features), (rows + 1) // (_LEAST_ROWS + 1)))))


def _panels(place: Layout, number: int) -> list[Layout]:
    """The rows of the plot divided among panels, the first ones getting what is over."""
    share, over = divmod(place.plot - (number - 1), number)
    return [Layout(False, share + (n < over), 0, place.left, place.width, 0) for n in range(number)]


def _named(plot: ValuePlot) -> bool:
    """Whether there are names to tell several panels apart by."""
    return plot.feature is None and len(plot.features) > 1


def _name(plot: ValuePlot, feature: int, glyphs: Glyphs) -> str:
    return for_glyphs(safe_text(plot.features[feature]), glyphs)


def _names_width(plot: ValuePlot, width: int, glyphs: Glyphs) -> int:
    """Cells on the left for the names of several features, where there is room for them."""
    if not _named(plot) or width < _NAMED_FROM:
        return 0
    longest = max(cell_width(_name(plot, n, glyphs)) for n in range(len(plot.features)))
    return min(_LONGEST_NAME, max(longest, len("rms 0.0000"))) + 2


def _label(plot: ValuePlot, feature: int, glyphs: Glyphs) -> list[Run]:
    """What stands beside a panel: whose it is, and how far off its predictions are."""
    label = [(_name(plot, feature, glyphs), "strong")]
    error = _error(plot, feature)
    return label if error is None else [*label, (f"rms {fixed(error).strip()}", "muted")]


def _beside(label: list[Run], rows: Rows, width: int) -> Rows:
    """Rows with a label of one run a row on their left, in a column of that width."""
    if not width:
        return rows
    runs = [*label, *[("", "")] * len(rows)]
    heads = [(f" {pad(fit(text, width - 2), width - 1)}", role) for text, role in runs]
    return [[head, *row] for head, row in zip(heads, rows, strict=False)]


def _steps(plot: ValuePlot) -> float:
    """Steps across the whole width; room for the forecast grows in round numbers."""
    ahead = round_up(len(plot.forecast)) if plot.forecast else 0.0
    return max(_LEAST_STEPS, len(plot.true), len(plot.predicted)) + ahead


def _dense(plot: ValuePlot, width: int) -> bool:
    """Whether the steps stand so close that a sign for each would be a band of signs."""
    return width < 2 * _steps(plot)


def _column(rows: Sequence[Sequence[Number]], feature: int) -> list[Number]:
    return [row[feature] if feature < len(row) else None for row in rows]


def _panel(plot: ValuePlot, feature: int, place: Layout, glyphs: Glyphs) -> Rows:
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
    dense = _dense(plot, place.width)
    if dense:
        canvas.line(true, "strong", ring)
    canvas.line(predicted, "line", line)
    if forecast:
        # It sets out from the last value that was really there.
        canvas.line([*true[-1:], *forecast], "accent", dash, dash=2)
    for point in () if dense else true:
        if point and 0 <= point[1] <= 1:
            column, row = canvas.column(point[0]), canvas.row(point[1])
            met = canvas.role(column, row) == "line"
            canvas.put(column, row, both if met else ring, "strong")
    return sides(canvas, place, y_labels(canvas, scale), {})


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


def _error(plot: ValuePlot, feature: int) -> Number:
    """Root mean square error of a feature; None where there is nothing to compare."""
    squares = [
        (min(LIMIT, abs(p - t)) / 1e150) ** 2
        for t, p in zip(_column(plot.true, feature), _column(plot.predicted, feature), strict=False)
        if finite(t) and finite(p)
    ]
    return math.sqrt(sum(squares) / len(squares)) * 1e150 if squares else None


def _title(plot: ValuePlot, shown: Sequence[int], width: int, glyphs: Glyphs) -> Row:
    ring, both, *_ = _SIGNS[glyphs]
    line, dashed = _LEGEND[glyphs]
    dense = _dense(plot, width - _names_width(plot, width, glyphs))
    legend = [(line if dense and glyphs != "ascii" else ring, "strong", "true")]
    if plot.predicted:
        legend += [(line, "line", "predicted"), *([] if dense else [(both, "strong", "both")])]
    if plot.forecast:
        legend.append((dashed, "accent", "forecast"))
    dot = "-" if glyphs == "ascii" else "·"
    details = _details(plot, shown, width, glyphs)
    detail = f" {dot} ".join(details)
    name = "forecast" if plot.forecast and not plot.predicted else "steps"
    return title_row(name, detail, legend, width, glyphs)


def _details(plot: ValuePlot, shown: Sequence[int], width: int, glyphs: Glyphs) -> list[str]:
    """What the title says behind the name: which feature, of which update, how far off."""
    several = len(plot.features) > 1
    details = []
    if several and not _named(plot):
        name = fit(_name(plot, shown[0], glyphs), _LONGEST_NAME)
        details.append(f"{name}, {shown[0] + 1} of {len(plot.features)}")
    if plot.step:
        forecast = plot.forecast and not plot.predicted
        details.append(f"{'by' if forecast else 'of'} update {count(plot.step)}")
    if not _named(plot) and (error := _error(plot, shown[0])) is not None and width >= 60:
        details.append(f"root mean square error {fixed(error).strip()}")
    if _named(plot) and len(shown) < len(plot.features):
        details.append(f"{len(shown)} of {len(plot.features)} columns")
    return details
