"""The adding problem as one table: random numbers, some of them marked, and sums of two.

After Hochreiter and Schmidhuber (1997), who give the marks as inputs and ask for the sum at the end
of a sequence. Here a network predicts every next row: numbers and marks are drawn at random, but a
row with the sum follows each second mark, and only it can be predicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnntui.data.generated.task import Row, RowProbe, SeriesTask

if TYPE_CHECKING:
    from numpy.random import RandomState

MARKED = 0.2
ANSWER = -1.0  # the mark of a row that holds a sum
CLOSE = 0.1  # the error below which a sum counts as right
ROWS = 60_000


def rows(random: RandomState, length: int = ROWS) -> list[Row]:
    """The rows (number, mark).

    A number is drawn uniformly from 0 to 1; its mark is 1 with probability `MARKED`, else 0. After
    each second marked number, a row holds the sum of the two, and `ANSWER` as its mark.
    """
    numbers = random.random_sample(length).tolist()
    marks = (random.random_sample(length) < MARKED).tolist()
    found: list[Row] = []
    pending: list[float] = []
    for number, marked in zip(numbers, marks, strict=True):
        if len(pending) == 2:
            found.append((sum(pending), ANSWER))
            pending = []
            continue
        found.append((number, float(marked)))
        if marked:
            pending.append(number)
    return found


def variances() -> Row:
    """The mean variance of the next number and of the next mark, given all rows before.

    Two marks take 2 / MARKED rows on average, whose numbers and marks are independent of all rows
    before; the row after them is certain (renewal-reward theorem).
    """
    drawn = 2 / MARKED
    share = drawn / (drawn + 1)
    return share / 12, share * MARKED * (1 - MARKED)


def probes(rows: Sequence[Row]) -> tuple[RowProbe, ...]:
    """The sums, with the distance to the first of the two numbers.

    The marks may have been rounded, as scaling does.
    """
    found: list[RowProbe] = []
    pending: list[int] = []
    complete = False  # whether the marks since the last sum are all known
    for at, (_, mark) in enumerate(rows):
        if mark < ANSWER / 2:
            if complete and len(pending) == 2:
                found.append(RowProbe(at, at - pending[0], 0, CLOSE))
            pending, complete = [], True
        elif mark > 0.5:
            pending.append(at)
    return tuple(found)


TASK = SeriesTask(
    name="adding",
    description="random numbers, some marked; after every second mark, their sum",
    shows="A number must be kept exactly, not just a symbol, until another is added.",
    columns=("number", "mark"),
    length=ROWS,
    rows=rows,
    variances=variances,
    probes=probes,
)
