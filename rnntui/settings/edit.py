"""Change single values of a TOML text; every other line stays as the user wrote it. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from rnntui.errors import UsageError

Scalar = str | bool | tuple[str, ...]
_HEADER = re.compile(r"\s*\[\s*([^\[\]]*?)\s*\]\s*(?:#.*)?$")
_VALUE = r"""("(?:[^"\\]|\\.)*"|'[^']*'|\[(?:[^\]"'#]|"(?:[^"\\]|\\.)*"|'[^']*')*\]|[^\s#"'\[{]+)"""
_REFUSED = "cannot be changed from here without losing something; edit the file"


def parse_toml(text: str) -> dict[str, Any]:
    """Parse a configuration. Raises UsageError."""
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also raised for a number with too many digits
        raise UsageError(f"not valid TOML: {str(error)[:100]}") from None


def changed(text: str, changes: Mapping[str, Scalar | None]) -> str:
    """Return the text with each "key" or "table.key" set, or removed (None).

    Raises UsageError if the text is not valid TOML, or is laid out so that a change by lines would
    alter anything else.
    """
    expected = parse_toml(text)
    for name, value in changes.items():
        table, _, key = name.rpartition(".")
        text = _with(text, table, key, value)
        try:
            expected = _set(expected, table, key, value)
            kept = parse_toml(text) == expected
        except (UsageError, RecursionError):
            kept = False
        if not kept:
            raise UsageError(f"{name} {_REFUSED}")
    return text


def _set(found: dict[str, Any], table: str, key: str, value: Scalar | None) -> dict[str, Any]:
    """Return what is expected to be found after a change."""
    found = copy.deepcopy(found)
    inner = found.setdefault(table, {}) if table and value is not None else found
    inner = found.get(table, {}) if table else inner
    if not isinstance(inner, dict):
        raise UsageError(f"{table} is not a table")
    if value is None:
        inner.pop(key, None)
    else:
        inner[key] = list(value) if isinstance(value, tuple) else value
    return found


def _with(text: str, table: str, key: str, value: Scalar | None) -> str:
    lines = text.split("\n")
    end = "\r" if lines[0].endswith("\r") else ""
    here = _line_of(lines, table, key)
    if here is not None:
        if value is None:
            del lines[here]
        else:
            lines[here] = _replaced(lines[here], value)
    elif value is not None:
        at = _place(lines, table)
        new = [f"{key} = {written(value)}{end}"]
        if at is None:
            at = len(lines) if lines[-1].strip() else len(lines) - 1
            new = [*([end] if at and lines[at - 1].strip() else []), f"[{table}]{end}", *new]
        if at >= len(lines):  # the last line had no line end
            new.append("")
        lines[at:at] = new
    return "\n".join(lines)


def _line_of(lines: list[str], table: str, key: str) -> int | None:
    """Return the index of the line that sets a key, or None."""
    quoted = rf"""(?:{re.escape(key)}|"{re.escape(key)}"|'{re.escape(key)}')"""
    inside = re.compile(rf"\s*{quoted}\s*=")
    dotted = re.compile(rf"\s*{re.escape(table)}\s*\.\s*{quoted}\s*=")
    now = ""
    for number, line in enumerate(lines):
        if header := _HEADER.match(line):
            now = header[1]
        elif (now == table and inside.match(line)) or (table and not now and dotted.match(line)):
            return number
    return None


def _replaced(line: str, value: Scalar) -> str:
    """Return a line with another value; its comment stays."""
    return re.sub(rf"=(\s*){_VALUE}", lambda found: f"={found[1]}{written(value)}", line, count=1)


def _place(lines: list[str], table: str) -> int | None:
    """Return where a new line of a table belongs: after its last one; None if it has no header."""
    now, at = "", None if table else 0
    first_header = next((n for n, line in enumerate(lines) if _HEADER.match(line)), len(lines))
    if not table:  # after the comments at the top, unless they belong to a table
        at = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
        at = at if at < first_header else 0
    for number, line in enumerate(lines):
        if header := _HEADER.match(line):
            now = header[1]
            at = number + 1 if now == table else at
        elif now == table and line.strip() and not line.lstrip().startswith("#"):
            at = number + 1
    return at


def written(value: Scalar) -> str:
    """Return a value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    from rnntui.recipe.recipe import quoted

    return quoted(value)
