"""Where each panel is on the screen: one view, or two beside each other in the same frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnntui.tui.views.arrangement import BETWEEN, Box, Slot, columns, stack
from rnntui.tui.views.frame import BOTTOM, TOP
from rnntui.tui.views.view import View

HEADS = ("left-head", "right-head")  # the names of the rows above two views

_TOP = frozenset(place.name for place in TOP)
_BOTTOM = frozenset(place.name for place in BOTTOM)
_FRAME = _TOP | _BOTTOM


def widths(views: Sequence[View], width: int) -> dict[str, int]:
    """Return the width of each panel of the one or two views shown."""
    if len(views) == 1:
        return {place.name: width for place in views[0].places}
    left, right = columns(width)
    names = {place.name: right for place in views[1].places}
    names |= {place.name: left for place in views[0].places}
    return names | dict.fromkeys(_FRAME, width)


def placed(
    views: Sequence[View],
    width: int,
    height: int,
    *,
    values: bool = False,
    wanted: Mapping[str, int] | None = None,
    useful: Mapping[str, int] | None = None,
) -> dict[str, Box]:
    """Return the box of each visible panel of one view, or of two beside each other.

    Two views share the frame of the first; each has a row with its name above its panels. For
    `wanted` and `useful` see `arrange`.
    """
    first = views[0]
    if len(views) == 1:
        slots = first.arranged(height, values=values, wanted=wanted, useful=useful)
        return stack(slots, 0, 0, width)
    slots = first.arranged(height - 1, values=values, wanted=wanted, useful=useful)
    top, bottom = _only(slots, _TOP), _only(slots, _BOTTOM)
    left = {name: slot for name, slot in slots.items() if name not in _FRAME}
    rows, y = _rows(left), _rows(top)
    right = views[1].beside(rows, without=slots, values=values, wanted=wanted)
    left_width, right_width = columns(width)
    x = left_width + BETWEEN
    return {
        **stack(top, 0, 0, width),
        HEADS[0]: Box(0, y, left_width, 1),
        **stack(left, 0, y + 1, left_width),
        HEADS[1]: Box(x, y, right_width, 1),
        **stack(right, x, y + 1, right_width),
        **stack(bottom, 0, y + 1 + rows, width),
    }


def _only(slots: Mapping[str, Slot], names: frozenset[str]) -> dict[str, Slot]:
    return {name: slot for name, slot in slots.items() if name in names}


def _rows(slots: Mapping[str, Slot]) -> int:
    return sum(slot.rows + slot.gap for slot in slots.values())
