"""What the pages that explain the views are made of: sections, formulas, computed numbers."""

from __future__ import annotations

from collections.abc import Sequence

from rnntui.numbers import count, figure
from rnntui.protocol.insight import Details, Quantity
from rnntui.text import cell_width, fit, pad
from rnntui.tui.draw.rows import Glyphs, Row, Rows, block, spelled
from rnntui.tui.draw.views.parts import WIDE, beside, halves
from rnntui.tui.draw.views.prose import (
    INDENT,
    READABLE,
    Term,
    heading,
    paragraph,
    paragraphs,
    terms,
)

_LONGEST_NAME, _LONGEST_FORMULA = 14, 42  # cells
_LEAST_FORMULA, _NUMBER = 8, 8
_LEAST_BELOW = 8  # rows from which formulas are beside the text


def page(rows: Rows, width: int, glyphs: Glyphs) -> Rows:
    """Return rows of exactly `width` cells, as many as there are."""
    return block(rows, width, len(rows), glyphs)


def section(title: str, texts: Sequence[str], width: int, glyphs: Glyphs) -> Rows:
    """Return a heading and its paragraphs, with an empty row after each."""
    rows: Rows = [heading(title, (), width, glyphs)]
    for text in texts:
        rows += [*paragraph(text, min(width, READABLE), glyphs, "", INDENT), []]
    return rows


def definitions(title: str, entries: Sequence[Term], width: int, glyphs: Glyphs) -> Rows:
    """Return a heading and names with their meanings, with an empty row at the end."""
    return [heading(title, (), width, glyphs), *terms(entries, width, glyphs), []]


def computed(details: Details | None, width: int, glyphs: Glyphs) -> Rows:
    """Return what is computed at a position: a row per quantity; nothing without details."""
    if details is None:
        return []
    title = f"computed at position {count(details.at + 1)}"
    what = ["each quantity with its first values and their number"]
    rows = [heading(title, what, width, glyphs)]
    names = [spelled(quantity.name, glyphs) for quantity in details.quantities]
    formulas = [spelled(quantity.formula, glyphs) for quantity in details.quantities]
    name = min(_LONGEST_NAME, max(map(cell_width, names), default=0))
    formula = min(_LONGEST_FORMULA, max(map(cell_width, formulas), default=0))
    formula = min(formula, max(_LEAST_FORMULA, width // 2 - name))
    for quantity, title, text in zip(details.quantities, names, formulas, strict=True):
        head = " " * INDENT + pad(fit(title, name), name)
        row: Row = [(f"{head}  ", "strong"), (pad(fit(text, formula), formula), "muted")]
        rows.append([*row, *_values(quantity, width - name - formula - INDENT - 3)])
    return [*rows, []]


def _values(quantity: Quantity, width: int) -> Row:
    """Return the first values that fit, and how many there are in all."""
    more = f"  … {count(quantity.size)} values"
    texts = [fit(figure(value, 3), _NUMBER - 1).rjust(_NUMBER) for value in quantity.values]
    if quantity.size <= len(texts) and _NUMBER * len(texts) <= width:
        return [("".join(texts), "")]
    most = max(1, (width - len(more)) // _NUMBER)
    return [("".join(texts[:most]), ""), (more, "muted")]


def below(
    texts: Sequence[str], numbers: Sequence[Rows], width: int, height: int, glyphs: Glyphs
) -> Rows:
    """Return what fits under a view: whole paragraphs, on a wide screen `numbers` beside them.

    `numbers` are sections, as wide as `numbers_width` says.
    """
    if width < WIDE or height < _LEAST_BELOW:
        return paragraphs(texts, width, height, glyphs)
    left, right = halves(width, numbers_width(width))
    shown = paragraphs(texts, left, height, glyphs)
    beside_them: Rows = [[]]
    for rows in numbers:
        if len(beside_them) + len(rows) - 1 > height:  # the last one is empty
            break
        beside_them += rows
    return beside([(left, shown), (right, beside_them[:height])], glyphs)


def numbers_width(width: int) -> int:
    """Return the cells of each of two halves."""
    return (width - 3) // 2
