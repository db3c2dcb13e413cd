"""Curves of true and predicted values by time step, followed by the free-running forecast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rnntui.numbers import Number, count, finite, fixed, short
from rnntui.protocol.forecasts import Outlook
from rnntui.text import cell_width, fit, pad, safe_text
from rnntui.tui.draw.axis import LIMIT, Scale, linear, round_up, ticks
from rnntui.tui.draw.bands import Shade, draw_shade, ends, shade
from rnntui.tui.draw.bands import legend as band_legend
from rnntui.tui.draw.canvas import Canvas, Point
from rnntui.tui.draw.frame import Layout, layout, sides, title_row, x_axis
from rnntui.tui.draw.rows import NO_STEPS, Glyphs, Row, Rows, Run, block, for_glyphs
from rnntui.tui.draw.time_axis import tick_times
from rnntui.tui.draw.tokens import of_updates
from rnntui.tui.draw.y_axis import y_axis

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
_LEAST_ROWS = 3  # rows of a panel; one free row separates two
_LEAST_STEPS = 4
_NARROW = 1e-3  # relative range below which labels of six cells cannot distinguish values
_NAMED_FROM, _LONGEST_NAME = 48, 16  # cells: width from which names are shown, and of a name


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


def value_plot(
    plot: ValuePlot,
    width: int,
    height: int,
    glyphs: Glyphs = "braille",
    hint: str = NO_STEPS,
) -> Rows:
    """Draw the curves in exactly `height` rows of `width` cells, title and legend in the first.

    Several features get stacked panels with their names on the left; the title says how many of
    them fit.
    """
    if width < 1 or height < 1:
        return block([], width, height)
    names = _names_width(plot, width, glyphs)
    place = layout(width - names, height, 0)
    kept = shown(plot, place.plot)
    rows = [title(plot, kept, width, glyphs)] if place.title else []
    if not plot.true and not plot.forecast:
        return block([*rows, [(f" {hint}", "muted")]], width, height, glyphs)
    for number, (feature, one) in enumerate(zip(kept, _panels(place, len(kept)), strict=True)):
        rows += [[]] * (number > 0)
        drawn = panel(plot, feature, one, one.plot, glyphs)
        rows += _beside(label(plot, feature, glyphs), drawn, names)
    rows += _beside([], axis_rows(plot, place, glyphs), names)
    return block(rows, width, height, glyphs)


def value_at(plot: ValuePlot, width: int, x: int) -> int | None:
    """Return the time step drawn nearest to cell `x` of a plot of that width, or None."""
    names = _names_width(plot, width, "braille")
    place = layout(width - names, 9, 0)
    share = (x - names - place.left + 0.5) / place.width
    step = math.floor(share * _time_steps(plot))
    return step if 0 <= step < len(plot.true) + len(plot.forecast) else None


def shown(plot: ValuePlot, rows: int) -> list[int]:
    """Return the features that get a panel."""
    if plot.feature is not None:
        return [max(0, min(plot.feature, len(plot.features) - 1))]
    return list(range(max(1, min(len(plot.features), (rows + 1) // (_LEAST_ROWS + 1)))))


def _panels(place: Layout, number: int) -> list[Layout]:
    """Divide the rows of the plot among panels; the first ones get the remainder."""
    share, over = divmod(place.plot - (number - 1), number)
    return [Layout(False, share + (n < over), 0, place.left, place.width, 0) for n in range(number)]


def _named(plot: ValuePlot) -> bool:
    """Return whether several panels need names."""
    return plot.feature is None and len(plot.features) > 1


def _name(plot: ValuePlot, feature: int, glyphs: Glyphs) -> str:
    return for_glyphs(safe_text(plot.features[feature]), glyphs)


def _names_width(plot: ValuePlot, width: int, glyphs: Glyphs) -> int:
    """Return the width of the names of several features, 0 if there is no room."""
    if not _named(plot) or width < _NAMED_FROM:
        return 0
    longest = max(cell_width(_name(plot, n, glyphs)) for n in range(len(plot.features)))
    notes = [len(text) for n in range(len(plot.features)) for text in _axis_note(plot, n)]
    return min(max([_LONGEST_NAME, *notes]), max([longest, len("rms 0.0000"), *notes])) + 2


def label(plot: ValuePlot, feature: int, glyphs: Glyphs) -> list[Run]:
    """Return the label of a panel: the feature's name and the error of its predictions."""
    label: list[Run] = [(_name(plot, feature, glyphs), "strong")]
    error = _error(plot, feature)
    label += [] if error is None else [(f"rms {fixed(error).strip()}", "muted")]
    return [*label, *((text, "muted") for text in _axis_note(plot, feature))]


def _axis_note(plot: ValuePlot, feature: int) -> list[str]:
    """Return a note of the axis's base value, if it is not 0."""
    base = _base(plot, feature)
    return [f"axis from {base:.16g}"] if base else []


def _beside(label: list[Run], rows: Rows, width: int) -> Rows:
    """Return rows with a label, one run per row, in a column of that width on their left."""
    if not width:
        return rows
    runs = [*label, *[("", "")] * len(rows)]
    heads = [(f" {pad(fit(text, width - 2), width - 1)}", role) for text, role in runs]
    return [[head, *row] for head, row in zip(heads, rows, strict=False)]


def _time_steps(plot: ValuePlot) -> float:
    """Return the number of time steps across the width, rounded up for the forecast."""
    ahead = round_up(len(plot.forecast)) if plot.forecast else 0.0
    return max(_LEAST_STEPS, len(plot.true), len(plot.predicted)) + ahead


def _dense(plot: ValuePlot, width: int) -> bool:
    """Return whether the time steps are too close together for a sign each."""
    return width < 2 * _time_steps(plot)


def column(rows: Sequence[Sequence[Number]], feature: int) -> list[Number]:
    """Return the values of one feature."""
    return [row[feature] if feature < len(row) else None for row in rows]


def panel(plot: ValuePlot, feature: int, place: Layout, height: int, glyphs: Glyphs) -> Rows:
    """Return the curves of a column in `height` rows, as wide as the layout."""
    canvas = Canvas(place.width, height, glyphs)
    base = _base(plot, feature)
    curves = [
        _above(base, column(rows, feature)) for rows in (plot.true, plot.predicted, plot.forecast)
    ]
    start, total = max(len(plot.true), len(plot.predicted)), _time_steps(plot)
    earlier = _above(base, earlier_values(plot, feature))
    shades = _shades(plot, feature, earlier, curves[2])
    axis = y_axis(_scale(curves[0], [*curves[1], *earlier, *curves[2], *ends(shades)]), canvas)
    scale = axis.scale
    for one in shades:
        draw_shade(canvas, one, total, scale)
    true, predicted = (_points(curve, 0, total, scale) for curve in curves[:2])
    forecast = _points(curves[2], start, total, scale)
    ring, both, line, dash, _ = _SIGNS[glyphs]
    _borders(canvas, plot, start, len(earlier), glyphs)
    dense = _dense(plot, place.width)
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
    border, total = _SIGNS[glyphs][4], _time_steps(plot)
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


def _base(plot: ValuePlot, feature: int) -> float:
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


def axis_rows(plot: ValuePlot, place: Layout, glyphs: Glyphs) -> Rows:
    """Return the axis under panels: times if they are known, or else numbers of time steps."""
    total = _time_steps(plot)
    canvas = Canvas(place.width, 1, glyphs)
    if dated := _dated(plot):
        start = len(plot.true) - len(plot.times)
        found = tick_times(dated, int(place.width * len(dated) / total))
        named = [(canvas.column((start + n + 0.5) / total), text) for n, text in found]
        return x_axis(place, named, [], "time", glyphs)
    numbers = [v for v, _ in ticks(Scale(0, total), max(1, min(8, place.width // 12)))]
    columns = [
        (canvas.column((max(1.0, v) - 0.5) / total), short(max(1.0, v)))
        for v in numbers
        if float(v).is_integer() and v != 1  # the tick at 0 marks the first time step
    ]
    end = "time steps" if not plot.forecast else "time steps, then forecast"
    return x_axis(place, columns, [], end, glyphs)


def _dated(plot: ValuePlot) -> list[str]:
    """Return the times of the last true values and of the forecast; empty if unknown."""
    ahead = plot.outlook.times[: len(plot.forecast)] if plot.outlook is not None else ()
    return [*plot.times, *ahead]


def _error(plot: ValuePlot, feature: int) -> Number:
    """Return the root mean square error of a feature; None if there is nothing to compare."""
    squares = [
        (min(LIMIT, abs(p - t)) / 1e150) ** 2
        for t, p in zip(column(plot.true, feature), column(plot.predicted, feature), strict=False)
        if finite(t) and finite(p)
    ]
    return math.sqrt(sum(squares) / len(squares)) * 1e150 if squares else None


def title(plot: ValuePlot, shown: Sequence[int], width: int, glyphs: Glyphs) -> Row:
    """Return the title with the legend; `shown` are the columns that have a panel."""
    ring, both, *_ = _SIGNS[glyphs]
    line, dashed = _LEGEND[glyphs]
    dense = _dense(plot, width - _names_width(plot, width, glyphs))
    legend = [(line if dense and glyphs != "ascii" else ring, "strong", "true")]
    if plot.predicted:
        legend += [(line, "line", "predicted"), *([] if dense else [(both, "strong", "both")])]
    if plot.forecast:
        legend.append((dashed, "accent", "forecast"))
        banded = plot.outlook is not None and bool(plot.outlook.bands)
        legend += band_legend(glyphs) if banded else []
    dot = "-" if glyphs == "ascii" else "·"
    details = _details(plot, shown, width, glyphs)
    detail = f" {dot} ".join(details)
    name = "forecast" if plot.forecast and not plot.predicted else "time steps"
    return title_row(name, detail, legend, width, glyphs)


def _details(plot: ValuePlot, shown: Sequence[int], width: int, glyphs: Glyphs) -> list[str]:
    """Return the details in the title: the feature, the update, the error."""
    several = len(plot.features) > 1
    details = []
    if several and not _named(plot):
        name = fit(_name(plot, shown[0], glyphs), _LONGEST_NAME)
        details.append(f"{name}, {shown[0] + 1} of {len(plot.features)}")
    if plot.update:
        forecast = plot.forecast and not plot.predicted
        of = of_updates(plot.first, plot.update)
        details.append(f"by update {count(plot.update)}" if forecast else of)
    if not _named(plot) and (error := _error(plot, shown[0])) is not None and width >= 60:
        details.append(f"root mean square error {fixed(error).strip()}")
    if not _named(plot):
        details += _axis_note(plot, shown[0])
    if _named(plot) and len(shown) < len(plot.features):
        details.append(f"{len(shown)} of {len(plot.features)} columns")
    return details
