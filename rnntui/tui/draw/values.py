"""Curves of true and predicted values by time step, followed by the free-running forecast."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rnntui.numbers import count, fixed, short
from rnntui.text import cell_width, fit, pad, safe_text
from rnntui.tui.draw.axis import Scale, ticks
from rnntui.tui.draw.bands import legend as band_legend
from rnntui.tui.draw.canvas import Canvas
from rnntui.tui.draw.frame import Layout, layout, title_row, x_axis
from rnntui.tui.draw.rows import NO_STEPS, Glyphs, Row, Rows, Run, block, for_glyphs
from rnntui.tui.draw.time_axis import tick_times
from rnntui.tui.draw.tokens import of_updates
from rnntui.tui.draw.value_curves import (
    SIGNS,
    ValuePlot,
    base_of,
    error_of,
    is_dense,
    panel,
    time_steps,
)

_LEGEND = {
    "braille": ("⣀⠤⠒", "⠤ ⠤"),
    "blocks": ("▄▄▀", "▄ ▄"),
    "ascii": ("***", "+++"),
}
_LEAST_ROWS = 3  # rows of a panel; one free row separates two
_NAMED_FROM, _LONGEST_NAME = 48, 16  # cells: width from which names are shown, and of a name


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
    step = math.floor(share * time_steps(plot))
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
    error = error_of(plot, feature)
    label += [] if error is None else [(f"rms {fixed(error).strip()}", "muted")]
    return [*label, *((text, "muted") for text in _axis_note(plot, feature))]


def _axis_note(plot: ValuePlot, feature: int) -> list[str]:
    """Return a note of the axis's base value, if it is not 0."""
    base = base_of(plot, feature)
    return [f"axis from {base:.16g}"] if base else []


def _beside(label: list[Run], rows: Rows, width: int) -> Rows:
    """Return rows with a label, one run per row, in a column of that width on their left."""
    if not width:
        return rows
    runs = [*label, *[("", "")] * len(rows)]
    heads = [(f" {pad(fit(text, width - 2), width - 1)}", role) for text, role in runs]
    return [[head, *row] for head, row in zip(heads, rows, strict=False)]


def axis_rows(plot: ValuePlot, place: Layout, glyphs: Glyphs) -> Rows:
    """Return the axis under panels: times if they are known, or else numbers of time steps."""
    total = time_steps(plot)
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


def title(plot: ValuePlot, shown: Sequence[int], width: int, glyphs: Glyphs) -> Row:
    """Return the title with the legend; `shown` are the columns that have a panel."""
    ring, both, *_ = SIGNS[glyphs]
    line, dashed = _LEGEND[glyphs]
    dense = is_dense(plot, width - _names_width(plot, width, glyphs))
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
    if not _named(plot) and (error := error_of(plot, shown[0])) is not None and width >= 60:
        details.append(f"root mean square error {fixed(error).strip()}")
    if not _named(plot):
        details += _axis_note(plot, shown[0])
    if _named(plot) and len(shown) < len(plot.features):
        details.append(f"{len(shown)} of {len(plot.features)} columns")
    return details
