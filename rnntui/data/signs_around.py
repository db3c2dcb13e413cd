"""Numbers with signs around them: money, units, marks, a printed minus, brackets of accountants."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from rnntui.dataclass import dataclass

_SIGNS = "$€£¥₹₩%‰"
_CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|BRL|ZAR|KRW"
_WORD = r"[^\W\d_]{1,8}[23²³]?"  # km, m3
_UNIT = rf"[{_SIGNS}]|°?{_WORD}(?:/{_WORD})?|°|% ?[A-Za-z]{{2,4}}"  # °C, km/h, %RH
_SPACE = r"[\s\u00a0\u202f]*"
_CELL = re.compile(
    rf"(?P<ahead>[<>≤≥≈~?])?{_SPACE}(?P<open>\()?{_SPACE}(?P<minus>[-+\u2212])?{_SPACE}"
    rf"(?P<before>[{_SIGNS}]|{_CODES})?{_SPACE}(?P<inner>[-+\u2212])?"
    rf"(?P<number>[\d.](?:[\d.,'’\u00a0\u202f ]*[\d.,])?(?:[eE][-+]?\d+)?)"
    rf"(?:(?P<scale>[KkMBT])|{_SPACE}(?P<after>{_UNIT}))?{_SPACE}(?P<close>\))?"
    rf"{_SPACE}(?P<behind>[*#†‡?]{{1,3}})?"
)
_FLAGGED = re.compile(" [a-z]{1,2}$")  # statistical offices write p for provisional
_ZEROS = {"K": "3", "k": "3", "M": "6", "B": "9", "T": "12"}
_HALVES = frozenset(("am", "pm"))  # of a day


@dataclass(frozen=True)
class Bare:
    """The cells of a column without the signs around their numbers.

    `unit` is the sign that all of them have, or ""; `bracketed`: negative ones are in brackets.
    `marked` are the first cell with a mark (<1, 5*, 6 p) and the number of such cells; `scaled`:
    K, M, B and T stand for thousands, millions and so on.
    """

    cells: list[str]
    unit: str
    bracketed: bool = False
    marked: tuple[str, int] = ("", 0)
    scaled: bool = False


def unit_of(cell: str) -> str:
    """The unit, or the sign of money or per cent, of a cell's number; "" for anything else."""
    bare = without_signs([cell], ())
    return bare.unit if bare is not None else ""


def without_signs(
    cells: Sequence[str], missing: Collection[str], kelvin: bool = False
) -> Bare | None:
    """The cells without signs; None if one holds something else, or their units differ.

    `missing` are the words, in small letters, for missing values, which stay as they are. A K is
    a unit if it stands for `kelvin`, else thousands.
    """
    found: list[str] = []
    units: list[tuple[str, str]] = []  # of each cell with a number, and the cell
    marked: list[str] = []
    bracketed = scaled = False
    for cell in cells:
        text = cell.strip()
        if text.lower() in missing:
            found.append(cell)
            continue
        fits = _CELL.fullmatch(text)
        number = None if fits is None else _number(fits, kelvin)
        if fits is None or number is None:
            return None
        found.append(number)
        scale = fits["scale"] or ""
        units.append((fits["before"] or fits["after"] or (scale if kelvin else ""), text))
        if fits["ahead"] or fits["behind"]:
            marked.append(text)
        bracketed |= bool(fits["open"])
        scaled |= bool(scale) and not kelvin
    kinds = {unit for unit, _ in units}
    if len(kinds) > 1:
        flagged = [text for unit, text in units if unit]
        if 2 * len(flagged) > len(units) or not all(map(_FLAGGED.search, flagged)):
            return None
        marked += flagged
        kinds = {""}
    if not kinds or {kind.lower() for kind in kinds} & _HALVES:
        return None
    first = marked[0] if marked else ""
    return Bare(found, kinds.pop(), bracketed, (first, len(marked)), scaled)


def _number(fits: re.Match[str], kelvin: bool) -> str | None:
    """The number of a cell as it is read; None if its signs contradict each other."""
    if bool(fits["open"]) != bool(fits["close"]):
        return None
    signs = [sign for sign in (fits["minus"], fits["inner"]) if sign]
    if len(signs) + bool(fits["open"]) > 1 or (fits["before"] and fits["after"]):
        return None
    negative = bool(fits["open"]) or signs in (["-"], ["\u2212"])
    zeros = f"e{_ZEROS[fits['scale']]}" if fits["scale"] and not kelvin else ""
    return ("-" if negative else "") + fits["number"] + zeros
