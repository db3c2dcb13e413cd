"""What a network wrote or predicted, as indented lines."""

from __future__ import annotations

from collections.abc import Iterator

from rnntui.data import Dataset, TokenData
from rnntui.text import cell_width, cells, safe_text
from rnntui.trainer import Result

INDENT = "    "
WIDTH = 76
MOST_LINES = 40
MOST_STEPS = 40


def quoted(text: str) -> Iterator[str]:
    """Foreign text as safe lines, indented and wrapped; a very long one is cut."""
    lines = [piece for line in _safe_lines(text) for piece in _wrapped(line)]
    for line in lines[:MOST_LINES]:
        yield f"{INDENT}│ {line}".rstrip()
    if len(lines) > MOST_LINES:
        yield f"{INDENT}│ … and {len(lines) - MOST_LINES} lines more"


def _safe_lines(text: str) -> list[str]:
    return safe_text(text.removesuffix("\n"), newlines=True, tab=4).split("\n")


def _wrapped(line: str) -> Iterator[str]:
    """Pieces of a line that fit, broken after a space where there is one."""
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
    """True and predicted steps under each other, for sources so short that all can be seen."""
    if result.predicted is None or len(result.predicted) > MOST_STEPS:
        return
    if isinstance(data, TokenData):
        true = [data.tokenizer.show(int(token)) for token in data.tokens[1:]]
        predicted = [data.tokenizer.show(int(str(token))) for token in result.predicted]
    elif len(data.features) == 1:
        own = data.own(data.values[1:], 1)[:, 0]
        true = [f"{value:.4g}" for value in own.tolist()]
        predicted = [f"{value:.4g}" for value in result.predicted]
    else:
        return
    yield from _table(true, predicted)


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
