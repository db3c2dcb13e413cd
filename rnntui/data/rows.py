"""Rows of a table with their times, on their way into order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rnntui.data.clock import Times
from rnntui.dataclass import dataclass

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows (N, D) with their times (N,) and where each was in the file (N,), -1 if it was not."""

    rows: Numbers
    times: Times
    origin: NDArray[np.int64]
    notes: tuple[str, ...] = ()

    def take(self, places: NDArray[np.intp] | slice | NDArray[np.bool_], note: str = "") -> Rows:
        """The rows at some places, with one more note."""
        notes = (*self.notes, note) if note else self.notes
        return Rows(self.rows[places], self.times[places], self.origin[places], notes)


def count_rows(count: int, one: str = "has", more: str = "have") -> str:
    """That many rows, with the verb that follows."""
    return f"{count:,} {f'row {one}' if count == 1 else f'rows {more}'}"


def count_places(count: int) -> str:
    """That many places."""
    return f"{count:,} place" + ("" if count == 1 else "s")
