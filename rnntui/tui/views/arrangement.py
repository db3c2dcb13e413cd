"""The place of each panel on the screen. Pure, so that every size can be tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from rnntui.dataclass import dataclass
from rnntui.tui.draw.small import LEAST_WIDTH
from rnntui.tui.look import Layout

LEAST_PAIR = 150  # cells from which a second view is shown beside the first
BETWEEN = 2  # empty cells between the two
TIGHT_PAIR = 2 * LEAST_WIDTH + BETWEEN  # the same for users who always want two
LAYOUTS: dict[Layout, str] = {
    "auto": f"two views from {LEAST_PAIR} columns on",
    "single": "one view at a time",
    "beside": f"two views from {TIGHT_PAIR} columns on",
}
_LEFT = 100  # cells that the left one gets first, once the right one has its least
_RIGHT_PERCENT = 45  # of the width, at most


@dataclass(frozen=True)
class Slot:
    """The rows of a panel, and the empty rows above it."""

    rows: int
    gap: int = 0


@dataclass(frozen=True)
class Box:
    """The cells of a panel on the screen: its first column and row, and its size."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Grow:
    """Let a panel have up to `rows` rows, and `gap` empty rows above it."""

    panel: str
    rows: int = 0
    gap: int = 0


def to(panel: str, rows: int) -> Grow:
    """Let a panel grow to so many rows."""
    return Grow(panel, rows)


def above(panel: str) -> Grow:
    """Separate a panel from the one above it by an empty row."""
    return Grow(panel, gap=1)


def pairs(width: int, layout: Layout = "auto") -> bool:
    """Return whether two views are shown beside each other."""
    return layout != "single" and width >= (TIGHT_PAIR if layout == "beside" else LEAST_PAIR)


def columns(width: int) -> tuple[int, int]:
    """Return the widths of two views beside each other, with BETWEEN empty cells in between."""
    right = min(width - _LEFT - BETWEEN, width * _RIGHT_PERCENT // 100)
    right = max(LEAST_WIDTH, right)
    return width - BETWEEN - right, right


def stack(slots: Mapping[str, Slot], x: int, y: int, width: int) -> dict[str, Box]:
    """Return the box of each visible panel; they lie below each other from (x, y) on."""
    boxes = {}
    for panel, slot in slots.items():
        y += slot.gap
        if slot.rows:
            boxes[panel] = Box(x, y, width, slot.rows)
        y += slot.rows
    return boxes


def arrange(
    height: int,
    least: Mapping[str, int],
    growth: Iterable[Grow],
    rest: str,
    wanted: Mapping[str, int] | None = None,
    useful: Mapping[str, int] | None = None,
) -> dict[str, Slot]:
    """Return the slot of each panel; together they fill `height` rows.

    `least`: rows that a panel has on the smallest screen, from top to bottom; 0 hides it there.
    `wanted`: rows that some panels need for what they show now; they get them before any panel
    grows. `useful`: rows beyond which some panels do not grow. `growth` is read forwards as the
    screen gets taller, and backwards as it gets smaller. The panel `rest` takes all that is left.
    """
    slots = {panel: Slot(rows) for panel, rows in least.items()}
    spare = height - sum(least.values())
    needed = [Grow(panel, rows) for panel, rows in (wanted or {}).items()]
    for step in (*needed, *growth):
        slot = slots[step.panel]
        most = min(step.rows, (useful or {}).get(step.panel, step.rows))
        rows = min(spare, max(0, most - slot.rows))
        gap = min(spare - rows, max(0, step.gap - slot.gap))
        slots[step.panel] = Slot(slot.rows + rows, slot.gap + gap)
        spare -= rows + gap
    return {**slots, rest: replace(slots[rest], rows=slots[rest].rows + spare)}
