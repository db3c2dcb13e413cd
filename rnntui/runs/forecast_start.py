"""What a forecast continues: rows of a prompt, or the end of the source."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rnntui.data import ValueData
from rnntui.data.cells import Cells
from rnntui.data.clock import Clock
from rnntui.data.decode import BYTE_ORDER_MARK
from rnntui.data.durations import with_durations
from rnntui.data.source import open_file, parse_source
from rnntui.data.split_cells import split_cells
from rnntui.dataclass import dataclass
from rnntui.errors import DataError, RnntuiError
from rnntui.generation.generate import WARM_UP, values_before

Numbers = NDArray[np.float64]

MOST_COMPARED = 100  # rows of a prompt, with those of the source
LEAST_FOUND = 8  # of these, so that they are no others by chance
_HEAD = 1 << 16  # bytes of a file, in which its header is


@dataclass(frozen=True, eq=False)
class Start:
    """What a forecast continues: rows (n, D), and the time of the last one if it is known.

    `end` is the number of the source's row that comes after them, if they are the source's. Else
    those from `new` on come after the source's last one, or are of another series.
    """

    rows: Numbers
    prompt: str
    last: float | None
    end: int | None
    new: int = 0

    @property
    def at_end(self) -> bool:
        """Whether the source's end is continued: then all of its rows may be known."""
        return not self.prompt.strip()


def start_of(data: ValueData, prompt: str, names: Sequence[str] = ()) -> Start:
    """The rows that a prompt holds, without their times, or the source's end.

    `names` are those of the source's columns, if they are known: rows may have all of these.
    """
    plain, last = _without_times(data, prompt, names)
    rows = values_before(plain, data)
    if not plain.strip():
        last = None if data.times is None else data.times[-1].item()
        return Start(rows, plain, last, data.row_count)
    ends = _ends_in(data, rows)
    end = ends[0] if len(ends) == 1 else None
    if end is not None and data.times is not None and last is None:
        last = data.times[end - 1].item()
    if end is not None and LEAST_FOUND <= len(rows) < WARM_UP:
        # What stands before them in the source is known, too.
        rows = data.rows()[max(0, end - WARM_UP) : end]
        plain = "\n".join(",".join(map(repr, row)) for row in rows.tolist())
    new = 0 if ends else _known_of(data, rows)
    if new and last is None and data.clock is not None and data.times is not None:
        last = data.clock.after(data.times[-1].item(), len(rows) - new)
    return Start(rows, plain, last, end, new)


def names_in(source: str) -> tuple[str, ...]:
    """The names of the columns of a file; none if it cannot be read, or has no header."""
    try:
        with open_file(parse_source(source)) as file:
            beginning = file.read(_HEAD)
        lines = beginning.decode("utf-8-sig", "replace").splitlines()
        cells = split_cells("\n".join(lines[:-1] or lines), "source")
    except (RnntuiError, OSError):
        return ()
    return cells.header if cells.named else ()


def _without_times(data: ValueData, prompt: str, names: Sequence[str]) -> tuple[str, float | None]:
    """A prompt without a header and without times in front of its rows, and the last time."""
    if (read := _as_table(data, prompt, names)) is not None:
        return read
    lines = [line for line in prompt.splitlines() if line.strip()]
    cells = [re.split(r"[,;\t]", line) for line in lines]
    width = len(data.features) + 1
    if cells and [cell.strip() for cell in cells[0]][-len(data.features) :] == [*data.features]:
        lines, cells = lines[1:], cells[1:]
    if data.clock is None or not cells or any(len(row) != width for row in cells):
        return "\n".join(lines), None
    found = _in_order(data.clock, [row[0] for row in cells])
    if found is None:
        return "\n".join(lines), None
    order, last = found
    return "\n".join(",".join(row[1:]) for row in cells[::order]), last


def _in_order(clock: Clock, cells: Sequence[str]) -> tuple[int, float] | None:
    """The step through rows in the order of time, -1 for newest first, and their last time.

    None if one of the cells is no time, or they neither rise nor fall.
    """
    times = [clock.read(cell.strip().strip('"')) for cell in cells]
    known = [time for time in times if time is not None]
    if len(known) < len(times) or (len(times) < 2 and not clock.is_date):
        return None
    order = -1 if known[0] > known[-1] else 1
    known = known[::order]
    return (order, known[-1]) if all(a < b for a, b in itertools.pairwise(known)) else None


def _as_table(
    data: ValueData, prompt: str, names: Sequence[str]
) -> tuple[str, float | None] | None:
    """A prompt of rows that are written as in a file: quoted, with decimal commas, signs and so on.

    The time may stand in front of them, or all columns of the source. None if it is something else,
    or lacks a number.
    """
    try:
        cells = split_cells(prompt.removeprefix(BYTE_ORDER_MARK), "prompt")
    except DataError:
        return None
    found = _places(data, cells, names)
    if found is None:
        return None
    places, time = found
    cells = with_durations(cells, () if time is None else (time,), True, data.features)
    numbers = cells.matrix(places, cells.numbers)
    if not np.isfinite(numbers).all():
        return None
    last = None
    if time is not None and data.clock is not None:
        ordered = _in_order(data.clock, cells.column(time))
        if ordered is None:
            return None
        order, last = ordered
        numbers = numbers[::order]
    return "\n".join(",".join(map(repr, row)) for row in numbers.tolist()), last


def _places(
    data: ValueData, cells: Cells, names: Sequence[str]
) -> tuple[list[int], int | None] | None:
    """In which columns of a table the numbers that are learned are, and the time if it is there."""
    clock, header = data.clock, cells.header if cells.named else names
    timed = len(cells.header) - len(data.features)
    if len(header) == len(cells.header) and {*data.features} <= {*header}:
        places = [header.index(name) for name in data.features]
        time = header.index(clock.name) if clock is not None and clock.name in header else None
        return places, time
    if timed not in (0, 1) or (timed and clock is None):
        return None
    return list(range(timed, len(cells.header))), 0 if timed else None


def _ends_in(data: ValueData, rows: Numbers) -> list[int]:
    """The numbers of the source's rows that come after some rows: two at most."""
    own, tail = data.rows(), rows[-MOST_COMPARED:]
    scale = abs(data.deviation) * 1e-6 + abs(tail[-1]) * 1e-9
    ends = np.flatnonzero((abs(own - tail[-1]) <= scale).all(axis=1)) + 1
    ends = ends[ends >= len(tail)]
    found = (
        end for end in ends.tolist() if (abs(own[end - len(tail) : end] - tail) <= scale).all()
    )
    return list(itertools.islice(found, 2))


def _known_of(data: ValueData, rows: Numbers) -> int:
    """How many of the first rows are the source's last ones; 0 if these are too few to be sure."""
    own = data.rows()[-len(rows) :]
    scale = abs(data.deviation) * 1e-6 + abs(own[-1]) * 1e-9
    ends = np.flatnonzero((abs(rows - own[-1]) <= scale).all(axis=1)) + 1
    for end in ends[(ends >= LEAST_FOUND) & (ends <= len(own))][::-1].tolist():
        if (abs(own[-end:] - rows[:end]) <= scale).all():
            return int(end)
    return 0
