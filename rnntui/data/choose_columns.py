"""Which columns of a table are learned, and which of them are forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rnntui.data import columns
from rnntui.data.cells import AS_TEXT, Cells
from rnntui.data.column_kinds import holds_numbers, is_filled, is_named
from rnntui.data.known import Known
from rnntui.data.source import NAME_TABLE, show
from rnntui.data.time_numbers import TimeColumns
from rnntui.data.timecolumn import is_date
from rnntui.dataclass import dataclass
from rnntui.errors import DataError
from rnntui.recipe import Data


@dataclass(frozen=True)
class Chosen:
    """Indices of the columns to forecast, and of those that are learned besides, and notes."""

    targets: tuple[int, ...]
    inputs: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[int, ...]:
        """All columns that are learned."""
        return (*self.targets, *self.inputs)


def choose(
    cells: Cells,
    data: Data,
    times: list[int],
    found: TimeColumns | None,
    label: tuple[int, ...],
    known: Known,
) -> Chosen:
    """The columns that are learned, and notes on why the others are not."""
    names = known.features if not label else _without_series(known.features)
    if known.find:
        again = known.find(names, cells.header, cells.name)
    else:
        again = columns.recall(names, cells.header)
    if again:
        count = known.targets * len(names) // len(known.features) or len(again)
        return Chosen(tuple(again[:count]), tuple(again[count:]))

    def pick(wanted: str) -> list[int]:
        indices = columns.pick(wanted, cells.header, cells.name) if wanted.strip() else []
        for index in indices:
            if not cells.count(index):
                where = f"{cells.name}: column '{show(cells.header[index], 40)}'"
                raise DataError(f"{where} holds no numbers: leave it out of columns")
        return indices

    wanted, target, inputs = pick(data.columns), pick(data.target), pick(data.inputs)
    excluded = columns.pick(data.exclude, cells.header, cells.name) if data.exclude.strip() else []
    used = [*(found.indices if found else ()), *label]
    if target:
        others = [i for i in (inputs or wanted) if i not in target and i not in excluded]
        chosen = Chosen(tuple(target), tuple(others))
        return replace(chosen, notes=_doubled(cells, data.target, list(chosen.all)))
    if wanted:
        learned, notes = wanted, _doubled(cells, data.columns, wanted)
    else:
        learned, notes = _all(cells, times, used, excluded)
    learned = [i for i in learned if i not in excluded]
    first = [i for i in learned if i not in inputs]
    if not first:
        raise DataError(f"{cells.name}: no column is left to forecast: see columns and exclude")
    return Chosen(tuple(first), tuple(inputs), notes)


def _without_series(known: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a table from the names of the columns of all its series."""
    return tuple(dict.fromkeys(name.rpartition(" (")[0] for name in known))


def _all(
    cells: Cells, times: list[int], used: Sequence[int], excluded: Sequence[int]
) -> tuple[list[int], tuple[str, ...]]:
    """Every column that holds numbers, except time and row counts beside others."""
    every = [i for i in range(len(cells.header)) if i not in excluded]
    numeric = [i for i in every if holds_numbers(cells, i, i in times)]
    times = [i for i in every if i in times or i in used]
    chosen = [i for i in numeric if i not in times]
    counters = [i for i in numeric if i in times and i not in used]
    if not any(_varies(cells, i) for i in chosen) and (not chosen or counters):
        # A trend in equal steps, or a clock, is better than nothing.
        chosen = numeric[1:] if 0 in numeric and len(numeric) > 1 else numeric
        times = [i for i in times if i not in chosen]
    if not chosen:
        raise _no_numbers(cells)
    others = [i for i in every if i not in (*times, *chosen) and is_named(cells, i)]
    notes = []
    if times:
        note = f"left out as time or row numbers: {cells.label(times)}"
        again = sorted({*chosen, *times} & {*numeric})
        override = columns.option(again, cells.header) if len(again) > len(chosen) else ""
        notes.append(f"{note}; {override} includes it" if override else note)
    if others:
        notes.append(f"left out (no numbers): {cells.label(others)}")
    return chosen, (*notes, *_doubled(cells, "", chosen))


def _varies(cells: Cells, index: int) -> bool:
    """Whether a column has two different numbers."""
    numbers = cells.numbers(index)
    there = numbers[np.isfinite(numbers)]
    return len(there) > 0 and bool(there.min() < there.max())


def _no_numbers(cells: Cells) -> DataError:
    if not any(is_filled(cells, index) for index in range(len(cells.header))):
        return DataError(f"{cells.name}: all columns are empty")
    problem = f"{cells.name}: no column contains numbers{_nearly(cells)}"
    return DataError(problem, AS_TEXT, NAME_TABLE)


def _nearly(cells: Cells) -> str:
    """The first cell with a digit that is no date, in brackets: what stands beside the number."""
    for index, title in enumerate(cells.header):
        cell = cells.rows[0][index].strip()
        if any(map(str.isdecimal, cell)) and not is_date(cell):
            return f" (column '{show(title, 24)}' has '{show(cell, 20)}')"
    return ""


def _doubled(cells: Cells, wanted: str, chosen: list[int]) -> tuple[str, ...]:
    """A note if a name that was asked for, or is learned, is that of several columns."""
    names = [cells.header[i] for i in chosen if cells.header.count(cells.header[i]) > 1]
    names = [name for name in names if name in wanted or not wanted]
    if not names:
        return ()
    which = "the first is meant" if wanted else "numbers from 1 tell them apart"
    return (f"several columns have one name: {show(names[0], 40)}: {which} (--set columns=1)",)
