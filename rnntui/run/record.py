"""Small JSON files as frozen dataclasses: `run.json`, `status.json`, `lock.json`.

Fields that are not known are passed over, so that a newer version's files can still be read.
"""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from rnntui.errors import DataError
from rnntui.run.files import read_file, shown

MOST_BYTES = 1 << 20

Record = TypeVar("Record")


def to_bytes(record: Any) -> bytes:
    """A dataclass as JSON, a field a line. Raises ValueError for a number that is not finite."""
    table = dataclasses.asdict(record)
    return json.dumps(table, indent=1, allow_nan=False).encode() + b"\n"


def read_record(kind: type[Record], path: Path) -> Record:
    """The record in a file. Raises OSError, or DataError for a file that holds none."""
    return from_bytes(kind, read_file(path, MOST_BYTES), path)


def from_bytes(kind: type[Record], data: bytes, path: Path) -> Record:
    """The record in JSON text; `path` is for messages. Raises DataError."""
    cls: Any = kind  # a dataclass, which no type variable can say
    table, hints = parse_object(data, path), _hints(cls)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        if field.name in table:
            value = table[field.name]
            try:
                values[field.name] = _as(hints[field.name], value)
            except ValueError:
                raise DataError(f"{shown(path)}: a wrong value for {field.name}") from None
        elif field.default is dataclasses.MISSING:
            raise DataError(f"{shown(path)}: {field.name} is missing")
    return kind(**values)


def parse_object(data: bytes, path: Path) -> dict[str, Any]:
    """A JSON object; `path` is for messages. Raises DataError."""
    try:
        table = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise DataError(f"{shown(path)}: not valid JSON") from None
    if not isinstance(table, dict):
        raise DataError(f"{shown(path)}: not a JSON object")
    return table


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _as(wanted: Any, value: Any) -> Any:
    """`value` as a field of that type holds it. Raises ValueError."""
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
    if wanted is float and type(value) is int:
        return float(value)
    if isinstance(wanted, type) and type(value) is wanted:
        return value
    raise ValueError(value)
