"""The panels that every view has: the rows at the top, and the footer."""

from __future__ import annotations

from rnntui.tui.views.view import Place

TOP = (
    Place("header", ".top:Header"),
    Place("status", ".top:Status"),
    Place("banner", ".top:Banner", rows=0),
    Place("notice", ".top:Notice", rows=0),
)
BOTTOM = (Place("footer", ".footer:Footer"),)


def framed(*places: Place) -> tuple[Place, ...]:
    """Return a view's own panels between those of every view."""
    return (*TOP, *places, *BOTTOM)
