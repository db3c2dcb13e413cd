"""Losses of a run in equal bins, computed from its journal and index."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnntui.dataclass import dataclass
from rnntui.runs.store.journal import METRICS, Block, BlockReader, Line, segment
from rnntui.runs.store.metrics_index import RECORD, Row, View, append_row, parsed, read_rows

PART = np.dtype([(name, RECORD[name]) for name in RECORD.names or ()][5:])
MOST_BINS = 512
MOST_READ = 256  # records read line by line for a window: 4 MB
SMOOTH_LEAST, SMOOTH_SHARE = 20, 60  # updates, and share of the run: as wide as the live average
SAMPLES, SAMPLE = 512, 4096  # number and bytes of the samples of a long journal

Parts = NDArray[np.void]


@dataclass(frozen=True)
class Binned:
    """Columns of bins of `2**level` updates from bin `start` on; NaN for missing values."""

    level: int
    start: int
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    smooth: NDArray[np.float64]
    bad: NDArray[np.int64]
    validations: tuple[tuple[int, float], ...]


def level_for(span: int, most: int = MOST_BINS) -> int:
    """Return the finest level at which `span` updates fit into `most` bins."""
    level = 0
    while (span >> level) + 2 > most:
        level += 1
    return level


def as_parts(rows: Iterable[Row]) -> Parts:
    """Convert rows to parts."""
    found = list(rows)
    parts = np.empty(len(found), PART)
    for name in ("first", "last", "good", "bad", "mean", "low", "high", "validation"):
        parts[name] = [getattr(row, name) for row in found]
    parts["validation_step"] = [row.last if row.has_validation else 0 for row in found]
    parts["best_validation"] = parts["validation"]
    return parts


def all_parts(view: View) -> Parts:
    """Return parts for the whole run: the index's records and the rows after them."""
    names = list(PART.names or ())
    records = view.records[names].astype(PART)
    return np.concatenate([records, as_parts(view.rows)])


def parts_within(directory: Path, view: View, first: int, last: int) -> Parts:
    """Return `all_parts`, with separate lines from update `first` + 1 to `last`.

    If that is too many lines, their records are used, which are finer than any plot. Raises OSError
    or DataError.
    """
    records = view.records
    low = int(np.searchsorted(records["last"], first, "right"))
    high = int(np.searchsorted(records["first"], last, "left"))
    parts = all_parts(view)
    if not 0 < high - low <= MOST_READ:
        return parts
    # Not all rows at once: their lines take far more memory than their numbers.
    read = [as_parts(read_rows(directory, record)) for record in records[low:high]]
    return np.concatenate([parts[:low], *read, parts[high:]])


def bins(parts: Parts, first: int, last: int, most: int = MOST_BINS) -> Binned:
    """Put the updates from `first` + 1 to `last` into at most `most` bins."""
    end = min(last, int(parts["last"][-1])) if len(parts) else 0
    first = max(0, min(first, end))
    level = level_for(end - first, most)
    size = 1 << level
    start = first // size
    count = -(-end // size) - start if end > first else 0
    columns = [_bin(parts, n * size, min((n + 1) * size, end)) for n in range(start, start + count)]
    table = np.array(columns, np.float64).reshape(-1, 5)
    return Binned(
        level=level,
        start=start,
        mean=table[:, 0],
        low=table[:, 1],
        high=table[:, 2],
        smooth=table[:, 3],
        bad=table[:, 4].astype(np.int64),
        validations=_validations(parts, first, end),
    )


def _bin(parts: Parts, first: int, last: int) -> tuple[float, float, float, float, int]:
    inside, weights = _overlap(parts, first, last)
    valid = inside["good"] > 0
    # As wide as the live average, but centred, since the later losses are known here.
    half = max(SMOOTH_LEAST, last // SMOOTH_SHARE) / 2
    smooth = _mean(*_overlap(parts, math.floor(last - half), math.ceil(last + half)))
    bad = 0
    if inside["bad"].any():
        share = weights * (inside["bad"] / (inside["last"] - inside["first"]))
        bad = max(1, min(round(float(share.sum())), last - first))
    if not valid.any():
        return math.nan, math.nan, math.nan, smooth, bad
    low, high = float(inside["low"][valid].min()), float(inside["high"][valid].max())
    return _mean(inside, weights), low, high, smooth, bad


def _overlap(parts: Parts, first: int, last: int) -> tuple[Parts, NDArray[np.float64]]:
    """Return the parts that overlap `first` + 1 to `last`, and by how many updates each."""
    low = np.searchsorted(parts["last"], first, "right")
    high = np.searchsorted(parts["first"], last, "left")
    inside = parts[low:high]
    ends, begins = np.minimum(inside["last"], last), np.maximum(inside["first"], first)
    return inside, (ends - begins).astype(np.float64)


def _mean(parts: Parts, weights: NDArray[np.float64]) -> float:
    valid = parts["good"] > 0
    if not valid.any():
        return math.nan
    inside = parts[valid]
    shares = weights[valid] * (inside["good"] / (inside["last"] - inside["first"]))
    return float(np.dot(inside["mean"], shares / shares.sum()))


def _validations(parts: Parts, first: int, last: int) -> tuple[tuple[int, float], ...]:
    step = parts["validation_step"]
    chosen = parts[(step > first) & (step <= last)]
    stride = -(-len(chosen) // (MOST_BINS // 2)) if len(chosen) else 1
    chosen = chosen[::-1][::stride][::-1]  # including the last one
    return tuple(
        zip(chosen["validation_step"].tolist(), chosen["validation"].tolist(), strict=True)
    )


def sampled(directory: Path, view: View, number: int, offset: int) -> tuple[Parts, Line]:
    """Return parts from the index and from sampled lines after it, and the run's last line.

    This gives a first plot of a long run before all of it has been read. Raises OSError or
    DataError.
    """
    rows = list(view.rows)
    closed = int(view.records[-1]["last"]) if len(view.records) else 0
    for part, place in _places(directory, number, offset):
        for row in _rows_at(directory, part, place, closed):
            while rows and rows[-1].last >= row.last:
                rows.pop()
            before = rows[-1].last if rows else closed
            # It also represents the skipped lines before it.
            made = max(1, row.last - before)
            good = made if row.good else 0
            rows.append(row._replace(first=before, good=good, bad=made - good))
    names = list(PART.names or ())
    parts = np.concatenate([view.records[names].astype(PART), as_parts(rows)])
    return parts, rows[-1].line if rows else {}


def _places(directory: Path, number: int, offset: int) -> Iterable[tuple[int, int]]:
    sizes: list[int] = []
    while (path := segment(directory, METRICS, number + len(sizes))).exists():
        sizes.append(path.stat().st_size)
    total = sum(sizes) - offset
    for place in np.linspace(offset, max(offset, offset + total - SAMPLE), SAMPLES).tolist():
        part, rest = 0, int(place)
        while part + 1 < len(sizes) and rest >= sizes[part]:
            rest -= sizes[part]
            part += 1
        yield number + part, rest


def _rows_at(directory: Path, part: int, place: int, closed: int) -> list[Row]:
    """Return the valid lines in a few thousand bytes, without a possibly cut first one."""
    block = BlockReader(directory, METRICS, part, place, SAMPLE).read()
    rows: list[Row] = []
    if block is None or block.number != part:
        return rows
    cut = block.data.index(b"\n") + 1
    for offset, raw, line in parsed(Block(part, block.offset + cut, block.data[cut:])):
        if line is not None:
            append_row(rows, closed, part, offset, raw, line)
    return rows
