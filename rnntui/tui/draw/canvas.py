"""A grid of cells to draw lines and dots on, finer than a cell if the glyphs allow it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from functools import cache, cached_property
from itertools import groupby
from operator import or_

from rnntui.text import cells
from rnntui.tui.draw.rows import Glyphs, Row

# Dots of a cell per column and row: braille numbers its dots in this order.
_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_QUADRANTS = ((0x1, 0x2), (0x4, 0x8))
_QUADRANT_GLYPHS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
_BITS = {"braille": _BRAILLE, "blocks": _QUADRANTS, "ascii": ((1,),)}

Point = tuple[float, float]
Cell = tuple[int, int]  # column and row
Masks = dict[Cell, int]  # the dots of cells
Columns = Sequence[int]  # the dots of each column of dots: bit 0 is the uppermost


class Canvas:
    """A canvas of `width` x `height` cells. Later layers cover whole cells of earlier ones.

    Coordinates are fractions: x is 0 at the left edge and 1 at the right, y is 0 at the bottom and
    1 at the top. Anything outside is clipped.
    """

    def __init__(self, width: int, height: int, glyphs: Glyphs) -> None:
        self.width = width
        self.height = height
        self.glyphs = glyphs
        self._bits = _BITS[glyphs]
        self._across, self._down = last_dots(width, height, glyphs)
        self._chars = [[" "] * width for _ in range(height)]
        self._roles = [[""] * width for _ in range(height)]
        self._ground: Canvas | None = None

    def copy(self) -> Canvas:
        """Return a canvas that shows the same, to draw on; do not draw on this one any more.

        The rows that stay as they are need not be joined again.
        """
        found = copy(self)
        found._chars = [[*row] for row in self._chars]
        found._roles = [[*row] for row in self._roles]
        found._ground = self
        return found

    def column(self, x: float) -> int:
        """Return the column of cells at a fraction of the width."""
        return round(x * self._across) // len(self._bits[0])

    @property
    def finest(self) -> int:
        """Number of columns of dots."""
        return self._across + 1

    @property
    def dots_per_row(self) -> int:
        """Number of dots above each other in a cell."""
        return len(self._bits)

    def row(self, y: float) -> int:
        """Return the row of cells, from the top, at a fraction of the height."""
        return round((1 - y) * self._down) // len(self._bits)

    def put(self, column: int, row: int, text: str, role: str) -> None:
        """Draw safe text starting at a cell; skip what would lie outside."""
        if not 0 <= row < self.height:
            return
        for offset, char in enumerate(one_cell_each(text)):
            if 0 <= column + offset < self.width:
                self._chars[row][column + offset] = char
                self._roles[row][column + offset] = role

    def put_cells(self, cells: Mapping[Cell, tuple[str, str]]) -> None:
        """Draw signs of one cell each, with their roles, at cells of the canvas."""
        for (column, row), (char, role) in cells.items():
            self._chars[row][column] = char
            self._roles[row][column] = role

    def role(self, column: int, row: int) -> str:
        """Return the role of a cell."""
        return self._roles[row][column]

    def is_free(self, column: int, row: int, length: int, ground: str = " ") -> bool:
        """Return whether `length` cells starting at a cell lie inside and show only `ground`."""
        inside = 0 <= row < self.height and 0 <= column <= self.width - length
        return inside and not "".join(self._chars[row][column : column + length]).strip(ground)

    def dots(self, points: Iterable[Point], role: str, single: str = "") -> None:
        """Draw one dot per point; glyph sets without fine dots show `single` in its cell."""
        across, down = self._across, self._down
        inside = [point for point in points if 0 <= point[0] <= 1 and 0 <= point[1] <= 1]
        columns = [0] * self.finest
        for x, y in inside:
            columns[round(x * across)] |= 1 << round((1 - y) * down)
        self.stamp_columns(columns, role, single)

    def line(
        self,
        points: Sequence[Point | None],
        role: str,
        single: str = "*",
        dash: int = 0,
        join: bool = False,
    ) -> None:
        """Draw a line through the points; None breaks it. Dashes and gaps are `dash` dots long.

        With `join`, dots of earlier layers stay in the cells it crosses, in its role.
        """
        masks: Masks = {}
        before: Point | None = None
        alone = True
        for point in [*points, None]:
            if point is None:
                if before is not None and alone:
                    # Two dots wide: a single dot is easily missed.
                    self._segment(masks, before, (before[0] + 1 / self.finest, before[1]), dash)
                before, alone = None, True
                continue
            if before is not None:
                self._segment(masks, before, point, dash)
                alone = False
            before = point
        if join:
            masks = {cell: mask | self._mask(*cell) for cell, mask in masks.items()}
        self.stamp(masks, role, "" if self.glyphs == "blocks" else single)

    def rows(self) -> list[Row]:
        """Return the rows of the canvas."""
        lines = [*zip(self._chars, self._roles, strict=True)]
        if self._ground is None:
            return [_runs(chars, roles) for chars, roles in lines]
        ground = zip(self._ground._chars, self._ground._roles, self._ground._joined, strict=True)
        return [
            row if chars == before and roles == before_roles else _runs(chars, roles)
            for (chars, roles), (before, before_roles, row) in zip(lines, ground, strict=True)
        ]

    @cached_property
    def _joined(self) -> list[Row]:
        """The rows, once nothing more is drawn."""
        return self.rows()

    def _segment(self, masks: Masks, start: Point, end: Point, dash: int) -> None:
        (x0, y0), (x1, y1) = start, end
        if not (0 <= x0 <= 1 and 0 <= x1 <= 1 and 0 <= y0 <= 1 and 0 <= y1 <= 1):
            clipped = _clip(start, end)
            if clipped is None:
                return
            (x0, y0), (x1, y1) = clipped
        x0, x1 = x0 * self._across, x1 * self._across
        y0, y1 = (1 - y0) * self._down, (1 - y1) * self._down
        steps = max(1, math.ceil(max(abs(x1 - x0), abs(y1 - y0))))
        dx, dy = (x1 - x0) / steps, (y1 - y0) / steps
        bits, tall, wide = self._bits, len(self._bits), len(self._bits[0])
        for n in range(steps + 1):
            x, y = round(x0 + n * dx), round(y0 + n * dy)
            if not dash or x // dash % 2 == 0:
                cell = (x // wide, y // tall)
                masks[cell] = masks.get(cell, 0) | bits[y % tall][x % wide]

    def _mask(self, column: int, row: int) -> int:
        """Return the dots that a cell shows; 0 if it shows something else."""
        char = self._chars[row][column]
        if self.glyphs == "braille":
            return ord(char) - 0x2800 if 0x2800 <= ord(char) <= 0x28FF else 0
        return max(0, _QUADRANT_GLYPHS.find(char)) if self.glyphs == "blocks" else 0

    def stamp(self, masks: Mapping[tuple[int, int], int], role: str, single: str = "") -> None:
        """Draw dots; glyph sets without fine dots, and all with `single`, show that instead."""
        for (column, row), mask in masks.items():
            if self.glyphs == "braille":
                char = chr(0x2800 + mask)
            else:
                char = single or _QUADRANT_GLYPHS[mask]
            self._chars[row][column] = char
            self._roles[row][column] = role

    def stamp_columns(self, columns: Columns, role: str, single: str = "") -> None:
        """Draw the dots of a graph; see `stamp`."""
        self.stamp(masks_of(columns, self.glyphs), role, single)


def _runs(chars: list[str], roles: list[str]) -> Row:
    """Join neighbouring cells of the same role."""
    row: Row = []
    first = 0
    for role, group in groupby(roles):
        end = first + len(list(group))
        row.append(("".join(chars[first:end]), role))
        first = end
    return row


def last_dots(width: int, height: int, glyphs: Glyphs) -> tuple[int, int]:
    """Return the last column and the last row of dots of a canvas."""
    return width * len(_BITS[glyphs][0]) - 1, height * len(_BITS[glyphs]) - 1


def graph(xs: Iterable[float], shares: Iterable[float | None], across: int, down: int) -> Columns:
    """Return the dots of a line whose x never falls, for `stamp_columns`; None breaks it.

    It has one dot per column, more where it is steep, and costs much less than `line`. Parts
    above and below the canvas are left out, and it ends at the right edge. `across` and `down` are
    the `last_dots` of the canvas.
    """
    above, below = -1, down + 1  # rows that stand for everything outside
    ys = [
        None if s is None else round((1 - s) * down) if 0 <= s <= 1 else below if s < 0 else above
        for s in shares
    ]
    # By row of dots, from 0; that of row -1 is the last one, as the index -1 says.
    bits = [*(2 << y for y in range(down + 3)), 1]
    columns = [0] * (across + 1)
    last_x, last = 0, -9  # far from any row: there is nothing to join
    for x, y in zip([round(x * across) for x in xs], ys, strict=True):
        if y is None or x > across:
            last = -9
        elif -1 <= y - last <= 1 and x <= last_x + 1:
            columns[x] |= bits[y]
            last_x, last = x, y
        else:
            if last < -1:
                columns[x] |= bits[y]
            elif x == last_x:
                columns[x] |= bits[max(y, last) + 1] - bits[min(y, last)]
            else:
                _join(columns, bits, last_x, last, x, y)
            last_x, last = x, y
    inside = (1 << down + 1) - 1
    return [column >> 1 & inside for column in columns]


def masks_of(columns: Columns, glyphs: Glyphs) -> Masks:
    """Return the dots of a graph as masks of cells."""
    tall, wide = len(_BITS[glyphs]), len(_BITS[glyphs][0])
    of_dots, some = _of_dots(glyphs), (1 << tall) - 1  # the dots of a column in a cell
    masks: Masks = {}
    for x, rest in enumerate(columns):
        of_column, column = of_dots[x % wide], x // wide
        while rest:
            row = ((rest & -rest).bit_length() - 1) // tall
            cell = (column, row)
            masks[cell] = masks.get(cell, 0) | of_column[rest >> row * tall & some]
            rest &= -1 << (row + 1) * tall
    return masks


@cache
def _of_dots(glyphs: Glyphs) -> list[list[int]]:
    """Return the mask of the dots above each other in a cell, for each column and all such dots."""
    tall, wide = len(_BITS[glyphs]), len(_BITS[glyphs][0])
    return [
        [
            sum(_BITS[glyphs][y][x] for y in range(tall) if dots >> y & 1)
            for dots in range(1 << tall)
        ]
        for x in range(wide)
    ]


def _join(columns: list[int], bits: Sequence[int], x0: int, y0: int, x1: int, y1: int) -> None:
    """Add the dots from a first one, without it, to a second one that is right of it."""
    slope, last = (y1 - y0) / (x1 - x0), y0
    for x in range(x0 + 1, x1 + 1):
        y = round(y0 + slope * (x - x0))
        if -1 <= y - last <= 1:
            columns[x] |= bits[y]
        elif y > last:
            columns[x] |= bits[y + 1] - bits[last + 1]
        else:
            columns[x] |= bits[last] - bits[y]
        last = y


def united(many: Sequence[Columns]) -> Columns:
    """Return the dots of several graphs on canvases of one size."""
    found: Columns = ()
    for columns in many:
        found = [*map(or_, found, columns)] if found else columns
    return found


def every_other(columns: Columns) -> Columns:
    """Return the dots of a dotted line in place of a solid one."""
    return [0 if x % 2 else column for x, column in enumerate(columns)]


def one_cell_each(text: str) -> list[str]:
    """Split safe text into one string per cell; a wide character becomes two question marks."""
    if text.isascii():
        return list(text)
    return [unit if width == 1 else "?" for unit, width in cells(text) for _ in range(width)]


def _clip(start: Point, end: Point) -> tuple[Point, Point] | None:
    """Return the part of a segment inside the unit square, or None (Liang and Barsky, 1984)."""
    (x0, y0), (x1, y1) = start, end
    first, last = 0.0, 1.0
    for origin, change in ((x0, x1 - x0), (y0, y1 - y0)):
        if change == 0:
            if not 0 <= origin <= 1:
                return None
            continue
        enter, leave = sorted((-origin / change, (1 - origin) / change))
        first, last = max(first, enter), min(last, leave)
    if first > last:
        return None

    def at(t: float) -> Point:
        x, y = x0 + t * (x1 - x0), y0 + t * (y1 - y0)
        return min(1.0, max(0.0, x)), min(1.0, max(0.0, y))

    return at(first), at(last)
