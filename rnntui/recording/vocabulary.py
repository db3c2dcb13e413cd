"""What writing needs of the data, as JSON: a finished run writes without its source.

Characters are their code points, so that any text makes a valid file.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rnntui.data import Dataset, TokenData, ValueData
from rnntui.data.tokenizer import ByteTokenizer, CharTokenizer, Tokenizer, WordTokenizer, smallest
from rnntui.errors import DataError
from rnntui.writing import WARM_UP, first_tokens

_WORDS = ("name", "unit", "split")


def describe(data: Dataset) -> dict[str, Any]:
    """The vocabulary, or the features with their scale and the last rows, as plain values."""
    common = {name: getattr(data, name) for name in _WORDS}
    if isinstance(data, ValueData):
        tail = np.concatenate([data.values, data.validation])[-WARM_UP:]
        scale = {"mean": data.mean.tolist(), "deviation": data.deviation.tolist()}
        levels = None if data.levels is None else data.levels[-len(tail) - 1 :].tolist()
        rows = {"rows": tail.tolist(), "levels": levels}
        return {**common, "features": list(data.features), **scale, **rows}
    tokenizer = data.tokenizer
    symbols = tokenizer.values if isinstance(tokenizer, ByteTokenizer) else _codes(tokenizer)
    return {
        **common,
        "tokenizer": tokenizer.kind,
        "symbols": list(symbols),
        "first": first_tokens(data, "")[0],
        "floor": data.floor,
    }


def rebuild(table: dict[str, Any]) -> Dataset:
    """Data to write with, from what `describe` gave. Raises DataError for anything else."""
    try:
        common: dict[str, Any] = {name: str(table[name]) for name in _WORDS}
        if "features" in table:
            return _values(table, common)
        tokenizer = _tokenizer(table["tokenizer"], table["symbols"])
        first = int(table["first"])
        if not 0 <= first < tokenizer.vocab_size:
            raise ValueError("first")
        ids = np.array([first], smallest(tokenizer.vocab_size))
        floor = table["floor"] if table["floor"] is None else float(table["floor"])
        return TokenData(tokens=ids, validation=ids[:0], tokenizer=tokenizer, floor=floor, **common)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        what = type(error).__name__
        raise DataError(f"the run's vocabulary cannot be read ({what}): copy it again") from None


def _values(table: dict[str, Any], common: dict[str, Any]) -> ValueData:
    features = tuple(map(str, table["features"]))
    rows = np.array(table["rows"], np.float64).reshape(-1, len(features))
    mean, deviation = (np.array(table[name], np.float64) for name in ("mean", "deviation"))
    if not len(features) == len(mean) == len(deviation) or not np.isfinite(rows).all():
        raise ValueError("features")
    levels = None
    if table["levels"] is not None:
        levels = np.array(table["levels"], np.float64).reshape(len(rows) + 1, len(features))
    return ValueData(
        features=features,
        values=rows,
        validation=rows[:0],
        mean=mean,
        deviation=deviation,
        levels=levels,
        **common,
    )


def _codes(tokenizer: Tokenizer) -> list[Any]:
    if isinstance(tokenizer, CharTokenizer):
        return [ord(symbol) for symbol in tokenizer.symbols]
    assert isinstance(tokenizer, WordTokenizer)
    return [[ord(char) for char in symbol] for symbol in tokenizer.symbols]


def _tokenizer(kind: str, symbols: list[Any]) -> Tokenizer:
    if kind == "byte":
        return ByteTokenizer(bytes(symbols))
    if kind == "char":
        return CharTokenizer(tuple(map(chr, symbols)))
    if kind == "word":
        return WordTokenizer(tuple("".join(map(chr, symbol)) for symbol in symbols))
    raise ValueError(kind)
