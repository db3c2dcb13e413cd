"""The data that generation needs, as JSON, so that it works without the source.

Characters are stored as code points, so that any text gives a valid file.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from rnntui.clusters import Clusters
from rnntui.data import Dataset, TokenData, ValueData
from rnntui.data.calendar import ahead_of
from rnntui.data.clock import Clock
from rnntui.data.tokenizer import ByteTokenizer, CharTokenizer, Tokenizer, WordTokenizer, smallest
from rnntui.errors import DataError
from rnntui.generation.generate import WARM_UP, first_tokens
from rnntui.suffixes import Suffixes

FIRST_RULE = 1  # for words, in files without a rule
# Of the last rows, for the backtest behind a forecast. The methods beside the network are fitted to
# them: to as many as they take of a whole source, or they would be others than at the end of a run.
MOST_ROWS, MOST_NUMBERS = 20_000, 60_000
MOST_HELD_OUT = 200_000  # numbers, if rows held out are so many that none of the others are left
_WORDS = ("name", "unit", "split")


def describe(data: Dataset) -> dict[str, Any]:
    """Convert the vocabulary, or the features with their scale and last rows, to plain values."""
    common = {name: getattr(data, name) for name in _WORDS}
    if isinstance(data, ValueData):
        kept, held_out = _kept(len(data.validation), len(data.features))
        tail = np.concatenate([data.values[-kept:], data.validation])[-kept:]
        scale = {"mean": data.mean.tolist(), "deviation": data.deviation.tolist()}
        levels = None if data.levels is None else data.levels[-len(tail) - 1 :].tolist()
        rows = {"rows": tail.tolist(), "levels": levels, **_time(data, len(tail))}
        rows["validation"] = min(held_out, len(tail) - 1)
        columns = {"targets": data.targets, "series": list(data.series), "reader": data.read_by}
        outlook = {} if data.outlook is None else {"outlook": data.outlook.to_dict()}
        more = {"facts": [list(fact) for fact in data.facts], **outlook}
        return {**common, "features": list(data.features), **columns, **scale, **rows, **more}
    tokenizer = data.tokenizer
    symbols = tokenizer.values if isinstance(tokenizer, ByteTokenizer) else _codes(tokenizer)
    rule = {"words": tokenizer.rule} if isinstance(tokenizer, WordTokenizer) else {}
    clusters = {} if data.clusters is None else {"clusters": asdict(data.clusters)}
    suffixes = {} if data.suffixes is None else {"suffixes": asdict(data.suffixes)}
    return {
        **common,
        **rule,
        **clusters,
        **suffixes,
        "tokenizer": tokenizer.kind,
        "symbols": list(symbols),
        "first": first_tokens(data, "")[0],
        "floor": data.floor,
    }


def _kept(held_out: int, width: int) -> tuple[int, int]:
    """How many of the last rows are kept, and how many of these count as held out of training.

    Methods are chosen by the others: half as many as are usually kept stand before those held out.
    Where the whole would be too large, half of the rows count as trained on, though none was.
    """
    usual = max(WARM_UP, min(MOST_ROWS, MOST_NUMBERS // width))
    least = usual // 2
    if held_out <= usual - least:
        return usual, held_out
    if (held_out + least) * width <= MOST_HELD_OUT:
        return held_out + least, held_out
    return usual, usual - least


def _time(data: ValueData, rows: int) -> dict[str, Any]:
    """The clock of a series and the times of its last rows (and of the level before them)."""
    if data.clock is None or data.times is None:
        return {}
    count = rows + (data.levels is not None)
    times = data.times[-count:].tolist()
    return {"clock": data.clock.to_dict(), "times": times, "calendar": data.ahead is not None}


def rebuild(table: dict[str, Any]) -> Dataset:
    """Rebuild data for generation from the output of `describe`. Raises DataError."""
    try:
        common: dict[str, Any] = {name: str(table[name]) for name in _WORDS}
        if "features" in table:
            return _values(table, common)
        tokenizer = _tokenizer(table["tokenizer"], table["symbols"], table.get("words", FIRST_RULE))
        first = int(table["first"])
        if not 0 <= first < tokenizer.vocab_size:
            raise ValueError("first")
        ids = np.array([first], smallest(tokenizer.vocab_size))
        floor = table["floor"] if table["floor"] is None else float(table["floor"])
        return TokenData(
            tokens=ids,
            validation=ids[:0],
            tokenizer=tokenizer,
            floor=floor,
            clusters=_clusters(table.get("clusters"), tokenizer.vocab_size),
            suffixes=_suffixes(table.get("suffixes"), tokenizer.vocab_size),
            **common,
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        what = type(error).__name__
        raise DataError(f"the run's vocabulary cannot be read ({what}): copy it again") from None


def _clusters(table: dict[str, Any] | None, vocab: int) -> Clusters | None:
    if table is None:
        return None
    clusters = Clusters(tuple(map(int, table["order"])), tuple(map(int, table["cutoffs"])))
    clusters.check(vocab)
    return clusters


def _suffixes(table: dict[str, Any] | None, vocab: int) -> Suffixes | None:
    if table is None:
        return None
    suffixes = Suffixes(tuple(map(int, table["parents"])), tuple(map(int, table["tokens"])))
    suffixes.check(vocab)
    return suffixes


def _values(table: dict[str, Any], common: dict[str, Any]) -> ValueData:
    from rnntui.data.outlook import Outlook  # the vocabulary of text is read without it

    features = tuple(map(str, table["features"]))
    rows = np.array(table["rows"], np.float64).reshape(-1, len(features))
    mean, deviation = (np.array(table[name], np.float64) for name in ("mean", "deviation"))
    if not len(features) == len(mean) == len(deviation) or not np.isfinite(rows).all():
        raise ValueError("features")
    levels = None
    if table["levels"] is not None:
        levels = np.array(table["levels"], np.float64).reshape(len(rows) + 1, len(features))
    clock = Clock.from_dict(table["clock"]) if "clock" in table else None
    times = None
    if clock is not None:
        times = np.array(table["times"], np.int64 if clock.is_date else np.float64)
        if times.shape != (len(rows) + (levels is not None),):
            raise ValueError("times")
    ahead = None
    if clock is not None and times is not None and table.get("calendar", False):
        ahead = ahead_of(clock, times[int(levels is not None) :])
    last = int(table.get("validation", 0))
    if not 0 <= last <= len(rows):
        raise ValueError("validation")
    return ValueData(
        features=features,
        values=rows[: len(rows) - last],
        validation=rows[len(rows) - last :],
        mean=mean,
        deviation=deviation,
        levels=levels,
        clock=clock,
        times=times,
        targets=int(table.get("targets", 0)),
        series=tuple(map(str, table.get("series", ()))),
        read_by=int(table.get("reader", 1)),
        ahead=ahead,
        outlook=Outlook.from_dict(table["outlook"], len(features)) if "outlook" in table else None,
        facts=tuple((str(label), str(words)) for label, words in table.get("facts", ())),
        **common,
    )


def _codes(tokenizer: Tokenizer) -> list[Any]:
    if isinstance(tokenizer, CharTokenizer):
        return [ord(symbol) for symbol in tokenizer.symbols]
    assert isinstance(tokenizer, WordTokenizer)
    return [[ord(char) for char in symbol] for symbol in tokenizer.symbols]


def _tokenizer(kind: str, symbols: list[Any], rule: int) -> Tokenizer:
    if kind == "byte":
        return ByteTokenizer(bytes(symbols))
    if kind == "char":
        return CharTokenizer(tuple(map(chr, symbols)))
    if kind == "word":
        return WordTokenizer(tuple("".join(map(chr, symbol)) for symbol in symbols), rule)
    raise ValueError(kind)
