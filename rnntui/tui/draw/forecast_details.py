"""One row of a forecast in words: its time, its value and its intervals."""

from __future__ import annotations

from rnntui.numbers import Number, finite
from rnntui.protocol.forecasts import Band
from rnntui.text import fit
from rnntui.tui.draw.bands import width_at
from rnntui.tui.draw.rows import Glyphs, Row, for_glyphs, row_width
from rnntui.tui.draw.value_curves import ValuePlot, column, earlier_values

_LEAST = 4  # runs that stay: the title, the time, the value


def forecast_details(
    plot: ValuePlot, at: int, feature: int, width: int, glyphs: Glyphs = "braille"
) -> Row:
    """Describe row `at` of what a forecast continues, or of the forecast.

    What does not fit into `width` cells is left out: the wide interval first.
    """
    row = _details(plot, at, feature, glyphs)
    while row_width(row) > width and len(row) > _LEAST:
        row = row[:-2]
    return row


def _details(plot: ValuePlot, at: int, feature: int, glyphs: Glyphs) -> Row:
    start = len(plot.true)
    row: Row = [(" forecast", "title"), (f"  {_when(plot, at, start)}", "strong")]
    if len(plot.features) > 1:
        row.append((f"   {fit(for_glyphs(plot.features[feature], glyphs), 16)}", "strong"))
    outlook = plot.outlook
    if at >= start:
        value, n = _at(column(plot.forecast, feature), at - start), at - start
        bands = outlook.bands if outlook is not None else ()
        band = bands[feature] if feature < len(bands) else None
        return [*row, *_value("forecast", value), *_intervals(value, band, n, glyphs)]
    row += _value("true", _at(column(plot.true, feature), at))
    earlier = earlier_values(plot, feature)
    n = at - (start - len(earlier))
    if earlier and n >= 0 and outlook is not None:
        row += _value("forecast", earlier[n])
        row += _intervals(earlier[n], outlook.earlier[feature].band, n, glyphs)
    return row


def _when(plot: ValuePlot, at: int, start: int) -> str:
    """Return the time of a row, or its place if that is not known."""
    ahead = plot.outlook.times if plot.outlook is not None else ()
    if at >= start:
        n = at - start
        place = f"row {n + 1} of {len(plot.forecast)}"
        return f"{ahead[n]}  {place}" if n < len(ahead) else place
    n = at - (start - len(plot.times))
    back = f"{start - at} before"
    return plot.times[n] if 0 <= n < len(plot.times) else back


def _at(values: list[Number], n: int) -> Number:
    return values[n] if 0 <= n < len(values) else None


def _value(name: str, value: Number) -> Row:
    text = format(value, ".5g") if finite(value) else "not finite"
    return [(f"   {name} ", "muted"), (text, "strong")]


def _intervals(value: Number, band: Band | None, n: int, glyphs: Glyphs) -> Row:
    row: Row = []
    dots = "..." if glyphs == "ascii" else "…"
    for level, halves in ((80, band.half80), (95, band.half95)) if band is not None else ():
        half = width_at(halves, n)
        if finite(value) and finite(half):
            text = f"{value - half:.5g} {dots} {value + half:.5g}"
            row += [(f"   {level} % ", "muted"), (text, "")]
    return row
