"""Missing values of a series are filled in, left out or refused, as the recipe says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rnntui.data import gaps
from rnntui.data.cells import listed
from rnntui.data.columns import option
from rnntui.data.raw_series import RawSeries
from rnntui.data.split import split_at
from rnntui.errors import DataError
from rnntui.recipe import Data

MOST_ADVICE = 60  # characters of an option in an error


def without_gaps(name: str, raw: RawSeries, data: Data) -> RawSeries:
    """The rows with missing values filled in or left out, as the recipe says."""
    if raw.range.is_whole:
        return raw
    missing = np.isnan(raw.rows)
    if data.missing == "error":
        row, column = np.argwhere(missing)[0].tolist()
        more = f" (and {int(missing.sum()) - 1:,} more)" if missing.sum() > 1 else ""
        advice = "set missing to drop, carry or interpolate"
        problem = f"{raw.where(name, row, column)}: the value is missing{more}"
        raise DataError(problem, advice, "fill it in or delete the row")
    if data.missing == "drop":
        kept: NDArray[np.bool_] = np.logical_not(missing.any(axis=1))
        if kept.sum() < 2:
            problem, advice = f"{name}: every row has a missing value", "see columns and missing"
            raise DataError(problem, advice, "fill some in")
        note = f"rows with missing values are left out: {_of_all(int((~kept).sum()), len(kept))}"
        return replace(raw.take(kept, note), filled=note)
    raw = _trimmed(name, raw)
    missing = np.isnan(raw.rows)
    if not missing.any():
        return raw
    found = [gaps.longest_gap(column) for column in raw.rows.T]
    longest = max(length for _, length in found)
    if data.missing == "auto" and longest > gaps.LONGEST:
        raise _long_gap(name, raw, found)
    boundary = len(raw.rows)
    if data.repeat == 1:
        count = len(raw.rows) - bool(data.difference)
        boundary = split_at(count, data.split, "value").train + bool(data.difference)
    carry = data.missing == "carry"
    names = listed([f for f, (_, length) in zip(raw.features, found, strict=True) if length])
    count = int(missing.sum())
    values = "value is" if count == 1 else "values are"
    how = "filled with the value before" if carry else "interpolated"
    many = f"{count:,} missing {values} {how} (at most {longest:,} together): {names}"
    rows = gaps.fill(raw.rows, boundary, carry)
    words = f"{count:,} {how} (at most {longest:,} together): {names}"
    return replace(raw, rows=rows, notes=(*raw.notes, many), filled=words)


def _long_gap(name: str, raw: RawSeries, found: list[tuple[int, int]]) -> DataError:
    """The error for columns whose longest gaps, `found`, are too long to be interpolated."""
    long = [i for i, (_, length) in enumerate(found) if length > gaps.LONGEST]
    column = max(long, key=lambda i: found[i][1])
    start, longest = found[column]
    advice = "--set missing=interpolate (or carry, drop)"
    if len(long) < len(found) and raw.table is not None and not raw.series:
        header = raw.table.cells.header
        places = [header.index(raw.features[i]) for i in long]
        exclude = option(places, header, MOST_ADVICE, "exclude")
        advice += f", or {exclude}" if exclude else ", or see exclude"
    return DataError(
        f"{raw.where(name, start, column)}: {longest:,} values are missing together (up to "
        f"{gaps.LONGEST} are interpolated)",
        advice,
        "fill some in",
    )


def _trimmed(name: str, raw: RawSeries) -> RawSeries:
    """Without rows at the start that have no value yet, and rows at the end that have none."""
    end = gaps.trailing(raw.rows)
    if end:
        note = f"rows without values at the end are left out: {_of_all(end, len(raw.rows))}"
        raw = raw.take(slice(0, len(raw.rows) - end), note)
    start = gaps.leading(raw.rows)
    if not start:
        return raw
    if start > gaps.MOST_LEADING * len(raw.rows):
        late = int((~np.isnan(raw.rows)).argmax(axis=0).argmax())
        what = f"the first {start:,} of {len(raw.rows):,} values are missing"
        advice = "leave out the column (exclude) or the rows (missing = drop)"
        problem = f"{raw.where(name, 0, late)}: {what}"
        raise DataError(problem, advice, "fill them in or delete the rows")
    note = f"rows at the start with missing values are left out: {_of_all(start, len(raw.rows))}"
    return raw.take(slice(start, None), note)


def _of_all(count: int, total: int) -> str:
    return f"{count:,} of {total:,}"
