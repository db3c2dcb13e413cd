"""Finding the columns that a run learned in the header of another file."""

from __future__ import annotations

from rnntui.data.source import show
from rnntui.errors import DataError
from rnntui.text import safe_text

MADE_UP = "column "  # and its number from 1: the name of a column that has none
UNNAMED_SERIES = "value"  # the only column of values:1,2,3
CUT_TO = 24  # cells of a name that the first versions kept
SHOWN = 80


def match_columns(wanted: tuple[str, ...], header: tuple[str, ...], name: str) -> list[int]:
    """Where the wanted columns are in a header, by name, in the order wanted.

    Columns without names are found by position: those that the run learned under made-up names,
    or all of a file that has as many as the run learned. Raises DataError that names what lacks.
    """
    unnamed = header == made_up_names(len(header))
    if unnamed and len(header) == len(wanted) and not all(map(_number_of, wanted)):
        return list(range(len(header)))
    found: list[int] = []
    missing: list[str] = []
    for word in wanted:
        place = _place(word, header, found)
        if place is None:
            missing.append(word)
        else:
            found.append(place)
    if not missing:
        return found
    if unnamed and not all(map(_number_of, wanted)):
        raise DataError(
            f"{name}: {_columns(len(header))} without names, but the run learned "
            f"{_columns(len(wanted))}; add a header line with {_listed(wanted)}"
        )
    has = f"the file has {_listed(header)}"
    raise DataError(f"{name}: missing columns that the run learned: {_listed(missing)}; {has}")


def made_up_names(count: int) -> tuple[str, ...]:
    """The names of columns that have none."""
    return tuple(f"{MADE_UP}{number}" for number in range(1, count + 1))


def _place(word: str, header: tuple[str, ...], taken: list[int]) -> int | None:
    """The first column of that name that is not taken; a made-up name is a column's number."""
    free = [place for place in range(len(header)) if place not in taken]
    for stored in (str, safe_text, _cut):
        for place in free:
            if stored(header[place]) == word:
                return place
    if word == UNNAMED_SERIES and len(header) == 1:
        return 0
    number = _number_of(word)
    return number - 1 if number - 1 in free else None


def _cut(name: str) -> str:
    return show(name, CUT_TO)


def _number_of(name: str) -> int:
    """The number in a made-up name, 0 for any other name."""
    digits = name.removeprefix(MADE_UP)
    made_up = digits != name and digits.isascii() and digits.isdigit() and len(digits) < 7
    return int(digits) if made_up else 0


def _columns(count: int) -> str:
    return f"{count} column" + ("" if count == 1 else "s")


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return show(", ".join(names), SHOWN)
