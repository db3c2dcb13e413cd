"""The numbers of a column, and what is said about cells that hold none."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rnntui.data import columns
from rnntui.data.cells import Cells, listed
from rnntui.data.source import show
from rnntui.data.written_numbers import read_number
from rnntui.errors import DataError
from rnntui.text import safe_text

LONGEST_LINE = 200  # characters of an error
MOST_WORD = 20  # characters of a mark for missing values
MOST_WORDS = 3
LONGEST_WHOLE = 400  # characters; longer ones are no finite floats
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,(?:\d{1,2}|\d{4,})(?:e\d+)?")
EXACT = 2.0**53  # from here on, not every whole number is a float
ROUNDED = "whole numbers beyond 2^53 are rounded to what a float can hold"

Numbers = NDArray[np.float64]


def numbers_in(cells: Cells, index: int, chosen: Sequence[int]) -> Numbers:
    """The numbers (N,) of a column, NaN where one is missing.

    Raises DataError for the first cell that holds something else.
    """
    numbers = cells.numbers(index)
    missing = np.flatnonzero(np.isnan(numbers))
    wrong = [int(place) for place in missing if not cells.is_missing(int(place), index)]
    if wrong:
        raise _wrong(cells, index, wrong, chosen)
    return numbers


def _wrong(
    cells: Cells, index: int, wrong: Sequence[int] | NDArray[np.intp], chosen: Sequence[int]
) -> DataError:
    first = int(wrong[0])
    where = f"{cells.name} line {cells.lines[first]}, column '{show(cells.header[index], 24)}'"
    complaint = _complaint(cells.rows[first][index], cells.comma)
    more = f" (and {len(wrong) - 1:,} more)" if len(wrong) > 1 else ""
    problem = f"{where}: {complaint}{more}"
    mark = _few_words(cells, index, wrong)
    first_aid = "correct it" if cells.rows[first][index].strip() else "fill it in"
    fix = f"{first_aid} or delete the row"
    if mark:
        advice = shlex.quote(f"missing_values={mark}")
        which = "them" if "," in mark else "it"
        return DataError(problem, f"--set {advice} treats {which} as missing", fix)
    others = _others(cells, chosen, LONGEST_LINE - len(f"{problem}: {first_aid} or use "))
    return DataError(problem, f"{first_aid} or use {others}" if others else fix, fix)


def _few_words(cells: Cells, index: int, wrong: Sequence[int] | NDArray[np.intp]) -> str:
    """The few words that stand in all of several wrong cells, if they can be typed."""
    words = sorted({cells.rows[int(place)][index].strip() for place in wrong})
    typed = all(
        safe_text(word) == word and 0 < len(word) <= MOST_WORD and "," not in word for word in words
    )
    few = len(words) <= MOST_WORDS and len(wrong) >= 2 * len(words)
    return ",".join(words) if few and typed else ""


def _complaint(cell: str, comma: bool) -> str:
    if not cell.strip():
        return "the cell is empty"
    kind = "not a number" if read_number(cell, comma) is None else "not finite"
    return f"'{show(cell.strip(), 20)}' is {kind}"


def _others(cells: Cells, chosen: Iterable[int], room: int) -> str:
    """The option for those of the chosen columns that can be learned as they are, if there are."""
    valid = [i for i in chosen if _is_learnable(cells, i)]
    return columns.option(valid, cells.header, room)


def _is_learnable(cells: Cells, index: int) -> bool:
    numbers = cells.numbers(index)
    return bool(np.isfinite(numbers).all() and numbers.min() < numbers.max())


def conversion_notes(cells: Cells, chosen: Sequence[int]) -> tuple[str, ...]:
    """Notes on numbers that are not read as they are written."""
    notes = []
    every = [i for i in chosen if cells.is_grouped(i)]
    grouped = [i for i in every if _has_thousands(cells, i)]
    if grouped:
        names = listed([cells.header[i] for i in grouped])
        notes.append(f"separators between thousands are dropped: {names}")
    plain = [i for i in chosen if i not in every]
    commas = cells.comma and any("," in cell for i in plain for cell in cells.column(i))
    if commas or len(grouped) < len(every):
        notes.append("commas in numbers are read as decimal points")
    doubtful = [i for i in plain if cells.may_be_grouped(i)]
    if doubtful:
        cell = next(cell.strip() for cell in cells.column(doubtful[0]) if "." in cell)
        names = listed([cells.header[i] for i in doubtful])
        points = f"points are read as decimal points ({show(cell, 20)})"
        notes.append(f"{points}: remove them if they separate thousands: {names}")
    signs = {i: found for i in chosen if (found := cells.signs(i)) is not None}
    for unit in sorted({found.unit for found in signs.values() if found.unit}):
        names = listed([cells.header[i] for i, found in signs.items() if found.unit == unit])
        what = "unit" if unit[-1].isalnum() else "sign"
        notes.append(f"the {what} {unit} is left out of numbers: {names}")
    if bracketed := [cells.header[i] for i, found in signs.items() if found.bracketed]:
        notes.append(f"numbers in brackets are negative: {listed(bracketed)}")
    if scaled := [cells.header[i] for i, found in signs.items() if found.scaled]:
        notes.append(f"K, M, B and T behind numbers are thousands, millions …: {listed(scaled)}")
    notes += _marks_note(cells, {i: found.marked for i, found in signs.items() if found.marked[1]})
    if any(_is_rounded(cells, i) for i in chosen):
        notes.append(ROUNDED)
    return tuple(notes)


def _has_thousands(cells: Cells, index: int) -> bool:
    """Whether a column has separators between thousands, rather than only decimal commas."""
    bare = cells.signs(index)
    column = cells.column(index) if bare is None else bare.cells
    commas = [cell.strip() for cell in column if "," in cell]
    return not commas or not all(map(_DECIMAL_COMMA.fullmatch, commas))


def _marks_note(cells: Cells, marked: Mapping[int, tuple[str, int]]) -> tuple[str, ...]:
    """A note on the columns `marked` that have marks beside some numbers: a cell, and how many."""
    if not marked:
        return ()
    cell, count = next(iter(marked.values()))[0], sum(count for _, count in marked.values())
    beside = f"{count:,} numbers" if count > 1 else "a number"
    names = listed([cells.header[i] for i in marked])
    return (f"marks beside {beside} are left out, as in '{show(cell, 20)}': {names}",)


def _is_rounded(cells: Cells, index: int) -> bool:
    numbers = cells.numbers(index)
    if not (np.abs(numbers) >= EXACT).any():
        return False
    pairs = zip(cells.column(index), numbers.tolist(), strict=True)
    return any(_is_whole(c) and int(c) != int(n) for c, n in pairs if len(c) < LONGEST_WHOLE)


def _is_whole(cell: str) -> bool:
    return cell.strip().lstrip("+-").isdecimal()
