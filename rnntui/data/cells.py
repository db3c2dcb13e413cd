"""A table as text: its cells, and the numbers of its columns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from rnntui.data.signs_around import Bare, without_signs
from rnntui.data.source import show
from rnntui.data.timecolumn import MISSING
from rnntui.data.written_numbers import (
    GROUPED,
    POINTS,
    are_thousands,
    finite,
    read_number,
)
from rnntui.dataclass import dataclass
from rnntui.text import safe_text

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Numbers = NDArray[float64]

MOST_LISTED = 60  # characters of names in a note
LOOKED_AT = 200  # lines, to see whether a text is a table at all
# Not 1,234, in which the comma may stand between thousands.
_DECIMAL_COMMA = re.compile(r"[+-]?(?:\d+,(?:\d{1,2}|\d{4,})|\d{1,3}(?:\.\d{3})+,\d+)")
_WARMTH = re.compile(r"temp|kelvin|[(\[]K[)\]]", re.IGNORECASE)
AS_TEXT = "--set task=tokens reads it as text"


@dataclass(frozen=True)
class Marks:
    """What stands for a missing value, besides an empty cell, NA and the like."""

    words: frozenset[str]
    numbers: frozenset[float]

    @classmethod
    def of(cls, listed: str) -> Marks:
        """The marks of a list with commas."""
        words = frozenset(word.strip().lower() for word in listed.split(",") if word.strip())
        numbers = (read_number(word) for word in words)
        return cls(MISSING | words, frozenset(n for n in numbers if n is not None))

    def mark(self, cell: str) -> bool:
        """Whether a cell is one of them."""
        cell = cell.strip().lower()
        return cell in self.words or (bool(self.numbers) and read_number(cell) in self.numbers)

    def without(self, numbers: list[float]) -> list[float]:
        """The numbers with NaN for those that are marks."""
        if not self.numbers:
            return numbers
        return [math.nan if n in self.numbers else n for n in numbers]


@dataclass(frozen=True)
class Cells:
    """A table as text: `lines` are the file's line numbers of the rows."""

    name: str
    header: tuple[str, ...]
    named: bool  # by the file's first line
    rows: list[list[str]]
    lines: list[int]
    comma: bool  # decimals may be written with a comma
    notes: tuple[str, ...]
    marks: Marks = field(default_factory=lambda: Marks.of(""))
    pointed: bool = False  # points may stand between thousands, as between semicolons
    durations: frozenset[int] = frozenset()  # columns of them, which have numbers all the same
    _numbers: dict[int, Numbers] = field(default_factory=dict)
    _grouped: dict[int, bool] = field(default_factory=dict)
    _bare: dict[int, Bare] = field(default_factory=dict)

    def column(self, index: int) -> list[str]:
        return [row[index] for row in self.rows]

    def numbers(self, index: int) -> Numbers:
        """The numbers (N,) of a column, NaN for a cell without a finite one."""
        import numpy as np  # the command line looks at tables without it

        if index not in self._numbers:
            numbers = self._read(index)
            self._numbers[index] = np.array(numbers, dtype=np.float64)
        return self._numbers[index]

    def count(self, index: int) -> int:
        """How many cells of a column hold a finite number."""
        import numpy as np

        return int(np.isfinite(self.numbers(index)).sum())

    def matrix(self, indices: Sequence[int], column: Callable[[int], Numbers]) -> Numbers:
        """Some columns as (N, D): each as `column` gives it."""
        import numpy as np

        return np.array([column(index) for index in indices], dtype=np.float64).T

    def is_grouped(self, index: int) -> bool:
        """Whether the numbers of a column have separators between thousands."""
        self.numbers(index)
        return self._grouped[index]

    def is_missing(self, row: int, index: int) -> bool:
        """Whether a cell holds no value on purpose."""
        bare = self._bare.get(index)
        return self.marks.mark(self.rows[row][index] if bare is None else bare.cells[row])

    def signs(self, index: int) -> Bare | None:
        """What stood around the numbers of a column, if anything did."""
        self.numbers(index)
        return self._bare.get(index)

    def with_numbers(self, durations: Mapping[int, Sequence[float]]) -> Cells:
        """The table with numbers for columns of durations."""
        import numpy as np

        known = {index: np.array(numbers) for index, numbers in durations.items()}
        grouped = {**self._grouped, **dict.fromkeys(durations, False)}
        numbers = {**self._numbers, **known}
        return replace(self, durations=frozenset(durations), _numbers=numbers, _grouped=grouped)

    def _read(self, index: int) -> list[float]:
        """The numbers of a column, NaN for a cell without a finite one."""
        cells = self.column(index)
        numbers, self._grouped[index], wrong = self._plain(cells)
        if not wrong and self.may_be_grouped(index) and self._has_decimal_commas:
            self._grouped[index] = True
            return self.marks.without([POINTS.read(cell) for cell in cells])
        bare = without_signs(cells, self.marks.words, self._is_warmth(index)) if wrong else None
        if bare is not None:
            plain, grouped, wrong = self._plain(bare.cells)
            if not wrong:
                numbers, self._grouped[index], self._bare[index] = plain, grouped, bare
        return numbers

    def may_be_grouped(self, index: int) -> bool:
        """Whether the points of a column may stand between thousands as well as before decimals.

        Three digits follow each of them, and no number without one has more than three.
        """
        if not self.pointed:
            return False
        cells = map(str.strip, self.column(index))
        return are_thousands(cell for cell in cells if "." in cell or not self.marks.mark(cell))

    @cached_property
    def _has_decimal_commas(self) -> bool:
        """Whether a cell of the first rows has a decimal comma."""
        rows = self.rows[:LOOKED_AT]
        return any(_DECIMAL_COMMA.fullmatch(cell.strip()) for row in rows for cell in row)

    def _is_warmth(self, index: int) -> bool:
        """Whether a K in a column stands for kelvin."""
        return self.named and _WARMTH.search(self.header[index]) is not None

    def _plain(self, cells: list[str]) -> tuple[list[float], bool, list[str]]:
        """Numbers without signs around them, whether they are grouped, and cells with others."""
        numbers = [finite(cell, self.comma) for cell in cells]
        wrong: list[str] = []
        if math.nan in numbers:  # one object stands for all of them
            pairs = zip(cells, numbers, strict=True)
            bad = (cell for cell, n in pairs if n is math.nan)
            wrong = [cell for cell in bad if cell.strip().lower() not in MISSING]
        for style in GROUPED if wrong else ():
            if all(style.fits(cell) for cell in wrong):
                numbers = [style.read(cell) for cell in cells]
                return self.marks.without(numbers), True, []
        return self.marks.without(numbers), False, wrong

    def label(self, indices: Sequence[int]) -> str:
        """Their names for a note, and how many they are if not all fit."""
        return listed([self.header[i] for i in indices])


def listed(names: Sequence[str]) -> str:
    """Foreign names, safe and short enough for a line."""
    whole = ", ".join(names)
    shown = show(whole, MOST_LISTED)
    return shown if len(names) < 2 or shown == safe_text(whole) else f"{len(names)}: {shown}"
