"""Format generated text and predictions as lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from rnntui.data import Dataset, TokenData
from rnntui.digits import column_texts
from rnntui.text import cell_width, cells, safe_text
from rnntui.training.loop import Result

INDENT = "    "
WIDTH = 74  # with what stands before a line: no more than 80
MAX_LINES = 40
MAX_STEPS = 40


def quoted(text: str) -> Iterator[str]:
    """Format foreign text as safe lines, indented, wrapped and limited in number."""
    lines = [piece for line in _safe_lines(text) for piece in _wrapped(line)]
    for line in lines[:MAX_LINES]:
        yield f"{INDENT}│ {line}".rstrip()
    if len(lines) > MAX_LINES:
        yield f"{INDENT}│ … and {len(lines) - MAX_LINES} more lines"


def _safe_lines(text: str) -> list[str]:
    return safe_text(text.removesuffix("\n"), newlines=True, tab=4).split("\n")


def _wrapped(line: str) -> Iterator[str]:
    """Wrap a line, after a space if possible."""
    units = cells(line)
    while sum(width for _, width in units) > WIDTH:
        room, last = WIDTH, 0
        while units[last][1] <= room:
            room -= units[last][1]
            last += 1
        spaces = [n for n in range(last) if units[n][0] == " "]
        cut = spaces[-1] + 1 if spaces else last
        yield "".join(unit for unit, _ in units[:cut])
        units = units[cut:]
    yield "".join(unit for unit, _ in units)


def predictions(data: Dataset, result: Result) -> Iterator[str]:
    """Format true and predicted time steps in two rows, for sources that are short enough."""
    if result.predicted is None or len(result.predicted) > MAX_STEPS:
        return
    if isinstance(data, TokenData):
        true = [data.tokenizer.show(int(token)) for token in data.tokens[1:]]
        predicted = [data.tokenizer.show(int(str(token))) for token in result.predicted]
    elif len(data.features) == 1:
        own = data.unscale(data.values[1:], 1)[:, 0]
        both = [*own.tolist(), *cast("tuple[float, ...]", result.predicted)]
        texts = [_trimmed(text) for text in column_texts(both, str)]
        true, predicted = texts[: len(own)], texts[len(own) :]
    else:
        return
    yield from _table(true, predicted)


def _trimmed(text: str) -> str:
    """Remove trailing zeros after the decimal point."""
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _table(true: list[str], predicted: list[str]) -> Iterator[str]:
    widths = [max(cell_width(a), cell_width(b)) + 1 for a, b in zip(true, predicted, strict=True)]
    first = 0
    while first < len(true):
        last, room = first, WIDTH - 10
        while last < len(true) and (room >= widths[last] or last == first):
            room -= widths[last]
            last += 1
        for label, row in (("true", true), ("predicted", predicted)):
            padded = (
                " " * (width - cell_width(text)) + text
                for text, width in zip(row[first:last], widths[first:last], strict=True)
            )
            yield f"{label:<10}{''.join(padded)}"
        first = last
