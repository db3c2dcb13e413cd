"""The learning-rate test: the loss while the rate rises, and which rate it suggests."""

from __future__ import annotations

from rnntui.numbers import Number, finite, rate
from rnntui.protocol.insight import RateTest
from rnntui.tui.draw.axis import LIMIT, Scale, linear, short_label
from rnntui.tui.draw.canvas import Canvas, Point
from rnntui.tui.draw.frame import layout, sides, x_axis
from rnntui.tui.draw.rows import Glyphs, Row, Rows, exactly, row_width
from rnntui.tui.draw.views.options import ViewOptions
from rnntui.tui.draw.views.parts import Part
from rnntui.tui.draw.views.prose import heading
from rnntui.tui.draw.y_axis import y_axis

_MOST_PLOT, _TALL_PLOT = 9, 30  # rows
_HEADROOM = 0.5  # of the fall of the loss, kept above where it started
_KNOWN = ("now", "best", "rises")


def rate_test_part(test: RateTest, options: ViewOptions, width: int, rank: int) -> Part:
    """Return the part with the test: title, what it found, and the curve if there is room."""
    glyphs = options.glyphs

    def draw(rows: int) -> Rows:
        head = [_title(test, width, glyphs), _verdict(test, width, options)]
        return head[:rows] + (_plot(test, width, rows - 2, glyphs) if rows >= 5 else [])

    return Part(rank, 2, 2 + _MOST_PLOT, draw, ample=2 + _TALL_PLOT)


def _title(test: RateTest, width: int, glyphs: Glyphs) -> Row:
    known = [r for r in test.rates if finite(r)]
    status = "running" if test.running else "finished"
    if test.stopped:
        status = f"stopped at {rate(max(known))}" if known else "stopped"
    details = ["loss while the rate rises"]
    if known:
        details.insert(0, f"{details[0]}, {rate(min(known))} to {rate(max(known))}")
    return heading("learning-rate test", details, width, glyphs, right=status)


def _verdict(test: RateTest, width: int, options: ViewOptions) -> Row:
    """Return what the test found, by importance; what does not fit is left out."""
    row: Row = [("   ", "")]
    if test.best is not None:
        row += [("falls fastest at ", "muted"), (rate(test.best), "accent")]
    else:
        unknown = "not known yet" if test.running else "no rate made the loss fall clearly"
        row.append(("not known: it was stopped early" if test.stopped else unknown, "muted"))
    row += [("   now ", "muted"), (rate(test.now), "strong")]
    if test.least_diverging is not None:
        row += [
            ("   rises from ", "muted"),
            (rate(test.least_diverging), "warning"),
            (" on", "muted"),
        ]
    if test.best is not None and not test.running and not options.ended:
        key = options.key_of("use_rate", "enter")
        offer: Row = [(f"   {key}", "accent"), (f" use {rate(test.best)}", "")]
        row += offer if row_width([*row, *offer]) <= width else []
    return exactly(row, width)


def _plot(test: RateTest, width: int, rows: int, glyphs: Glyphs) -> Rows:
    place = layout(width, rows + 1, 0)
    pairs = list(zip(test.rates, test.losses, strict=False))
    known = [
        (r, v) for r, v in pairs if finite(r) and r > 0 and v is not None and -LIMIT < v < LIMIT
    ]
    if not known:
        return []
    rates = [r for r, _ in known]
    low, high = min(v for _, v in known), known[0][1]
    top = min(max(v for _, v in known), high + _HEADROOM * (high - low) if high > low else LIMIT)
    canvas = Canvas(place.width, place.plot, glyphs)
    axis = y_axis(linear(low, max(low, top)), canvas)
    across = Scale(min(rates), max(max(rates), min(rates) * 1.001), log=True)
    marks = _marks(test, across, canvas, glyphs)
    points: list[Point | None] = []
    for (r, _), y in zip(known, axis.scale.shares([v for _, v in known]), strict=True):
        points.append(None if y is None else (across.share(r), y))
    canvas.line(points, "line")
    columns = [(canvas.column(across.share(v)), short_label(v)) for v in _powers(across)]
    return sides(canvas, place, axis.labels, {}) + x_axis(place, columns, marks, "rate", glyphs)


def _marks(test: RateTest, across: Scale, canvas: Canvas, glyphs: Glyphs) -> list[tuple[int, str]]:
    """Draw a vertical line at each known rate; return their places and names for the axis."""
    marks: list[tuple[int, str]] = []
    values: tuple[Number, ...] = (test.now, test.best, test.least_diverging)
    for value, name in zip(values, _KNOWN, strict=True):
        share = across.share(value) if value is not None else -1.0
        if not 0 <= share <= 1:
            continue
        column = canvas.column(share)
        role = "warning" if name == "rises" else "accent" if name == "best" else "muted"
        for row in range(canvas.height):
            canvas.put(column, row, "|" if glyphs == "ascii" else "┊", role)
        marks.append((column, name))
    return marks


def _powers(scale: Scale) -> list[float]:
    """Return the powers of ten inside a logarithmic scale, but not more than ten of them."""
    powers = [
        10.0**n for n in range(-300, 301) if scale.low * 0.999 <= 10.0**n <= scale.high * 1.001
    ]
    return powers[:: max(1, -(-len(powers) // 10))]
