"""The JSON part of a checkpoint, including NaN and infinity."""

from __future__ import annotations

import json
import math
from typing import Any

_FLOAT = "float"  # {"float": "nan"} stands for a number that is not finite


def state_bytes(state: dict[str, Any]) -> bytes:
    """Encode a state; equal states give equal bytes. Raises ValueError or TypeError."""
    return json.dumps(_plain(state), sort_keys=True, indent=1, allow_nan=False).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {_FLOAT: str(float(value))}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def read_state(data: bytes) -> dict[str, Any]:
    """Decode the output of `state_bytes`, with lists for tuples. Raises ValueError."""
    try:
        state = json.loads(data, object_hook=_from_plain)
    except RecursionError:
        raise ValueError("its state is nested too deeply") from None
    if not isinstance(state, dict):
        raise ValueError("its state is not an object")
    return state


def _from_plain(table: dict[str, Any]) -> Any:
    if table.keys() == {_FLOAT} and isinstance(table[_FLOAT], str):
        return float(table[_FLOAT])
    return table
