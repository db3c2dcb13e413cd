"""The bar of views: which there are, the selected one, and whether something was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from rnntui.protocol.insight import Finding, View
from rnntui.text import cell_width, fit
from rnntui.tui.draw.keys import Keys
from rnntui.tui.draw.rows import Glyphs, Row, exactly, row_width, spelled

VIEWS: tuple[View, ...] = get_args(View)
_ROOMY, _FULL = 100, 72  # cells from which entries are far apart, and from which all have names
_LEAST_TITLE = 12  # cells
_NOTHING = "no findings"


def views_bar(
    selected: View,
    findings: Sequence[Finding],
    width: int,
    glyphs: Glyphs = "braille",
    beside: View | None = None,
    keys: Keys | None = None,
) -> Row:
    """Return one row of `width` cells; narrow ones name only the selected view.

    `beside` is shown with the selected one; it has the same colour, but not its mark.
    `keys` are those that the user gave to views.
    The number of findings follows "health"; the title of the first one stands at the right.
    """
    row: Row = [(" ", "")]
    for view in VIEWS:
        row += _entry(view, selected, len(findings), width, glyphs, beside, keys)
    text, role = (findings[0].title, "warning") if findings else (_NOTHING, "muted")
    room = width - row_width(row) - 2
    if room >= min(cell_width(text), _LEAST_TITLE):
        text = fit(text, room)
        row += [(" " * (width - row_width(row) - cell_width(text) - 1), ""), (text, role)]
    return exactly(row, width)


def view_places(
    selected: View, findings: int, width: int, glyphs: Glyphs = "braille", keys: Keys | None = None
) -> dict[View, range]:
    """Return the cells that the entry of each view covers in a bar of that width."""
    places, start = {}, 1
    for view in VIEWS:
        end = start + row_width(_entry(view, selected, findings, width, glyphs, keys=keys))
        places[view] = range(start, min(end, width))
        start = end
    return places


def _entry(
    view: View,
    selected: View,
    findings: int,
    width: int,
    glyphs: Glyphs,
    beside: View | None = None,
    keys: Keys | None = None,
) -> Row:
    """Return an entry, its space before and after included."""
    here = view == selected
    sign = spelled("▸", glyphs) if here else " "
    key = spelled((keys or {}).get(view, str(VIEWS.index(view) + 1)), glyphs)
    name = f" {view}" if here or width >= _FULL or not key else ""
    role = "accent" if view in (selected, beside) else "muted"
    row: Row = [(f"{sign}{key}{name}", role)]
    if view == "health" and findings:
        row.append((f" {'!' if glyphs == 'ascii' else '▲'} {findings}", "warning"))
    row.append(("  " if width >= _ROOMY else " " if width >= _FULL else "", ""))
    return row
