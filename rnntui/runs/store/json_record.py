"""Small JSON files as frozen dataclasses: `run.json`, `status.json`, `lock.json`.

Unknown fields are ignored, so that a newer version's files can still be read. `read_record` refuses
a file with an invalid value; `salvage` keeps the valid fields and names the others.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Collection
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from rnntui.errors import DataError
from rnntui.runs.store.files import read_file, shown

MOST_BYTES = 1 << 20
MOST_WHOLE = 2**53  # the largest whole number that floats and every JSON parser preserve
_MOST_DIGITS = 400  # of a whole number; Python refuses very long ones

Record = TypeVar("Record")


def to_bytes(record: Any) -> bytes:
    """Encode a dataclass as JSON, one field per line. Raises ValueError for NaN or infinity."""
    table = dataclasses.asdict(record)
    return json.dumps(table, indent=1, allow_nan=False).encode() + b"\n"


def read_record(kind: type[Record], path: Path) -> Record:
    """Read a record from a file. Raises OSError or DataError."""
    return from_bytes(kind, read_file(path, MOST_BYTES), path)


def from_bytes(kind: type[Record], data: bytes, path: Path) -> Record:
    """Decode a record; `path` is for messages. Raises DataError."""
    cls: Any = kind
    names = [field.name for field in dataclasses.fields(cls)]
    return salvage(kind, data, path, essential=names)[0]


def salvage(
    kind: type[Record], data: bytes, path: Path, essential: Collection[str] = ()
) -> tuple[Record, tuple[str, ...]]:
    """Decode a record as far as possible; return it and the names of unreadable fields.

    Those get their default, None or an empty value. Raises DataError if an `essential` field is
    missing or invalid, or if the text is not a JSON object.
    """
    cls: Any = kind  # a dataclass, which a type variable cannot express
    table, hints = parse_object(data, path), _hints(cls)
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for field in dataclasses.fields(cls):
        name, has_default = field.name, field.default is not dataclasses.MISSING
        try:
            if name in table:
                values[name] = _as(hints[name], table[name])
            elif not has_default:
                raise KeyError(name)
        except (KeyError, ValueError) as error:
            if name in essential:
                what = "is missing" if isinstance(error, KeyError) else "has a wrong value"
                raise DataError(f"{shown(path)}: {name} {what}") from None
            wrong.append(name)
            values[name] = field.default if has_default else _empty(hints[name])
    return kind(**values), tuple(wrong)


def parse_object(data: bytes, path: Path) -> dict[str, Any]:
    """Parse a JSON object; `path` is for messages. Raises DataError."""
    try:
        table = json.loads(data, parse_int=_whole)
    except (ValueError, RecursionError):
        raise DataError(f"{shown(path)}: not valid JSON") from None
    if not isinstance(table, dict):
        raise DataError(f"{shown(path)}: not a JSON object")
    return table


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else math.inf


def finite(value: Any) -> float | None:
    """Return a JSON number as a float, or None if it is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def whole(value: Any) -> int | None:
    """Return a JSON number as an integer, or None if it is none or absurdly large."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) <= MOST_WHOLE else None


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _empty(wanted: Any) -> Any:
    """Return the replacement for an unreadable value of that type."""
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin in (Union, UnionType):
        return None
    return inner[0] if origin is Literal else (origin or wanted)()


def _as(wanted: Any, value: Any) -> Any:
    """Convert a JSON value to a field's type. Raises ValueError."""
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin in (Union, UnionType):
        if value is None and type(None) in inner:
            return None
        return _as(next(kind for kind in inner if kind is not type(None)), value)
    if origin is Literal and value in inner:
        return value
    if origin is tuple and isinstance(value, list):
        return tuple([_as(inner[0], item) for item in value])
    if origin is dict and isinstance(value, dict):
        return {_as(inner[0], key): _as(inner[1], item) for key, item in value.items()}
    number = finite(value) if wanted is float else whole(value) if wanted is int else None
    if number is not None:
        return number
    if wanted not in (int, float) and isinstance(wanted, type) and type(value) is wanted:
        return value
    raise ValueError(value)
