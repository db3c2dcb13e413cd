"""What the terminal shows, cell by cell, so that only cells that differ are sent again.

A view or page that opens redraws the whole screen, but most of its cells are blank before and
after: over a slow link these would take longer than what is new.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from rich.style import Style

from rnntui.text import cells
from rnntui.tui.escapes import blank

MOST_NOTED = 50  # spans of a row

Cell = tuple[str, Style]  # a character and its style; the second half of a wide one is ""
Runs = list[tuple[str, Style]]

MOVE, COLOUR = 8, 11  # bytes to move the cursor and to change the colour


class SentCells:
    """The cells that were sent; None where it is unknown what the terminal shows."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Cell | None]] = {}
        # By row, and by column and cells: not yet in the rows, as few are ever compared.
        self._noted: dict[int, dict[tuple[int, int], Runs]] = {}
        self._size: tuple[int, int] | None = None

    def forget(self) -> None:
        """Assume nothing about what the terminal shows."""
        self._rows.clear()
        self._noted.clear()

    def fit(self, size: tuple[int, int]) -> None:
        """Forget everything if the terminal has another size than before."""
        if size != self._size:
            self._size = size
            self.forget()

    def replace(self, x: int, y: int, runs: Iterable[tuple[str, Style]]) -> list[tuple[int, Runs]]:
        """Note that these cells will be shown; return those to send for it, as (column, runs)."""
        self._enter_noted(y)
        old, new = self._enter(x, y, runs)
        return [(x + first, _merged(new[first:stop])) for first, stop in _different(old, new)]

    def note(self, x: int, y: int, runs: Runs, width: int) -> None:
        """Note that these cells, `width` of them, are sent."""
        noted = self._noted.setdefault(y, {})
        noted.pop((x, width), None)  # covered; the new ones are the last
        noted[x, width] = runs
        if len(noted) > MOST_NOTED:
            self._enter_noted(y)

    def _enter_noted(self, y: int) -> None:
        for (x, _), runs in self._noted.pop(y, {}).items():
            self._enter(x, y, runs)

    def _enter(
        self, x: int, y: int, runs: Iterable[tuple[str, Style]]
    ) -> tuple[list[Cell | None], list[Cell]]:
        """Enter cells into their row; return what was there before, and what is there now."""
        new = _expanded(runs)
        row = self._rows.setdefault(y, [])
        end = x + len(new)
        row += [None] * (end - len(row))
        old = row[x:end]
        row[x:end] = new
        # Half of a wide character that is drawn over leaves the other half to the terminal.
        if x > 0 and old and _is_second_half(old[0]):
            row[x - 1] = None
        if end < len(row) and _is_second_half(row[end]):
            row[end] = None
        return old, new


def _is_second_half(cell: Cell | None) -> bool:
    return cell is not None and cell[0] == ""


def _expanded(runs: Iterable[tuple[str, Style]]) -> list[Cell]:
    row: list[Cell] = []
    for text, style in runs:
        for unit, width in _units(text):
            if width == 0 and row:  # a mark on the last character of the run before
                row[-1] = (row[-1][0] + unit, row[-1][1])
                continue
            row.append((unit, blank(style) if unit == " " else style))
            row += [("", style)] * (width - 1)
    return row


@lru_cache(maxsize=2048)
def _units(text: str) -> tuple[tuple[str, int], ...]:
    return tuple(cells(text))


def _different(old: list[Cell | None], new: list[Cell]) -> list[tuple[int, int]]:
    """Return the spans (first cell, end) to send, joined where that is cheaper."""
    spans: list[tuple[int, int]] = []
    for x, cell in enumerate(new):
        before = old[x]
        if before is cell or before == cell:
            continue
        first, end = x, x + 1
        while first > 0 and new[first][0] == "":  # half a character cannot be drawn
            first -= 1
        while end < len(new) and new[end][0] == "":
            end += 1
        if spans and (first <= spans[-1][1] or _cheaper_joined(new, spans[-1][1], first)):
            first = min(spans.pop()[0], first)
        spans.append((first, end))
    return spans


def _cheaper_joined(row: list[Cell], end: int, first: int) -> bool:
    """Return whether sending the cells between two spans again costs less than a cursor move."""
    if first - end > MOVE:
        return False
    between = row[end:first]
    cost = sum(len(unit.encode()) for unit, _ in between)
    turns = sum(a[1] is not b[1] for a, b in zip(row[end - 1 : first], between, strict=False))
    return cost + COLOUR * turns <= MOVE


def _merged(row: list[Cell]) -> Runs:
    """Join neighbouring cells of the same style."""
    runs: Runs = []
    for unit, style in row:
        if runs and (runs[-1][1] is style or runs[-1][1] == style):
            runs[-1] = (runs[-1][0] + unit, style)
        else:
            runs.append((unit, style))
    return runs
