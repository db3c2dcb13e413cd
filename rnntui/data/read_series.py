"""The numbers of any source: a table, an array, a generated series, or values in the recipe."""

from __future__ import annotations

import math
from typing import BinaryIO

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from rnntui.data import npy, scaling
from rnntui.data.cells import Cells
from rnntui.data.columns import pick, recall
from rnntui.data.corpus import bundled_path, find_corpus
from rnntui.data.decode import decode_table
from rnntui.data.format import refuse_format, unpacked
from rnntui.data.generated import CORPUS_SEED, series_task
from rnntui.data.known import Known
from rnntui.data.matching import made_up_names
from rnntui.data.plain_numbers import read_plain
from rnntui.data.raw_series import RawSeries
from rnntui.data.source import NAME_TABLE, Source, is_pipe, open_file, read, show
from rnntui.data.table import Table, parse_table, read_cells
from rnntui.data.written_numbers import read_number
from rnntui.errors import DataError, UsageError
from rnntui.recipe import Data

Numbers = NDArray[np.float64]


def read_series(source: Source, data: Data, stdin: BinaryIO | None, known: Known) -> RawSeries:
    """The numbers of any source, as they stand in it."""
    notes: tuple[str, ...] = ()  # of a corpus: how its file is laid out is our business
    if source.kind == "text":
        advice = "--set task=tokens, or values:1,2,3 for numbers"
        raise UsageError("text:… holds tokens", advice, NAME_TABLE)
    name = source.name
    if source.kind == "values":
        return _single(known, name, _parse_numbers(source.rest))
    if source.kind == "corpus":
        info = find_corpus(source.rest)
        notes = (info.note,) if info.note else ()
        if info.kind != "values":
            raise UsageError(f"corpus:{info.name} holds text", "--set task=tokens", NAME_TABLE)
        path = bundled_path(info.name)
        if path is None:
            return _generated(info.name, data.columns, known)
        source = Source("file", str(path))
    plain = _plain(source, data)
    if plain is not None:
        return _of_table(read_cells(plain, data, known), notes or ())
    content = unpacked(read(source, stdin), name)
    if content.startswith(npy.MAGIC):
        return _from_npy(npy.read_array(content, name), name, data.columns, known)
    refuse_format(content, name, "values")
    text, read_notes = decode_table(content, name, data.encoding)
    return _of_table(parse_table(text, name, data, known), notes, read_notes)


def _plain(source: Source, data: Data) -> Cells | None:
    """The table of a large file of nothing but numbers."""
    if source.kind != "file" or is_pipe(source.rest) or data.missing_values:
        return None
    file = open_file(source)
    with file:
        return read_plain(file, source.name)


def _of_table(table: Table, notes: tuple[str, ...], read_notes: tuple[str, ...] = ()) -> RawSeries:
    every = tuple(range(len(table.features)))
    notes = notes or (*read_notes, *table.notes)
    return RawSeries(
        table.features, table.rows, notes, scaling.EPSILON, table.targets, table, table.times, every
    )


def _array(
    features: tuple[str, ...],
    rows: Numbers,
    notes: tuple[str, ...] = (),
    epsilon: float = scaling.EPSILON,
) -> RawSeries:
    """What is read from a source that is no table."""
    every = tuple(range(len(features)))
    return RawSeries(features, rows, notes, epsilon, len(features), kept=every)


def _parse_numbers(text: str) -> list[float]:
    """The numbers of `values:1,2,3`. Raises DataError that names the wrong one."""
    numbers: list[float] = []
    for place, word in enumerate(text.split(","), 1):
        number = read_number(word)
        if number is None or not math.isfinite(number):
            wrong = show(word.strip(), 20)
            what = f"'{wrong}' is not a finite number" if wrong else "is empty"
            raise DataError(f"values: number {place} {what}: write values:1,2,3")
        numbers.append(number)
    return numbers


def _single(known: Known, name: str, numbers: list[float]) -> RawSeries:
    """A series without a name."""
    if known.find and len(known.features) > 1:
        raise DataError(f"{name}: one series, but the run learned {len(known.features)} columns")
    return _array(("value",), np.array(numbers, dtype=np.float64)[:, None])


def _generated(name: str, wanted: str, known: Known) -> RawSeries:
    """The rows of a generated series, or of the columns that are wanted."""
    header, rows = _generated_table(name)
    if known.find and len(known.features) == len(header) == 1:
        return _array(header, rows)
    chosen = _of_header(header, name, wanted, known)
    return _array(tuple(header[i] for i in chosen), rows[:, chosen])


def _of_header(header: tuple[str, ...], name: str, wanted: str, known: Known) -> list[int]:
    """The columns that are learned again, or are wanted."""
    if known.find:
        return known.find(known.features, header, name)
    chosen = recall(known.features, header)
    if chosen:
        return chosen
    return pick(wanted, header, name) if wanted else list(range(len(header)))


def _generated_table(name: str) -> tuple[tuple[str, ...], Numbers]:
    """The columns of a generated series and its rows (N, D). Raises DataError if there is none."""
    task = series_task(name)
    if task is None:
        raise DataError(f"{name}: is not a generated series")
    return task.columns, np.array(task.table(RandomState(CORPUS_SEED)), dtype=np.float64)


def _from_npy(array: npy.Array, name: str, wanted: str, known: Known) -> RawSeries:
    """The rows of an array, or of the columns that are wanted, counted from 1."""
    header = made_up_names(array.rows.shape[1])
    chosen = _of_header(header, name, wanted, known)
    features = tuple(header[i] for i in chosen)
    return _array(features, array.rows[:, chosen], array.notes, array.epsilon)
