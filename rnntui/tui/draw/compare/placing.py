"""The places of plot and table on the screen. Pure."""

from __future__ import annotations

from rnntui.dataclass import dataclass

BESIDE = 160  # cells from which the table is beside the plot
_LEAST_PLOT, _LEAST_TABLE = 7, 5  # rows
_MOST_NEWS = 4  # rows
_GAP = 2  # cells between plot and table


@dataclass(frozen=True)
class Place:
    """The cells of a part of the screen."""

    x: int
    y: int
    width: int
    height: int


def places(width: int, height: int, rows: int, table_width: int, news: int = 0) -> dict[str, Place]:
    """Return the places of "head", "plot", "table", "news", "detail" and "foot".

    `rows` and `table_width` are what the table can use; `news` are lines to show.
    """
    told = min(news, _MOST_NEWS) if height >= 24 else 0
    bottom = height - 2 - told
    found = {
        "head": Place(0, 0, width, 1),
        "detail": Place(0, height - 2, width, 1),
        "foot": Place(0, height - 1, width, 1),
    }
    if told:
        found["news"] = Place(0, bottom, width, told)
    free = max(2, bottom - 2)  # an empty row is below the head
    if width >= BESIDE:
        right = max(width * 2 // 5, min(table_width, width * 11 // 20))
        left = width - right - _GAP
        found["plot"] = Place(0, 2, left, free)
        found["table"] = Place(left + _GAP, 2, right, free)
        return found
    least = min(_LEAST_TABLE, free // 2)
    table = max(least, min(rows, max(free - _LEAST_PLOT, least), max(free // 2, least)))
    plot = free - table - 1  # an empty row is between them
    found["plot"] = Place(0, 2, width, max(1, plot))
    found["table"] = Place(0, 2 + max(1, plot) + 1, width, table)
    return found
