"""The numbers of a series as they stand in its source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rnntui.data import scaling
from rnntui.data.clock import Times
from rnntui.data.source import show
from rnntui.data.table import Table
from rnntui.dataclass import dataclass

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RawSeries:
    """Rows (N, D) as they stand in a source; `epsilon` is the precision of their numbers.

    The first `targets` columns are forecast. Of a `table`, `origin` (N,) are its rows, and `kept`
    the columns of it that are left.
    """

    features: tuple[str, ...]
    rows: Numbers
    notes: tuple[str, ...] = ()
    epsilon: float = scaling.EPSILON
    targets: int = 0
    table: Table | None = None
    times: Times | None = None
    kept: tuple[int, ...] = ()
    filled: str = ""  # what was done about missing values

    def columns(self, chosen: Iterable[int], note: str = "") -> RawSeries:
        """Some of the columns, with a note on the others."""
        places = list(map(int, chosen))
        return replace(
            self,
            features=tuple(self.features[i] for i in places),
            rows=self.rows[:, places],
            notes=(*self.notes, note) if note else self.notes,
            targets=sum(i < self.targets for i in places),
            kept=tuple(self.kept[i] for i in places),
        )

    def take(self, rows: slice | NDArray[np.bool_], note: str) -> RawSeries:
        """Some of the rows, with a note on the others."""
        table = self.table and replace(self.table, origin=self.table.origin[rows])
        times = None if self.times is None else self.times[rows]
        notes = (*self.notes, note)
        return replace(self, rows=self.rows[rows], times=times, table=table, notes=notes)

    @cached_property
    def range(self) -> scaling.Range:
        """The range of each column; of many rows, looking for it takes a while."""
        return scaling.range_of(self.rows)

    @property
    def series(self) -> tuple[str, ...]:
        """The series of each column, if there are several."""
        names = self.table.series if self.table else ()
        return tuple(names[i] for i in self.kept) if names else ()

    def where(self, name: str, row: int, column: int) -> str:
        """Where a value stands, for an error."""
        if self.table is None:
            return f"{name}: row {row + 1}, column '{show(self.features[column], 24)}'"
        return self.table.where(row, self.kept[column])
