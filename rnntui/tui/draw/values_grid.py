"""Several columns of values as small multiples: panels beside and below each other."""

from __future__ import annotations

import math
from dataclasses import replace

from rnntui.tui.draw.frame import layout
from rnntui.tui.draw.rows import NO_STEPS, Glyphs, Rows, block, exactly, row_width
from rnntui.tui.draw.value_curves import ValuePlot, panel
from rnntui.tui.draw.values import (
    axis_rows,
    label,
    shown,
    title,
    value_at,
    value_plot,
)
from rnntui.tui.draw.views.parts import BETWEEN, beside, equal_widths

_WIDE, _CELL = 100, 60  # cells from which panels stand beside each other, and of one at least
_ALWAYS = 150  # cells from which they do even if all fit below each other
_AXIS = 2  # rows
_LEAST = 4  # rows of a panel with its name


def value_plots(
    plot: ValuePlot,
    width: int,
    height: int,
    glyphs: Glyphs = "braille",
    hint: str = NO_STEPS,
) -> Rows:
    """Draw curves in exactly `height` rows of `width` cells: small multiples on a wide screen.

    Otherwise, and for a single column, as `value_plot` does.
    """
    across = panels_across(plot, width, height)
    if across < 2:
        return value_plot(plot, width, height, glyphs, hint)
    number = len(plot.features)
    down = max(1, min(math.ceil(number / across), (height - 1 - _AXIS) // _LEAST))
    kept = list(range(min(number, across * down)))
    widths = equal_widths(width, across)
    share, over = divmod(height - 1 - _AXIS, down)
    rows: Rows = [title(plot, kept, width, glyphs)]
    for line in range(down):
        features = kept[line * across : (line + 1) * across]
        size = share + (line < over)
        axis = _AXIS if line == down - 1 else 0
        cells = [
            (cell, _panel(plot, feature, cell, size, axis, glyphs))
            for cell, feature in zip(widths, features, strict=False)
        ]
        rows += beside(cells, glyphs)
    return block(rows, width, height, glyphs)


def panels_across(plot: ValuePlot, width: int, height: int) -> int:
    """Return how many panels stand beside each other; below two, the columns are stacked."""
    number = len(plot.features)
    if plot.feature is not None or number < 2 or not (plot.true or plot.forecast):
        return 1
    if height < 1 + _LEAST + _AXIS:
        return 1
    stacked = len(shown(plot, layout(width, height, 0).plot))
    if height < 1 + _AXIS + _LEAST or width < _WIDE or (stacked == number and width < _ALWAYS):
        return 1
    return min(number, max(2, width // _CELL))


def _panel(
    plot: ValuePlot, feature: int, width: int, height: int, axis: int, glyphs: Glyphs
) -> Rows:
    """Return a name, the curves of a column, and the axis if it is the lowest panel."""
    place = layout(width, height + axis, 0)
    (name, role), *notes = label(plot, feature, glyphs)
    head = [(" " + name, role), *(("  " + text, muted) for text, muted in notes)]
    while row_width(head) > width and len(head) > 1:
        head.pop()
    rows = [exactly(head, width), *panel(plot, feature, place, height - 1, glyphs)]
    return rows + (axis_rows(plot, place, glyphs) if axis else [])


def value_step(plot: ValuePlot, width: int, height: int, x: int) -> int | None:
    """Return the time step drawn nearest to cell `x` of such plots, or None."""
    across = panels_across(plot, width, height)
    if across < 2:
        return value_at(plot, width, x)
    left = 0
    for cell in equal_widths(width, across):
        if x < left + cell:
            return value_at(replace(plot, feature=0), cell, x - left)
        left += cell + BETWEEN
    return None
