"""Convert messages to lines of JSON and back, checked against the declarations in `messages.py`.

Nothing a peer sends is trusted: a line becomes a message only if its kind is known, every field is
present (or has a default) and has the declared type and range, and there are no other fields. The
checkers are built once per class from its annotations. Texts declared safe are sanitized again
here, whatever the peer did.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
from collections import deque
from collections.abc import Callable, Hashable
from functools import cache
from typing import (
    Annotated,
    Any,
    Literal,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from rnntui.protocol.base import OneOf, Safe, Within
from rnntui.protocol.insight import Insight
from rnntui.protocol.messages import (
    MAX_REPLY,
    MAX_REQUEST,
    REPLIES,
    REQUESTS,
    Message,
    ProtocolError,
    Reply,
    Request,
)
from rnntui.protocol.replies import Steps
from rnntui.text import safe_text
from rnntui.update_numbers import Measured

Check = Callable[[Any, str], Any]
Part = TypeVar("Part")
# The parts of a message that share a field with other parts: their kind is sent, too.
_TAGGED = frozenset((*get_args(Insight), *get_args(Steps)))
# Such parts, for example what views show, are often sent again: converting is most of the work.
_converted: deque[tuple[object, dict[str, Any]]] = deque(maxlen=8)
MOST = 2**53  # the largest whole number that every JSON parser preserves


def encode(message: Message) -> bytes:
    """Encode a message as a line of JSON; floats that are not finite become null.

    Raises ProtocolError if the line is longer than the peer accepts.
    """
    kind = type(message).__name__
    table = {"kind": kind, **_plain(message)}
    text = json.dumps(table, allow_nan=False, ensure_ascii=False, separators=(",", ":")) + "\n"
    try:
        line = text.encode("utf-8")
    except UnicodeEncodeError:  # UTF-8 cannot encode a lone surrogate
        line = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")
    if len(line) > (MAX_REQUEST if kind in REQUESTS else MAX_REPLY):
        raise ProtocolError(f"a {kind} of {len(line)} bytes is too long")
    return line


def decode_request(line: bytes) -> Request:
    """Decode a request. Raises ProtocolError with the reason in one safe line."""
    return cast(Request, _bounded(line, REQUESTS, MAX_REQUEST))


def decode_reply(line: bytes) -> Reply:
    """Decode a reply. Raises ProtocolError with the reason in one safe line."""
    return cast(Reply, _bounded(line, REPLIES, MAX_REPLY))


def to_plain(part: Any) -> dict[str, Any]:
    """Convert a part of a message to plain values for `from_plain`."""
    return {name: _plain(getattr(part, name)) for name in _names(cast(Hashable, type(part)))}


def from_plain(kind: type[Part], table: Any) -> Part:
    """Convert plain values to a part of a message. Raises ProtocolError."""
    try:
        return cast(Part, _object(cast(Any, kind))(table, kind.__name__))
    except RecursionError:
        raise ProtocolError("nested too deeply") from None


def _plain(value: Any) -> Any:
    """Convert a value for JSON. Members of a union of messages get a "kind" field."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is tuple:
        return [_plain(item) for item in value]
    if kind in (str, int, bool, types.NoneType):
        return value
    if kind not in _TAGGED:
        return {name: _plain(getattr(value, name)) for name in _names(cast(Hashable, kind))}
    for part, plain in tuple(_converted):  # other threads may append
        if part is value:
            return plain
    table = {name: _plain(getattr(value, name)) for name in _names(cast(Hashable, kind))}
    table = {"kind": kind.__name__, **table}
    _converted.append((value, table))
    return table


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind))


def _bounded(line: bytes, kinds: dict[str, type], most: int) -> Any:
    if len(line) > most:
        raise ProtocolError(f"the line is longer than {most} bytes")
    try:
        return _decode(line, kinds)
    except RecursionError:  # from parsing it, or from quoting it in an error
        raise ProtocolError("not valid JSON: nested too deeply") from None


def _decode(line: bytes, kinds: dict[str, type]) -> Any:
    table = _parsed(line)
    if not isinstance(table, dict):
        raise ProtocolError("not a JSON object")
    kind = table.pop("kind", None)
    if not isinstance(kind, str) or kind not in kinds:
        raise ProtocolError(f"unknown kind {_shown(kind)}")
    return _object(kinds[kind])(table, kind)


def _parsed(line: bytes) -> Any:
    try:
        text = line.decode("utf-8")
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_table)
    except ValueError:
        raise ProtocolError("not valid JSON") from None


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; a duplicate name would be ambiguous."""
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a field is given twice")
    return table


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _shown(value: Any) -> str:
    text = safe_text(repr(value)[:80])
    return text if len(text) <= 40 else text[:39] + "…"


# ---- checkers: (value, where) -> the value as the message holds it, or ProtocolError ------------


@cache
def _object(kind: type) -> Check:
    hints = get_type_hints(kind, include_extras=True)
    fields = dataclasses.fields(kind)
    checks = {f.name: _check(hints[f.name]) for f in fields}
    needed = {f.name for f in fields if f.default is dataclasses.MISSING}
    accepted = checks.keys() | {"kind"} if kind in _TAGGED else checks.keys()

    def check(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise ProtocolError(f"{where}: expected an object, got {_shown(value)}")
        if unknown := value.keys() - accepted:
            raise ProtocolError(f"{where}: unknown field {_shown(min(unknown))}")
        if missing := needed - value.keys():
            raise ProtocolError(f"{where}: field {min(missing)} is missing")
        given = value.items()
        return kind(**{k: checks[k](v, f"{where}.{k}") for k, v in given if k in checks})

    return check


def _check(hint: Any) -> Check:
    origin, args = get_origin(hint), get_args(hint)
    if hint == Safe:
        return _safe
    if hint == Measured:
        return _measured
    if origin is Annotated:
        return _annotated(_check(args[0]), args[1:])
    if origin in (Union, types.UnionType):
        return _union(args)
    if origin is tuple:
        return _list(_check(args[0]), args[0] in (float, float | None))
    if origin is Literal:
        return _choice(args)
    return {int: _whole, float: _number, bool: _truth, str: _text}.get(hint) or _part(hint)


def _part(kind: type) -> Check:
    """Check a part, whose declaration is read for the first one: most views are never sent."""
    return lambda value, where: _object(kind)(value, where)


def _annotated(check: Check, notes: tuple[Any, ...]) -> Check:
    (note,) = (note for note in notes if isinstance(note, Within | OneOf))
    return _choice(note.texts) if isinstance(note, OneOf) else _within(check, note)


def _within(check: Check, range_: Within) -> Check:
    def bounded(value: Any, where: str) -> Any:
        held = check(value, where)
        size = len(held) if isinstance(held, str) else held
        if not range_.least <= size <= range_.most:
            what = "length" if isinstance(held, str) else "number"
            raise ProtocolError(
                f"{where}: {what} {size:.10g} is outside {range_.least:.10g} … {range_.most:.10g}"
            )
        return held

    return bounded


def _union(args: tuple[Any, ...]) -> Check:
    """Check `X | None`, or several kinds of part distinguished by their "kind" field."""
    parts = [a for a in args if a is not types.NoneType]
    optional = len(parts) < len(args)
    kinds = {p.__name__: _part(p) for p in parts} if len(parts) > 1 else {}
    only = _check(parts[0])

    def check(value: Any, where: str) -> Any:
        if value is None and optional:
            return None
        if not kinds:
            return only(value, where)
        kind = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            raise ProtocolError(f"{where}: expected {' or '.join(kinds)}, got {_shown(value)}")
        return kinds[kind](value, where)

    return check


def _list(item: Check, numbers: bool) -> Check:
    def check(value: Any, where: str) -> Any:
        if not isinstance(value, list):
            raise ProtocolError(f"{where}: expected a list, got {_shown(value)}")
        if numbers and _all_finite(value):  # there are thousands in some replies
            return tuple(value)
        return tuple([item(v, where) for v in value])

    return check


def _all_finite(values: list[Any]) -> bool:
    return set(map(type, values)) == {float} and all(map(math.isfinite, values))


def _choice(choices: tuple[Any, ...]) -> Check:
    def check(value: Any, where: str) -> Any:
        if not isinstance(value, str) or value not in choices:
            raise ProtocolError(f"{where}: {_shown(value)} is not one of {', '.join(choices)}")
        return value

    return check


def _whole(value: Any, where: str) -> Any:
    if type(value) is not int or not -MOST <= value <= MOST:
        raise ProtocolError(f"{where}: expected a whole number, got {_shown(value)}")
    return value


def _number(value: Any, where: str) -> Any:
    if type(value) is int and -MOST <= value <= MOST:
        return float(value)
    if type(value) is not float or not math.isfinite(value):
        raise ProtocolError(f"{where}: expected a finite number, got {_shown(value)}")
    return value


def _measured(value: Any, where: str) -> Any:
    return math.nan if value is None else _number(value, where)


def _truth(value: Any, where: str) -> Any:
    if type(value) is not bool:
        raise ProtocolError(f"{where}: expected true or false, got {_shown(value)}")
    return value


def _text(value: Any, where: str) -> Any:
    if type(value) is not str:
        raise ProtocolError(f"{where}: expected text, got {_shown(value)}")
    return value


def _safe(value: Any, where: str) -> Any:
    return safe_text(_text(value, where))
