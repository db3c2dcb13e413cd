"""Numbers as they are written in the cells of a table."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from rnntui.dataclass import dataclass


@dataclass(frozen=True)
class Grouped:
    """A way to write numbers with separators between thousands."""

    pattern: re.Pattern[str]
    separators: str
    point: str

    def fits(self, cell: str) -> bool:
        """Whether a cell is written so."""
        return self.pattern.fullmatch(cell.strip()) is not None

    def read(self, cell: str) -> float:
        """The finite number of a cell, else NaN."""
        cell = cell.strip()
        if self.fits(cell):
            cell = cell.translate({ord(c): None for c in self.separators})
        elif any(separator in cell for separator in self.separators):
            return math.nan
        return finite(cell, "," in self.point)


_THOUSANDS = re.compile(r"[+-]?(?:[1-9]\d{0,2}(?:\.\d{3})*|0)")


def _grouping(separators: str, point: str) -> Grouped:
    pattern = rf"[+-]?\d{{1,3}}(?:[{separators}]\d{{3}})+(?:[{point}]\d*)?(?:e\d+)?"
    decimal = r"|[+-]?\d+,\d+(?:e\d+)?" if point == "," else ""
    return Grouped(re.compile(pattern + decimal), separators, point)


POINTS = _grouping(".", ",")  # between thousands, with a decimal comma
GROUPED = (
    _grouping(",", "."),
    POINTS,
    _grouping(" '’\u00a0\u202f", ".,"),
    Grouped(re.compile(r"[+-]?\d{1,2}(?:,\d\d)*,\d{3}(?:\.\d*)?"), ",", "."),  # lakh and crore
)


def are_thousands(cells: Iterable[str]) -> bool:
    """Whether stripped numbers may have points between thousands, and no decimals.

    Three digits follow each point, and no number without one has more than three.
    """
    found = False
    for cell in cells:
        if _THOUSANDS.fullmatch(cell) is None:
            return False
        found = found or "." in cell
    return found


def is_grouped(cell: str) -> bool:
    """Whether a cell is a number with separators between thousands, or with a decimal comma."""
    return any(style.fits(cell) for style in GROUPED)


def is_number(cell: str, comma: bool) -> bool:
    return math.isfinite(finite(cell, comma))


def finite(cell: str, comma: bool) -> float:
    """The finite number of a cell, else NaN."""
    number = read_number(cell, comma)
    return number if number is not None and math.isfinite(number) else math.nan


def read_number(cell: str, comma: bool = False) -> float | None:
    """The number that a cell holds; Python's own 1_000 is none."""
    try:
        return float(cell) if "_" not in cell else None
    except ValueError:
        return read_number(cell.replace(",", ".")) if comma and cell.count(",") == 1 else None
