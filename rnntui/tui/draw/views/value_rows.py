"""Rows under a plot of values: a signed number per time step, as bars in two rows."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.numbers import Number, finite
from rnntui.tui.draw.bars import vertical_bar
from rnntui.tui.draw.frame import layout
from rnntui.tui.draw.rows import Glyphs, Row, Rows, merged
from rnntui.tui.draw.y_axis import LABEL_WIDTH

TRACE = 0.04  # share of the largest bar below which none is drawn
_LEAST_STEPS = 4  # as the plot: fewer time steps do not fill the width


def signed_rows(
    values: Sequence[Number],
    selected: int,
    width: int,
    glyphs: Glyphs,
    names: tuple[str, str],
) -> Rows:
    """Return a row of positive and a row of negative values, under a plot of that width.

    The longest bar is the largest value; a cell that stands for several time steps shows the
    largest of them.
    """
    place = layout(width, 1, 0)
    total = max(_LEAST_STEPS, len(values))
    known = [abs(v) for v in values if finite(v)]
    top = max(known, default=0.0) or 1.0
    return [
        _signed_row(values, sign, top, total, selected, place.width, glyphs, name, place.left)
        for sign, name in zip((1, -1), names, strict=True)
    ]


def _signed_row(
    values: Sequence[Number],
    sign: int,
    top: float,
    total: int,
    selected: int,
    width: int,
    glyphs: Glyphs,
    name: str,
    left: int,
) -> Row:
    label = f"{name:>{LABEL_WIDTH}} "[:left]
    row: Row = [(label, "muted")]
    role = "line" if sign > 0 else "accent"
    for x in range(width):
        first, after = int(x * total / width), int((x + 1) * total / width)
        within = range(first, max(after, first + 1))
        sizes = [sign * v for v in values[within.start : within.stop] if finite(v)]
        share = max(sizes, default=0.0) / top
        text = vertical_bar(share, 1, glyphs) if share >= TRACE else " "
        row.append((text, f"{role}!" if selected in within else role))
    return merged(row)
