"""Totals at the end of a table, which are no rows of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rnntui.data.timecolumn import is_date

MOST_TOTALS = 8
_TOTAL = re.compile(
    r"(grand |sub)?(total|sum|average|avg|mean|median|minimum|min|maximum|max|count|std|stdev|"
    r"(gesamt)?summe|gesamt|insgesamt|mittelwert|mittel|durchschnitt|anzahl|somme|moyenne|media)s?\b[.:]?",
    re.IGNORECASE,
)

_YEARLY = {"M13": "M", "Q05": "Q", "S03": "S"}  # a year's mean among its months, quarters, halves
_PERIOD = re.compile(r"[MQS]\d\d")

Rows = Sequence[Sequence[str]]


def totals(rows: Rows) -> int:
    """How many of the last rows are totals, by their first words or because only they lack a date.

    Empty rows between them count as well.
    """
    if len(rows) <= MOST_TOTALS or _is_total(rows[0], False):
        return 0
    above = (*rows[:3], *rows[-MOST_TOTALS - 3 : -MOST_TOTALS])
    dated = all(is_date(row[0].strip()) for row in above)
    count = 0
    for place, row in enumerate(reversed(rows[-MOST_TOTALS:]), 1):
        if _is_total(row, dated):
            count = place
        elif any(map(str.strip, row)):
            break
    return count


def _is_total(row: Sequence[str], dated: bool) -> bool:
    words = next(filter(None, map(str.strip, row)), "")
    if dated:
        return bool(words) and (not row[0].strip() or _TOTAL.match(words) is not None)
    return _TOTAL.fullmatch(words) is not None


def yearly_means(header: Sequence[str], rows: Rows) -> tuple[list[int], str]:
    """The places of rows with the mean of a year, beside rows of its months, and their period.

    The Bureau of Labor Statistics writes them as month 13, quarter 5 or half-year 3.
    """
    names = [name.strip().lower() for name in header]
    if "year" not in names or "period" not in names:
        return [], ""
    periods = [row[names.index("period")].strip() for row in rows]
    if not all(map(_PERIOD.fullmatch, periods)):
        return [], ""
    means = [place for place, period in enumerate(periods) if period in _YEARLY]
    kinds = {periods[place] for place in means}
    if len(kinds) != 1 or len(means) == len(rows):
        return [], ""
    (kind,) = kinds
    return (means, kind) if {period[0] for period in periods} == {_YEARLY[kind]} else ([], "")
