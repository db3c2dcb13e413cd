"""What a click on a view selects.

A view that is drawn with `ViewOptions.targets` has the same texts, but its roles name what a click
on a text selects. So what is under the mouse is found by the code that draws it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from rnntui.dataclass import dataclass
from rnntui.text import cell_width, cells
from rnntui.tui.draw.rows import Row, Rows, merged

TargetKind = Literal["position", "unit", "finding"]
_SIGN = "@"  # before the names of targets, and of no role that has a colour


@dataclass(frozen=True)
class Target:
    """Something that a click selects: a position of the passage, a unit, or a finding, from 0."""

    kind: TargetKind
    number: int
    layer: int = 0  # of a unit

    @property
    def role(self) -> str:
        """The role that names it."""
        return f"{_SIGN}{self.kind} {self.number} {self.layer}"


def target_rows(rows: Rows, target: Target) -> Rows:
    """Return rows on which a click selects one target."""
    return [[(text, target.role) for text, _ in row] for row in rows]


def position_rows(rows: Rows, position_at: Callable[[int], int | None]) -> Rows:
    """Return rows on which a click on a cell selects the position that it stands for."""
    return [_positions(row, position_at) for row in rows]


def _positions(row: Row, position_at: Callable[[int], int | None]) -> Row:
    runs: Row = []
    x = 0
    for text, _ in row:
        for unit, width in cells(text):
            position = position_at(x)
            runs.append((unit, "" if position is None else Target("position", position).role))
            x += width
    return merged(runs)


def target_at(rows: Rows, x: int, y: int) -> Target | None:
    """Return the target at a cell of a view drawn with targets, or None."""
    if not 0 <= y < len(rows) or x < 0:
        return None
    for text, role in rows[y]:
        x -= cell_width(text)
        if x < 0:
            return _target(role)
    return None


def _target(role: str) -> Target | None:
    words = role.removeprefix(_SIGN).split()
    kind = next((kind for kind in get_args(TargetKind) if words[:1] == [kind]), None)
    if kind is None or not role.startswith(_SIGN):
        return None
    return Target(kind, int(words[1]), int(words[2]))
