"""The loss as one row, for views that need the rest of the screen."""

from __future__ import annotations

from rnntui.numbers import fixed
from rnntui.tui.draw.axis import LIMIT
from rnntui.tui.draw.bars import resampled, sparkline
from rnntui.tui.draw.canvas import Canvas, Point
from rnntui.tui.draw.loss import LossPlot
from rnntui.tui.draw.loss_scale import loss_scale
from rnntui.tui.draw.rows import Glyphs, Row, exactly, row_width, spelled

_LEAST_CURVE = 4  # cells


def loss_line(plot: LossPlot, width: int, glyphs: Glyphs = "braille") -> Row:
    """Return the smoothed loss of the whole run in one row of `width` cells, first and latest."""
    head: Row = [(" loss  ", "title")]
    smooth = [v for v in plot.bins.smooth if v is not None and -LIMIT < v < LIMIT]
    if not smooth:
        return exactly([*head, (plot.hint, "muted")], width)
    first, now = fixed(smooth[0]).strip(), fixed(smooth[-1]).strip()
    tail: Row = [
        (f"  {first} {spelled('→', glyphs)} now ", "muted"),
        (now, "strong"),
        (f"  {spelled(plot.unit, glyphs)}", "muted"),
    ]
    if row_width([*head, *tail]) + _LEAST_CURVE * 8 > width:
        tail.pop()
    free = width - row_width([*head, *tail]) - 1
    if free < _LEAST_CURVE:
        return exactly([*head, *tail], width)
    return exactly([*head, *_curve(smooth, free, plot.log, glyphs), *tail], width)


def _curve(smooth: list[float], width: int, log: bool, glyphs: Glyphs) -> Row:
    scale = loss_scale(smooth, [], [], [], log)
    means = resampled(smooth, width * 2)
    shares = [None if y is None else max(0.0, min(1.0, y)) for y in scale.shares(means)]
    if glyphs != "braille":
        return [(sparkline(shares, width, glyphs), "line")]
    canvas = Canvas(width, 1, glyphs)
    points: list[Point | None] = [
        None if y is None else ((n + 0.5) / len(shares), y) for n, y in enumerate(shares)
    ]
    canvas.line(points, "line")
    return canvas.rows()[0]
