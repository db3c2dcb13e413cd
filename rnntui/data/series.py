"""Series of numbers: from any source to rows ready to train on."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from rnntui.data import npy
from rnntui.data.corpus import bundled_path, find_corpus
from rnntui.data.dataset import ValueData
from rnntui.data.decode import SAVE_AS, decode_text
from rnntui.data.generated import sine
from rnntui.data.source import MOST_BYTES, Source, parse_source, read, show
from rnntui.data.split import split_at
from rnntui.data.stream import check_length
from rnntui.data.table import parse_numbers, parse_table
from rnntui.errors import DataError, UsageError
from rnntui.recipe import Recipe

MOST_FEATURES = 1000
LARGEST = 1e15

Numbers = NDArray[np.float64]
Raw = tuple[tuple[str, ...], Numbers, tuple[str, ...]]


def load_values(recipe: Recipe, stdin: BinaryIO | None = None) -> ValueData:
    """The series a recipe asks for. Raises DataError or UsageError in one line."""
    data = recipe.data
    source = parse_source(data.source)
    features, rows, notes = _vary(source.name, *_read(source, data.columns, stdin), data.columns)
    if rows.shape[1] > MOST_FEATURES:
        raise DataError(f"{source.name}: {rows.shape[1]} columns: takes up to {MOST_FEATURES}")
    if rows.nbytes * data.repeat > MOST_BYTES:
        raise UsageError(f"repeat = {data.repeat}: more than {MOST_BYTES >> 20} MiB of numbers")
    rows = np.tile(rows, (data.repeat, 1))
    levels = rows if data.difference else None
    if data.difference:
        rows = np.diff(rows, axis=0)
    split = split_at(len(rows), data.split, "value")
    train, validation = rows[: split.train], rows[split.train :]
    check_length(len(train), recipe.train.batch, recipe.train.seq_len, "value")
    mean, deviation, unvaried = _scale(features, train, data.standardize)
    train, validation = (train - mean) / deviation, (validation - mean) / deviation
    largest = float(max(np.abs(train).max(), np.abs(validation).max(initial=0.0)))
    if not largest <= LARGEST:
        raise DataError(f"{source.name}: numbers too large to learn: --set standardize=true")
    return ValueData(
        name=source.name,
        features=features,
        values=train,
        validation=validation,
        mean=mean,
        deviation=deviation,
        split=split.words,
        notes=(*notes, *unvaried, *split.notes),
        levels=levels,
    )


def _read(source: Source, columns: str, stdin: BinaryIO | None) -> Raw:
    """Features, rows (N, D) and notes of any source, as they stand in it."""
    notes: tuple[str, ...] = ()
    if source.kind == "text":
        raise UsageError("text:… holds tokens: --set task=tokens, or values:1,2,3 for numbers")
    if source.kind == "values":
        return ("value",), _column(parse_numbers(source.rest)), ()
    name = source.name
    if source.kind == "corpus":
        info = find_corpus(source.rest)
        notes = (info.note,) if info.note else ()
        if info.kind != "values":
            raise UsageError(f"corpus:{info.name} holds text: --set task=tokens")
        path = bundled_path(info.name)
        if path is None:
            return (info.name,), _column(sine.values()), notes
        source = Source("file", str(path))
    content = read(source, stdin)
    if content.startswith(npy.MAGIC):
        return _from_npy(npy.parse_npy(content, name), name, columns)
    if content.startswith(npy.ZIP):
        raise DataError(f"{name}: is a zip archive (.npz, .xlsx …): save one table as .npy or .csv")
    text, read_notes = decode_text(content, name, SAVE_AS)
    table = parse_table(text, name, columns)
    rows = np.array(table.columns, dtype=np.float64).T
    return table.features, rows, (*read_notes, *table.notes, *notes)


def _from_npy(rows: Numbers, name: str, columns: str) -> Raw:
    """The rows of an array, or of the columns (from 1) that are wanted."""
    chosen = list(range(1, rows.shape[1] + 1))
    if columns:
        words = [word.strip() for word in columns.split(",")]
        wrong = [w for w in words if not w.isdecimal() or not 0 < int(w) <= rows.shape[1]]
        if wrong:
            has = f"takes numbers from 1 to {rows.shape[1]}"
            raise UsageError(f"{name}: no column '{show(wrong[0], 24)}': {has}")
        chosen = [int(word) for word in words]
    return tuple(f"column {i}" for i in chosen), rows[:, [i - 1 for i in chosen]], ()


def _vary(
    name: str, features: tuple[str, ...], rows: Numbers, notes: tuple[str, ...], columns: str
) -> Raw:
    """Without the columns that never change, unless they were named."""
    varies = (rows != rows[0]).any(axis=0)
    if not varies.any():
        raise DataError(f"{name}: every row is the same: there is nothing to learn")
    if columns or varies.all():
        return features, rows, notes
    still = [f for f, v in zip(features, varies, strict=True) if not v]
    shown = show(", ".join(still), 40)
    kept = tuple(f for f, v in zip(features, varies, strict=True) if v)
    return kept, rows[:, varies], (*notes, f"columns that never change are left out: {shown}")


def _scale(
    features: tuple[str, ...], train: Numbers, standardize: bool
) -> tuple[Numbers, Numbers, tuple[str, ...]]:
    """Mean and deviation of the part trained on, or 0 and 1 if nothing is standardized."""
    width = train.shape[1]
    if not standardize:
        return np.zeros(width), np.ones(width), ()
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = train.mean(axis=0), train.std(axis=0)
    if not (np.isfinite(mean).all() and np.isfinite(deviation).all()):
        raise DataError("numbers too large to standardize: scale them down in the source")
    still = deviation == 0
    deviation[still] = 1.0
    shown = show(", ".join(f for f, s in zip(features, still, strict=True) if s), 40)
    note = f"does not change in the part trained on, so only its mean is subtracted: {shown}"
    return mean, deviation, (note,) if still.any() else ()


def _column(numbers: list[float]) -> Numbers:
    return np.array(numbers, dtype=np.float64)[:, None]
