"""The letters of jump mode: which one each place gets, and how it is drawn on rows of glyphs."""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence

from rnntui.dataclass import dataclass
from rnntui.text import cells
from rnntui.tui.draw.rows import Row, Rows, merged

# For names none of whose letters is free: those under the fingers first.
_SPARE = "asdfjklghqweruioptyzxcvmbn" + string.digits[1:] + string.ascii_uppercase


@dataclass(frozen=True)
class Mark:
    """A sign on one cell of a drawing."""

    x: int
    y: int
    sign: str
    role: str = "jump"


def letters(names: Iterable[str]) -> list[str]:
    """Return a letter for each name, if possible one of its own; the first ones choose first.

    The letter is empty if none is left.
    """
    taken: set[str] = set()
    found = []
    for name in names:
        own = [char for char in name.lower() if char in string.ascii_lowercase]
        letter = next((char for char in (*own, *_SPARE) if char not in taken), "")
        taken.add(letter)
        found.append(letter)
    return found


def marked(rows: Rows, marks: Sequence[Mark]) -> Rows:
    """Return rows of the same width with the signs on their cells."""
    out = list(rows)
    for y in {mark.y for mark in marks if 0 <= mark.y < len(rows)}:
        out[y] = _marked(rows[y], {mark.x: mark for mark in marks if mark.y == y})
    return out


def _marked(row: Row, marks: dict[int, Mark]) -> Row:
    runs: Row = []
    x = 0
    for text, role in row:
        for unit, width in cells(text):
            covered = [marks.get(x + n) for n in range(width)]
            if any(covered):  # half of a wide character cannot stay
                runs += [(mark.sign, mark.role) if mark else (" ", role) for mark in covered]
            else:
                runs.append((unit, role))
            x += width
    return merged(runs)
