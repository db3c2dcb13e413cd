"""Read another file as a run's own source was read: the run decides how, not the file.

Vocabulary, columns, scaling and differences are the run's. The statistics of the new file, its
length and the look of its columns decide nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from rnntui.data import gaps
from rnntui.data.calendar import ahead_of
from rnntui.data.clock import Clock, Times
from rnntui.data.corpus import find_corpus
from rnntui.data.dataset import Dataset, TokenData, ValueData
from rnntui.data.decode import CR_NOTE, SAVE_AS, decode_text
from rnntui.data.format import refuse_format
from rnntui.data.loading import built_in_text
from rnntui.data.series import read_other
from rnntui.data.source import Source, parse_source, read
from rnntui.data.steps import OFF
from rnntui.data.tokenizer import ByteTokenizer
from rnntui.dataclass import dataclass
from rnntui.errors import DataError, RnntuiError, UsageError
from rnntui.recipe import Data

PLAIN = Data()
LEAD = 500  # rows that fill the hidden state before a file that continues the run's source
OR_SET = "; --set "  # begins the part of a note that says what a new run could set
NEAR = 1e-6  # deviations: two values are the same


@dataclass(frozen=True, eq=False)
class Reading:
    """A source as a network takes it: `sequence` (M,) tokens or (M, D) scaled values or changes.

    `rows` (M or M + 1, D) are the values in the file's units, `times` theirs by `clock`. The first
    `lead` of the sequence, and of the rows, are the run's own: the file continues them. `left_out`
    of `total` characters or bytes are not in the vocabulary.
    """

    name: str
    sequence: NDArray[np.generic]
    rows: NDArray[np.float64] | None = None
    clock: Clock | None = None
    times: Times | None = None
    lead: int = 0
    left_out: int = 0
    total: int = 0
    notes: tuple[str, ...] = ()


def read_again(
    known: Dataset, file: str, stdin: BinaryIO | None, most: int, data: Data = PLAIN
) -> Reading:
    """Read `file` as the source of `known` was read by the recipe's `data`.

    Reads up to `most` tokens or rows.

    Raises DataError or UsageError in one line.
    """
    source = parse_source(file)
    try:
        found = (
            _tokens(known, source, stdin)
            if isinstance(known, TokenData)
            else _values(known, source, data, stdin)
        )
    except RnntuiError as error:
        if not error.fix:
            raise
        raise type(error)(error.problem, error.fix) from None
    if len(found.sequence) > most:
        limit = f"eval takes up to {most:,} {known.unit}s"
        raise DataError(f"{found.name}: {limit}: give a part of it, e.g. from head -c 10M")
    return found


def _tokens(known: TokenData, source: Source, stdin: BinaryIO | None) -> Reading:
    tokenizer, name = known.tokenizer, source.name
    is_file = source.kind in ("file", "stdin")
    if isinstance(tokenizer, ByteTokenizer):
        raw = read(source, stdin) if is_file else built_in_text(source).encode("utf-8")
        ids = tokenizer.encode_bytes(raw)
        return Reading(name, ids, left_out=len(raw) - len(ids), total=len(raw))
    notes: tuple[str, ...] = ()
    if is_file:
        content = read(source, stdin)
        refuse_format(content, name, "tokens")
        text, notes = decode_text(content, name, SAVE_AS)
    else:
        text = built_in_text(source)
    if CR_NOTE in notes and not tokenizer.unknown("\r"):
        # The network knows the character itself, so it is no line end; there was no other.
        text, notes = text.replace("\n", "\r"), tuple(n for n in notes if n != CR_NOTE)
    ids = tokenizer.encode(text, unknown="skip")
    lacking = tokenizer.unknown(text)
    counts = Counter(text) if lacking else Counter[str]()
    left_out = sum(counts[char] for char in lacking)
    return Reading(name, ids, left_out=left_out, total=len(text), notes=notes)


def _values(known: ValueData, source: Source, data: Data, stdin: BinaryIO | None) -> Reading:
    if source.kind == "text":
        raise UsageError("text:… holds tokens, but this run learned values: name a file of numbers")
    if source.kind == "corpus" and find_corpus(source.rest).kind != "values":
        raise UsageError(f"corpus:{source.rest} holds text, but this run learned values")
    rows, clock, times, notes = read_other(known, source, data, stdin)
    notes = tuple(note.partition(OR_SET)[0] for note in notes)  # the run's keys are what they are
    before, earlier = _rows_before(known, rows, times)
    lead = len(before)
    if lead and times is not None:
        rows, times = np.concatenate([before, rows]), np.concatenate([earlier, times])
        notes = (*notes, f"continues the run's own rows: the last {lead:,} are read before it")
    elif known.skip is not None and known.skip.longest > 1:
        back = known.skip.longest
        notes = (*notes, f"the network looks back {back:,} rows, which the first rows lack")
    with np.errstate(all="ignore"):
        sequence = known.scaled(rows)
    ahead = None
    if known.ahead is not None:
        if known.clock is None or times is None or times.dtype.kind != "i" or not len(sequence):
            raise DataError(
                f"{source.name}: no times, which calendar = true needs: add the column of times"
            )
        ahead = ahead_of(known.clock, times[-len(sequence) :])
    sequence = known.inputs(sequence, ahead)
    return Reading(source.name, sequence, rows, clock, times, lead, notes=notes)


def _rows_before(
    known: ValueData, rows: NDArray[np.float64], times: Times | None
) -> tuple[NDArray[np.float64], Times]:
    """The run's own rows (L, D) right before those of a file with dates, and their times.

    A short gap between them is interpolated, as in the source. There are none if the run has none,
    or if it knows the file's first row, too, but as another one.
    """
    nothing = rows[:0], np.zeros(0, np.int64)
    own, clock = known.times, known.clock
    if own is None or clock is None or not clock.is_date or times is None or not len(times):
        return nothing
    place = int(np.searchsorted(own, times[0]))
    if times.dtype.kind != "i" or not place:
        return nothing
    between = _times_between(clock, own[place - 1].item(), times[0].item())
    every = known.rows()
    near = abs(every[place] - rows[0]) <= NEAR * known.deviation if place < len(own) else True
    if between is None or not np.all(near):
        return nothing
    most = LEAD + (known.skip.longest if known.skip else 0)
    first = max(0, place - most)
    shares = np.arange(1, len(between) + 1)[:, None] / (len(between) + 1)
    filled = every[place - 1] + shares * (rows[0] - every[place - 1])
    return np.concatenate([every[first:place], filled]), np.append(own[first:place], between)


def _times_between(clock: Clock, last: int, first: int) -> NDArray[np.int64] | None:
    """The times of the rows that lack between two; None if they are too many, or off the grid."""
    times = [int(clock.after(last, count)) for count in range(1, gaps.LONGEST + 2)]
    near = OFF * (times[0] - last)
    for place, time in enumerate(times):
        if abs(time - first) <= near:
            return np.array(times[:place], np.int64)
    return None
