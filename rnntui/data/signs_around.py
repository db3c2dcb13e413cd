"""Numbers with signs around them: money, per cent, a printed minus, an accountant's brackets."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

_UNIT = "[$€£¥₹₩%‰]?"
_SPACE = r"[\s\u00a0\u202f]*"
_CELL = re.compile(
    rf"(?P<open>\()?{_SPACE}(?P<minus>[-+\u2212])?{_SPACE}(?P<before>{_UNIT}){_SPACE}"
    rf"(?P<inner>[-+\u2212])?(?P<number>[\d.][\d.,'\u00a0\u202f ]*(?:[eE][-+]?\d+)?){_SPACE}"
    rf"(?P<after>{_UNIT}){_SPACE}(?P<close>\))?"
)


@dataclass(frozen=True)
class Bare:
    """The cells of a column without the signs around their numbers.

    `unit` is the sign that all of them have, or ""; `bracketed`: negative ones are in brackets.
    """

    cells: list[str]
    unit: str
    bracketed: bool


def unit_of(cell: str) -> str:
    """The sign of money or per cent beside the number of a cell; "" if it is something else."""
    bare = without_signs([cell], ())
    return bare.unit if bare is not None else ""


def without_signs(cells: Sequence[str], missing: Collection[str]) -> Bare | None:
    """The cells without signs; None if one holds something else, or their units differ.

    `missing` are the words, in small letters, for missing values, which stay as they are.
    """
    found, units, bracketed = [], set(), False
    for cell in cells:
        text = cell.strip()
        if text.lower() in missing:
            found.append(cell)
            continue
        fits = _CELL.fullmatch(text)
        if fits is None or bool(fits["open"]) != bool(fits["close"]):
            return None
        signs = [sign for sign in (fits["minus"], fits["inner"]) if sign]
        if len(signs) + bool(fits["open"]) > 1 or (fits["before"] and fits["after"]):
            return None
        negative = bool(fits["open"]) or signs in (["-"], ["\u2212"])
        found.append(("-" if negative else "") + fits["number"].strip())
        units.add(fits["before"] or fits["after"])
        bracketed |= bool(fits["open"])
    return Bare(found, units.pop(), bracketed) if len(units) == 1 else None
